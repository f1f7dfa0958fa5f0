//! Rolling deployments that go well.

use serde_json::{Value, json};

use super::bench::Bench;
use crate::simulator::call::{Call, Service};
use crate::simulator::elb::TargetState;
use crate::simulator::knobs::{Completion, Knobs};

#[track_caller]
fn assert_between(what: &str, value: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&value), "{what}: {value} is not within {low}..={high}");
}

#[test]
fn rolls_one_task_behind_a_load_balancer_as_observed() {
    let mut bench = Bench::new(30);
    bench.steady_service(1, true);
    bench.pass(300);
    let from = bench.sim.now();
    let new = bench.kick();
    bench.wait_until_steady();
    let started = bench.moment(from, &["has started 1 tasks"]);
    let registered = bench.moment(from, &["registered 1 targets"]);
    let healthy = bench.moment(from, &["target.state", "\"to\":\"healthy\""]);
    let decided = bench.moment(from, &["has stopped 1 running tasks"]);
    let draining = bench.moment(from, &["taskSet ecs-svc/", "has begun draining connections on 1 tasks."]);
    let sigterm = bench.moment(from, &["task.status", "\"to\":\"STOPPING\""]);
    let completed = bench.moment(from, &[&new, "deployment completed."]);
    let steady = bench.moment(from, &["has reached a steady state."]);
    assert_between("the first look", started, 0.0, 10.0);
    assert_between("start to registration", registered - started, 18.0, 45.0);
    assert_between("registration to health", healthy - registered, 1.5, 4.0);
    assert_between("health to decision", decided - healthy, 0.0, 12.5);
    assert_between("decision to draining", draining - decided, 8.0, 12.0);
    assert_between("draining to SIGTERM", sigterm - draining, 30.0, 40.0);
    assert_between("SIGTERM to completion", completed - sigterm, 12.0, 13.0);
    assert_eq!(completed, steady);
    bench.pass(60);
    let stopped = bench.moment(from, &["task.status", "\"to\":\"STOPPED\""]);
    assert_between("completion to STOPPED", stopped - completed, 5.0, 15.0);
}

#[test]
fn drains_old_tasks_out_of_sight_and_completes_before_they_are_stopped() {
    let mut bench = Bench::new(300);
    bench.steady_service(4, true);
    let old = bench.service()["deployments"][0]["id"].clone();
    bench.kick();
    bench.wait_for("all old tasks draining", |bench| bench.tasks("STOPPED").len() == 4);
    bench.pass(15);
    let draining = bench.tasks("STOPPED");
    for task in &draining {
        assert_eq!((&task["startedBy"], &task["desiredStatus"]), (&old, &json!("STOPPED")));
        assert!(["RUNNING", "DEACTIVATING"].contains(&task["lastStatus"].as_str().unwrap()), "{task}");
        assert!(
            task["stoppedReason"].as_str().unwrap().starts_with("Scaling activity initiated by (deployment ecs-svc/")
        );
    }
    assert!(bench.tasks("RUNNING").iter().all(|task| task["startedBy"] != old));
    let service = bench.service();
    assert_eq!((&service["runningCount"], &service["pendingCount"]), (&json!(4), &json!(0)));
    assert_eq!(service["deployments"].as_array().unwrap().len(), 2);
    let drained_from = bench.sim.now();
    bench.wait_until_steady();
    assert_between("draining", bench.sim.now().since(drained_from) as f64 / 1000.0, 260.0, 340.0);
    assert!(bench.tasks("STOPPED").iter().any(|task| task["lastStatus"] != json!("STOPPED")));
    bench.pass(60);
    assert!(bench.tasks("STOPPED").iter().all(|task| task["lastStatus"] == json!("STOPPED")));
    assert_eq!(bench.service()["deployments"].as_array().unwrap().len(), 1);
}

#[test]
fn starts_one_task_first_and_gives_its_digest_to_the_others() {
    let mut bench = Bench::new(0);
    bench.steady_service(3, false);
    let old = bench.tasks("RUNNING")[0]["containers"][0]["imageDigest"].clone();
    let new = bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
    bench.pass(600);
    assert!(bench.tasks("RUNNING").iter().all(|task| task["containers"][0]["imageDigest"] == old));
    let deployment = bench.kick();
    bench.wait_for("the pin", |bench| {
        bench.tasks("RUNNING").iter().any(|task| task["containers"][0]["imageDigest"] == json!(new))
    });
    bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
    bench.wait_until_steady();
    let messages = bench.messages().join("\n");
    assert!(messages.contains("has started 1 tasks") && messages.contains("has started 2 tasks"), "{messages}");
    let tasks = bench.tasks("RUNNING");
    assert!(tasks.iter().all(|task| task["startedBy"] == json!(deployment)));
    assert!(tasks.iter().all(|task| task["containers"][0]["imageDigest"] == json!(new)));
}

#[test]
fn counts_a_task_without_load_balancer_after_forty_seconds() {
    let mut bench = Bench::new(0);
    let from = bench.sim.now();
    bench.steady_service(1, false);
    let running = bench.moment(from, &["task.status", "\"to\":\"RUNNING\""]);
    let completed = bench.moment(from, &["deployment completed."]);
    assert_between("RUNNING to completion", completed - running, 40.0, 53.0);
}

#[test]
fn says_so_when_nothing_may_start_and_nothing_may_stop() {
    let mut bench = Bench::new(0);
    let configuration = json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 100}});
    bench.create_service(2, false, configuration);
    bench.wait_until_steady();
    bench.kick();
    bench.pass(300);
    let complaint = "(service s) was unable to stop or start tasks during a deployment because of the service deployment \
                     configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
    assert_eq!(bench.messages().iter().filter(|message| *message == complaint).count(), 1);
    assert_eq!(bench.tasks("RUNNING").len(), 2);
    bench.update(json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 50}}));
    bench.wait_until_steady();
}

