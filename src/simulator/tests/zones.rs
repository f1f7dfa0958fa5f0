//! Availability zones: spreading, zones without capacity, and AZ rebalancing.

use serde_json::{Value, json};

use super::bench::{Bench, network};

const A: &str = "us-east-1a";
const B: &str = "us-east-1b";

fn in_zone(bench: &mut Bench, zone: &str) -> Vec<Value> {
    bench.tasks("RUNNING").into_iter().filter(|task| task["availabilityZone"] == json!(zone)).collect()
}

/// Four tasks, all in the first zone, because the second had no capacity for a while.
fn lopsided(more: Value) -> Bench {
    let mut bench = Bench::new(10);
    bench.create_service(4, true, more);
    bench.wait_until_steady();
    bench.sim.set_zone_capacity(B, false);
    in_zone(&mut bench, B).iter().for_each(|task| bench.stop(task));
    bench.wait_for("four in one zone", |bench| in_zone(bench, A).len() == 4);
    bench.wait_for("rest", |bench| bench.messages().last().unwrap().ends_with("has reached a steady state."));
    bench.pass(120);
    bench
}

#[test]
fn spreads_the_tasks_of_a_deployment_over_the_zones() {
    let mut bench = Bench::new(0);
    bench.steady_service(4, false);
    assert_eq!((in_zone(&mut bench, A).len(), in_zone(&mut bench, B).len()), (2, 2));
    bench.kick();
    bench.wait_until_steady();
    assert_eq!((in_zone(&mut bench, A).len(), in_zone(&mut bench, B).len()), (2, 2));
    bench.update(json!({"desiredCount": 2}));
    bench.wait_for("scale-in", |bench| bench.tasks("RUNNING").len() == 2);
    assert_eq!((in_zone(&mut bench, A).len(), in_zone(&mut bench, B).len()), (1, 1));
}

#[test]
fn places_tasks_in_other_zones_while_one_has_no_capacity() {
    let mut bench = lopsided(json!({}));
    assert_eq!(bench.service()["runningCount"], json!(4));
    assert_eq!(bench.said("was unable to place a task"), 0);
    assert_eq!(bench.said("AZ balanced"), 0, "no zone could take a task");
}

#[test]
fn cannot_place_a_task_when_no_zone_has_capacity() {
    let mut bench = Bench::new(0);
    bench.sim.set_zone_capacity(A, false);
    bench.sim.set_zone_capacity(B, false);
    bench.create_service(1, false, json!({}));
    bench.pass(60);
    assert_eq!(bench.said("was unable to place a task. Reason: Capacity is unavailable at this time."), 1);
    let run = json!({
        "cluster": "c", "taskDefinition": "web", "launchType": "FARGATE", "networkConfiguration": network(),
    });
    let reason = "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    assert_eq!(bench.ecs("RunTask", run)["failures"][0]["reason"], json!(reason));
    bench.sim.set_zone_capacity(B, true);
    bench.wait_until_steady();
    assert_eq!(in_zone(&mut bench, B).len(), 1);
}

#[test]
fn evens_the_zones_out_without_a_deployment_and_without_going_below_the_desired_count() {
    let mut bench = lopsided(json!({}));
    let before = bench.service();
    bench.sim.set_zone_capacity(B, true);
    for _ in 0..300 {
        bench.pass(1);
        assert!(bench.service()["runningCount"].as_i64().unwrap() >= 4);
    }
    assert_eq!((in_zone(&mut bench, A).len(), in_zone(&mut bench, B).len()), (2, 2));
    let messages = bench.messages();
    let place =
        |text: &str| messages.iter().position(|message| message.contains(text)).unwrap_or_else(|| panic!("{text}"));
    let begun = place(
        "(service s) is not AZ balanced with 4 tasks in us-east-1a, 0 tasks in us-east-1b. AZ Rebalancing in progress.",
    );
    let started = place("(service s) has started 2 tasks in us-east-1b to AZ Rebalance: (task ");
    let done = place("(service s) is AZ balanced with 2 tasks in us-east-1a, 2 tasks in us-east-1b.");
    assert!(begun < started && started < done, "{messages:#?}");
    assert!(messages[started..done].iter().any(|message| message.contains("has stopped 2 running tasks")));
    assert!(messages[done..].iter().any(|message| message.ends_with("has reached a steady state.")));
    let after = bench.service();
    assert_eq!(
        (&after["desiredCount"], &after["taskDefinition"]),
        (&before["desiredCount"], &before["taskDefinition"])
    );
    assert_eq!(after["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(after["deployments"][0]["id"], before["deployments"][0]["id"]);
}

#[test]
fn leaves_zones_uneven_without_headroom_or_if_it_is_switched_off() {
    let tight = json!({"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 50}});
    for more in [tight, json!({"availabilityZoneRebalancing": "DISABLED"})] {
        let mut bench = lopsided(more);
        bench.sim.set_zone_capacity(B, true);
        bench.pass(900);
        assert_eq!((in_zone(&mut bench, A).len(), bench.said("AZ")), (4, 0));
    }
}

#[test]
fn evens_out_when_rebalancing_is_switched_on() {
    let mut bench = lopsided(json!({"availabilityZoneRebalancing": "DISABLED"}));
    bench.sim.set_zone_capacity(B, true);
    bench.update(json!({"availabilityZoneRebalancing": "ENABLED"}));
    bench.pass(300);
    assert_eq!((in_zone(&mut bench, A).len(), in_zone(&mut bench, B).len()), (2, 2));
}
