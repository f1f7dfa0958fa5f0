//! What is refused before any write: another account, selectors that find nothing or too much, images that are not there.

use super::command::{CGAP, changed, file};
use super::sim::Sim;

/// The users' table, in which one part stands changed, is held for a person who reads these words; nothing is written.
#[track_caller]
fn held(test: &str, from: &str, to: &str, words: &[&str]) {
    let sim = Sim::still(CGAP);
    let cgap = std::fs::read_to_string(CGAP).expect("the users' table can be read");
    let table = file("guards", &format!("{test}.yaml"), changed(&cgap, from, to));
    let commands = [vec!["plan"], vec!["reconcile", "--once", "--no-wait", "--dry-run"], vec!["rollout", "start"]];
    for command in commands {
        let ran = sim.run(&[command.as_slice(), &[table.as_str()]].concat()).ended_with(5);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        for word in words {
            assert!(said.contains(word), "{command:?} does not say `{word}`:\n{said}");
        }
    }
    sim.journal(0).has_no_write();
}

#[test]
fn another_account_is_refused_before_any_write() {
    let words = ["the credentials belong to account 123456789012, the table is about 210987654321", "AWS_PROFILE"];
    held("account", "123456789012", "210987654321", &words);
}

#[test]
fn another_account_is_asked_for_nothing_but_its_name() {
    let sim = Sim::still(CGAP);
    let cgap = std::fs::read_to_string(CGAP).expect("the users' table can be read");
    let table = file("guards", "asked.yaml", changed(&cgap, "123456789012", "210987654321"));
    sim.run(&["reconcile", "--once", &table]).ended_with(5);
    sim.run(&["reconcile", "--once", "--no-wait", "--output", "json", &table]).ended_with(5).json();
    sim.journal(0).has_no_write();
}

#[test]
fn a_cluster_that_is_not_there_is_held_with_those_that_are() {
    let words = ["no cluster matches glob NoSuchCluster-*", "CGAPDockerClusterForCgapDevtest-"];
    held("cluster", "CGAPDockerClusterFor*-*", "NoSuchCluster-*", &words);
}

#[test]
fn a_service_that_is_not_there_is_held_with_those_that_are() {
    let words = ["no service matches glob CGAPIngestrService-*", "CGAPIngesterService-"];
    held("no-service", "CGAPIngesterService-*", "CGAPIngestrService-*", &words);
}

#[test]
fn a_selector_that_finds_several_services_is_held_with_all_of_them() {
    let words = ["3 services match glob CGAP*Service-*", "CGAPIndexerService-", "CGAPportalService-", "narrower"];
    held("many-services", "CGAPIngesterService-*", "CGAP*Service-*", &words);
}

#[test]
fn a_target_group_that_is_not_there_is_held() {
    held("target-group", "TargetGroupPortal", "TargetGroupPortl", &["no target group matches name TargetGroupPortl"]);
}

#[test]
fn a_task_definition_that_is_not_there_is_held() {
    held("definition", "CGAPDeployment-*", "CGAPDeploymnt-*", &["no task definition matches glob CGAPDeploymnt-*"]);
}

#[test]
fn an_initial_deployment_is_not_even_a_table() {
    let sim = Sim::still(CGAP);
    let cgap = std::fs::read_to_string(CGAP).expect("the users' table can be read");
    let table = file("guards", "initial.yaml", changed(&cgap, "CGAPDeployment-*", "CGAPInitialDeployment-*"));
    sim.run(&["reconcile", "--once", &table]).ended_with(2).says("is never run");
    assert!(sim.journal(0).calls().is_empty());
}

#[test]
fn an_image_that_is_not_there_is_rolled_to_no_service() {
    let sim = Sim::still(CGAP);
    let cgap = std::fs::read_to_string(CGAP).expect("the users' table can be read");
    let table = file("guards", "image.yaml", changed(&cgap, "tag: latest", "tag: v99"));
    sim.run(&["plan", &table]).ended_with(5).tells("there is no image cgap-devtest:v99 in the repository");
    sim.run(&["reconcile", "--once", &table]).ended_with(5);
    let journal = sim.journal(0);
    let updates = journal.inputs("UpdateService");
    assert!(updates.iter().all(|update| update["taskDefinition"].is_null()), "{updates:?}");
    assert!(journal.one_off_tasks().is_empty());
}
