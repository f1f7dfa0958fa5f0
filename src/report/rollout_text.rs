//! A rollout as people read it: phase, request, every gate condition with its evidence, the task, and what comes next.
//!
//! Written so that somebody understands why the deployment task has not started yet.

use std::fmt::Write as _;

use crate::model::command::{Command, Standing};
use crate::model::rollout::{Record, Request, RolloutId};
use crate::model::withdrawal::Withdrawal;
use crate::plan::gate::{Condition, Gate, Holding};
use crate::plan::hold::Urgency;
use crate::plan::pace::NextLook;
use crate::plan::rollout::{Phase, RolloutReport};

use super::progress::{Progress, phase_role};
use super::style::{Role, Style};
use super::subject::Subject;
use super::{holds_text, words};

/// Where the rollout stands.
pub fn rollout_text(subject: &Subject<'_>, style: Style) -> String {
    let report = &subject.plan.rollout;
    let name = &subject.table.name;
    let id = report.id.as_ref().or(report.record.as_ref().map(|record| &record.id));
    let mut text = match id {
        Some(id) => format!("{} rollout {id}\n", style.paint(Role::Strong, name)),
        None => format!("{} rollout\n", style.paint(Role::Strong, name)),
    };
    text.push_str(&fact("phase", style.paint(phase_role(report.phase), report.phase.name())));
    if let Some(record) = &report.record {
        text.push_str(&record_lines(record, report.id.as_ref()));
    }
    if let Some(request) = &report.request {
        text.push_str(&request_line(request, report));
    }
    if let Some(command) = &report.command {
        text.push_str(&command_line(command, report.record.as_ref()));
    }
    text.push('\n');
    if let Some(gate) = &report.gate {
        text.push_str(&gate_block(gate, style));
    }
    text.push_str(&holds_text::section(&subject.plan.holds, style));
    let _ = writeln!(text, "{} {}", style.paint(Role::Strong, "Next:"), next(subject));
    text
}

fn fact(label: &str, said: impl std::fmt::Display) -> String {
    format!("  {} {said}\n", words::padded(label, 8))
}

fn record_lines(record: &Record, newest: Option<&RolloutId>) -> String {
    let Record { id, base: _, frontier, state: _, since, request: _, own: _, undone: _, rows: _ } = record;
    let other = if newest.is_some_and(|newest| newest != id) { format!(" (of rollout {id})") } else { String::new() };
    let mut text = fact("record", format!("{}{other}", words::record_state(&record.state)));
    text.push_str(&fact("since", since));
    text.push_str(&fact("newest", format!("{frontier}, the newest deployment that the record knows")));
    text
}

fn request_line(request: &Request, report: &RolloutReport) -> String {
    let Request { id, after: _, at, before: _, also: _, by, reason } = request;
    let answered = report.record.as_ref().is_some_and(|record| record.request.as_ref() == Some(id));
    let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = reason.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let state = match report.withdrawal() {
        _ if answered => "taken up".to_owned(),
        None => "not taken up yet".to_owned(),
        Some(Withdrawal { request: _, before: _, at, id: _, by, reason: _ }) => {
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("withdrawn{by} {at}")
        }
    };
    fact("request", format!("{id}{by} of {at}, {state}{reason}"))
}

fn command_line(command: &Command, record: Option<&Record>) -> String {
    let Command { rollout: _, base: _, order, at, id: _, by, reason } = command;
    let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = reason.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let state = match record.map_or(Standing::Void, |record| command.against(record)) {
        Standing::Pending => "still to be done",
        Standing::Done => "done",
        Standing::Void => "void, what it is about is over",
    };
    fact("command", format!("{order}{by} of {at}, {state}{reason}"))
}

/// The nine conditions, one line each.
fn gate_block(gate: &Gate, style: Style) -> String {
    let holding = gate.conditions.iter().filter(|condition| condition.holding == Holding::Yes).count();
    let title = format!("Gate: {holding} of {} conditions hold", gate.conditions.len());
    let mut text = format!("{}\n", style.paint(Role::Strong, title));
    let width = gate.conditions.iter().map(|condition| condition.name.len()).max().unwrap_or(0);
    for condition in &gate.conditions {
        let Condition { number, name, holding, evidence: _ } = condition;
        let evidence = words::evidence(condition);
        let (mark, role) = match holding {
            Holding::Yes => ("✓ holds  ", Role::Good),
            Holding::NotYet => ("… not yet", Role::Change),
            Holding::Unknown => ("? unknown", Role::Bad),
        };
        let name = words::padded(name, width);
        let _ = writeln!(text, "  {} {number} {name}  {}", style.paint(role, mark), style.paint(Role::Faint, evidence));
    }
    text.push('\n');
    text
}

/// What happens next, or what a person can do.
fn next(subject: &Subject<'_>) -> String {
    let plan = subject.plan;
    let has_task = subject.table.task_row().is_some();
    let look = match plan.next_look {
        NextLook::AtOnce => "a pass has steps to do now (`evenkeel reconcile`)".to_owned(),
        NextLook::After(span) => format!("look again in {span}"),
        NextLook::Idle => "nothing moves by itself".to_owned(),
    };
    if plan.steps.is_empty() && plan.holds.iter().any(|hold| hold.cause.urgency() >= Urgency::Person) {
        return "a person decides; see the hints above".to_owned();
    }
    let doing = Progress::of(plan).doing.join("; ");
    match plan.rollout.phase {
        Phase::Unseen => "mend what is said above; nothing is judged until every row is found".to_owned(),
        Phase::Settled => "nothing to do; `evenkeel rollout start` begins a rollout".to_owned(),
        Phase::Requested => format!("rows get a new deployment; {look}"),
        Phase::Rolling => format!("the new tasks come up; {look}"),
        Phase::Draining => format!("the old tasks stop; {look}"),
        Phase::Settling | Phase::Clear if has_task => format!("the deployment task starts after that; {look}"),
        Phase::Settling | Phase::Clear => format!("the rollout ends after that; {look}"),
        Phase::Deploying if doing.is_empty() => look,
        Phase::Deploying => format!("{doing}; {look}"),
        Phase::Failed | Phase::Unknown => "a person decides; see the hints above".to_owned(),
    }
}
