//! RunTask, and what a client token is worth.

use serde_json::{Value, json};

use super::bench::{Bench, definition, network};
use crate::simulator::ecs::App;

fn input(token: &str) -> Value {
    json!({
        "cluster": "c", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network(),
        "clientToken": token, "startedBy": "evenkeel/1234/1",
    })
}

#[test]
fn runs_one_task_and_shows_how_it_ended() {
    let mut bench = Bench::new(0);
    bench.sim.set_app("web", App::ExitsAfter { ms: 60_000, exit_code: 7 });
    let started = bench.ecs("RunTask", input("t"));
    let task = &started["tasks"][0];
    assert_eq!((&task["group"], &task["lastStatus"]), (&json!("family:web"), &json!("PROVISIONING")));
    bench.pass(30);
    assert_eq!(bench.tasks("RUNNING")[0]["lastStatus"], json!("RUNNING"));
    bench.pass(90);
    let ended = bench.tasks("STOPPED")[0].clone();
    assert_eq!((&ended["lastStatus"], &ended["stopCode"]), (&json!("STOPPED"), &json!("EssentialContainerExited")));
    assert_eq!(ended["containers"][0]["exitCode"], json!(7));
    assert_eq!(ended["startedBy"], json!("evenkeel/1234/1"));
    bench.pass(4200);
    let gone = bench.ecs("DescribeTasks", json!({"cluster": "c", "tasks": [ended["taskArn"]]}));
    assert_eq!(gone["failures"][0]["reason"], json!("MISSING"));
}

#[test]
fn answers_the_same_token_with_the_same_task() {
    let mut bench = Bench::new(0);
    let first = bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"].clone();
    bench.pass(30);
    let running = bench.ecs("RunTask", input("t"))["tasks"][0].clone();
    assert_eq!((&running["taskArn"], &running["lastStatus"]), (&first, &json!("RUNNING")));
    bench.pass(300);
    let stopped = bench.ecs("RunTask", input("t"))["tasks"][0].clone();
    assert_eq!(stopped, json!({"taskArn": first, "lastStatus": "STOPPED", "desiredStatus": "STOPPED"}));
    assert_eq!(bench.tasks("STOPPED").len(), 1);
}

#[test]
fn forgets_a_token_an_hour_after_its_task_has_stopped() {
    let mut bench = Bench::new(0);
    let first = bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"].clone();
    bench.pass(120 + 3300);
    assert_eq!(bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"], first);
    bench.pass(600);
    assert_ne!(bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"], first);
}

#[test]
fn forgets_a_token_after_a_day_although_its_task_still_runs() {
    let mut bench = Bench::new(0);
    bench.sim.set_app("web", App::ExitsAfter { ms: 1_000_000_000, exit_code: 0 });
    let first = bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"].clone();
    bench.pass(86_000);
    assert_eq!(bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"], first);
    bench.pass(500);
    assert_ne!(bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"], first);
}

#[test]
fn refuses_the_same_token_with_other_parameters() {
    let mut bench = Bench::new(0);
    let first = bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"].clone();
    let mut other = input("t");
    other["startedBy"] = json!("evenkeel/1234/2");
    let refusal = bench.refusal("RunTask", other);
    assert_eq!((refusal.code.as_str(), refusal.status), ("ConflictException", 400));
    assert_eq!(refusal.extra["resourceIds"], json!([first]));
}

#[test]
fn repeats_a_capacity_failure_for_its_token() {
    let mut bench = Bench::new(0);
    bench.sim.set_spot_capacity(false);
    let mut spot = input("t");
    spot["launchType"] = Value::Null;
    spot["capacityProviderStrategy"] = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    let failed = json!({"tasks": [], "failures": [{ "reason": reason }]});
    assert_eq!(bench.ecs("RunTask", spot.clone()), failed);
    bench.sim.set_spot_capacity(true);
    assert_eq!(bench.ecs("RunTask", spot.clone()), failed);
    spot["clientToken"] = json!("t2");
    assert_eq!(bench.ecs("RunTask", spot)["tasks"].as_array().unwrap().len(), 1);
}

#[test]
fn refuses_what_aws_refuses() {
    let mut bench = Bench::new(0);
    let mut check = |key: &str, value: Value, code: &str| {
        let mut input = input("t");
        input[key] = value;
        assert_eq!(bench.refusal("RunTask", input).code, code, "{key}");
    };
    check("count", json!(11), "InvalidParameterException");
    check("count", json!("1"), "SerializationException");
    check("startedBy", json!("a#b"), "InvalidParameterException");
    check("startedBy", json!("a".repeat(129)), "InvalidParameterException");
    check("clientToken", json!("t".repeat(65)), "InvalidParameterException");
    check("capacityProviderStrategy", json!([{"capacityProvider": "FARGATE"}]), "InvalidParameterException");
    check("networkConfiguration", Value::Null, "InvalidParameterException");
    check("propagateTags", json!("SERVICE"), "InvalidParameterException");
    check("taskDefinition", json!("nobody"), "ClientException");
    check("cluster", json!("nobody"), "ClusterNotFoundException");
    check("overrides", json!({"containerOverrides": [{"name": "nobody"}]}), "InvalidParameterException");
}

#[test]
fn does_not_show_a_task_at_once() {
    let mut bench = Bench::new(0);
    let task = bench.ecs("RunTask", input("t"))["tasks"][0]["taskArn"].clone();
    let described = bench.ecs("DescribeTasks", json!({"cluster": "c", "tasks": [task]}));
    assert_eq!(described["failures"][0]["reason"], json!("MISSING"));
    bench.pass(1);
    assert_eq!(bench.tasks("RUNNING").len(), 1);
}

#[test]
fn shows_the_storage_that_a_task_was_given() {
    let mut bench = Bench::new(0);
    let mut large = definition("large", "nginx:1");
    large["ephemeralStorage"] = json!({"sizeInGiB": 30});
    bench.ecs("RegisterTaskDefinition", large);
    let mut check = |change: Value, gib: i64| {
        let mut asked = input("t");
        let members = asked.as_object_mut().unwrap();
        members.remove("clientToken");
        members.extend(change.as_object().unwrap().clone());
        let task = bench.ecs("RunTask", asked)["tasks"][0].clone();
        assert_eq!(task["ephemeralStorage"], json!({ "sizeInGiB": gib }));
    };
    check(json!({}), 20);
    check(json!({"taskDefinition": "large"}), 30);
    check(json!({"taskDefinition": "large", "overrides": {"ephemeralStorage": {"sizeInGiB": 40}}}), 40);
}
