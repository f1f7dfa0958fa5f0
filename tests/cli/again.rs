//! The same wish said twice, and the task run once more: `--idempotency-key` and `evenkeel rollout run`.

use serde_json::json;

use super::command::SMALL;
use super::sim::{LONG, Sim};

#[test]
fn asking_again_under_a_key_begins_nothing_and_says_where_it_stands() {
    let sim = Sim::with("key", SMALL);
    sim.settled();
    let asked = ["rollout", "start", "--idempotency-key", "release-7", "--by", "ada", "--wait", "--timeout", LONG];
    sim.about(&asked).ended_with(0).says(" is written down");
    let ended = sim.journal(0).end();
    sim.about(&asked).ended_with(0).says("was there already").says("has ended as succeeded");
    sim.journal(ended).has_no_write();
    assert_eq!(sim.journal(0).one_off_tasks().len(), 1);
    sim.about(&["rollout", "history"]).ended_with(0).tells("by ada");
    sim.about(&["rollout", "start", "--idempotency-key", ""]).ended_with(2).says("a UUID is a good one");
}

#[test]
fn a_run_runs_the_task_alone_and_once_for_each_key() {
    let sim = Sim::with("run", SMALL);
    sim.settled();
    let run = ["rollout", "run", "--by", "ada", "--reason", "new users", "--wait", "--timeout", LONG];
    let run = [&run[..], &["--idempotency-key", "monday"]].concat();
    sim.about(&run).ended_with(0).says("run of rollout ").says("is written down");
    let ended = sim.journal(0).end();
    sim.about(&run).ended_with(0).says("run was given before under this key").says("has ended as succeeded");
    sim.journal(ended).has_no_write();
    assert_eq!(sim.journal(0).one_off_tasks().len(), 1);
    assert!(sim.journal(0).inputs("UpdateService").is_empty(), "nothing is kicked");
    let history = sim.about(&["rollout", "history", "--output", "json"]).ended_with(0).json();
    let newest = &history["ended"][0];
    assert_eq!((&newest["origin"], &newest["by"]), (&json!("run"), &json!("ada")));
    let wrong = ["rollout", "run", "--row", "web", "--by", "ada", "--reason", "x"];
    sim.about(&wrong).ended_with(2).says("web is not the task row of small").says("it is migrate");
    sim.about(&["rollout", "run", "--row", "migrate", "--by", "ada"]).ended_with(2).says("--reason");
}
