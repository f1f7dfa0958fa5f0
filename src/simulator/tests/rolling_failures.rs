//! Rolling deployments and services that run into trouble.

use serde_json::{Value, json};

use super::bench::{Bench, IMAGE, definition};
use crate::simulator::ecs::App;
use crate::simulator::knobs::Knobs;

const BAD: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/main:gone";

fn merged(mut one: Value, other: Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

fn breaker(rollback: bool) -> Value {
    json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}}})
}

#[test]
fn rolls_back_to_the_old_deployment_when_images_cannot_be_pulled() {
    let mut bench = Bench::new(30);
    bench.create_service(2, true, breaker(true));
    bench.wait_until_steady();
    let old = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    bench.register("web", BAD);
    let new =
        bench.update(json!({"taskDefinition": "web"}))["service"]["deployments"][0]["id"].as_str().unwrap().to_owned();
    bench.wait_for("rollback", |bench| bench.service()["deployments"][0]["id"] == json!(old));
    let service = bench.service();
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    bench.wait_until_steady();
    let messages = bench.messages();
    let failed = format!("(service s) (deployment {new}) deployment failed: tasks failed to start.");
    let at = messages.iter().position(|message| *message == failed).unwrap();
    assert_eq!(messages[at + 1], format!("(service s) rolling back to deployment {old}."));
    assert!(messages.contains(&format!("(service s) (deployment {old}) deployment completed.")));
    let stopped = bench.tasks("STOPPED");
    assert_eq!(stopped.len(), 3);
    for task in stopped {
        assert_eq!(task["stopCode"], json!("TaskFailedToStart"));
        assert!(task["stoppedReason"].as_str().unwrap().starts_with("CannotPullContainerError"), "{task}");
        assert_eq!(task.get("startedAt"), None);
    }
    let listed = bench.ecs("ListServiceDeployments", json!({"cluster": "c", "service": "s"}));
    let statuses: Vec<&Value> = listed["serviceDeployments"].as_array().unwrap().iter().map(|d| &d["status"]).collect();
    assert_eq!(statuses, [&json!("ROLLBACK_SUCCESSFUL"), &json!("SUCCESSFUL")]);
}

#[test]
fn rolls_a_forced_deployment_back_although_the_definition_is_the_same() {
    let mut bench = Bench::new(30);
    bench.create_service(1, true, breaker(true));
    bench.wait_until_steady();
    let old = bench.service()["deployments"][0]["id"].clone();
    let digest = bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
    bench.sim.set_app(&digest, App::NeverHealthy);
    bench.kick();
    bench.wait_for("rollback", |bench| bench.service()["deployments"][0]["id"] == old);
    bench.wait_until_steady();
    let reasons: Vec<Value> = bench.tasks("STOPPED").iter().map(|task| task["stoppedReason"].clone()).collect();
    let expected = format!("Task failed ELB health checks in (target-group {})", bench.target_group);
    assert!(reasons.contains(&json!(expected)), "{reasons:?}");
    let target_group = bench.target_group.clone();
    let event = format!(
        "is unhealthy in (target-group {target_group}) due to (reason Health checks failed with these codes: [503])."
    );
    assert!(bench.messages().iter().any(|message| message.ends_with(&event)));
}

#[test]
fn fails_for_good_when_there_is_no_way_back() {
    let mut bench = Bench::new(30);
    bench.register("web", BAD);
    bench.create_service(1, true, breaker(true));
    bench.wait_for("failure", |bench| bench.service()["deployments"][0]["rolloutState"] == json!("FAILED"));
    let tasks = bench.tasks("STOPPED").len();
    bench.pass(1800);
    assert_eq!(bench.tasks("STOPPED").len(), tasks);
    assert_eq!(bench.tasks("RUNNING").len(), 0);
    let reason = bench.service()["deployments"][0]["rolloutStateReason"].clone();
    assert_eq!(reason, json!("ECS deployment circuit breaker: tasks failed to start."));
}

#[test]
fn backs_off_without_a_breaker_and_recovers_with_the_image() {
    let mut bench = Bench::new(30);
    bench.register("web", BAD);
    bench.create_service(1, true, json!({}));
    bench.pass(1800);
    let deployment = bench.service()["deployments"][0].clone();
    assert_eq!(deployment["rolloutState"], json!("IN_PROGRESS"));
    let failed = deployment["failedTasks"].as_i64().unwrap();
    assert!((5..=9).contains(&failed), "{failed}");
    let complaint = "(service s) is unable to consistently start tasks successfully.";
    assert_eq!(bench.messages().iter().filter(|message| *message == complaint).count(), 1);
    bench.sim.push_image(bench.sim.now(), "main", "gone").unwrap();
    bench.wait_until_steady();
    assert_eq!(bench.service()["deployments"][0]["failedTasks"], json!(0));
}

