//! Claims about targets, policies and schedules, on a service that obeys at once.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{AutoScaling, Effect, Load, Look};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const ID: &str = "service/c/s";
const MINUTE: i64 = 60_000;

/// One service, and its auto scaling.
struct Bench {
    scaling: AutoScaling,
    rng: Rng,
    now: Time,
    look: Look,
}

impl Bench {
    fn new(desired: i64) -> Self {
        Bench {
            scaling: AutoScaling::new("123456789012", "us-east-1"),
            rng: Rng::with_seed(1),
            now: Time(0),
            look: Look { desired, running: desired, deploying: false },
        }
    }

    /// One with bounds, and with a policy for 50 % CPU.
    fn tracked(desired: i64, min: i64, max: i64) -> Self {
        let mut bench = Bench::new(desired);
        bench.call("RegisterScalableTarget", json!({"MinCapacity": min, "MaxCapacity": max})).unwrap();
        bench.put_policy("cpu", "ECSServiceAverageCPUUtilization", json!({})).unwrap();
        bench
    }

    fn put_policy(&mut self, name: &str, metric: &str, more: Value) -> Result<Value, ApiError> {
        let mut tracking =
            json!({"TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}});
        tracking.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let policy = json!({"PolicyName": name, "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": tracking});
        self.call("PutScalingPolicy", policy)
    }

    fn call(&mut self, operation: &str, extra: Value) -> Result<Value, ApiError> {
        let mut input =
            json!({"ServiceNamespace": "ecs", "ResourceId": ID, "ScalableDimension": "ecs:service:DesiredCount"});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let look = self.look;
        let looks = move |cluster: &str, service: &str| (cluster == "c" && service == "s").then_some(look);
        let (answer, effect) = self.scaling.handle(operation, &input, self.now, &mut self.rng, &looks)?;
        self.obey(effect);
        Ok(answer)
    }

    fn load(&mut self, cpu: f64) {
        self.scaling.set_load("c", "s", Load { cpu: Some(cpu), ..Load::default() });
    }

    /// Lets so many minutes pass.
    fn pass(&mut self, minutes: i64) {
        let end = self.now.plus_millis(minutes * MINUTE);
        while let Some(next) = self.scaling.next_event(self.now).filter(|next| *next <= end) {
            self.now = next;
            let look = self.look;
            for effect in self.scaling.advance_to(next, &mut self.rng, &|_, _| Some(look)) {
                self.obey(Some(effect));
            }
        }
        self.now = end;
    }

    fn obey(&mut self, effect: Option<Effect>) {
        if let Some(Effect::SetDesiredCount { desired, .. }) = effect {
            (self.look.desired, self.look.running) = (desired, desired);
        }
    }

    fn activities(&mut self) -> Vec<Value> {
        self.call("DescribeScalingActivities", json!({})).unwrap()["ScalingActivities"].as_array().unwrap().clone()
    }
}

#[test]
fn forces_the_count_between_the_bounds_on_every_call() {
    let mut bench = Bench::new(5);
    let first = bench.call("RegisterScalableTarget", json!({"MinCapacity": 7, "MaxCapacity": 9})).unwrap();
    assert_eq!(bench.look.desired, 7);
    bench.look.desired = 2;
    assert_eq!(bench.call("RegisterScalableTarget", json!({})).unwrap(), first);
    assert_eq!(bench.look.desired, 7);
    bench.call("RegisterScalableTarget", json!({"MinCapacity": 0, "MaxCapacity": 4})).unwrap();
    assert_eq!(bench.look.desired, 4);
    assert_eq!(bench.scaling.bounds("c", "s"), Some((0, 4)));
    assert_eq!(bench.activities()[0]["Cause"], "maximum capacity was set to 4");
}

#[test]
fn describes_what_is_registered_and_forgets_what_is_not() {
    let mut bench = Bench::tracked(1, 1, 9);
    bench.call("RegisterScalableTarget", json!({"SuspendedState": {"DynamicScalingInSuspended": true}})).unwrap();
    let found = bench.call("DescribeScalableTargets", json!({"ResourceIds": [ID, "service/c/other"]})).unwrap();
    let target = &found["ScalableTargets"][0];
    assert_eq!((&target["ResourceId"], &target["MinCapacity"]), (&json!(ID), &json!(1)));
    assert_eq!(target["SuspendedState"]["DynamicScalingInSuspended"], json!(true));
    assert_eq!(target["SuspendedState"]["DynamicScalingOutSuspended"], json!(false));
    bench.call("DeregisterScalableTarget", json!({})).unwrap();
    assert_eq!(bench.call("DescribeScalableTargets", json!({})).unwrap(), json!({"ScalableTargets": []}));
    assert_eq!(bench.call("DescribeScalingPolicies", json!({})).unwrap(), json!({"ScalingPolicies": []}));
    assert_eq!(bench.call("DeregisterScalableTarget", json!({})).unwrap_err().code, "ObjectNotFoundException");
}

#[test]
fn refuses_what_cannot_be_scaled() {
    let mut bench = Bench::new(5);
    for wrong in [
        json!({"ResourceId": "service/c/missing"}),
        json!({"ResourceId": "c/s"}),
        json!({"ServiceNamespace": "ec2"}),
        json!({"ScalableDimension": "ecs:service:Other"}),
        json!({"MinCapacity": 3}),
        json!({"MinCapacity": -1}),
        json!({"MinCapacity": null}),
    ] {
        let mut all = json!({"MinCapacity": 1, "MaxCapacity": 2});
        all.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(bench.call("RegisterScalableTarget", all).unwrap_err().code, "ValidationException", "{wrong}");
    }
    assert_eq!(bench.scaling.bounds("c", "s"), None);
    assert_eq!(
        bench.put_policy("cpu", "ALBRequestCountPerTarget", json!({})).unwrap_err().code,
        "ObjectNotFoundException"
    );
}

#[test]
fn scales_out_after_three_minutes_above_the_target() {
    let mut bench = Bench::tracked(2, 1, 10);
    bench.load(180.0);
    bench.pass(2);
    assert_eq!(bench.look.desired, 2);
    bench.pass(1);
    assert_eq!(bench.look.desired, 4);
    bench.pass(1);
    let activity = &bench.activities()[0];
    assert_eq!(activity["Description"], "Setting desired count to 4.");
    assert_eq!(activity["StatusCode"], "Successful");
    let cause = activity["Cause"].as_str().unwrap();
    assert!(cause.starts_with("monitor alarm TargetTracking-service/c/s-AlarmHigh-"), "{cause}");
    assert!(cause.ends_with(" in state ALARM triggered policy cpu"), "{cause}");
}

#[test]
fn scales_in_after_fifteen_minutes_far_below_the_target_and_stops_at_the_minimum() {
    let mut bench = Bench::tracked(8, 2, 10);
    bench.load(40.0);
    bench.pass(14);
    assert_eq!(bench.look.desired, 8);
    bench.pass(1);
    assert_eq!(bench.look.desired, 2);
}

#[test]
fn does_not_scale_in_during_a_deployment_nor_while_suspended_nor_just_below_the_target() {
    let mut bench = Bench::tracked(8, 1, 10);
    bench.load(8.0 * 46.0);
    bench.pass(60);
    assert_eq!(bench.look.desired, 8, "46 % is not below nine tenths of 50 %");
    bench.load(40.0);
    bench.look.deploying = true;
    bench.pass(60);
    assert_eq!(bench.look.desired, 8, "a deployment is in progress");
    bench.look.deploying = false;
    bench.call("RegisterScalableTarget", json!({"SuspendedState": {"DynamicScalingInSuspended": true}})).unwrap();
    bench.pass(60);
    assert_eq!(bench.look.desired, 8, "scaling in is suspended");
    bench.call("RegisterScalableTarget", json!({"SuspendedState": {"DynamicScalingInSuspended": false}})).unwrap();
    bench.pass(1);
    assert_eq!(bench.look.desired, 1);
}

#[test]
fn scales_out_for_any_policy_and_in_for_all_of_them() {
    let mut bench = Bench::tracked(4, 1, 10);
    bench.put_policy("memory", "ECSServiceAverageMemoryUtilization", json!({})).unwrap();
    bench.scaling.set_load("c", "s", Load { cpu: Some(40.0), memory: Some(200.0), requests: None });
    bench.pass(30);
    assert_eq!(bench.look.desired, 4, "memory is on its target");
    bench.scaling.set_load("c", "s", Load { cpu: Some(40.0), memory: Some(390.0), requests: None });
    bench.pass(3);
    assert_eq!(bench.look.desired, 8);
    bench.scaling.set_load("c", "s", Load { cpu: Some(40.0), memory: Some(90.0), requests: None });
    bench.pass(15);
    assert_eq!(bench.look.desired, 2);
}

#[test]
fn a_cooldown_holds_all_but_larger_steps() {
    let mut bench = Bench::tracked(2, 1, 50);
    bench.load(150.0);
    bench.pass(3);
    assert_eq!(bench.look.desired, 3);
    bench.load(200.0);
    bench.pass(4);
    assert_eq!(bench.look.desired, 3, "one more is no larger step than before");
    bench.load(500.0);
    bench.pass(1);
    assert_eq!(bench.look.desired, 10);
}

#[test]
fn one_policy_for_each_metric_and_alarms_named_after_the_service() {
    let mut bench = Bench::tracked(2, 1, 10);
    let refusal = bench.put_policy("again", "ECSServiceAverageCPUUtilization", json!({})).unwrap_err();
    assert_eq!(refusal.code, "ValidationException");
    let shown = bench.call("DescribeScalingPolicies", json!({})).unwrap();
    let policy = &shown["ScalingPolicies"][0];
    assert_eq!(policy["Alarms"].as_array().unwrap().len(), 2);
    let name = policy["Alarms"][1]["AlarmName"].as_str().unwrap();
    assert!(name.starts_with("TargetTracking-service/c/s-AlarmLow-"), "{name}");
    let arn = policy["PolicyARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:"), "{arn}");
    assert!(arn.ends_with(":resource/ecs/service/c/s:policyName/cpu"), "{arn}");
    let missing = bench.call("DeleteScalingPolicy", json!({"PolicyName": "missing"})).unwrap_err();
    assert_eq!(
        missing.message,
        "No scaling policy found for service namespace: ecs, resource ID: service/c/s, scalable dimension: \
         ecs:service:DesiredCount, policy name: missing"
    );
}

#[test]
fn a_schedule_moves_the_bounds_and_the_count_with_them() {
    let mut bench = Bench::new(2);
    bench.call("RegisterScalableTarget", json!({"MinCapacity": 1, "MaxCapacity": 4})).unwrap();
    let action = json!({"ScheduledActionName": "morning", "Schedule": "cron(0 9 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 6, "MaxCapacity": 12}});
    bench.call("PutScheduledAction", action).unwrap();
    bench.pass(9 * 60 - 1);
    assert_eq!(bench.look.desired, 2);
    bench.pass(1);
    assert_eq!((bench.look.desired, bench.scaling.bounds("c", "s")), (6, Some((6, 12))));
    let causes: Vec<Value> = bench.activities().iter().map(|activity| activity["Cause"].clone()).collect();
    assert_eq!(causes, ["minimum capacity was set to 6", "scheduled action name morning was triggered"]);
    assert_eq!(
        bench.call("PutScheduledAction", json!({"ScheduledActionName": "x", "Schedule": "daily"})).unwrap_err().code,
        "ValidationException"
    );
    bench.call("DeleteScheduledAction", json!({"ScheduledActionName": "morning"})).unwrap();
    assert_eq!(bench.call("DescribeScheduledActions", json!({})).unwrap(), json!({"ScheduledActions": []}));
}

#[test]
fn tags_belong_to_the_target() {
    let mut bench = Bench::new(2);
    let made = json!({"MinCapacity": 1, "MaxCapacity": 4, "Tags": {"team": "portal"}});
    let arn = bench.call("RegisterScalableTarget", made).unwrap()["ScalableTargetARN"].clone();
    bench.call("TagResource", json!({"ResourceARN": arn, "Tags": {"stage": "test"}})).unwrap();
    bench.call("UntagResource", json!({"ResourceARN": arn, "TagKeys": ["team"]})).unwrap();
    assert_eq!(
        bench.call("ListTagsForResource", json!({"ResourceARN": arn})).unwrap(),
        json!({"Tags": {"stage": "test"}})
    );
    let refusal = bench.call("ListTagsForResource", json!({"ResourceARN": "arn:aws:none"})).unwrap_err();
    assert_eq!(refusal.code, "ResourceNotFoundException");
}
