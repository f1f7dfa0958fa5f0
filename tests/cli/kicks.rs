//! Rollouts that somebody else begins, service by service, while this program is not even running.

use std::collections::BTreeSet;

use serde_json::json;

use super::command::{CGAP, SMALL, ended};
use super::sim::{LONG, Sim, text};

/// Every task of these services that runs now.
fn running(sim: &Sim, services: &[&str]) -> BTreeSet<String> {
    let tasks = |part: &&str| {
        let input = json!({"cluster": sim.cluster(), "serviceName": sim.service(part)});
        let answer = sim.ecs("ListTasks", input);
        answer["taskArns"].as_array().expect("a list").iter().map(text).collect::<Vec<String>>()
    };
    services.iter().flat_map(tasks).collect()
}

#[test]
fn a_kick_on_each_service_ends_in_one_task_after_everything_old_is_gone() {
    const SERVICES: [&str; 3] = ["CGAPportalService", "CGAPIndexerService", "CGAPIngesterService"];
    let sim = Sim::of(CGAP);
    let settled = sim.settled();
    let before = running(&sim, &SERVICES);
    assert_eq!(before.len(), 9);
    sim.kick(&SERVICES);
    sim.reconcile().ended_with(0).tells("converged").says("exit code 0");
    let journal = sim.journal(settled);
    journal.ran_one_task_after_everything_old_was_gone(&before);
    assert!(journal.inputs("UpdateService").is_empty(), "the kicks were enough");
    sim.reconcile().ended_with(0);
    sim.journal(journal.end()).has_no_write();
}

#[test]
fn a_kick_on_one_service_only_is_reported_as_partial_and_runs_nothing() {
    let sim = Sim::with("partial", SMALL);
    let settled = sim.settled();
    sim.kick(&["web"]);
    let ran = sim.reconcile().ended_with(5);
    ran.tells("partial kick: web got a new deployment, worker did not").tells("evenkeel rollout start");
    sim.about(&["plan"]).ended_with(5).tells("partial kick");
    sim.about(&["status"]).ended_with(0).tells("Held is True (PartialKick)");
    assert!(sim.journal(settled).one_off_tasks().is_empty());
}

#[test]
fn a_partial_kick_is_made_whole_by_a_rollout_of_the_table() {
    let sim = Sim::with("made-whole", SMALL);
    let settled = sim.settled();
    let before = running(&sim, &["web", "worker"]);
    sim.kick(&["worker"]);
    sim.reconcile().ended_with(5);
    sim.about(&["rollout", "start", "--wait", "--timeout", LONG]).ended_with(0);
    sim.journal(settled).ran_one_task_after_everything_old_was_gone(&before);
}

#[test]
fn two_controllers_at_once_start_one_task() {
    let sim = Sim::with("two", SMALL);
    let settled = sim.settled();
    let before = running(&sim, &["web", "worker"]);
    sim.kick(&["web", "worker"]);
    let arguments = ["reconcile", "--once", "--timeout", LONG, sim.table.as_str()];
    let both = [(); 2].map(|()| sim.command(&arguments).spawn().expect("the binary that cargo built starts"));
    for child in both {
        ended(child).ended_with(0);
    }
    sim.journal(settled).ran_one_task_after_everything_old_was_gone(&before);
}

#[test]
fn a_newer_image_is_told_of_and_goes_out_with_the_next_kick() {
    let sim = Sim::with("newer-image", SMALL);
    sim.settled();
    let digest = sim.push("small-app", "v1");
    let short = &digest["sha256:".len()..][..12];
    sim.about(&["plan"]).ended_with(0).tells(&format!("the tag means {short} now"));
    sim.kick(&["web", "worker"]);
    sim.reconcile().ended_with(0);
    let status = sim.about(&["status", "--output", "json"]).ended_with(0).json();
    assert_eq!(status["rows"][0]["digests"], json!([short]));
    assert_eq!(status["rows"][1]["digests"], json!([short]));
}