#[test]
fn replaces_a_crashed_task_with_the_same_revision() {
    let mut bench = Bench::new(30);
    bench.sim.set_app("web", App::CrashesAfter { ms: 200_000, exit_code: 3 });
    bench.steady_service(1, true);
    bench.sim.set_app("web", App::Healthy);
    let deployment = bench.service()["deployments"][0]["id"].clone();
    bench.wait_for("the crash", |bench| !bench.tasks("STOPPED").is_empty());
    let crashed = bench.tasks("STOPPED")[0].clone();
    assert_eq!(crashed["stopCode"], json!("EssentialContainerExited"));
    assert_eq!(crashed["stoppedReason"], json!("Essential container in task exited"));
    bench.wait_for("the replacement", |bench| bench.service()["runningCount"] == json!(1));
    assert_eq!(bench.tasks("RUNNING")[0]["startedBy"], deployment);
}

#[test]
fn replaces_an_unhealthy_task_before_it_stops_it() {
    let mut bench = Bench::new(30);
    bench.steady_service(1, true);
    let task = bench.tasks("RUNNING")[0].clone();
    let ip = task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"].as_str().unwrap().parse().unwrap();
    let from = bench.sim.now();
    bench.sim.elb_mut().set_answer(ip, crate::simulator::elb::Answer::Status(503));
    bench.wait_for("the stop", |bench| bench.tasks("STOPPED").len() == 1);
    let started = bench.moment(from, &["Amazon ECS replaced 1 tasks due to an unhealthy status."]);
    let stopped = bench.moment(from, &["has stopped 1 running tasks"]);
    assert!(started + 15.0 < stopped, "{started} {stopped}");
    assert_eq!(bench.tasks("STOPPED")[0]["taskArn"], task["taskArn"]);
}

#[test]
fn gives_an_old_deployment_back_what_it_lost_while_the_new_one_cannot_start() {
    let mut bench = Bench::new(30);
    bench.steady_service(2, true);
    let old = bench.service()["deployments"][0]["id"].clone();
    bench.register("web", BAD);
    bench.update(json!({"taskDefinition": "web"}));
    bench.pass(60);
    let lost = bench.tasks("RUNNING").iter().find(|task| task["startedBy"] == old).unwrap()["taskArn"].clone();
    bench.ecs("StopTask", json!({"cluster": "c", "task": lost}));
    bench.pass(180);
    let healthy = bench.tasks("RUNNING").iter().filter(|task| task["startedBy"] == old).count();
    assert_eq!(healthy, 2);
}

#[test]
fn ignores_bad_health_during_the_grace_period() {
    let mut bench = Bench::new(30);
    bench.sim.set_app("web", App::NeverHealthy);
    bench.create_service(1, true, json!({"healthCheckGracePeriodSeconds": 600}));
    bench.pass(500);
    assert_eq!(bench.tasks("STOPPED").len(), 0);
    bench.pass(200);
    assert_eq!(bench.tasks("RUNNING").len(), 2, "a replacement is started first");
    bench.pass(700);
    assert_eq!(bench.tasks("STOPPED").len(), 1);
}

#[test]
fn loses_a_spot_task_and_waits_for_capacity() {
    let mut bench = Bench::new(300);
    let spot =
        json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}], "launchType": null});
    bench.create_service(1, true, spot);
    bench.wait_until_steady();
    let task = bench.tasks("RUNNING")[0].clone();
    assert_eq!(task["capacityProviderName"], json!("FARGATE_SPOT"));
    bench.sim.set_spot_capacity(false);
    let from = bench.sim.now();
    assert!(bench.sim.reclaim_spot(task["taskArn"].as_str().unwrap()));
    bench.pass(400);
    let stopped = bench.tasks("STOPPED");
    assert_eq!(stopped[0]["stopCode"], json!("SpotInterruption"));
    assert_eq!(stopped[0]["stoppedReason"], json!("Your Spot Task was interrupted."));
    let ended = bench.moment(from, &["\"to\":\"DEPROVISIONING\""]);
    assert!(ended <= 120.0, "{ended}");
    let event = "(service s) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later \
                 or in a different availability zone.";
    assert!(bench.messages().contains(&event.to_owned()));
    assert_eq!(bench.service()["runningCount"], json!(0));
    bench.sim.set_spot_capacity(true);
    bench.wait_for("capacity", |bench| bench.service()["runningCount"] == json!(1));
}

#[test]
fn goes_back_when_a_user_stops_the_deployment() {
    let mut bench = Bench::new(30);
    bench.steady_service(1, true);
    let old = bench.service()["deployments"][0]["id"].clone();
    bench.kick();
    let current = bench.service()["currentServiceDeployment"].clone();
    bench.ecs("StopServiceDeployment", json!({"serviceDeploymentArn": current, "stopType": "ROLLBACK"}));
    bench.wait_until_steady();
    assert_eq!(bench.service()["deployments"][0]["id"], old);
    let described = bench.ecs("DescribeServiceDeployments", json!({"serviceDeploymentArns": [current]}));
    assert_eq!(described["serviceDeployments"][0]["status"], json!("ROLLBACK_SUCCESSFUL"));
    let again = bench.refusal("StopServiceDeployment", json!({"serviceDeploymentArn": current}));
    assert_eq!(again.code, "ConflictException");
}

