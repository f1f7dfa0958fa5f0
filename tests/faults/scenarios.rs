//! The scenarios of specs/scenarios/, each told to a controller and run to the end that it states.
//!
//! The judge asks the world: whatever the end, nothing forbidden may have happened on the way.

use std::path::Path;

use evenkeel::controller::settle::{End, Ended, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::scenario::Scenario;
use serde_json::{Value, json};

use crate::common::cgap;
use crate::common::world::World;

fn read(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/scenarios").join(format!("{name}.json"));
    Scenario::read(name, &std::fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

/// Tells the scenario to a settled account that is kept by one controller, until all of it has happened and the
/// controller has come to an end.
async fn ended(lab: &Lab, scenario: &Scenario) -> Ended {
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
    lab.world().play(scenario);
    loop {
        let ended = lab.settle(Until::Settled, |_| {}).await;
        let next = lab.world().next_action();
        match next {
            Some(time) => lab.wait(Span::from_millis((time.0 - lab.now().millis()).max(0) + 1)).await,
            None => return ended,
        }
    }
}

/// A story about services that are not there would prove nothing.
fn every_action_found_something(lab: &Lab, scenario: &Scenario) {
    let journal = lab.journal();
    let done: Vec<&Value> = journal.iter().filter(|line| line["event"] == "scenario").collect();
    assert_eq!(done.len(), scenario.actions.len());
    for line in done {
        let found = &line["found"];
        let empty = found.is_null() || *found == json!([]) || *found == json!(0);
        assert!(!empty && !found.to_string().contains("\"error\":\""), "{line}");
    }
}

/// An account to which a scenario was told.
async fn told(name: &str) -> Lab {
    let lab = Lab::new(cgap(), Start::Stated, 1).unwrap();
    ended(&lab, &read(name)).await;
    lab
}

/// Lines of the journal that are so.
fn lines(lab: &Lab, is_so: impl Fn(&Value) -> bool) -> impl Iterator<Item = Value> {
    lab.journal().into_iter().filter(move |line| is_so(line))
}

async fn check(name: &str, seeds: &[u64]) {
    let scenario = read(name);
    for &seed in seeds {
        let lab = Lab::new(cgap(), Start::Stated, seed).unwrap();
        let begun = lab.world().world_json();
        let ended = ended(&lab, &scenario).await;
        let holds: Vec<&str> = ended.last.plan.holds.iter().map(|hold| hold.cause.name()).collect();
        let verdict = match ended.end {
            End::Reached(verdict) => format!("{verdict:?}"),
            End::TimedOut => "TimedOut".to_owned(),
            End::Unseen => "Unseen".to_owned(),
        };
        assert_eq!(verdict, scenario.expect.verdict, "{name}, seed {seed}: {:?}", ended.last.plan.holds);
        if let Some(hold) = &scenario.expect.hold {
            assert!(holds.contains(&hold.as_str()), "{name}, seed {seed}: no {hold} in {holds:?}");
        }
        every_action_found_something(&lab, &scenario);
        let world = World::of(&lab, &begun);
        assert_eq!(world.harms, Vec::<String>::new(), "{name}, seed {seed}");
        assert_eq!(world.runs.len() as u64, scenario.expect.runs, "{name}, seed {seed}: {:?}", world.runs);
    }
}

#[tokio::test(start_paused = true)]
async fn spot_drought_delays_the_task_and_does_not_double_it() {
    check("spot-drought", &[1]).await;
}

#[tokio::test(start_paused = true)]
async fn bad_image_fails_the_rollout_and_the_task_does_not_run() {
    check("bad-image", &[1, 2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn slow_drain_is_waited_for() {
    check("slow-drain", &[1]).await;
}

#[tokio::test(start_paused = true)]
async fn flapping_health_delays_the_task_and_does_not_double_it() {
    check("flapping-health", &[1]).await;
}

#[tokio::test(start_paused = true)]
async fn api_brown_out_delays_the_task_and_does_not_double_it() {
    check("api-brown-out", &[1, 2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn half_kick_is_held_for_a_person() {
    check("half-kick", &[1, 2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn zone_outage_moves_tasks_afterwards_and_the_task_runs_once() {
    check("zone-outage", &[1]).await;
    let lab = told("zone-outage").await;
    let moved = |line: &Value| line["message"].as_str().is_some_and(|message| message.contains("to AZ Rebalance:"));
    assert!(lines(&lab, moved).count() >= 1);
}

#[tokio::test(start_paused = true)]
async fn ringing_alarm_fails_the_rollout_and_the_task_does_not_run() {
    check("ringing-alarm", &[1, 2]).await;
}

#[tokio::test(start_paused = true)]
async fn flapping_health_makes_targets_unhealthy_more_than_once() {
    let lab = told("flapping-health").await;
    let mut moments: Vec<String> = lines(&lab, |line| line["event"] == "target.state" && line["to"] == "unhealthy")
        .map(|line| line["time"].as_str().unwrap()[..16].to_owned())
        .collect();
    moments.dedup();
    assert!(moments.len() >= 3, "{moments:?}");
}

#[tokio::test(start_paused = true)]
async fn api_brown_out_has_every_kind_of_fault_in_it() {
    let lab = told("api-brown-out").await;
    for effect in ["cut", "serverError", "throttle", "slow", "stale", "lostAnswer"] {
        let is_so = |line: &Value| line["type"] == "fault" && line["effect"].to_string().contains(effect);
        assert!(lines(&lab, is_so).count() >= 1, "{effect}");
    }
    let lost = |line: &Value| line["effect"] == "lostAnswer" && line["operation"] == "RunTask";
    assert_eq!(lines(&lab, lost).count(), 1);
}

#[test]
fn every_shipped_scenario_is_told_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/scenarios");
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let told = [
        "api-brown-out",
        "bad-image",
        "flapping-health",
        "half-kick",
        "ringing-alarm",
        "slow-drain",
        "spot-drought",
        "zone-outage",
    ];
    assert_eq!(names, told.map(|name| format!("{name}.json")));
}

#[test]
fn a_bad_scenario_is_refused_with_the_place() {
    let refusal = |text: &str| Scenario::read("x.json", text.as_bytes()).unwrap_err().to_string();
    let action = |action: &str| {
        let text = format!(
            r#"{{"story": "", "expect": {{"verdict": "Converged", "runs": 0}}, "actions": [{{"atSeconds": 1, "do": {action}}}]}}"#
        );
        refusal(&text)
    };
    assert!(refusal("{").starts_with("x.json: is not JSON"));
    assert_eq!(refusal(r#"{"storry": ""}"#), "x.json: has no member `storry`; known are story, expect, actions");
    assert_eq!(action(r#"{"kick": {"service": 3}}"#), "x.json.actions[0].do.kick.service: is not a text");
    assert_eq!(action(r#""dance""#), "x.json.actions[0].do: has no action `dance` that needs nothing said");
    assert_eq!(
        action(r#"{"faults": [{"then": "cut"}, {"when": {"nth": 0}, "then": "cut"}]}"#),
        "x.json.actions[0].do.faults[1].when.nth: is not a whole number from 1 to 1000000000000"
    );
}
