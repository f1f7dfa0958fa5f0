//! Application Auto Scaling: which ECS service somebody else scales, and between which bounds.
//!
//! Owns the scalable targets. It cannot touch a service: it is told the current desired count and says, as an
//! [`Effect`], what the count must become. Only `ecs:service:DesiredCount` is known (ecs-semantics §13).
//!
//! Divergence from AWS: no scaling policies, schedules, alarms or activities; nothing scales by itself. The words for
//! missing or negative capacities are our own.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts, truth, whole};
use crate::simulator::time::Time;

/// The one scalable dimension.
const DIMENSION: &str = "ecs:service:DesiredCount";

/// DescribeScalableTargets gives at most, and by default, this many.
const MAX_PAGE: i64 = 50;

/// A resource id has this many characters at most.
const MAX_ID: usize = 1600;

/// The members of `SuspendedState`, in the order of `ScalableTarget::suspended`.
const SUSPENSIONS: [&str; 3] = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];

/// The simulated Application Auto Scaling of one account and region.
#[derive(Debug)]
pub struct AutoScaling {
    account: String,
    region: String,
    /// By resource id, `service/<cluster>/<service>`.
    targets: BTreeMap<String, ScalableTarget>,
}

/// What Application Auto Scaling does to ECS, for the world to carry out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The service's desired count was outside of the bounds.
    SetDesiredCount {
        /// Cluster name.
        cluster: String,
        /// Service name.
        service: String,
        /// The nearest bound.
        desired: i64,
    },
}

#[derive(Clone, Debug)]
struct ScalableTarget {
    arn: String,
    min: i64,
    max: i64,
    role: String,
    suspended: [bool; 3],
    created: Time,
}

impl AutoScaling {
    /// No scalable targets yet.
    pub fn new(account: &str, region: &str) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), targets: BTreeMap::new() }
    }

    /// The bounds of a service, if it is scaled: minimum and maximum desired count.
    pub fn bounds(&self, cluster: &str, service: &str) -> Option<(i64, i64)> {
        self.targets.get(&format!("service/{cluster}/{service}")).map(|target| (target.min, target.max))
    }

    /// Answers one call. `desired` tells the desired count of a cluster's service, or that there is none.
    ///
    /// # Errors
    /// `ValidationException`, `ObjectNotFoundException`; `UnknownOperationException` for what is not simulated.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        desired: &dyn Fn(&str, &str) -> Option<i64>,
    ) -> Result<(Value, Option<Effect>), ApiError> {
        match operation {
            "RegisterScalableTarget" => self.register(input, now, rng, desired),
            "DescribeScalableTargets" => self.describe(input).map(|result| (result, None)),
            "DeregisterScalableTarget" => self.deregister(input).map(|result| (result, None)),
            _ => Err(ApiError::unknown_operation()),
        }
    }

    fn register(
        &mut self,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        desired: &dyn Fn(&str, &str) -> Option<i64>,
    ) -> Result<(Value, Option<Effect>), ApiError> {
        let id = resource_id(input)?;
        let (cluster, service) = cluster_and_service(id)?;
        let Some(current) = desired(cluster, service) else {
            return Err(invalid(format!("ECS service doesn't exist: {id}")));
        };
        let before = self.targets.get(id);
        let bound = |key: &str, known: Option<i64>| -> Result<i64, ApiError> {
            let bound = whole(input, key)?.or(known);
            bound.ok_or_else(|| invalid(format!("{key} is required when registering a new scalable target")))
        };
        let min = bound("MinCapacity", before.map(|target| target.min))?;
        let max = bound("MaxCapacity", before.map(|target| target.max))?;
        if min < 0 || max < 0 {
            return Err(invalid("Minimum and maximum capacity must not be negative"));
        }
        if max < min {
            return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
        }
        let target = ScalableTarget {
            arn: before.map_or_else(|| self.new_arn(rng), |target| target.arn.clone()),
            min,
            max,
            role: text(input, "RoleARN")?.map_or_else(|| self.service_linked_role(), str::to_owned),
            suspended: suspended(input, before)?,
            created: before.map_or(now, |target| target.created),
        };
        // On every call, even one that states no bounds, AWS brings the count between them at once.
        let forced = current.clamp(min, max);
        let effect = (forced != current).then(|| Effect::SetDesiredCount {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
            desired: forced,
        });
        let result = json!({"ScalableTargetARN": target.arn});
        self.targets.insert(id.to_owned(), target);
        Ok((result, effect))
    }

    fn describe(&self, input: &Value) -> Result<Value, ApiError> {
        namespace(input)?;
        let ids = texts(input, "ResourceIds")?;
        if ids.len() > usize::try_from(MAX_PAGE).expect("it is positive") {
            return Err(invalid(format!("ResourceIds can have at most {MAX_PAGE} items")));
        }
        if ids.iter().any(|id| !(1..=MAX_ID).contains(&id.len())) {
            return Err(invalid(format!("A resource id has between 1 and {MAX_ID} characters")));
        }
        if text(input, "ScalableDimension")?.is_some_and(|dimension| dimension != DIMENSION) {
            return Err(unsupported());
        }
        let size = whole(input, "MaxResults")?.unwrap_or(MAX_PAGE);
        if !(1..=MAX_PAGE).contains(&size) {
            return Err(invalid(format!("MaxResults must be between 1 and {MAX_PAGE}")));
        }
        // A token is the last resource id of the page before.
        let after = text(input, "NextToken")?;
        let chosen = self.targets.iter().filter(|(id, _)| {
            (ids.is_empty() || ids.contains(&id.as_str())) && after.is_none_or(|after| id.as_str() > after)
        });
        let chosen: Vec<(&String, &ScalableTarget)> = chosen.collect();
        let size = usize::try_from(size).expect("the size was checked to be positive");
        let page: Vec<Value> = chosen.iter().take(size).map(|(id, target)| render(id, target)).collect();
        let next = (chosen.len() > size).then(|| chosen[size - 1].0);
        Ok(match next {
            Some(token) => json!({"ScalableTargets": page, "NextToken": token}),
            None => json!({"ScalableTargets": page}),
        })
    }

    fn deregister(&mut self, input: &Value) -> Result<Value, ApiError> {
        let id = resource_id(input)?;
        match self.targets.remove(id) {
            Some(_) => Ok(json!({})),
            None => Err(ApiError::client(
                "ObjectNotFoundException",
                format!(
                    "No scalable target found for service namespace: ecs, resource ID: {id}, scalable dimension: \
                     {DIMENSION}"
                ),
            )),
        }
    }

    fn new_arn(&self, rng: &mut Rng) -> String {
        let id = rng.u128(..) >> 16;
        format!("arn:aws:application-autoscaling:{}:{}:scalable-target/{id:028x}", self.region, self.account)
    }

    fn service_linked_role(&self) -> String {
        format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
             AWSServiceRoleForApplicationAutoScaling_ECSService",
            self.account
        )
    }
}