#[test]
fn stops_first_when_the_minimum_allows_it() {
    let mut bench = Bench::new(0);
    let configuration = json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 50}});
    bench.create_service(4, false, configuration);
    bench.wait_until_steady();
    bench.kick();
    let most = |tasks: &[Value]| tasks.len() <= 4;
    for _ in 0..400 {
        bench.pass(1);
        assert!(most(&bench.tasks("RUNNING")));
    }
    assert_eq!(bench.service()["deployments"][0]["rolloutState"], json!("COMPLETED"));
}

#[test]
fn scales_in_and_out_without_a_deployment() {
    let mut bench = Bench::new(5);
    bench.steady_service(2, true);
    let deployment = bench.service()["deployments"][0]["id"].clone();
    bench.update(json!({"desiredCount": 5}));
    bench.wait_for("five tasks", |bench| bench.service()["runningCount"] == json!(5));
    bench.update(json!({"desiredCount": 1}));
    bench.wait_for("one task", |bench| bench.service()["runningCount"] == json!(1));
    bench.pass(120);
    let service = bench.service();
    assert_eq!((&service["deployments"][0]["id"], service["deployments"].as_array().unwrap().len()), (&deployment, 1));
    assert_eq!(bench.messages().last().unwrap(), "(service s) has reached a steady state.");
}

#[test]
fn repeats_the_steady_state_about_every_six_hours() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    bench.pass(24 * 3600);
    let steady = bench.messages().iter().filter(|message| message.ends_with("steady state.")).count();
    assert!((4..=5).contains(&steady), "{steady}");
}

#[test]
fn completes_as_early_or_late_as_the_knob_says() {
    for (completion, gone) in [(Completion::OnDrainStart, false), (Completion::OnStopped, true)] {
        let mut bench = Bench::with(60, Knobs { completion, ..Knobs::default() }, 1);
        bench.steady_service(1, true);
        bench.kick();
        bench.wait_until_steady();
        let stopped = bench.tasks("STOPPED").iter().all(|task| task["lastStatus"] == json!("STOPPED"));
        assert_eq!(stopped, gone, "{completion:?}");
    }
}

#[test]
fn succeeds_while_old_tasks_still_run_if_clean_up_is_deferred() {
    let mut bench = Bench::new(300);
    let criteria = json!({"enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED"});
    bench.create_service(2, true, json!({"deploymentConfiguration": {"earlySuccessCriteria": criteria}}));
    bench.wait_until_steady();
    bench.kick();
    bench.wait_until_steady();
    let service = bench.service();
    assert_eq!(service["deployments"][1]["status"], json!("ACTIVE"));
    assert!(bench.tasks("STOPPED").iter().all(|task| task["lastStatus"] != json!("STOPPED")));
    bench.pass(600);
    assert_eq!(bench.service()["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(bench.service()["runningCount"], json!(2));
}

#[test]
fn follows_application_auto_scaling_without_a_deployment() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let deployment = bench.service()["deployments"][0]["id"].clone();
    let input = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/c/s", "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 3, "MaxCapacity": 5,
    });
    let operation = "RegisterScalableTarget".to_owned();
    let call = Call::home(Service::AutoScaling, &operation, input, "test");
    bench.sim.call(bench.sim.now(), &call).unwrap();
    assert_eq!(bench.service()["desiredCount"], json!(3));
    bench.wait_for("three tasks", |bench| bench.service()["runningCount"] == json!(3));
    assert_eq!(bench.service()["deployments"][0]["id"], deployment);
}

#[test]
fn kills_an_app_that_ignores_sigterm() {
    let mut bench = Bench::new(10);
    bench.sim.set_exit_after_sigterm("web", 3_600_000);
    bench.steady_service(1, true);
    let from = bench.sim.now();
    bench.kick();
    bench.wait_until_steady();
    bench.pass(120);
    let stopping = bench.moment(from, &["\"to\":\"STOPPING\""]);
    let ended = bench.moment(from, &["\"to\":\"DEPROVISIONING\""]);
    assert_between("SIGTERM to the end", ended - stopping, 42.9, 43.5);
    assert_eq!(bench.tasks("STOPPED")[0]["containers"][0]["exitCode"], json!(137));
}

#[test]
fn frees_the_target_only_after_the_whole_delay() {
    let mut bench = Bench::new(30);
    bench.steady_service(1, true);
    let ip = bench.tasks("RUNNING")[0]["containers"][0]["networkInterfaces"][0]["privateIpv4Address"].clone();
    let ip: std::net::Ipv4Addr = ip.as_str().unwrap().parse().unwrap();
    let from = bench.sim.now();
    bench.kick();
    bench.wait_until_steady();
    let draining = bench.moment(from, &["target.state", "\"to\":\"draining\""]);
    let unused = bench.moment(from, &["target.state", "\"from\":\"draining\"", "\"to\":\"unused\""]);
    assert_between("draining", unused - draining, 30.0, 30.001);
    assert_eq!(bench.sim.elb().state(&bench.target_group, ip, 80), TargetState::Unused);
}

#[test]
fn is_the_same_world_for_the_same_seed() {
    let run = |seed| {
        let mut bench = Bench::with(30, Knobs::default(), seed);
        bench.steady_service(3, true);
        bench.kick();
        bench.wait_until_steady();
        bench.pass(3 * 3600);
        bench.sim.journal().to_json_lines(0)
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
