//! Data on stdout, talk on stderr, colour only where it is wanted.

use serde_json::json;

use super::command::{CGAP, SMALL, evenkeel, file, run};
use super::sim::Sim;

const ESCAPE: char = '\u{1b}';

#[test]
fn a_pipe_gets_no_colour_unless_somebody_asks_for_it() {
    let sim = Sim::still(CGAP);
    let colours = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let mut command = sim.command(&[arguments, &["plan", CGAP]].concat());
        command.envs(variable);
        let ran = run(command).ended_with(3);
        ran.stdout.contains(ESCAPE)
    };
    assert!(!colours(&[], None));
    assert!(!colours(&["--color", "never"], None));
    assert!(colours(&["--color", "always"], None));
    assert!(colours(&["--color", "always"], Some(("NO_COLOR", "1"))), "what is typed is stronger than what is set");
    assert!(!colours(&["--color", "auto"], Some(("NO_COLOR", "1"))));
    assert!(!colours(&["--color", "always", "--output", "json"], None), "scripts get no escapes");
}

#[test]
fn problems_on_stderr_have_no_colour_in_a_log() {
    let table = file("colour", "bad.yaml", "kind: Nothing\n");
    assert!(!run(evenkeel(&["check", &table])).ended_with(2).stderr.contains(ESCAPE));
    assert!(run(evenkeel(&["check", "--color", "always", &table])).ended_with(2).stderr.contains(ESCAPE));
}

#[test]
fn progress_goes_to_stderr_as_plain_lines_and_the_verdict_to_stdout() {
    let sim = Sim::with("progress", SMALL);
    sim.settled();
    sim.kick(&["web", "worker"]);
    let ran = sim.reconcile().ended_with(0);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    assert!(!ran.stderr.contains(ESCAPE) && !ran.stderr.contains('\r'), "{}", ran.stderr);
    ran.says("web     new 2/2").says("✓ migrate: record: launching, attempt 1").says("Settled");
    let clocked = |line: &str| line.len() > 8 && line.as_bytes()[2] == b':' && line.as_bytes()[5] == b':';
    assert!(ran.stderr.lines().all(clocked), "{}", ran.stderr);
}

#[test]
fn every_answer_has_its_json() {
    let sim = Sim::with("shapes", SMALL);
    sim.settled();
    let commands: [(&[&str], &str); 5] = [
        (&["plan"], "Plan"),
        (&["reconcile", "--once", "--dry-run"], "Plan"),
        (&["reconcile", "--once"], "PassReport"),
        (&["status"], "Status"),
        (&["rollout", "status"], "Rollout"),
    ];
    for (command, kind) in commands {
        let document = sim.about(&[command, &["--output", "json"]].concat()).ended_with(0).json();
        assert_eq!(document["apiVersion"], "evenkeel.dev/v1", "{command:?}");
        assert_eq!((&document["kind"], &document["table"]), (&json!(kind), &json!("small")), "{command:?}");
    }
}

#[test]
fn status_has_conditions_as_kubernetes_people_expect_them() {
    let sim = Sim::with("conditions", SMALL);
    sim.settled();
    let status = sim.about(&["status", "--output", "json"]).ended_with(0).json();
    assert_eq!(status["standing"], "Converged");
    let rows = status["rows"].as_array().expect("rows");
    let conditions = rows.iter().chain([&status]).flat_map(|one| one["conditions"].as_array().expect("conditions"));
    for condition in conditions {
        for member in ["type", "status", "reason", "message"] {
            assert!(condition[member].is_string(), "{condition}");
        }
        let known = ["True", "False", "Unknown"].contains(&condition["status"].as_str().unwrap_or_default());
        assert!(known, "{condition}");
    }
}

#[test]
fn a_rollout_under_way_is_not_called_complete() {
    let sim = Sim::still(CGAP);
    sim.run(&["reconcile", "--once", "--no-wait", CGAP]).ended_with(0);
    sim.advance(900);
    sim.kick(&["CGAPportalService", "CGAPIndexerService", "CGAPIngesterService"]);
    let status = sim.about(&["status", "--output", "json"]).ended_with(0).json();
    let complete =
        status["conditions"].as_array().expect("conditions").iter().find(|one| one["type"] == "RolloutComplete");
    assert_eq!(complete.expect("a table has it")["status"], "False", "{status:#}");
}