fn render(id: &str, target: &ScalableTarget) -> Value {
    let ScalableTarget { arn, min, max, role, suspended, created } = target;
    let suspended: Map<String, Value> =
        SUSPENSIONS.iter().zip(suspended).map(|(key, on)| ((*key).to_owned(), json!(on))).collect();
    json!({
        "ServiceNamespace": "ecs",
        "ResourceId": id,
        "ScalableDimension": DIMENSION,
        "MinCapacity": min,
        "MaxCapacity": max,
        "RoleARN": role,
        "CreationTime": created.epoch_seconds(),
        "SuspendedState": suspended,
        "ScalableTargetARN": arn,
    })
}

/// What is suspended: as stated, else as it was, else nothing.
fn suspended(input: &Value, before: Option<&ScalableTarget>) -> Result<[bool; 3], ApiError> {
    let mut suspended = before.map_or([false; 3], |target| target.suspended);
    if let Some(stated) = input.get("SuspendedState") {
        for (flag, key) in suspended.iter_mut().zip(SUSPENSIONS) {
            *flag = truth(stated, key)?.unwrap_or(*flag);
        }
    }
    Ok(suspended)
}

fn resource_id(input: &Value) -> Result<&str, ApiError> {
    namespace(input)?;
    if text(input, "ScalableDimension")? != Some(DIMENSION) {
        return Err(unsupported());
    }
    text(input, "ResourceId")?.ok_or_else(|| required("resourceId"))
}

fn namespace(input: &Value) -> Result<(), ApiError> {
    match text(input, "ServiceNamespace")? {
        Some("ecs") => Ok(()),
        Some(_) => Err(unsupported()),
        None => Err(required("serviceNamespace")),
    }
}

fn cluster_and_service(id: &str) -> Result<(&str, &str), ApiError> {
    let parts = id.strip_prefix("service/").and_then(|rest| rest.split_once('/'));
    parts.filter(|(cluster, service)| !cluster.is_empty() && !service.is_empty()).ok_or_else(unsupported)
}

