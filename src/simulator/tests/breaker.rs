//! The circuit breaker's arithmetic and its two stages.

use serde_json::{Value, json};

use super::bench::{Bench, IMAGE};
use crate::simulator::ecs::App;
use crate::simulator::elb::Answer;

fn with_breaker(more: Value) -> Value {
    let mut breaker = json!({"enable": true, "rollback": false});
    breaker.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"deploymentConfiguration": {"deploymentCircuitBreaker": breaker}})
}

fn current(bench: &mut Bench) -> Value {
    let listed = bench.ecs("ListServiceDeployments", json!({"cluster": "c", "service": "s"}));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    bench.ecs("DescribeServiceDeployments", json!({"serviceDeploymentArns": [arn]}))["serviceDeployments"][0].clone()
}

#[test]
fn has_the_threshold_that_aws_documents_for_each_type() {
    let bounded = |value: i64| json!({"type": "BOUNDED_PERCENT", "value": value});
    let unbounded = |value: i64| json!({"type": "UNBOUNDED_PERCENT", "value": value});
    let cases = [
        (Value::Null, 1, 3),
        (Value::Null, 25, 13),
        (Value::Null, 400, 200),
        (Value::Null, 800, 200),
        (bounded(10), 25, 3),
        (bounded(33), 10, 4),
        (bounded(100), 250, 200),
        (unbounded(10), 25, 3),
        (unbounded(10), 5, 1),
        (unbounded(100), 250, 250),
        (json!({"type": "COUNT", "value": 7}), 400, 7),
        (json!({"type": "COUNT", "value": 1}), 1, 1),
    ];
    for (threshold, desired, expected) in cases {
        let mut bench = Bench::new(0);
        bench.sim.set_zone_capacity("us-east-1a", false);
        bench.sim.set_zone_capacity("us-east-1b", false);
        bench.create_service(desired, false, with_breaker(json!({ "thresholdConfiguration": threshold })));
        assert_eq!(
            current(&mut bench)["deploymentCircuitBreaker"]["threshold"],
            json!(expected),
            "{threshold} of {desired}"
        );
    }
}

#[test]
fn takes_the_latest_desired_count_for_its_threshold() {
    let mut bench = Bench::new(0);
    bench.create_service(1, false, with_breaker(json!({})));
    bench.update(json!({"desiredCount": 25}));
    assert_eq!(current(&mut bench)["deploymentCircuitBreaker"]["threshold"], json!(13));
}

/// Rolls three tasks of which some are ill, in the order in which they run: `true` is healthy. The rollout's end.
fn roll_with(resets: bool, health: &[bool]) -> Value {
    let mut bench = Bench::new(5);
    let threshold = json!({"type": "COUNT", "value": 3});
    bench.create_service(
        3,
        true,
        with_breaker(json!({"resetOnHealthyTask": resets, "thresholdConfiguration": threshold})),
    );
    bench.wait_until_steady();
    let new = bench.kick();
    let mut seen = Vec::new();
    for _ in 0..1800 {
        for address in bench.addresses(&new) {
            if !seen.contains(&address) {
                seen.push(address);
                if !health.get(seen.len() - 1).copied().unwrap_or(true) {
                    bench.sim.elb_mut().set_answer(address, Answer::Status(503));
                }
            }
        }
        bench.pass(1);
        let state = bench.service()["deployments"][0]["rolloutState"].clone();
        if state != json!("IN_PROGRESS") {
            return state;
        }
    }
    panic!("the deployment did not end");
}

#[test]
fn counts_consecutive_failures_unless_it_is_told_to_count_all() {
    let health = [true, false, false, true, false, false];
    assert_eq!(roll_with(true, &health), json!("COMPLETED"));
    assert_eq!(roll_with(false, &health), json!("FAILED"));
    assert_eq!(roll_with(true, &[true, false, false, false, false, false, false]), json!("FAILED"));
}

#[test]
fn counts_failed_starts_until_a_task_runs_and_failed_checks_from_then_on() {
    let mut bench = Bench::new(5);
    bench.register("web", &IMAGE.replace("latest", "gone"));
    bench.create_service(1, true, with_breaker(json!({"thresholdConfiguration": {"type": "COUNT", "value": 3}})));
    bench.wait_for("two failures", |bench| current(bench)["deploymentCircuitBreaker"]["failureCount"] == json!(2));
    bench.sim.set_app("web", App::NeverHealthy);
    bench.sim.push_image(bench.sim.now(), "main", "gone").unwrap();
    bench.wait_for("a running task", |bench| bench.service()["runningCount"] == json!(1));
    assert_eq!(current(&mut bench)["deploymentCircuitBreaker"]["failureCount"], json!(2));
    bench.wait_for("failure", |bench| bench.service()["deployments"][0]["rolloutState"] == json!("FAILED"));
    let ended = current(&mut bench);
    assert_eq!(ended["deploymentCircuitBreaker"], json!({"status": "TRIGGERED", "failureCount": 3, "threshold": 3}));
}

#[test]
fn fails_after_three_tries_to_resolve_the_image_whatever_the_threshold() {
    let mut bench = Bench::new(5);
    bench.register("web", &IMAGE.replace("latest", "gone"));
    bench.create_service(1, true, with_breaker(json!({"thresholdConfiguration": {"type": "COUNT", "value": 50}})));
    bench.wait_for("failure", |bench| bench.service()["deployments"][0]["rolloutState"] == json!("FAILED"));
    assert_eq!(bench.tasks("STOPPED").len(), 3);
}

#[test]
fn forgets_its_pause_when_the_service_is_updated() {
    let mut bench = Bench::new(5);
    bench.register("web", &IMAGE.replace("latest", "gone"));
    bench.create_service(1, true, json!({}));
    bench.pass(1500);
    assert_eq!(bench.said("is unable to consistently start tasks successfully."), 1);
    bench.register("web", IMAGE);
    bench.update(json!({"taskDefinition": "web"}));
    bench.pass(20);
    assert_eq!(bench.tasks("RUNNING").len(), 1);
    bench.wait_until_steady();
}
