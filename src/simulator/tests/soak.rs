//! Worlds that nobody thought of: random calls and mishaps, and what must hold whatever happens.
//!
//! Every seed is a fixed story, so a failure is repeated by its seed.

use fastrand::Rng;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::simulator::ecs::App;
use crate::simulator::elb::TargetState;
use crate::simulator::knobs::Knobs;

/// One mishap or one call of a user.
fn disturb(bench: &mut Bench, rng: &mut Rng) {
    match rng.u32(0..14) {
        0 | 1 => {
            bench.kick();
        }
        2 => {
            bench.update(json!({"desiredCount": rng.i64(0..6)}));
        }
        3 => {
            let digest = bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
            let app = [App::Healthy, App::NeverHealthy, App::CrashesAfter { ms: rng.i64(1_000..90_000), exit_code: 1 }];
            bench.sim.set_app(&digest, app[rng.usize(0..3)]);
        }
        4 => {
            if let Some(task) = bench.tasks("RUNNING").first() {
                bench.ecs("StopTask", json!({"cluster": "c", "task": task["taskArn"]}));
            }
        }
        5 => {
            if let Some(task) = bench.tasks("RUNNING").last() {
                let arn = task["taskArn"].as_str().unwrap().to_owned();
                bench.sim.reclaim_spot(&arn);
            }
        }
        6 => bench.sim.set_spot_capacity(rng.bool()),
        7 => {
            let (most, fewest) = [(200, 100), (100, 50), (150, 0), (100, 0)][rng.usize(0..4)];
            let configuration = json!({"maximumPercent": most, "minimumHealthyPercent": fewest});
            bench.update(json!({ "deploymentConfiguration": configuration }));
        }
        8 => {
            let zone = ["us-east-1a", "us-east-1b"][rng.usize(0..2)];
            bench.sim.set_zone_capacity(zone, rng.bool());
        }
        9 => bench.sim.set_alarm("errors", rng.bool()),
        10 => bench.sim.knobs_mut().vcpu_limit = [None, Some(0), Some(1)][rng.usize(0..3)],
        11 => bench.sim.set_app("web", App::ServesAfter { ms: rng.i64(1_000..60_000) }),
        12 => bench.sim.set_exit_after_sigterm("web", rng.i64(100..60_000)),
        _ => {
            let current = bench.service()["currentServiceDeployment"].clone();
            // It may have ended a moment ago, and there may be nothing to go back to.
            let _ = bench.try_ecs("StopServiceDeployment", json!({ "serviceDeploymentArn": current }));
        }
    }
}

/// What is true of a service at any moment.
fn check_service(bench: &mut Bench, seed: u64) {
    let service = bench.service();
    let deployments = service["deployments"].as_array().unwrap();
    let primaries = deployments.iter().filter(|deployment| deployment["status"] == json!("PRIMARY")).count();
    assert_eq!(primaries, 1, "seed {seed}");
    for key in ["runningCount", "pendingCount"] {
        let sum: i64 = deployments.iter().map(|deployment| deployment[key].as_i64().unwrap()).sum();
        assert!(sum <= service[key].as_i64().unwrap(), "seed {seed}: {key} of {service:#}");
    }
    assert!(service["events"].as_array().unwrap().len() <= 100);
    check_tasks(bench, seed);
}

/// What is true of its tasks: their number, and what each shows of itself.
fn check_tasks(bench: &mut Bench, seed: u64) {
    let service = bench.service();
    let (desired, live) = (service["desiredCount"].as_i64().unwrap(), bench.tasks("RUNNING"));
    let counted = service["runningCount"].as_i64().unwrap() + service["pendingCount"].as_i64().unwrap();
    // A task that was made within the last second cannot be listed yet.
    assert!(live.len() as i64 <= counted, "seed {seed}: {} listed of {counted}", live.len());
    assert!(counted <= 2 * desired.max(5), "seed {seed}: {counted} for {desired}");
    for task in live {
        let running = task["lastStatus"] == json!("RUNNING");
        assert_eq!(task.get("startedAt").is_some(), running, "seed {seed}: {task:#}");
        assert_eq!(task.get("stopCode"), None, "seed {seed}: {task:#}");
    }
}

