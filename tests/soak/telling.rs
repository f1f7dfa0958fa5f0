//! How a history reads: its setting, its deeds, and then line by line when, who and what.

use serde_json::Value;

use super::play::Played;
use super::story::Story;
use super::truth::text;

/// Longer journals are cut in their middle.
const MOST: usize = 400;

/// A story and what came of it.
pub(super) fn tell(story: &Story, played: &Played) -> String {
    let Story { seed, rows, paces, latency_ms, drain_s, breaker, completion, deeds, probe, fallback, calm_ms } = story;
    let mut lines = vec![
        played.harms.join("\n"),
        format!("seed {seed}: {rows:?}, {} controllers at {paces:.1?}, latency {latency_ms} ms", paces.len()),
        format!("drains for {drain_s} s, breaker {breaker}, {completion:?}; calm after {} s", calm_ms / 1000),
        format!("log probe {probe:?}, leaves Spot {fallback}"),
    ];
    lines.extend(deeds.iter().map(|deed| format!("  after {:>5} s  {:?}", deed.at / 1000, deed.what)));
    let told: Vec<String> = played.journal.iter().filter_map(line).collect();
    let cut = told.len().saturating_sub(MOST);
    lines.extend(told.iter().take(MOST / 2).cloned());
    if cut > 0 {
        lines.push(format!("… {cut} lines …"));
    }
    lines.extend(told.iter().skip((MOST / 2).max(told.len().saturating_sub(MOST / 2))).cloned());
    lines.join("\n")
}

/// One line of the journal, if it says something: writes, what went wrong, and what became of tasks and deployments.
fn line(line: &Value) -> Option<String> {
    let time = text(line, "time").get(11..23).unwrap_or_default();
    let said = match text(line, "type") {
        "api" => call(line)?,
        "fault" => format!("  (fault) {} of {}", line["effect"], text(line, "operation")),
        _ => event(line)?,
    };
    Some(format!("{time} {said}"))
}

fn call(line: &Value) -> Option<String> {
    let operation = text(line, "operation");
    if ["Describe", "List", "Get", "BatchGet"].iter().any(|look| operation.starts_with(look)) {
        return None;
    }
    let input = &line["input"];
    let what = match operation {
        "TagResource" => text(&input["tags"][0], "value").to_owned(),
        "RunTask" => format!("{} {}", text(input, "startedBy"), short(text(input, "clientToken"))),
        _ => {
            let mut input = input.clone();
            if let Some(members) = input.as_object_mut() {
                members.retain(|key, _| key != "cluster" && key != "containerDefinitions");
            }
            input.to_string()
        }
    };
    let error = line["error"].as_str().map(|error| format!(" → {error}")).unwrap_or_default();
    Some(format!("{} {operation} {what}{error}", text(line, "client")))
}

fn event(line: &Value) -> Option<String> {
    let kind = text(line, "event");
    let of = text(line, "service");
    match kind {
        "task.status" if !of.is_empty() && !["PROVISIONING", "RUNNING", "STOPPED"].contains(&text(line, "to")) => None,
        "task.status" => {
            let task = short(text(line, "task").rsplit('/').next().unwrap_or_default());
            let (to, by) = (text(line, "to"), text(line, "startedBy"));
            let why = text(line, "stopCode");
            Some(format!("  task {task} {to} {why} by {by} {}", exit_codes(line)))
        }
        "target.state" => Some(format!("  target {} {} → {}", text(line, "ip"), line["from"], line["to"])),
        "deployment.created" | "deployment.completed" | "deployment.failed" | "deployment.rolled_back" => {
            Some(format!("  {kind} {of} {}{}", text(line, "deployment"), text(line, "to")))
        }
        "scenario" => Some(format!("  {}: {}", text(line, "action"), line["found"])),
        "service.scaled" | "image.pushed" | "spot.capacity" => Some(format!("  {kind} {of}")),
        _ => None,
    }
}

fn exit_codes(line: &Value) -> String {
    line.get("exitCodes").map(ToString::to_string).unwrap_or_default()
}

fn short(text: &str) -> &str {
    text.get(..8).unwrap_or(text)
}
