//! Several tables in one run: named one by one, or a folder of them.

use super::command::{SMALL, changed, evenkeel, file, run};
use super::sim::{LONG, Sim};

/// A folder with two tables, each about a cluster of its own, and a file that is none.
fn folder(test: &str) -> String {
    file(test, "small.yaml", SMALL);
    file(test, "readme.txt", "no table");
    let mut other = SMALL.to_owned();
    for (from, to) in [
        ("{ name: small }", "{ name: other }"),
        ("small-cluster", "other-cluster"),
        ("small-app", "other-app"),
        ("{ name: migrate }", "{ name: other-migrate }"),
    ] {
        other = changed(&other, from, to);
    }
    let path = file(test, "other.yml", other);
    path.trim_end_matches("/other.yml").to_owned()
}

#[test]
fn a_folder_of_tables_is_reconciled_in_one_run() {
    let folder = folder("folder");
    let sim = Sim::of(&folder);
    let ran = sim.about(&["rollout", "start"]).ended_with(2);
    ran.says("holds 2 tables").says("name one of them");
    let ran = sim.reconcile().ended_with(0);
    ran.tells("small: converged").tells("other: converged");
    ran.says("small ").says("other ");
    let plan = sim.about(&["plan", "--output", "json"]).ended_with(0).json();
    let names: Vec<_> = plan.as_array().expect("one for each").iter().map(|one| one["table"].clone()).collect();
    assert_eq!(names, ["other", "small"]);
}

#[test]
fn two_environments_share_an_account_when_selectors_name_the_stack() {
    let stack = |env: &str| {
        let mut table = changed(SMALL, "{ name: small }", &format!("{{ name: {env} }}"));
        for (name, logical) in
            [("small-cluster", "Cluster"), ("web", "Web"), ("worker", "Worker"), ("migrate", "Migrate")]
        {
            let glob = format!("{{ glob: \"c4-ecs-{env}-stack-CGAP{logical}-*\" }}");
            table = changed(&table, &format!("{{ name: {name} }}"), &glob);
        }
        changed(&table, "small-app", env)
    };
    let path = file("stacks", "cgap-a.yaml", stack("cgap-a"));
    file("stacks", "cgap-b.yaml", stack("cgap-b"));
    let sim = Sim::of(path.trim_end_matches("/cgap-a.yaml"));
    let clusters = sim.ecs("ListClusters", serde_json::json!({}))["clusterArns"].to_string();
    assert_eq!(clusters.matches("c4-ecs-cgap-a-stack-").count(), 1, "{clusters}");
    sim.reconcile().ended_with(0).tells("cgap-a: converged").tells("cgap-b: converged");
}

#[test]
fn each_table_rolls_by_itself() {
    let folder = folder("by-itself");
    let sim = Sim::of(&folder);
    let settled = sim.settled();
    let small = format!("{folder}/small.yaml");
    sim.run(&["rollout", "start", &small]).ended_with(0);
    sim.about(&["plan"]).ended_with(0);
    sim.about(&["reconcile", "--once", "--timeout", LONG, "--output", "json"]).ended_with(0);
    let journal = sim.journal(settled);
    assert_eq!(journal.one_off_tasks().len(), 1);
    assert!(journal.one_off_tasks().iter().all(|task| task.contains("small-cluster")));
    let updates = journal.inputs("UpdateService");
    assert!(updates.iter().all(|update| update["cluster"].as_str().is_some_and(|arn| arn.ends_with("small-cluster"))));
}

#[test]
fn the_worst_table_gives_the_exit_code_and_the_others_are_done_all_the_same() {
    let folder = folder("worst");
    let sim = Sim::of(&folder);
    let lost = changed(&changed(SMALL, "{ name: small }", "{ name: lost }"), "small-cluster", "no-such-cluster");
    let lost = file("worst-lost", "lost.yaml", lost);
    let arguments = ["reconcile", "--once", "--timeout", LONG, &folder, &lost];
    let ran = sim.run(&arguments).ended_with(5);
    ran.tells("small: converged").tells("other: converged").tells("lost: held for a person");
}

#[test]
fn a_table_that_is_named_twice_is_bad_input() {
    let folder = folder("twice");
    let small = format!("{folder}/small.yaml");
    run(evenkeel(&["check", &folder, &small])).ended_with(2).says("a second table `small`");
}

#[test]
fn a_folder_without_tables_is_bad_input() {
    let path = file("empty", "readme.txt", "no table");
    let folder = path.trim_end_matches("/readme.txt");
    run(evenkeel(&["check", folder])).ended_with(2).says("has no tables");
}
