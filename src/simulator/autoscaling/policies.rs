//! Scaling policies: putting, describing and deleting them, and the alarms that come with target tracking.
//!
//! Owns what a policy must say. What target tracking does is in `tracking`.
//!
//! Divergence from AWS: the texts are assumed but for what is not found; alarms are names only.

use fastrand::Rng;
use serde_json::{Value, json};

use super::state::{AutoScaling, Key, Policy, invalid, not_found, page};
use crate::simulator::arn;
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts};
use crate::simulator::time::Time;

/// Most policies on a page.
const PAGE: i64 = 10;

/// Most policies of one target.
const MOST: usize = 50;

/// Policy types, and the members that configure them.
const KINDS: [(&str, &str); 3] = [
    ("PredictiveScaling", "PredictiveScalingPolicyConfiguration"),
    ("StepScaling", "StepScalingPolicyConfiguration"),
    ("TargetTrackingScaling", TRACKING),
];

/// The member that configures target tracking.
pub(super) const TRACKING: &str = "TargetTrackingScalingPolicyConfiguration";

impl AutoScaling {
    pub(super) fn put_policy(&mut self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let key = self.registered(input)?;
        let name = text(input, "PolicyName")?.unwrap_or_default().to_owned();
        let known = self.policies.get(&(key.clone(), name.clone()));
        let kind = text(input, "PolicyType")?.or(known.map(|policy| policy.kind.as_str())).unwrap_or("StepScaling");
        if known.is_some_and(|policy| policy.kind != kind) {
            return Err(invalid("The type of a scaling policy cannot be changed"));
        }
        let (kind, member) = KINDS.into_iter().find(|(known, _)| *known == kind).expect("the model has these three");
        let configuration = match (input.get(member).filter(|given| given.is_object()), known) {
            (Some(given), _) => given.clone(),
            (None, Some(policy)) => policy.configuration.1.clone(),
            (None, None) => return Err(invalid(format!("{member} is required for the policy type {kind}"))),
        };
        self.check(&key, &name, kind, &configuration)?;
        let id = arn::uuid(rng);
        let policy = Policy {
            arn: match known {
                Some(policy) => policy.arn.clone(),
                None => self.arn("scalingPolicy", &id, &key, &format!("policyName/{name}")),
            },
            kind: kind.to_owned(),
            configuration: (member, configuration),
            alarms: match known {
                Some(policy) => policy.alarms.clone(),
                None if kind == "TargetTrackingScaling" => alarms(&key, rng),
                None => Vec::new(),
            },
            created: known.map_or(now, |policy| policy.created),
            above: 0,
            below: 0,
        };
        let answer = json!({"PolicyARN": policy.arn, "Alarms": self.show_alarms(&policy)});
        self.policies.insert((key, name), policy);
        Ok(answer)
    }

    pub(super) fn describe_policies(&self, input: &Value) -> Result<Value, ApiError> {
        let names = texts(input, "PolicyNames")?;
        let asked = self
            .policies
            .iter()
            .filter(|((key, name), _)| key.is_asked(input) && (names.is_empty() || names.contains(&name.as_str())));
        page(input, "ScalingPolicies", PAGE, asked.map(|((key, name), policy)| self.show(key, name, policy)).collect())
    }

    pub(super) fn delete_policy(&mut self, input: &Value) -> Result<Value, ApiError> {
        let key = Key::read(input)?;
        let name = text(input, "PolicyName")?.unwrap_or_default();
        match self.policies.remove(&(key.clone(), name.to_owned())) {
            Some(_) => Ok(json!({})),
            None => Err(not_found(format!("No scaling policy found for {}, policy name: {name}", key.said()))),
        }
    }

    fn check(&self, key: &Key, name: &str, kind: &str, configuration: &Value) -> Result<(), ApiError> {
        let others = self.policies.iter().filter(|((of, other), _)| of == key && other != name);
        if others.clone().count() >= MOST {
            let message = format!("A scalable target can have at most {MOST} scaling policies");
            return Err(ApiError::client("LimitExceededException", message));
        }
        if kind != "TargetTrackingScaling" {
            return Ok(());
        }
        let (predefined, customized) =
            (&configuration["PredefinedMetricSpecification"], &configuration["CustomizedMetricSpecification"]);
        if predefined.is_object() == customized.is_object() {
            return Err(invalid(
                "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is needed",
            ));
        }
        let metric = predefined["PredefinedMetricType"].as_str().unwrap_or_default();
        if predefined.is_object() && key.namespace == "ecs" {
            let label = predefined["ResourceLabel"].as_str();
            match metric {
                "ALBRequestCountPerTarget" if label.is_none() => {
                    return Err(invalid("ResourceLabel is required for the metric type ALBRequestCountPerTarget"));
                }
                "ALBRequestCountPerTarget" => {}
                metric if metric.starts_with("ECSService") => {}
                _ => return Err(invalid(format!("The metric type {metric} is not supported for the namespace ecs"))),
            }
        }
        if configuration["TargetValue"].as_f64().is_none_or(|value| value <= 0.0) {
            return Err(invalid("TargetValue must be greater than 0"));
        }
        let same = |policy: &Policy| {
            let own = &policy.configuration.1;
            own["PredefinedMetricSpecification"] == *predefined && own["CustomizedMetricSpecification"] == *customized
        };
        if others.into_iter().any(|(_, policy)| policy.kind == kind && same(policy)) {
            return Err(invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed."));
        }
        Ok(())
    }

    fn show(&self, key: &Key, name: &str, policy: &Policy) -> Value {
        let mut shown = key.show();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("PolicyARN", json!(policy.arn));
        put("PolicyName", json!(name));
        put("PolicyType", json!(policy.kind));
        put(policy.configuration.0, policy.configuration.1.clone());
        put("Alarms", self.show_alarms(policy));
        put("CreationTime", json!(policy.created.epoch_seconds()));
        Value::Object(shown)
    }

    fn show_alarms(&self, policy: &Policy) -> Value {
        let arn = |name: &str| format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", self.region, self.account);
        policy.alarms.iter().map(|name| json!({"AlarmName": name, "AlarmARN": arn(name)})).collect()
    }
}

/// The names of the alarms that AWS makes for a policy.
fn alarms(key: &Key, rng: &mut Rng) -> Vec<String> {
    let kinds: &[&str] = match key.namespace.as_str() {
        "dynamodb" | "cassandra" => &["AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"],
        _ => &["AlarmHigh", "AlarmLow"],
    };
    kinds.iter().map(|kind| format!("TargetTracking-{}-{kind}-{}", key.resource, arn::uuid(rng))).collect()
}
