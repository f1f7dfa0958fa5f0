//! What people change by hand, and who owns what.

use serde_json::{Value, json};

use super::command::{SMALL, changed, file};
use super::sim::{Sim, text};

const SPOT: &str = "count: 2, spot: true";

/// The small table, its first row on Spot.
fn spot() -> String {
    changed(SMALL, "count: 2", SPOT)
}

/// Registers a revision of a service's task definition that differs by this, and puts the service on it.
fn redefine(sim: &Sim, service: &str, change: impl Fn(&mut Value)) -> String {
    let current = text(&sim.described(service)["taskDefinition"]);
    let definition = sim.ecs("DescribeTaskDefinition", json!({"taskDefinition": current}))["taskDefinition"].clone();
    let mut input = json!({});
    let kept = ["family", "cpu", "memory", "networkMode", "requiresCompatibilities", "containerDefinitions"];
    for member in kept.iter().chain(["executionRoleArn", "taskRoleArn"].iter()) {
        if !definition[member].is_null() {
            input[member] = definition[member].clone();
        }
    }
    change(&mut input);
    let made = sim.ecs("RegisterTaskDefinition", input);
    let arn = text(&made["taskDefinition"]["taskDefinitionArn"]);
    sim.update(service, json!({"taskDefinition": arn}));
    arn
}

fn definition_of(sim: &Sim, service: &str) -> Value {
    let arn = text(&sim.described(service)["taskDefinition"]);
    sim.ecs("DescribeTaskDefinition", json!({"taskDefinition": arn}))["taskDefinition"].clone()
}

#[test]
fn a_changed_count_is_set_back_without_a_deployment() {
    let sim = Sim::with("count", SMALL);
    let settled = sim.settled();
    sim.update("web", json!({"desiredCount": 5}));
    sim.about(&["plan"]).ended_with(3).tells("~ count  5 -> 2");
    sim.reconcile().ended_with(0);
    assert_eq!(sim.described("web")["desiredCount"], 2);
    let journal = sim.journal(settled);
    assert_eq!(journal.inputs("UpdateService").len(), 1);
    assert!(journal.inputs("UpdateService")[0]["forceNewDeployment"].is_null());
    assert!(journal.one_off_tasks().is_empty(), "a count is no rollout");
}

#[test]
fn a_changed_capacity_provider_is_set_back_by_force() {
    let sim = Sim::with("capacity", &spot());
    sim.settled();
    let strategy = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
    sim.update("web", json!({"capacityProviderStrategy": strategy, "forceNewDeployment": true}));
    sim.about(&["plan"]).ended_with(3).tells("~ capacity  on-demand -> Spot");
    let settled = sim.journal(0).end();
    sim.reconcile().ended_with(0);
    assert_eq!(sim.described("web")["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    let journal = sim.journal(settled);
    assert_eq!(journal.inputs("UpdateService").len(), 1);
    assert_eq!(journal.inputs("UpdateService")[0]["forceNewDeployment"], true);
    assert_eq!(journal.one_off_tasks().len(), 1);
}

#[test]
fn a_changed_size_gets_a_revision_that_differs_in_nothing_else() {
    let sim = Sim::with("size", SMALL);
    sim.settled();
    redefine(&sim, "worker", |definition| {
        definition["cpu"] = json!("1024");
        definition["memory"] = json!("2048");
        definition["containerDefinitions"][0]["environment"] = json!([{"name": "BY", "value": "hand"}]);
    });
    let by_hand = definition_of(&sim, "worker");
    sim.about(&["plan"]).ended_with(3).tells("~ vcpu    1 -> 0.25").tells("~ memory  2048 -> 512");
    sim.reconcile().ended_with(0);
    let corrected = definition_of(&sim, "worker");
    assert_eq!((&corrected["cpu"], &corrected["memory"]), (&json!("256"), &json!("512")));
    assert_eq!(corrected["containerDefinitions"], by_hand["containerDefinitions"], "what no row states is kept");
}

#[test]
fn a_field_that_no_row_states_is_left_alone() {
    let sim = Sim::with("left-alone", SMALL);
    let silent = changed(SMALL, "count: 2, vcpu: .25, memory: 512", "use: the web");
    let silent = file("left-alone", "silent.yaml", silent);
    sim.run(&["reconcile", "--once", &silent]).ended_with(0);
    let settled = sim.journal(0).end();
    sim.update("web", json!({"desiredCount": 3}));
    sim.advance(60);
    sim.run(&["reconcile", "--once", &silent]).ended_with(0);
    assert_eq!(sim.described("web")["desiredCount"], 3);
    sim.journal(settled).has_no_write();
}

#[test]
fn a_count_that_autoscaling_owns_is_never_written() {
    let sim = Sim::with("autoscaling", SMALL);
    let settled = sim.settled();
    let resource = sim.service("web").split_once("service/").expect("a service's ARN").1.to_owned();
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": format!("service/{resource}"),
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 4, "MaxCapacity": 8,
    });
    sim.call("AnyScaleFrontendService", "RegisterScalableTarget", target);
    assert_eq!(sim.described("web")["desiredCount"], 4);
    sim.about(&["plan"]).ended_with(0).tells("autoscaling owns the count (4 now, between 4 and 8)");
    sim.reconcile().ended_with(0);
    assert_eq!(sim.described("web")["desiredCount"], 4);
    sim.journal(settled).has_no_write();
}
