//! Applications that are slow, crash, or fall ill, and tasks that are known in several places.

use serde_json::{Value, json};

use super::bench::{Bench, IMAGE, definition};
use crate::simulator::ecs::App;
use crate::simulator::elb::Answer;

#[test]
fn waits_for_an_app_that_is_slow_to_start() {
    let mut bench = Bench::new(10);
    bench.steady_service(1, true);
    bench.sim.set_app("web", App::ServesAfter { ms: 6_000 });
    let from = bench.sim.now();
    let new = bench.kick();
    bench.wait_until_steady();
    let running = bench.moment(from, &["task.status", "\"to\":\"RUNNING\"", &new]);
    let healthy = bench.moment(from, &["target.state", "\"to\":\"healthy\""]);
    assert!((6.0..12.0).contains(&(healthy - running)), "{running} {healthy}");
    assert_eq!(bench.said("is unhealthy in"), 0);
}

#[test]
fn replaces_an_app_that_is_slower_than_its_checks_until_it_gets_grace() {
    let mut bench = Bench::new(10);
    bench.sim.set_app("web", App::ServesAfter { ms: 90_000 });
    bench.create_service(1, true, json!({}));
    bench.pass(600);
    assert!(bench.said("due to (reason Health checks failed).") >= 2);
    bench.update(json!({"healthCheckGracePeriodSeconds": 200}));
    bench.wait_until_steady();
    let said = bench.said("is unhealthy in");
    bench.pass(600);
    assert_eq!(bench.said("is unhealthy in"), said);
}

#[test]
fn lets_a_slow_app_pass_its_container_health_check_later() {
    let mut bench = Bench::new(0);
    let mut checked = definition("web", IMAGE);
    checked["containerDefinitions"][0]["healthCheck"] =
        json!({"command": ["CMD", "true"], "interval": 10, "retries": 5});
    bench.ecs("RegisterTaskDefinition", checked);
    bench.sim.set_app("web", App::ServesAfter { ms: 25_000 });
    bench.create_service(1, false, json!({}));
    bench.wait_for("running", |bench| bench.service()["runningCount"] == json!(1));
    bench.pass(26);
    assert_eq!(bench.tasks("RUNNING")[0]["healthStatus"], json!("UNKNOWN"));
    bench.wait_until_steady();
    assert_eq!(bench.tasks("RUNNING")[0]["healthStatus"], json!("HEALTHY"));
    assert!(bench.tasks("STOPPED").is_empty());
}

#[test]
fn starts_an_app_that_crashes_again_without_backing_off_or_breaking_the_circuit() {
    let mut bench = Bench::new(0);
    bench.sim.set_app("web", App::CrashesAfter { ms: 5_000, exit_code: 1 });
    let breaker = json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    bench.create_service(1, false, breaker);
    bench.pass(1800);
    assert_eq!(bench.service()["deployments"][0]["rolloutState"], json!("IN_PROGRESS"));
    let crashed = bench.tasks("STOPPED").len();
    assert!(crashed > 30, "{crashed} in half an hour");
    assert_eq!(bench.said("is unable to consistently start tasks successfully."), 0);
}

#[test]
fn replaces_a_task_that_falls_ill_with_its_own_revision_during_a_deployment() {
    let mut bench = Bench::new(10);
    bench.steady_service(2, true);
    let old = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    bench.register("web", &IMAGE.replace("latest", "gone"));
    bench.update(json!({"taskDefinition": "web"}));
    bench.pass(30);
    let ill = bench.addresses(&old)[0];
    bench.sim.elb_mut().set_answer(ill, Answer::Status(503));
    bench.pass(240);
    let addresses = bench.addresses(&old);
    assert_eq!(addresses.len(), 2);
    assert!(!addresses.contains(&ill), "{addresses:?} has {ill}");
    let service = bench.service();
    assert_eq!(service["deployments"][0]["rolloutState"], json!("IN_PROGRESS"));
    assert_eq!(
        (&service["deployments"][1]["id"], &service["deployments"][1]["runningCount"]),
        (&json!(old), &json!(2))
    );
}

#[test]
fn registers_a_task_with_several_target_groups_before_it_is_running() {
    let mut bench = Bench::new(5);
    let groups = [bench.target_group.clone(), bench.add_target_group("other")];
    let balancer = |group: &String| json!({"targetGroupArn": group, "containerName": "app", "containerPort": 80});
    let from = bench.sim.now();
    bench.create_service(1, true, json!({"loadBalancers": groups.iter().map(balancer).collect::<Value>()}));
    bench.wait_for("ACTIVATING", |bench| {
        bench.tasks("RUNNING").iter().any(|task| task["lastStatus"] == json!("ACTIVATING"))
    });
    let service = bench.service();
    assert_eq!((&service["pendingCount"], &service["runningCount"]), (&json!(1), &json!(0)));
    assert_eq!(bench.tasks("RUNNING")[0].get("startedAt"), None);
    bench.wait_until_steady();
    let running = bench.moment(from, &["\"from\":\"ACTIVATING\"", "\"to\":\"RUNNING\""]);
    for group in &groups {
        assert!(bench.moment(from, &["registered 1 targets in", group]) <= running);
        assert_eq!(bench.sim.elb().targets(group).len(), 1);
    }
    let task = bench.tasks("RUNNING")[0].clone();
    bench.stop(&task);
    bench.pass(60);
    assert!(groups.iter().all(|group| bench.sim.elb().targets(group).len() == 1), "the replacement only");
}

