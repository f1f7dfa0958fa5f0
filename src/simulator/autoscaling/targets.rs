//! Scalable targets: what is scaled, between which bounds.
//!
//! Owns registering, describing and deregistering them. On every call, even one that states no bounds, AWS brings the
//! count of an ECS service between them at once.
//!
//! Divergence from AWS: the words for missing or negative capacities are our own; resources of other namespaces are
//! taken to exist.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::operations::Looks;
use super::state::{AutoScaling, Effect, Key, ScalableTarget, invalid, not_found, page};
use super::tags;
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts, truth, whole};
use crate::simulator::time::Time;

/// Most targets on a page.
const PAGE: i64 = 50;

/// The members of `SuspendedState`, in the order of `ScalableTarget::suspended`.
const SUSPENSIONS: [&str; 3] = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];

impl AutoScaling {
    pub(super) fn register(
        &mut self,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        looks: Looks<'_>,
    ) -> Result<(Value, Option<Effect>), ApiError> {
        let key = Key::read(input)?;
        if let Some((cluster, service)) = key.cluster_and_service()
            && looks(cluster, service).is_none()
        {
            return Err(invalid(format!("ECS service doesn't exist: {}", key.resource)));
        }
        let before = self.targets.get(&key);
        let (min, max) = bounds(input, before.map(|target| (target.min, target.max)))?;
        let mut tagged = before.map(|target| target.tags.clone()).unwrap_or_default();
        tagged.extend(tags::read(input)?);
        let target = ScalableTarget {
            arn: before.map_or_else(|| self.new_arn(rng), |target| target.arn.clone()),
            min,
            max,
            role: match text(input, "RoleARN")? {
                Some(role) => role.to_owned(),
                None => before.map_or_else(|| self.service_linked_role(&key), |target| target.role.clone()),
            },
            suspended: suspended(input, before)?,
            created: before.map_or(now, |target| target.created),
            tags: tagged,
            last_in: before.and_then(|target| target.last_in),
            last_out: before.and_then(|target| target.last_out),
        };
        let answer = json!({"ScalableTargetARN": target.arn});
        self.targets.insert(key.clone(), target);
        let effect = self.force(&key, now, rng, looks);
        Ok((answer, effect))
    }

    /// Brings the count of a service between the bounds of its target.
    pub(super) fn force(&mut self, key: &Key, now: Time, rng: &mut Rng, looks: Looks<'_>) -> Option<Effect> {
        let target = self.targets.get(key)?;
        let (cluster, service) = key.cluster_and_service()?;
        let current = looks(cluster, service)?.desired;
        let cause = if current < target.min {
            format!("minimum capacity was set to {}", target.min)
        } else if current > target.max {
            format!("maximum capacity was set to {}", target.max)
        } else {
            return None;
        };
        let desired = current.clamp(target.min, target.max);
        Some(self.set_desired(key, desired, cause, now, rng))
    }

    pub(super) fn describe(&self, input: &Value) -> Result<Value, ApiError> {
        let ids = texts(input, "ResourceIds")?;
        let asked = self
            .targets
            .iter()
            .filter(|(key, _)| key.is_asked(input) && (ids.is_empty() || ids.contains(&key.resource.as_str())));
        page(input, "ScalableTargets", PAGE, asked.map(|(key, target)| render(key, target)).collect())
    }

    pub(super) fn deregister(&mut self, input: &Value) -> Result<Value, ApiError> {
        let key = Key::read(input)?;
        if self.targets.remove(&key).is_none() {
            return Err(not_found(format!("No scalable target found for {}", key.said())));
        }
        self.policies.retain(|(of, _), _| *of != key);
        self.scheduled.retain(|(of, _), _| *of != key);
        Ok(json!({}))
    }

    /// The target of an input, which must be registered.
    pub(super) fn registered(&self, input: &Value) -> Result<Key, ApiError> {
        let key = Key::read(input)?;
        if !self.targets.contains_key(&key) {
            return Err(not_found(format!("No scalable target registered for {}", key.said())));
        }
        Ok(key)
    }

    fn new_arn(&self, rng: &mut Rng) -> String {
        let id = rng.u128(..) >> 16;
        format!("arn:aws:application-autoscaling:{}:{}:scalable-target/{id:028x}", self.region, self.account)
    }

    fn service_linked_role(&self, key: &Key) -> String {
        let (host, name) = match key.namespace.as_str() {
            "ecs" => ("ecs", "ECSService"),
            "dynamodb" => ("dynamodb", "DynamoDBTable"),
            "ec2" => ("ec2", "EC2SpotFleetRequest"),
            "rds" => ("rds", "RDSCluster"),
            "sagemaker" => ("sagemaker", "SageMakerEndpoint"),
            other => (other, "CustomResource"),
        };
        format!(
            "arn:aws:iam::{}:role/aws-service-role/{host}.application-autoscaling.amazonaws.com/\
             AWSServiceRoleForApplicationAutoScaling_{name}",
            self.account
        )
    }
}

/// Minimum and maximum: as stated, else as they were.
fn bounds(input: &Value, before: Option<(i64, i64)>) -> Result<(i64, i64), ApiError> {
    let bound = |name: &str, known: Option<i64>| -> Result<i64, ApiError> {
        let bound = whole(input, name)?.or(known);
        bound.ok_or_else(|| invalid(format!("{name} is required when registering a new scalable target")))
    };
    let min = bound("MinCapacity", before.map(|(min, _)| min))?;
    let max = bound("MaxCapacity", before.map(|(_, max)| max))?;
    if min < 0 || max < 0 {
        return Err(invalid("Minimum and maximum capacity must not be negative"));
    }
    if max < min {
        return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    Ok((min, max))
}

fn render(key: &Key, target: &ScalableTarget) -> Value {
    let ScalableTarget { arn, min, max, role, suspended, created, tags: _, last_in: _, last_out: _ } = target;
    let suspended: Map<String, Value> =
        SUSPENSIONS.iter().zip(suspended).map(|(name, on)| ((*name).to_owned(), json!(on))).collect();
    let mut shown = key.show();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("MinCapacity", json!(min));
    put("MaxCapacity", json!(max));
    put("RoleARN", json!(role));
    put("CreationTime", json!(created.epoch_seconds()));
    put("SuspendedState", Value::Object(suspended));
    put("ScalableTargetARN", json!(arn));
    Value::Object(shown)
}

/// What is suspended: as stated, else as it was, else nothing.
fn suspended(input: &Value, before: Option<&ScalableTarget>) -> Result<[bool; 3], ApiError> {
    let mut suspended = before.map_or([false; 3], |target| target.suspended);
    if let Some(stated) = input.get("SuspendedState").filter(|stated| stated.is_object()) {
        for (flag, name) in suspended.iter_mut().zip(SUSPENSIONS) {
            *flag = truth(stated, name)?.unwrap_or(*flag);
        }
    }
    Ok(suspended)
}
