//! `evenkeel rollout start` and `evenkeel rollout status`.

use serde_json::json;

use super::command::{SMALL, ended};
use super::sim::{LONG, Sim};

#[test]
fn start_writes_the_request_down_kicks_every_row_and_returns() {
    let sim = Sim::with("start", SMALL);
    let settled = sim.settled();
    let ran = sim.about(&["rollout", "start", "--reason", "release-7"]).ended_with(0);
    ran.says("rollout request ").says(" of small is written down").says("evenkeel reconcile --once");
    let journal = sim.journal(settled);
    let kicks = journal.inputs("UpdateService");
    assert_eq!(kicks.len(), 2);
    assert!(kicks.iter().all(|kick| kick["forceNewDeployment"] == true));
    assert!(journal.one_off_tasks().is_empty(), "it only starts");
    let status = sim.about(&["rollout", "status", "--output", "json"]).ended_with(0).json();
    assert_eq!((&status["kind"], &status["request"]["reason"]), (&json!("Rollout"), &json!("release-7")));
    sim.reconcile().ended_with(0);
    let journal = sim.journal(settled);
    assert_eq!(journal.one_off_tasks().len(), 1);
    assert_eq!(journal.inputs("UpdateService").len(), 2, "nobody kicks twice for one request");
}

#[test]
fn start_and_wait_ends_when_the_task_has_ended() {
    let sim = Sim::with("wait", SMALL);
    let settled = sim.settled();
    let arguments = ["rollout", "start", "--wait", "--timeout", LONG, "--output", "json"];
    let document = sim.about(&arguments).ended_with(0).json();
    assert_eq!((&document["kind"], &document["verdict"]), (&json!("PassReport"), &json!("Converged")));
    assert_eq!(document["rollout"]["record"]["state"], "succeeded");
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
}

#[test]
fn start_on_a_cluster_that_nobody_reconciled_yet_runs_one_task() {
    let sim = Sim::with("first-contact", SMALL);
    sim.about(&["rollout", "start", "--wait", "--timeout", LONG]).ended_with(0);
    assert_eq!(sim.journal(0).one_off_tasks().len(), 1);
    assert_eq!(sim.journal(0).inputs("UpdateService").len(), 2);
}

#[test]
fn status_shows_the_gate_and_writes_nothing() {
    let sim = Sim::with("status", SMALL);
    sim.settled();
    sim.about(&["rollout", "status"]).ended_with(0).tells("phase    Settled");
    sim.about(&["rollout", "start"]).ended_with(0);
    let started = sim.journal(0).end();
    sim.about(&["rollout", "status"]).ended_with(0).tells("Gate: ").tells("new deployments are completed");
    let status = sim.about(&["rollout", "status", "--output", "json"]).ended_with(0).json();
    let numbers: Vec<_> = status["gate"].as_array().expect("nine").iter().map(|one| one["number"].clone()).collect();
    assert_eq!(json!(numbers), json!([1, 2, 3, 4, 5, 6, 7, 8, 9]));
    sim.about(&["status"]).ended_with(0);
    sim.journal(started).has_no_write();
}

#[test]
fn watching_ends_when_somebody_elses_supervision_does() {
    let sim = Sim::with("watch", SMALL);
    sim.settled();
    sim.kick(&["web", "worker"]);
    let arguments = ["rollout", "status", "--watch", "--timeout", LONG, sim.table.as_str()];
    let watching = sim.command(&arguments).spawn().expect("the binary that cargo built starts");
    // Two processes that know nothing of each other; only one of them may write.
    sim.reconcile().ended_with(0);
    ended(watching).ended_with(0).tells("phase    Settled");
    assert_eq!(sim.journal(0).one_off_tasks().len(), 1, "one for the kicks, none for the first contact");
}
