//! Deployment alarms and bake time.

use serde_json::{Value, json};

use super::bench::Bench;

fn with_alarm(rollback: bool) -> Value {
    json!({"deploymentConfiguration": {"alarms": {"alarmNames": ["errors", "latency"], "enable": true, "rollback": rollback}}})
}

/// A steady service that watches alarms, its deployment, and the one that is about to replace it.
fn rolling(rollback: bool) -> (Bench, Value, String) {
    let mut bench = Bench::new(30);
    bench.create_service(2, true, with_alarm(rollback));
    bench.wait_until_steady();
    let old = bench.service()["deployments"][0]["id"].clone();
    let new = bench.kick();
    (bench, old, new)
}

fn current(bench: &mut Bench) -> Value {
    let listed = bench.ecs("ListServiceDeployments", json!({"cluster": "c", "service": "s"}));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    bench.ecs("DescribeServiceDeployments", json!({"serviceDeploymentArns": [arn]}))["serviceDeployments"][0].clone()
}

#[test]
fn goes_back_when_an_alarm_rings_during_the_deployment() {
    let (mut bench, old, new) = rolling(true);
    bench.wait_for("a new task", |bench| !bench.addresses(&new).is_empty());
    assert_eq!(current(&mut bench)["alarms"]["status"], json!("MONITORING"));
    bench.sim.set_alarm("errors", true);
    bench.wait_for("rollback", |bench| bench.service()["deployments"][0]["id"] == old);
    bench.wait_until_steady();
    let messages = bench.messages();
    let failed = format!("(service s) (deployment {new}) deployment failed: alarm detected.");
    let place = messages.iter().position(|message| *message == failed).unwrap();
    assert_eq!(messages[place + 1], format!("(service s) rolling back to deployment {}.", old.as_str().unwrap()));
    let ended = current(&mut bench);
    assert_eq!(ended["status"], json!("ROLLBACK_SUCCESSFUL"));
    let alarms = json!({"status": "TRIGGERED", "alarmNames": ["errors", "latency"], "triggeredAlarmNames": ["errors"]});
    assert_eq!(ended["alarms"], alarms);
    assert_eq!(ended["deploymentCircuitBreaker"]["status"], json!("DISABLED"));
}

#[test]
fn stays_failed_after_an_alarm_without_rollback() {
    let (mut bench, _, new) = rolling(false);
    bench.wait_for("a new task", |bench| !bench.addresses(&new).is_empty());
    bench.sim.set_alarm("latency", true);
    bench.wait_for("failure", |bench| bench.service()["deployments"][0]["rolloutState"] == json!("FAILED"));
    bench.pass(600);
    assert_eq!(bench.service()["deployments"][0]["id"], json!(new));
    let ended = current(&mut bench);
    assert_eq!(ended["status"], json!("STOPPED"));
    assert!(ended.get("stoppedAt").is_some());
}

#[test]
fn ignores_alarms_that_rang_before_the_deployment_began() {
    let mut bench = Bench::new(30);
    bench.create_service(1, true, with_alarm(true));
    bench.wait_until_steady();
    bench.sim.set_alarm("errors", true);
    let new = bench.kick();
    bench.wait_until_steady();
    assert_eq!(bench.service()["deployments"][0]["id"], json!(new));
    assert_eq!(current(&mut bench)["alarms"]["status"], json!("DISABLED"));
}

#[test]
fn heeds_alarms_before_the_first_task_runs_only_when_it_does() {
    let (mut bench, old, new) = rolling(true);
    bench.sim.set_alarm("errors", true);
    bench.wait_for("rollback", |bench| bench.service()["deployments"][0]["id"] == old);
    let started = bench.moment(bench.sim.journal().lines().next().unwrap().time, &["RUNNING", &new]);
    let failed = bench.moment(bench.sim.journal().lines().next().unwrap().time, &["alarm detected."]);
    assert!(started <= failed, "{started} {failed}");
}

#[test]
fn bakes_a_deployment_with_alarms_after_its_old_tasks_are_gone() {
    let (mut bench, old, new) = rolling(true);
    bench.wait_for("the old deployment gone", |bench| bench.service()["deployments"].as_array().unwrap().len() == 1);
    let service = bench.service();
    assert_eq!(
        (&service["deployments"][0]["id"], &service["deployments"][0]["rolloutState"]),
        (&json!(new), &json!("IN_PROGRESS"))
    );
    bench.pass(120);
    assert_eq!(bench.service()["deployments"][0]["rolloutState"], json!("IN_PROGRESS"));
    bench.sim.set_alarm("latency", true);
    bench.wait_for("rollback", |bench| bench.service()["deployments"][0]["id"] == old);
    bench.wait_until_steady();
    assert!(bench.tasks("RUNNING").iter().all(|task| task["startedBy"] == old));
}

#[test]
fn completes_a_deployment_after_its_bake_time() {
    let mut bench = Bench::new(10);
    bench.create_service(1, true, json!({"deploymentConfiguration": {"bakeTimeInMinutes": 7}}));
    bench.wait_until_steady();
    bench.pass(60);
    let from = bench.sim.now();
    bench.kick();
    bench.wait_until_steady();
    let gone = bench.moment(from, &["\"to\":\"STOPPED\""]);
    let completed = bench.moment(from, &["deployment completed."]);
    assert!((405.0..430.0).contains(&(completed - gone)), "{gone} {completed}");
}