fn required(key: &str) -> ApiError {
    invalid(format!(
        "1 validation error detected: Value null at '{key}' failed to satisfy constraint: Member must not be null"
    ))
}

fn unsupported() -> ApiError {
    invalid("Unsupported service namespace, resource type or scalable dimension")
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "service/c/s";

    fn input(extra: Value) -> Value {
        let mut input = json!({"ServiceNamespace": "ecs", "ResourceId": ID, "ScalableDimension": DIMENSION});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    }

    fn call(scaling: &mut AutoScaling, operation: &str, input: &Value) -> Result<(Value, Option<Effect>), ApiError> {
        let desired = |cluster: &str, service: &str| (cluster == "c" && service == "s").then_some(5);
        scaling.handle(operation, input, Time(1_000), &mut Rng::with_seed(1), &desired)
    }

    fn forced(count: i64) -> Option<Effect> {
        Some(Effect::SetDesiredCount { cluster: "c".into(), service: "s".into(), desired: count })
    }

    #[test]
    fn forces_the_count_between_the_bounds_on_every_call() {
        let mut scaling = AutoScaling::new("123456789012", "us-east-1");
        let (first, effect) =
            call(&mut scaling, "RegisterScalableTarget", &input(json!({"MinCapacity": 7, "MaxCapacity": 9}))).unwrap();
        assert_eq!(effect, forced(7));
        let (again, effect) = call(&mut scaling, "RegisterScalableTarget", &input(json!({}))).unwrap();
        assert_eq!((again, effect), (first, forced(7)));
        let (_, effect) =
            call(&mut scaling, "RegisterScalableTarget", &input(json!({"MinCapacity": 0, "MaxCapacity": 4}))).unwrap();
        assert_eq!(effect, forced(4));
        let (_, effect) = call(&mut scaling, "RegisterScalableTarget", &input(json!({"MaxCapacity": 5}))).unwrap();
        assert_eq!(effect, None);
        assert_eq!(scaling.bounds("c", "s"), Some((0, 5)));
    }

    #[test]
    fn describes_what_is_registered_and_forgets_what_is_not() {
        let mut scaling = AutoScaling::new("123456789012", "us-east-1");
        let suspended =
            json!({"MinCapacity": 1, "MaxCapacity": 9, "SuspendedState": {"DynamicScalingInSuspended": true}});
        call(&mut scaling, "RegisterScalableTarget", &input(suspended)).unwrap();
        let query = json!({"ServiceNamespace": "ecs", "ResourceIds": [ID, "service/c/other"]});
        let (found, _) = call(&mut scaling, "DescribeScalableTargets", &query).unwrap();
        let target = &found["ScalableTargets"][0];
        assert_eq!((&target["ResourceId"], &target["MinCapacity"]), (&json!(ID), &json!(1)));
        assert_eq!(target["SuspendedState"]["DynamicScalingInSuspended"], json!(true));
        assert_eq!(target["SuspendedState"]["DynamicScalingOutSuspended"], json!(false));

        call(&mut scaling, "DeregisterScalableTarget", &input(json!({}))).unwrap();
        let (found, _) = call(&mut scaling, "DescribeScalableTargets", &query).unwrap();
        assert_eq!(found, json!({"ScalableTargets": []}));
        let refusal = call(&mut scaling, "DeregisterScalableTarget", &input(json!({}))).unwrap_err();
        assert_eq!(refusal.code, "ObjectNotFoundException");
    }

    #[test]
    fn refuses_what_cannot_be_scaled() {
        let mut scaling = AutoScaling::new("123456789012", "us-east-1");
        let bounds = json!({"MinCapacity": 1, "MaxCapacity": 2});
        for wrong in [
            json!({"ResourceId": "service/c/missing"}),
            json!({"ResourceId": "c/s"}),
            json!({"ServiceNamespace": "ec2"}),
            json!({"ScalableDimension": "ecs:service:Other"}),
            json!({"MinCapacity": 3}),
            json!({"MinCapacity": -1}),
            json!({"MinCapacity": null}),
        ] {
            let mut all = input(bounds.clone());
            all.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            let refusal = call(&mut scaling, "RegisterScalableTarget", &all).unwrap_err();
            assert_eq!(refusal.code, "ValidationException", "{wrong}");
        }
        assert_eq!(scaling.bounds("c", "s"), None);
    }
}
