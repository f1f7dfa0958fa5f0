//! Container instances, daemons and protected tasks: where tasks go, and what keeps them there.

use serde_json::{Value, json};

use super::bench::{Bench, IMAGE, network};

fn bench_with_instances(memory: &[i64]) -> (Bench, Vec<String>) {
    let mut bench = Bench::new(0);
    bench.ecs(
        "RegisterTaskDefinition",
        json!({
            "family": "web", "containerDefinitions": [{"name": "app", "image": IMAGE, "cpu": 100, "memory": 500}],
        }),
    );
    let register = |memory: &i64| {
        let room = [("CPU", 1000), ("MEMORY", *memory)];
        let room = room.map(|(name, value)| json!({"name": name, "type": "INTEGER", "integerValue": value}));
        let answer = bench.ecs("RegisterContainerInstance", json!({"cluster": "c", "totalResources": room}));
        answer["containerInstance"]["containerInstanceArn"].as_str().unwrap().to_owned()
    };
    let instances = memory.iter().map(register).collect();
    (bench, instances)
}

fn on_instances(bench: &mut Bench, more: &Value) {
    let mut input = json!({"cluster": "c", "serviceName": "s", "taskDefinition": "web", "launchType": "EC2"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.ecs("CreateService", input);
}

fn places(bench: &mut Bench) -> Vec<String> {
    let tasks = bench.tasks("RUNNING");
    let mut places: Vec<String> =
        tasks.iter().map(|task| task["containerInstanceArn"].as_str().unwrap().to_owned()).collect();
    places.sort();
    places
}

#[test]
fn tasks_go_where_fewest_are_and_fit_until_nothing_is_left() {
    let (mut bench, instances) = bench_with_instances(&[1000, 1600]);
    on_instances(&mut bench, &json!({"desiredCount": 6}));
    bench.pass(600);
    let places = places(&mut bench);
    let on = |instance: &String| places.iter().filter(|place| *place == instance).count();
    assert_eq!((on(&instances[0]), on(&instances[1])), (2, 3));
    let said = bench.messages().join("\n");
    assert!(said.contains("has insufficient memory available."), "{said}");
}

#[test]
fn a_rolling_update_on_a_full_instance_stops_before_it_starts() {
    let (mut bench, _) = bench_with_instances(&[1000]);
    let configuration = json!({"maximumPercent": 100, "minimumHealthyPercent": 50});
    on_instances(&mut bench, &json!({"desiredCount": 2, "deploymentConfiguration": configuration}));
    bench.wait_until_steady();
    let deployment = bench.kick();
    bench.wait_until_steady();
    let tasks = bench.tasks("RUNNING");
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| task["startedBy"] == json!(deployment)), "{tasks:?}");
}

#[test]
fn a_daemon_follows_the_instances_that_come_and_go() {
    let (mut bench, mut instances) = bench_with_instances(&[1000, 1000, 1000]);
    on_instances(&mut bench, &json!({"schedulingStrategy": "DAEMON"}));
    bench.wait_until_steady();
    instances.sort();
    assert_eq!(places(&mut bench), instances);
    let gone = instances.remove(1);
    bench.ecs("DeregisterContainerInstance", json!({"cluster": "c", "containerInstance": gone, "force": true}));
    bench.pass(300);
    assert_eq!(places(&mut bench), instances);
    assert_eq!(bench.service()["desiredCount"], json!(2));
}

