//! `evenkeel rollout retry`, `resolve`, `abort` and `history`.

use serde_json::{Value, json};

use super::command::SMALL;
use super::sim::{LONG, Sim};

/// The record as scripts see it.
fn record(sim: &Sim) -> Value {
    sim.about(&["rollout", "status", "--output", "json"]).ended_with(0).json()["record"].clone()
}

fn stops(sim: &Sim) -> usize {
    sim.journal(0).inputs("StopServiceDeployment").len()
}

#[test]
fn abort_rolls_back_what_is_going_and_says_who_and_why() {
    let sim = Sim::with("abort", SMALL);
    sim.settled();
    // New tasks of one row never stay, so that its deployment is still going whenever the command comes.
    sim.perform(json!([{"app": {"of": "web", "app": {"crashesAfter": {"ms": 1000, "exitCode": 1}}}}]));
    sim.about(&["rollout", "start"]).ended_with(0);
    sim.about(&["reconcile", "--once", "--no-wait"]).ended_with(0);
    let arguments = ["rollout", "abort", "--by", "ada", "--reason", "the wrong image"];
    sim.about(&arguments).ended_with(0).says("abort of rollout ").says("is written down");
    assert!(stops(&sim) >= 1);
    sim.perform(json!([{"app": {"of": "web", "app": "healthy"}}]));
    assert_eq!(record(&sim)["state"], "failed");
    sim.about(&["status"]).ended_with(0).tells("abort by ada: the wrong image");
    let history = sim.about(&["rollout", "history", "--output", "json"]).ended_with(0).json();
    let newest = &history["ended"][0];
    assert_eq!((&history["kind"], &newest["state"]), (&json!("RolloutHistory"), &json!("failed")));
    assert_eq!((&newest["origin"], &newest["by"]), (&json!("request"), &json!("ada")));
    sim.about(&["rollout", "history"]).ended_with(0).tells("failed, aborted").tells("by ada: the wrong image");
    let again = sim.about(&arguments).ended_with(5);
    again.says("abort does not go with a rollout that is failed").says("hint: ");
    sim.reconcile().ended_with(1);
    assert!(sim.journal(0).one_off_tasks().is_empty());
    sim.about(&["rollout", "retry"]).ended_with(5).says("evenkeel rollout start");
    sim.about(&["rollout", "start", "--wait", "--timeout", LONG]).ended_with(0);
    assert_eq!(sim.journal(0).one_off_tasks().len(), 1);
}

#[test]
fn abort_withdraws_a_request_that_nobody_has_taken_up() {
    let sim = Sim::with("withdraw", SMALL);
    sim.settled();
    // Nobody can kick, so that the request waits.
    sim.perform(json!([{"faults": [{"when": {"operation": "UpdateService"}, "then": "denied"}]}]));
    sim.about(&["rollout", "start"]);
    sim.about(&["rollout", "status"]).tells("not taken up yet");
    let arguments = ["rollout", "abort", "--by", "ada", "--reason", "asked for twice"];
    sim.about(&arguments).ended_with(0).says("request ").says("is withdrawn: no row is kicked for it");
    sim.perform(json!(["clearFaults"]));
    let before = sim.journal(0).end();
    sim.reconcile().ended_with(0);
    assert!(sim.journal(before).inputs("UpdateService").is_empty());
    sim.about(&["rollout", "status"]).ended_with(0).tells("withdrawn by ada ");
    let status = sim.about(&["rollout", "status", "--output", "json"]).ended_with(0).json();
    assert_eq!(status["request"]["withdrawn"]["reason"], "asked for twice");
    assert!(sim.journal(0).one_off_tasks().is_empty());
}

#[test]
fn whoever_asked_under_a_key_is_told_that_the_request_was_withdrawn() {
    let sim = Sim::with("withdrawn-key", SMALL);
    sim.settled();
    sim.perform(json!([{"faults": [{"when": {"operation": "UpdateService"}, "then": "denied"}]}]));
    let arguments = ["rollout", "start", "--idempotency-key", "build-7"];
    sim.about(&arguments);
    sim.about(&["rollout", "abort", "--by", "ada", "--reason", "wrong build"]).ended_with(0);
    sim.perform(json!(["clearFaults"]));
    let waits = [&arguments[..], &["--wait", "--timeout", LONG]].concat();
    for asked in [&arguments[..], &waits] {
        sim.about(asked).ended_with(5).says("was withdrawn by ada").says("wrong build");
    }
    assert!(sim.journal(0).one_off_tasks().is_empty());
}

