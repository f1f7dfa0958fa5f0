//! `evenkeel plan` and `evenkeel reconcile --once` on an account that is not what the table says.

use serde_json::json;

use super::command::{CGAP, SMALL, changed, file};
use super::journal::operation;
use super::sim::Sim;

#[test]
fn plans_and_dry_runs_show_changes_and_write_nothing() {
    let sim = Sim::of(CGAP);
    let plan = sim.about(&["plan"]).ended_with(3);
    plan.tells("~ count   2 -> 4").tells("~ vcpu    4 -> 0.25").tells("~ memory  8192 -> 512");
    plan.tells("Plan: 1 row to update, 2 task definitions to register.");
    assert_eq!(plan.stderr, "");
    let dry = sim.about(&["reconcile", "--once", "--dry-run"]).ended_with(3);
    assert_eq!(dry.stdout, plan.stdout);
    let document = sim.about(&["plan", "--output", "json"]).ended_with(3).json();
    assert_eq!((&document["apiVersion"], &document["kind"]), (&json!("evenkeel.dev/v1"), &json!("Plan")));
    assert_eq!(document["standing"], "Progressing");
    assert_eq!(document["rows"][0]["differences"][0]["field"], "count");
    sim.journal(0).has_no_write();
}

#[test]
fn reconciling_brings_the_users_table_about_and_the_second_run_writes_nothing() {
    let sim = Sim::of(CGAP);
    let foreign = sim.described("qualys");
    let ran = sim.reconcile().ended_with(0);
    assert!(ran.stdout.starts_with("cgap-devtest: converged after "), "{}", ran.stdout);
    ran.says("✓ deployment: record: succeeded").says("exit code 0");
    let journal = sim.journal(0);
    assert_eq!(journal.one_off_tasks().len(), 1);
    assert_eq!(journal.inputs("UpdateService").len(), 1, "only portal differed");
    assert_eq!(journal.inputs("RegisterTaskDefinition").len(), 2);
    assert_eq!(sim.described("CGAPportalService")["runningCount"], 4);
    assert_eq!(sim.described("qualys"), foreign, "a foreign service is left as it was");

    sim.reconcile().ended_with(0);
    sim.about(&["plan"]).ended_with(0).tells("No changes. The table is converged.");
    sim.journal(journal.end()).has_no_write();
}

#[test]
fn a_run_as_json_prints_one_document_with_everything_that_was_done() {
    let sim = Sim::with("reconcile-json", &changed(SMALL, "count: 2", "count: 2, notes: as it is"));
    let wider = file(
        "reconcile-json",
        "wider.yaml",
        changed(SMALL, "memory: 512 }\n    - { name: worker", "memory: 1024 }\n    - { name: worker"),
    );
    let arguments = ["reconcile", "--once", "--timeout", "48h", "--output", "json", &wider];
    let document = sim.run(&arguments).ended_with(0).json();
    assert_eq!((&document["kind"], &document["verdict"]), (&json!("PassReport"), &json!("Converged")));
    assert_eq!(document["rollout"]["phase"], "Settled");
    assert_eq!(document["rollout"]["record"]["exitCode"], 0);
    let outcomes = document["outcomes"].as_array().expect("a list");
    assert!(outcomes.iter().all(|outcome| outcome["result"]["kind"] == "Done"), "{document}");
    let kinds: Vec<&str> = outcomes.iter().filter_map(|outcome| outcome["step"]["action"]["kind"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "Run").count(), 1, "{kinds:?}");
    assert_eq!(kinds.len(), sim.journal(0).writes().len() - 1, "one write per step; an update with a revision has two");
}

#[test]
fn one_pass_begins_and_does_not_wait() {
    let sim = Sim::still(CGAP);
    sim.about(&["reconcile", "--once", "--no-wait"]).ended_with(0).tells("still progressing after 1 pass");
    let journal = sim.journal(0);
    let written: Vec<&str> = journal.writes().into_iter().map(operation).collect();
    assert!(written.contains(&"UpdateService") && !written.contains(&"RunTask"), "{written:?}");
}

#[test]
fn a_rollout_that_takes_longer_than_the_timeout_ends_the_run_and_not_the_rollout() {
    let sim = Sim::still(CGAP);
    let ran = sim.about(&["reconcile", "--once", "--timeout", "1m"]).ended_with(4);
    ran.tells("time is up, still progressing");
    sim.advance(900);
    assert_eq!(sim.described("CGAPportalService")["deployments"][0]["rolloutState"], "COMPLETED");
    assert!(sim.journal(0).one_off_tasks().is_empty(), "nobody was there to start it");
}
