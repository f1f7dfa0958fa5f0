//! The list of service events: what it keeps, and what it says how often.

use serde_json::json;

use super::bench::{Bench, network};

const DEADLOCK: &str = "was unable to stop or start tasks during a deployment";
const PLACE: &str = "was unable to place a task.";
const HOUR_S: i64 = 3600;

#[test]
fn keeps_the_hundred_newest_with_the_newest_first() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, true);
    for desired in (0..60).map(|turn| 1 + turn % 2) {
        bench.update(json!({ "desiredCount": desired }));
        bench.pass(90);
    }
    let events = bench.service()["events"].as_array().unwrap().clone();
    assert_eq!(events.len(), 100);
    assert!(events.is_sorted_by(|newer, older| newer["createdAt"].as_f64() >= older["createdAt"].as_f64()));
    assert!(
        bench
            .sim
            .journal()
            .lines()
            .filter(|entry| entry.event().is_some_and(|(kind, _)| kind == "service.event"))
            .count()
            > 100
    );
}

#[test]
fn repeats_a_complaint_after_six_hours_and_not_before() {
    let mut bench = Bench::new(0);
    let tight = json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}});
    bench.create_service(1, false, tight);
    bench.wait_until_steady();
    bench.kick();
    bench.pass(6 * HOUR_S - 60);
    assert_eq!(bench.said(DEADLOCK), 1);
    bench.pass(180);
    assert_eq!(bench.said(DEADLOCK), 2);
}

#[test]
fn makes_a_complaint_again_when_its_cause_comes_back() {
    let mut bench = Bench::new(0);
    let spot =
        json!({"launchType": null, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]});
    bench.create_service(1, false, spot);
    bench.wait_until_steady();
    for complaints in 1..=2 {
        bench.sim.set_spot_capacity(false);
        let task = bench.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().to_owned();
        bench.sim.reclaim_spot(&task);
        bench.pass(HOUR_S);
        assert_eq!(bench.said(PLACE), complaints);
        bench.sim.set_spot_capacity(true);
        bench.wait_for("capacity", |bench| bench.service()["runningCount"] == json!(1));
    }
}

#[test]
fn never_replaces_spot_by_on_demand() {
    let mut bench = Bench::new(0);
    bench.sim.set_spot_capacity(false);
    let mixed = json!([
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 1},
    ]);
    bench.create_service(4, false, json!({"launchType": null, "capacityProviderStrategy": mixed}));
    bench.pass(1800);
    let tasks = bench.tasks("RUNNING");
    assert!(tasks.iter().all(|task| task["capacityProviderName"] == json!("FARGATE")));
    assert!(tasks.len() <= 2, "{}", tasks.len());
    assert_eq!(bench.said(PLACE), 1);
}

#[test]
fn replays_only_how_many_tasks_failed_when_the_call_is_older_than_an_hour() {
    let mut bench = Bench::new(0);
    bench.sim.set_spot_capacity(false);
    let run = json!({
        "cluster": "c", "taskDefinition": "web", "networkConfiguration": network(), "count": 2, "clientToken": "t",
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    });
    let first = bench.ecs("RunTask", run.clone());
    assert_eq!(first["failures"].as_array().unwrap().len(), 2);
    bench.pass(HOUR_S - 10);
    assert_eq!(bench.ecs("RunTask", run.clone()), first);
    bench.pass(20);
    assert_eq!(bench.ecs("RunTask", run), json!({"tasks": [], "failures": [{}, {}]}));
}
