//! Quotas and rates: vCPUs at the same time, launches per minute and second, tasks in PROVISIONING.

use serde_json::{Value, json};

use super::bench::{Bench, network};
use crate::simulator::knobs::{Knobs, Throttling};

const VCPUS: &str = "You\u{2019}ve reached the limit on the number of vCPUs you can run concurrently";

fn run(provider: &str) -> Value {
    json!({
        "cluster": "c", "taskDefinition": "web", "networkConfiguration": network(),
        "capacityProviderStrategy": [{"capacityProvider": provider, "weight": 1}],
    })
}

/// `(milliseconds, task)` of each task that was made.
fn made(bench: &Bench) -> Vec<i64> {
    let lines = bench
        .sim
        .journal()
        .lines()
        .filter(|entry| entry.event().is_some_and(|(_, fields)| fields["to"] == json!("PROVISIONING")));
    lines.map(|entry| entry.time.0).collect()
}

#[test]
fn starts_no_more_vcpus_than_the_account_may_have() {
    let mut bench = Bench::with(0, Knobs { vcpu_limit: Some(1), ..Knobs::default() }, 1);
    bench.create_service(6, false, json!({}));
    bench.pass(300);
    assert_eq!(bench.tasks("RUNNING").len(), 4, "four tasks of a quarter of a vCPU");
    assert_eq!(bench.said(&format!("(service s) was unable to place a task. Reason: {VCPUS}.")), 1);
    let refused = bench.ecs("RunTask", run("FARGATE"));
    assert_eq!(refused, json!({"tasks": [], "failures": [{ "reason": VCPUS }]}));
    assert_eq!(bench.ecs("RunTask", run("FARGATE_SPOT"))["failures"], json!([]), "Spot has a quota of its own");
    bench.sim.knobs_mut().vcpu_limit = Some(2);
    bench.wait_until_steady();
    assert_eq!(bench.service()["runningCount"], json!(6));
}

#[test]
fn limits_spot_vcpus_by_themselves() {
    let mut bench = Bench::with(0, Knobs { spot_vcpu_limit: Some(0), ..Knobs::default() }, 1);
    assert_eq!(bench.ecs("RunTask", run("FARGATE_SPOT"))["failures"][0]["reason"], json!(VCPUS));
    assert_eq!(bench.ecs("RunTask", run("FARGATE"))["failures"], json!([]));
}

#[test]
fn starts_at_most_five_hundred_tasks_of_a_service_in_a_minute() {
    let fast = Knobs { launches_per_tick: 1000, fargate_launch_burst: 10_000, ..Knobs::default() };
    let mut bench = Bench::with(0, fast, 1);
    bench.create_service(600, false, json!({}));
    bench.pass(240);
    let made = made(&bench);
    assert_eq!(made.len(), 600);
    for (place, at) in made.iter().enumerate() {
        let later = made[place..].iter().filter(|other| **other - at < 60_000).count();
        assert!(later <= 500, "{later} within a minute");
    }
}

#[test]
fn is_throttled_by_fargate_when_many_services_start_at_once() {
    let mut bench = Bench::with(0, Knobs { fargate_launch_burst: 50, ..Knobs::default() }, 1);
    let names: Vec<String> = (0..6).map(|n| format!("s{n}")).collect();
    for name in &names {
        bench.create_service(70, false, json!({ "serviceName": name }));
    }
    bench.pass(120);
    let described = bench.ecs("DescribeServices", json!({"cluster": "c", "services": names}));
    let said = described.to_string().matches("operations are being throttled. Will try again later.").count();
    assert!((1..=6).contains(&said), "{said}");
    let made = made(&bench);
    assert_eq!(made.len(), 6 * 70, "all are started in the end");
    for (place, at) in made.iter().enumerate() {
        let within = made[place..].iter().filter(|other| **other - at < 10_000).count();
        assert!(within <= 50 + 200, "{within} in ten seconds");
    }
}

#[test]
fn has_at_most_five_hundred_tasks_of_a_cluster_in_provisioning() {
    let slow = Knobs {
        provisioning_ms: 100_000,
        launches_per_tick: 1000,
        launches_per_minute: 5000,
        fargate_launch_burst: 10_000,
        ..Knobs::default()
    };
    let mut bench = Bench::with(0, slow, 1);
    bench.create_service(600, false, json!({}));
    bench.wait_for("a provisioned task", |bench| bench.service()["runningCount"] == json!(1));
    bench.pass(60);
    let provisioning = |bench: &Bench| bench.sim.world_json().to_string().matches("\"PROVISIONING\"").count();
    assert_eq!(provisioning(&bench), 500);
    let event = "was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded.";
    assert_eq!(bench.said(event), 1);
    bench.pass(400);
    assert_eq!(bench.service()["runningCount"], json!(600));
}

#[test]
fn throttles_run_task_by_the_tasks_that_it_launches_where_calls_are_limited() {
    let mut bench = Bench::with(0, Knobs { throttling: Throttling::Published, ..Knobs::default() }, 1);
    let mut ten = run("FARGATE");
    ten["count"] = json!(10);
    for _ in 0..10 {
        assert_eq!(bench.ecs("RunTask", ten.clone())["tasks"].as_array().unwrap().len(), 10);
    }
    let refused = bench.refusal("RunTask", ten.clone());
    assert_eq!((refused.code.as_str(), refused.message.as_str()), ("ThrottlingException", "Rate exceeded"));
    ten["capacityProviderStrategy"][0]["capacityProvider"] = json!("FARGATE_SPOT");
    bench.ecs("RunTask", ten.clone());
    ten["capacityProviderStrategy"][0]["capacityProvider"] = json!("FARGATE");
    bench.pass(1);
    bench.ecs("RunTask", ten.clone());
    bench.ecs("RunTask", ten);
}