#[test]
fn rolls_back_under_a_fresh_id_if_the_knob_says_so() {
    let mut bench = Bench::with(30, Knobs { rollback_keeps_id: false, ..Knobs::default() }, 1);
    bench.create_service(1, true, breaker(true));
    bench.wait_until_steady();
    let old = bench.service()["deployments"][0]["id"].clone();
    bench.register("web", BAD);
    let bad = bench.update(json!({"taskDefinition": "web"}))["service"]["deployments"][0]["id"].clone();
    bench.wait_for("rollback", |bench| bench.service()["deployments"][0]["id"] != bad);
    bench.wait_until_steady();
    let service = bench.service();
    assert_ne!(service["deployments"][0]["id"], old);
    assert!(service["taskDefinition"].as_str().unwrap().ends_with("web:1"));
}

#[test]
fn replaces_tasks_that_fail_their_containers_health_check() {
    let mut bench = Bench::new(0);
    let mut checked = definition("web", IMAGE);
    checked["containerDefinitions"][0]["healthCheck"] =
        json!({"command": ["CMD", "true"], "interval": 10, "retries": 2});
    bench.ecs("RegisterTaskDefinition", checked);
    bench.steady_service(1, false);
    assert_eq!(bench.tasks("RUNNING")[0]["healthStatus"], json!("HEALTHY"));
    let digest = bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
    bench.sim.set_app(&digest, App::NeverHealthy);
    bench.kick();
    bench.wait_for("the stop", |bench| !bench.tasks("STOPPED").is_empty());
    assert_eq!(bench.tasks("STOPPED")[0]["stoppedReason"], json!("Task failed container health checks"));
    assert_eq!(bench.service()["deployments"][1]["runningCount"], json!(1));
}

#[test]
fn can_send_sigterm_to_a_reclaimed_task_before_it_is_deregistered() {
    let mut bench = Bench::with(30, Knobs { spot_sigterm_first: true, ..Knobs::default() }, 1);
    let spot =
        json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}], "launchType": null});
    bench.create_service(1, true, spot);
    bench.wait_until_steady();
    let from = bench.sim.now();
    let task = bench.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().to_owned();
    bench.sim.reclaim_spot(&task);
    bench.pass(60);
    let stopping = bench.moment(from, &["\"to\":\"STOPPING\""]);
    let draining = bench.moment(from, &["target.state", "\"to\":\"draining\""]);
    assert!(stopping < draining, "{stopping} {draining}");
}

#[test]
fn gives_up_when_the_way_back_fails_too() {
    let mut bench = Bench::new(30);
    bench.sim.push_image(bench.sim.now(), "main", "old").unwrap();
    let mut old = definition("web", &IMAGE.replace("latest", "old"));
    old["containerDefinitions"][0]["name"] = json!("app");
    bench.ecs("RegisterTaskDefinition", old);
    let percent = json!({"maximumPercent": 100, "minimumHealthyPercent": 0});
    let breaker = json!({"enable": true, "rollback": true});
    let configuration =
        json!({"deploymentConfiguration": merged(percent, json!({ "deploymentCircuitBreaker": breaker }))});
    bench.create_service(1, true, configuration);
    bench.wait_until_steady();
    bench.register("web", BAD);
    let current = bench.update(json!({"taskDefinition": "web"}))["service"]["currentServiceDeployment"].clone();
    bench.sim.set_app("web", App::NeverHealthy);
    bench.wait_for("the end", |bench| bench.service()["deployments"][0]["rolloutState"] == json!("FAILED"));
    let described = bench.ecs("DescribeServiceDeployments", json!({"serviceDeploymentArns": [current]}));
    assert_eq!(described["serviceDeployments"][0]["status"], json!("ROLLBACK_FAILED"));
}

#[test]
fn supersedes_a_deployment_that_is_still_in_flight() {
    let mut bench = Bench::new(30);
    bench.steady_service(2, true);
    bench.kick();
    bench.pass(20);
    let last = bench.kick();
    assert_eq!(bench.service()["deployments"].as_array().unwrap().len(), 3);
    bench.wait_until_steady();
    bench.pass(120);
    assert_eq!(bench.service()["deployments"].as_array().unwrap().len(), 1);
    assert!(bench.tasks("RUNNING").iter().all(|task| task["startedBy"] == json!(last)));
    assert_eq!(bench.tasks("RUNNING")[0]["containers"][0]["image"], json!(IMAGE));
}