fn settle(bench: &mut Bench, seed: u64) {
    bench.sim.set_spot_capacity(true);
    bench.sim.set_zone_capacity("us-east-1a", true);
    bench.sim.set_zone_capacity("us-east-1b", true);
    bench.sim.set_alarm("errors", false);
    bench.sim.knobs_mut().vcpu_limit = None;
    bench.sim.set_app("web", App::Healthy);
    let digest = bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
    bench.sim.set_app(&digest, App::Healthy);
    let defaults = json!({"maximumPercent": 200, "minimumHealthyPercent": 100});
    bench.update(json!({"forceNewDeployment": true, "desiredCount": 3, "deploymentConfiguration": defaults}));
    bench.wait_until_steady();
    bench.pass(120);
    let service = bench.service();
    assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(3), &json!(0)), "seed {seed}");
    assert_eq!(service["deployments"].as_array().unwrap().len(), 1, "seed {seed}");
    let tasks = bench.tasks("RUNNING");
    assert!(tasks.iter().all(|task| task["containers"][0]["imageDigest"] == json!(digest)), "seed {seed}");
    assert!(bench.tasks("STOPPED").iter().all(|task| task["lastStatus"] == json!("STOPPED")), "seed {seed}");
    let targets = bench.sim.elb().targets(&bench.target_group);
    let states: Vec<TargetState> = targets.into_iter().map(|(_, _, state)| state).collect();
    assert_eq!(states, [TargetState::Healthy, TargetState::Healthy, TargetState::Healthy], "seed {seed}");
}

fn live(seed: u64) -> Value {
    let mut rng = Rng::with_seed(seed);
    let mut bench = Bench::with(20, Knobs::default(), seed);
    let breaker = json!({
        "deploymentCircuitBreaker": {"enable": rng.bool(), "rollback": rng.bool()},
        "alarms": {"alarmNames": ["errors"], "enable": rng.bool(), "rollback": rng.bool()},
    });
    let mixed = json!([{"capacityProvider": "FARGATE", "base": 1, "weight": 1}, {"capacityProvider": "FARGATE_SPOT", "weight": 2}]);
    let more = json!({"launchType": null, "capacityProviderStrategy": mixed, "deploymentConfiguration": breaker});
    bench.create_service(2, true, more);
    for _ in 0..25 {
        bench.pass(rng.i64(1..120));
        check_service(&mut bench, seed);
        disturb(&mut bench, &mut rng);
        check_service(&mut bench, seed);
    }
    settle(&mut bench, seed);
    bench.sim.world_json()
}

#[test]
fn settles_after_any_story() {
    for seed in 0..24 {
        live(seed);
    }
}

#[test]
fn never_goes_below_the_minimum_nor_above_the_maximum_of_a_healthy_service() {
    for (most, fewest) in [(200, 100), (150, 50), (125, 100), (100, 75)] {
        let mut bench = Bench::new(20);
        let configuration = json!({"maximumPercent": most, "minimumHealthyPercent": fewest});
        bench.create_service(4, true, json!({ "deploymentConfiguration": configuration }));
        bench.wait_until_steady();
        bench.kick();
        while bench.service()["deployments"][0]["rolloutState"] != json!("COMPLETED") {
            bench.pass(1);
            let targets = bench.sim.elb().targets(&bench.target_group);
            let healthy = targets.iter().filter(|(_, _, state)| *state == TargetState::Healthy).count();
            assert!(healthy * 100 >= 4 * fewest, "{healthy} are healthy at {most}/{fewest}");
            assert!(bench.tasks("RUNNING").len() * 100 <= 4 * most, "too many at {most}/{fewest}");
        }
    }
}
