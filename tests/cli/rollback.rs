//! Deployments that ECS gives up: the one-off task must not run after them.

use serde_json::json;

use super::command::SMALL;
use super::sim::{Sim, text};

/// Rolls `worker` to an image that is not there, with the circuit breaker on, and kicks `web`.
fn roll_to_nowhere(sim: &Sim, rollback: bool) {
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}});
    let registered =
        sim.ecs("DescribeTaskDefinition", json!({"taskDefinition": text(&sim.described("worker")["taskDefinition"])}));
    let definition = &registered["taskDefinition"];
    let mut containers = definition["containerDefinitions"].clone();
    let image = text(&containers[0]["image"]);
    containers[0]["image"] = json!(image.replace(":v1", ":never-pushed"));
    let made = sim.ecs(
        "RegisterTaskDefinition",
        json!({
            "family": definition["family"], "cpu": definition["cpu"], "memory": definition["memory"],
            "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": definition["executionRoleArn"], "containerDefinitions": containers,
        }),
    );
    let arn = &made["taskDefinition"]["taskDefinitionArn"];
    sim.update("worker", json!({"taskDefinition": arn, "deploymentConfiguration": breaker}));
    sim.kick(&["web"]);
}

#[test]
fn a_rollback_fails_the_rollout_and_the_task_does_not_run() {
    let sim = Sim::with("rollback", SMALL);
    let settled = sim.settled();
    roll_to_nowhere(&sim, true);
    // ECS undoes it long before anybody looks: what is PRIMARY again is what was there before.
    sim.advance(1200);
    let ran = sim.reconcile().ended_with(1);
    ran.tells("ECS gave up or undid the deployment of worker; the deployment task did not run");
    ran.tells("evenkeel rollout start");
    let journal = sim.journal(settled);
    assert!(journal.one_off_tasks().is_empty());
    sim.about(&["plan"]).ended_with(1).tells("failed");
    sim.about(&["rollout", "status", "--watch"]).ended_with(1);
    sim.reconcile().ended_with(1);
    let status = sim.about(&["status", "--output", "json"]).ended_with(0).json();
    assert_eq!(status["standing"], "Failed");
    assert_eq!(status["rollout"]["record"]["failedRow"], "worker");
    assert!(sim.journal(settled).one_off_tasks().is_empty());
}

#[test]
fn a_new_rollout_after_a_failed_one_runs_the_task_once() {
    let sim = Sim::with("after-failure", SMALL);
    let settled = sim.settled();
    roll_to_nowhere(&sim, true);
    sim.advance(1200);
    sim.reconcile().ended_with(1);
    sim.about(&["rollout", "start", "--reason", "mended", "--wait", "--timeout", "48h"]).ended_with(0);
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
    sim.about(&["plan"]).ended_with(0);
}

#[test]
fn a_service_that_is_stuck_on_an_image_of_nobodys_is_brought_back_and_the_task_runs_once() {
    let sim = Sim::with("stuck", SMALL);
    let settled = sim.settled();
    roll_to_nowhere(&sim, false);
    // Given up without a rollback: the deployment stays PRIMARY, and its image is drift from what the table states.
    sim.advance(1200);
    assert_eq!(sim.described("worker")["deployments"][0]["rolloutState"], "FAILED");
    sim.about(&["plan"]).ended_with(3).tells("image of worker");
    sim.reconcile().ended_with(0);
    let deployments = sim.described("worker")["deployments"].clone();
    assert_eq!((deployments.as_array().map(Vec::len), &deployments[0]["rolloutState"]), (Some(1), &json!("COMPLETED")));
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
}