#[test]
fn what_an_instance_gave_a_task_it_gets_back() {
    let (mut bench, _) = bench_with_instances(&[500]);
    let run = json!({"cluster": "c", "taskDefinition": "web"});
    let first = bench.ecs("RunTask", run.clone())["tasks"][0]["taskArn"].clone();
    assert_eq!(bench.ecs("RunTask", run.clone())["failures"][0]["reason"], json!("RESOURCE:MEMORY"));
    bench.pass(30);
    bench.ecs("StopTask", json!({"cluster": "c", "task": first}));
    bench.pass(120);
    assert_eq!(bench.ecs("RunTask", run)["tasks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_cluster_without_instances_runs_nothing_of_launch_type_ec2() {
    let (mut bench, _) = bench_with_instances(&[]);
    let refusal = bench.refusal("RunTask", json!({"cluster": "c", "taskDefinition": "web", "launchType": "EC2"}));
    assert_eq!(refusal.message, "No Container Instances were found in your cluster.");
}

#[test]
fn protection_outlives_a_scale_in_to_nothing_for_two_hours() {
    let mut bench = Bench::new(0);
    bench.steady_service(3, true);
    let guarded = bench.tasks("RUNNING")[0].clone();
    let protect = json!({"cluster": "c", "tasks": [guarded["taskArn"]], "protectionEnabled": true});
    bench.ecs("UpdateTaskProtection", protect);
    bench.update(json!({"desiredCount": 0}));
    bench.pass(600);
    let left: Vec<Value> = bench.tasks("RUNNING").iter().map(|task| task["taskArn"].clone()).collect();
    assert_eq!(left, [guarded["taskArn"].clone()]);
    bench.pass(7200);
    assert_eq!(bench.tasks("RUNNING").len(), 0);
}

#[test]
fn a_deleted_service_takes_its_protected_tasks_along() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let guarded = bench.tasks("RUNNING")[0]["taskArn"].clone();
    bench.ecs("UpdateTaskProtection", json!({"cluster": "c", "tasks": [guarded], "protectionEnabled": true}));
    bench.ecs("DeleteService", json!({"cluster": "c", "service": "s", "force": true}));
    bench.pass(120);
    assert_eq!(bench.tasks("RUNNING").len(), 0);
}

#[test]
fn task_sets_share_the_desired_count_as_their_controller_scales_them() {
    let mut bench = Bench::new(0);
    let input = json!({
        "cluster": "c", "serviceName": "s", "desiredCount": 4, "deploymentController": {"type": "EXTERNAL"},
    });
    bench.ecs("CreateService", input);
    let set = |percent: i64| {
        json!({
            "cluster": "c", "service": "s", "taskDefinition": "web", "launchType": "FARGATE",
            "networkConfiguration": network(), "scale": {"value": percent, "unit": "PERCENT"},
        })
    };
    let blue = bench.ecs("CreateTaskSet", set(100))["taskSet"]["id"].clone();
    bench.pass(120);
    let green = bench.ecs("CreateTaskSet", set(25))["taskSet"]["id"].clone();
    bench.pass(120);
    let running = |bench: &mut Bench, set: &Value| {
        bench
            .tasks("RUNNING")
            .iter()
            .filter(|task| task["startedBy"] == *set && task["lastStatus"] == "RUNNING")
            .count()
    };
    assert_eq!((running(&mut bench, &blue), running(&mut bench, &green)), (4, 1));
    let name = |set: &Value| json!({"cluster": "c", "service": "s", "taskSet": set, "force": true});
    let mut all = name(&green);
    all["scale"] = json!({"value": 100, "unit": "PERCENT"});
    bench.ecs("UpdateTaskSet", all);
    bench.ecs("DeleteTaskSet", name(&blue));
    bench.pass(180);
    assert_eq!((running(&mut bench, &blue), running(&mut bench, &green)), (0, 4));
    let sets = bench.ecs("DescribeTaskSets", json!({"cluster": "c", "service": "s"}))["taskSets"].clone();
    assert_eq!(sets.as_array().unwrap().len(), 1);
    assert_eq!(sets[0]["stabilityStatus"], json!("STEADY_STATE"));
}

#[test]
fn tasks_without_an_interface_never_wait_for_one() {
    let (mut bench, _) = bench_with_instances(&[100_000]);
    bench.sim.knobs_mut().most_provisioning = 3;
    for _ in 0..5 {
        bench.ecs("RunTask", json!({"cluster": "c", "taskDefinition": "web", "launchType": "EC2"}));
    }
    bench.pass(60);
    assert_eq!(bench.tasks("RUNNING").len(), 5);
}
