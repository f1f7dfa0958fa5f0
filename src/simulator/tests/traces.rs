//! What was measured on AWS, held to the simulator event by event: the histories of `specs/traces/`.
//!
//! Owns the reading of a history and its judgement. A history names knobs that it turns, each within the range in
//! which AWS may be; events in order, with seconds since another one and how far off they may be; and moments of a
//! task as DescribeTasks shows them. Chance decides when the scheduler looks and how long each step takes: a history
//! holds if one of the first seeds shows it whole.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::bench::{Bench, definition};
use crate::simulator::ecs::App;
use crate::simulator::elb::Answer;
use crate::simulator::knobs::{Knobs, Range};
use crate::simulator::time::Time;

/// Seeds that are tried.
const SEEDS: u64 = 2000;

const MEMBERS: [&str; 7] = ["about", "source", "knobs", "world", "story", "events", "moments"];
const STATES: [&str; 11] = [
    "desired",
    "balanced",
    "deregistrationDelaySeconds",
    "healthCheckSeconds",
    "servesAfterMs",
    "exitAfterSigtermMs",
    "stopTimeoutSeconds",
    "breaker",
    "minimumHealthyPercent",
    "maximumPercent",
    "spot",
];

fn read(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("specs/traces").join(format!("{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let trace: Value = serde_json::from_slice(&text).unwrap();
    assert!(trace.as_object().unwrap().keys().all(|key| MEMBERS.contains(&key.as_str())), "{name}");
    assert!(trace["world"].as_object().unwrap().keys().all(|key| STATES.contains(&key.as_str())), "{name}");
    assert!(trace["source"].as_str().is_some_and(|source| !source.is_empty()), "{name} has no source");
    trace
}

/// The knobs of a history; it must not turn one further than AWS goes.
fn knobs(name: &str, trace: &Value) -> Knobs {
    let mut knobs = Knobs::default();
    for (knob, ms) in trace["knobs"].as_object().unwrap() {
        let range = Range::of(knob).unwrap_or_else(|| panic!("{name}: {knob} has no range"));
        assert!(range.set(&mut knobs, ms.as_i64().unwrap()), "{name}: {knob} is out of its range");
    }
    knobs
}

/// A service at rest, as the history finds it.
fn world(trace: &Value, knobs: Knobs, seed: u64) -> Bench {
    let state = &trace["world"];
    let delay_s = state["deregistrationDelaySeconds"].as_i64().unwrap_or(0);
    let mut bench = Bench::checked(delay_s, state["healthCheckSeconds"].as_i64().unwrap_or(5), knobs, seed);
    if let Some(ms) = state["exitAfterSigtermMs"].as_i64() {
        bench.sim.set_exit_after_sigterm("web", ms);
    }
    if let Some(ms) = state["servesAfterMs"].as_i64() {
        bench.sim.set_app("web", App::ServesAfter { ms });
    }
    let mut revision = definition("web", super::bench::IMAGE);
    revision["containerDefinitions"][0]["stopTimeout"] = state["stopTimeoutSeconds"].clone();
    bench.ecs("RegisterTaskDefinition", revision);
    let mut more = json!({"deploymentConfiguration": {
        "minimumHealthyPercent": state["minimumHealthyPercent"], "maximumPercent": state["maximumPercent"],
    }});
    if state["breaker"] == json!(true) {
        more["deploymentConfiguration"]["deploymentCircuitBreaker"] = json!({"enable": true, "rollback": true});
    }
    if state["spot"] == json!(true) {
        more["launchType"] = Value::Null;
        more["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    }
    bench.create_service(state["desired"].as_i64().unwrap(), state["balanced"] == json!(true), more);
    bench.wait_until_steady();
    bench.pass(120);
    bench
}

/// Tells the story; returns what its words stand for.
fn tell(trace: &Value, bench: &mut Bench) -> BTreeMap<&'static str, String> {
    let old = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    let task = bench.tasks("RUNNING")[0].clone();
    match trace["story"].as_str().unwrap() {
        "kick" => {
            bench.kick();
        }
        "illness" => {
            let address = &task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"];
            bench.sim.elb_mut().set_answer(address.as_str().unwrap().parse().unwrap(), Answer::Status(503));
        }
        "scaleIn" => {
            bench.update(json!({"desiredCount": 0}));
        }
        "badImage" => {
            bench.register("web", &super::bench::IMAGE.replace("latest", "gone"));
            bench.update(json!({"taskDefinition": "web"}));
        }
        "reclaimSpot" => assert!(bench.sim.reclaim_spot(task["taskArn"].as_str().unwrap())),
        other => panic!("there is no story {other}"),
    }
    let new = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    bench.pass(30 * 60);
    BTreeMap::from([("$OLD", old), ("$NEW", new)])
}

/// What of a history a world did not show: nothing if it showed all.
fn judge(trace: &Value, bench: &Bench, from: Time, words: &BTreeMap<&'static str, String>) -> Result<(), String> {
    let entries = bench.sim.journal().lines().filter(|entry| entry.time >= from && entry.kind() == "event");
    let mut lines = entries.map(|entry| (entry.time, entry.line().to_string()));
    let mut seen = BTreeMap::<String, Time>::new();
    let mut first = None;
    for event in trace["events"].as_array().unwrap() {
        let name = event["name"].as_str().unwrap();
        let resolve = |text: &Value| {
            let text = text.as_str().unwrap().to_owned();
            words.iter().fold(text, |text, (word, meaning)| text.replace(word, meaning))
        };
        let texts: Vec<String> = event["has"].as_array().unwrap().iter().map(resolve).collect();
        let found = lines.find(|(_, line)| texts.iter().all(|text| line.contains(text)));
        let (at, _) = found.ok_or_else(|| format!("{name} did not come in its turn"))?;
        let since = event["since"].as_str().map_or(*first.get_or_insert(at), |base| seen[base]);
        if let Some(expected) = event["seconds"].as_f64() {
            near(name, at.since(since) as f64 / 1000.0, expected, &event["within"])?;
        }
        seen.insert(name.to_owned(), at);
    }
    Ok(())
}

/// The same for the moments of the task that ended.
fn judge_moments(trace: &Value, bench: &mut Bench) -> Result<(), String> {
    let Some(moments) = trace["moments"].as_array() else { return Ok(()) };
    let task = bench.tasks("STOPPED")[0].clone();
    for moment in moments {
        let (start, end) = (moment["from"].as_str().unwrap(), moment["to"].as_str().unwrap());
        let took = task[end].as_f64().unwrap() - task[start].as_f64().unwrap();
        near(&format!("{start} to {end}"), took, moment["seconds"].as_f64().unwrap(), &moment["within"])?;
    }
    Ok(())
}

fn near(what: &str, seconds: f64, expected: f64, within: &Value) -> Result<(), String> {
    let within = within.as_f64().expect("a time comes with its tolerance");
    let is_near = (seconds - expected).abs() <= within;
    is_near.then_some(()).ok_or_else(|| format!("{what}: {seconds:.3} s instead of {expected} ± {within}"))
}

#[track_caller]
fn holds(name: &str) {
    let trace = read(name);
    let knobs = knobs(name, &trace);
    let mut misses = BTreeMap::<String, u32>::new();
    for seed in 1..=SEEDS {
        let mut bench = world(&trace, knobs.clone(), seed);
        let from = bench.sim.now();
        let words = tell(&trace, &mut bench);
        let shown = judge(&trace, &bench, from, &words).and_then(|()| judge_moments(&trace, &mut bench));
        match shown {
            Ok(()) => return,
            Err(miss) => *misses.entry(miss).or_default() += 1,
        }
    }
    panic!("{name}: none of {SEEDS} seeds shows it: {misses:#?}");
}

#[test]
fn shows_the_rolling_update_of_october_2026() {
    holds("rolling-update");
}

#[test]
fn shows_the_second_update_of_the_same_log() {
    holds("rolling-update-again");
}

#[test]
fn shows_the_drain_of_361_seconds() {
    holds("long-drain");
}

#[test]
fn shows_the_unhealthy_replacement_that_is_steady_before_its_target_is_gone() {
    holds("unhealthy-replacement");
}

#[test]
fn shows_the_measured_times_of_a_fargate_task() {
    holds("fargate-life");
}

#[test]
fn shows_the_circuit_breaker_and_the_way_back() {
    holds("circuit-breaker");
    holds("circuit-breaker-empty");
}

#[test]
fn shows_a_spot_reclaim_in_its_order() {
    holds("spot-reclaim");
}

#[test]
fn tests_every_history_that_is_kept() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("specs/traces");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let call = format!("holds(\"{}\")", name.trim_end_matches(".json"));
        assert!(include_str!("traces.rs").contains(&call), "nothing tests {name}");
    }
}