#[test]
fn stops_a_task_that_is_activating() {
    let mut bench = Bench::new(5);
    let groups = [bench.target_group.clone(), bench.add_target_group("other")];
    let balancer = |group: &String| json!({"targetGroupArn": group, "containerName": "app", "containerPort": 80});
    bench.create_service(1, true, json!({"loadBalancers": groups.iter().map(balancer).collect::<Value>()}));
    bench.wait_for("ACTIVATING", |bench| {
        bench.tasks("RUNNING").iter().any(|task| task["lastStatus"] == json!("ACTIVATING"))
    });
    let task = bench.tasks("RUNNING")[0].clone();
    bench.stop(&task);
    bench.pass(60);
    let stopped = bench.tasks("STOPPED")[0].clone();
    assert_eq!((&stopped["taskArn"], &stopped["lastStatus"]), (&task["taskArn"], &json!("STOPPED")));
    assert_eq!(stopped["containers"][0]["exitCode"], json!(0));
}

#[test]
fn refuses_daemons_on_fargate() {
    let mut bench = Bench::new(0);
    let refused = bench.refusal("CreateService", json!({
        "cluster": "c", "serviceName": "d", "taskDefinition": "web", "launchType": "FARGATE", "schedulingStrategy": "DAEMON",
        "networkConfiguration": super::bench::network(),
    }));
    assert_eq!(refused.code, "InvalidParameterException");
    let refused = bench.refusal(
        "CreateService",
        json!({
            "cluster": "c", "serviceName": "d", "taskDefinition": "web", "schedulingStrategy": "DAEMON",
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
            "networkConfiguration": super::bench::network(),
        }),
    );
    let words = "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.";
    assert_eq!((refused.code.as_str(), refused.message.as_str()), ("InvalidParameterException", words));
}

#[test]
fn counts_failed_tasks_until_one_of_the_deployment_is_healthy() {
    let mut bench = Bench::new(0);
    bench.sim.set_app("web", App::NeverHealthy);
    bench.create_service(1, true, json!({}));
    bench.wait_for("three failures", |bench| bench.service()["deployments"][0]["failedTasks"] == json!(3));
    bench.sim.set_app("web", App::Healthy);
    bench.wait_until_steady();
    assert_eq!(bench.service()["deployments"][0]["failedTasks"], json!(0));
    let deployment = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    let address = bench.addresses(&deployment)[0];
    bench.sim.elb_mut().set_answer(address, Answer::Status(503));
    bench.wait_for("a replacement", |bench| !bench.addresses(&deployment).contains(&address));
    assert_eq!(bench.service()["deployments"][0]["failedTasks"], json!(0));
}

#[test]
fn stops_ill_tasks_one_by_one_when_nothing_more_may_be_started() {
    let mut bench = Bench::new(5);
    let tight = json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 50}});
    bench.create_service(3, true, tight);
    bench.wait_until_steady();
    bench.pass(120);
    let deployment = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    let all = bench.addresses(&deployment);
    for address in &all[..2] {
        bench.sim.elb_mut().set_answer(*address, Answer::Status(503));
    }
    let mut ended = Vec::new();
    for _ in 0..180 {
        bench.pass(1);
        let stopped = bench.tasks("STOPPED").len();
        ended.push(stopped);
        assert!(bench.tasks("RUNNING").len() <= 3);
    }
    let jumps = ended.windows(2).filter(|pair| pair[1] - pair[0] > 1).count();
    assert_eq!((ended.last(), jumps), (Some(&2), 0), "{ended:?}");
}

#[test]
fn takes_ill_tasks_first_when_it_scales_in_during_the_grace_period() {
    let mut bench = Bench::new(5);
    bench.create_service(3, true, json!({"healthCheckGracePeriodSeconds": 3600}));
    bench.wait_until_steady();
    let deployment = bench.service()["deployments"][0]["id"].as_str().unwrap().to_owned();
    let ill = bench.addresses(&deployment)[1];
    bench.sim.elb_mut().set_answer(ill, Answer::Status(503));
    bench.pass(60);
    assert_eq!(bench.addresses(&deployment).len(), 3);
    bench.update(json!({"desiredCount": 2}));
    bench.wait_for("scale-in", |bench| bench.addresses(&deployment).len() == 2);
    assert!(!bench.addresses(&deployment).contains(&ill));
}
