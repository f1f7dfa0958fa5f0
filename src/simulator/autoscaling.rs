//! Application Auto Scaling: which ECS service somebody else scales, and between which bounds.
//!
//! Owns the scalable targets. It cannot touch a service: it is told the current desired count and says, as an
//! [`Effect`], what the count must become. Only `ecs:service:DesiredCount` is known (ecs-semantics §13).
//!
//! Divergence from AWS: no scaling policies, schedules, alarms or activities; nothing scales by itself.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

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
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            targets: BTreeMap::new(),
        }
    }

    /// The bounds of a service, if it is scaled: minimum and maximum desired count.
    pub fn bounds(&self, cluster: &str, service: &str) -> Option<(i64, i64)> {
        self.targets
            .get(&format!("service/{cluster}/{service}"))
            .map(|target| (target.min, target.max))
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
        let _ = (operation, input, now, rng, desired);
        Err(ApiError::unknown_operation())
    }
}