#[test]
fn abort_withdraws_one_request_and_says_which_one_stands_again() {
    let sim = Sim::with("withdraw-two", SMALL);
    sim.settled();
    // Nobody can kick, so that both requests wait.
    sim.perform(json!([{"faults": [{"when": {"operation": "UpdateService"}, "then": "denied"}]}]));
    let waiting = || sim.about(&["rollout", "status", "--output", "json"]).json()["request"]["id"].clone();
    sim.about(&["rollout", "start", "--by", "ada"]);
    let first = waiting();
    sim.about(&["rollout", "start", "--by", "bob"]);
    assert_ne!(waiting(), first);
    let id = first.as_str().expect("an id");
    let arguments = ["rollout", "abort", "--by", "bob", "--reason", "asked for twice"];
    sim.about(&arguments).ended_with(0).says(&format!("request {id} still stands"));
    assert_eq!(waiting(), first);
    sim.about(&arguments).ended_with(0).says(&format!("request {id} is withdrawn"));
    sim.perform(json!(["clearFaults"]));
    let before = sim.journal(0).end();
    sim.reconcile().ended_with(0);
    assert!(sim.journal(before).inputs("UpdateService").is_empty());
}

#[test]
fn what_is_over_is_refused_with_what_to_do_instead() {
    let sim = Sim::with("over", SMALL);
    sim.settled();
    sim.about(&["rollout", "history"]).ended_with(0).tells("none has ended");
    sim.about(&["rollout", "start", "--wait", "--timeout", LONG, "--reason", "release-7"]).ended_with(0);
    let told = sim.about(&["rollout", "history"]).ended_with(0);
    told.tells("succeeded, task ").tells("begun by request ").tells("release-7");
    let before = sim.journal(0).end();
    let signed = ["--by", "ada", "--reason", "why not"];
    for command in [&["retry"][..], &["abort"][..], &["resolve", "--as", "succeeded"][..]] {
        let signed = if command == ["retry"] { &signed[..0] } else { &signed[..] };
        let arguments = [&["rollout"][..], command, signed, &["--output", "json"][..]].concat();
        let refused = sim.about(&arguments).ended_with(5).json();
        assert_eq!((&refused["kind"], &refused["holds"][0]["cause"]), (&json!("Refused"), &json!("CommandRefused")));
    }
    sim.journal(before).has_no_write();
}

#[test]
fn a_failed_task_is_run_again_by_a_retry_and_by_nothing_else() {
    let sim = Sim::with("retry", SMALL);
    sim.settled();
    sim.exits("migrate", 3);
    sim.about(&["rollout", "start", "--wait", "--timeout", LONG]).ended_with(1).tells("evenkeel rollout retry");
    sim.reconcile().ended_with(1);
    assert_eq!(sim.journal(0).one_off_tasks().len(), 1);
    sim.exits("migrate", 0);
    let kicks = sim.journal(0).inputs("UpdateService").len();
    sim.about(&["rollout", "retry", "--by", "ada", "--wait", "--timeout", LONG]).ended_with(0);
    assert_eq!(sim.journal(0).one_off_tasks().len(), 2);
    assert_eq!(sim.journal(0).inputs("UpdateService").len(), kicks, "the rows stay as they are");
    assert_eq!(record(&sim)["attempt"], 2);
}

#[test]
fn bad_input_is_refused_before_aws_is_asked() {
    let sim = Sim::with("bad-command", SMALL);
    let before = sim.journal(0).end();
    sim.about(&["rollout", "resolve", "--as", "maybe", "--by", "ada", "--reason", "x"]).ended_with(2);
    sim.about(&["rollout", "resolve", "--as", "failed", "--reason", "x"]).ended_with(2).says("--by");
    sim.about(&["rollout", "abort", "--by", "ada"]).ended_with(2).says("--reason");
    sim.about(&["rollout", "abort", "--by", " ", "--reason", "x"]).ended_with(2).says("letters or digits");
    assert_eq!(sim.journal(0).end(), before);
}
