//! Accounts and regions: which one a request is about, and that none sees another.

use http::Request;
use serde_json::{Value, json};

use crate::simulator::arn::Place;
use crate::simulator::wire::tests::bench::{START, new_simulator};
use crate::simulator::wire::{Reply, respond};
use crate::simulator::world::Simulator;

/// The answer to an ECS call that is signed with `key` for `region`.
fn ecs(simulator: &mut Simulator, key: &str, region: &str, operation: &str, input: &Value) -> Value {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20261122/{region}/ecs/aws4_request, SignedHeaders=host, Signature=0"
    );
    let request = Request::post("/")
        .header("authorization", scope)
        .header("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}"));
    match respond(simulator, START, &request.body(input.to_string().into_bytes()).unwrap()) {
        Reply::Response(response, _) => serde_json::from_slice(response.body()).unwrap(),
        Reply::Nothing => panic!("no rule, and no answer"),
    }
}

fn clusters(simulator: &mut Simulator, key: &str, region: &str) -> Value {
    ecs(simulator, key, region, "ListClusters", &json!({}))["clusterArns"].clone()
}

#[test]
fn what_is_made_in_one_region_is_seen_in_that_region_alone() {
    let mut simulator = new_simulator();
    let made = ecs(&mut simulator, "sim", "eu-west-1", "CreateCluster", &json!({"clusterName": "c"}));
    let arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/c";
    assert_eq!(made["cluster"]["clusterArn"], arn);
    assert_eq!(clusters(&mut simulator, "sim", "eu-west-1"), json!([arn]));
    assert_eq!(clusters(&mut simulator, "sim", "us-east-1"), json!([]));
}

#[test]
fn a_key_of_twelve_digits_is_the_account_of_that_number() {
    let mut simulator = new_simulator();
    let made = ecs(&mut simulator, "210987654321", "us-east-1", "CreateCluster", &json!({"clusterName": "c"}));
    assert_eq!(made["cluster"]["clusterArn"], "arn:aws:ecs:us-east-1:210987654321:cluster/c");
    assert_eq!(clusters(&mut simulator, "123456789012", "us-east-1"), json!([]));
    assert_eq!(clusters(&mut simulator, "sim", "us-east-1"), json!([]));
}

#[test]
fn time_passes_for_every_region() {
    let mut simulator = new_simulator();
    let task_definition = json!({
        "family": "web", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/r",
        "containerDefinitions": [{"name": "web", "image": "web:1"}],
    });
    let service = json!({
        "serviceName": "web", "taskDefinition": "web", "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    });
    for (operation, input) in
        [("CreateCluster", json!({})), ("RegisterTaskDefinition", task_definition), ("CreateService", service)]
    {
        let answer = ecs(&mut simulator, "sim", "ap-south-1", operation, &input);
        assert!(answer.get("__type").is_none(), "{answer}");
    }
    simulator.advance_to(START.plus_millis(600_000));
    let place = Place { account: "123456789012".into(), region: "ap-south-1".into() };
    let world = simulator.world_json_at(&place).unwrap();
    assert_eq!(world["clusters"][0]["services"][0]["runningCount"], 1, "{world}");
}

#[test]
fn limits_on_calls_are_for_each_region_by_itself() {
    let mut simulator = new_simulator();
    simulator.knobs_mut().throttling = crate::simulator::knobs::Throttling::Published;
    let mut refused = |region: &str| {
        let answers = (0..60).map(|_| ecs(&mut simulator, "sim", region, "ListClusters", &json!({})));
        answers
            .filter(|answer| answer["__type"].as_str().is_some_and(|code| code.ends_with("ThrottlingException")))
            .count()
    };
    assert_eq!((refused("us-east-1"), refused("us-east-1"), refused("eu-west-1")), (10, 60, 10));
}

#[test]
fn an_account_that_is_emptied_begins_anew_and_time_goes_on() {
    let mut simulator = new_simulator();
    ecs(&mut simulator, "sim", "us-east-1", "CreateCluster", &json!({"clusterName": "c"}));
    ecs(&mut simulator, "sim", "eu-west-1", "CreateCluster", &json!({"clusterName": "c"}));
    let now = simulator.now();
    simulator.reset();
    assert_eq!(simulator.now(), now);
    assert_eq!(clusters(&mut simulator, "sim", "us-east-1"), json!([]));
    assert_eq!(clusters(&mut simulator, "sim", "eu-west-1"), json!([]));
}
