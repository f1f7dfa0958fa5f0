//! The operations of Application Auto Scaling by name.
//!
//! Owns the dispatch and the check of inputs against their shapes.

use fastrand::Rng;
use serde_json::Value;

use super::inputs::OPERATIONS;
use super::state::{AutoScaling, Effect, Look, invalid};
use crate::simulator::error::ApiError;
use crate::simulator::model::{Leaves, members_of, together, violations};
use crate::simulator::time::Time;

/// Tells what a cluster's service looks like, or that there is none.
pub(super) type Looks<'a> = &'a dyn Fn(&str, &str) -> Option<Look>;

impl AutoScaling {
    /// Answers one call. `looks` tells what a cluster's service looks like, or that there is none.
    ///
    /// # Errors
    /// AWS's own codes, for example `ObjectNotFoundException`; `UnknownOperationException` for what is not simulated.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        looks: &dyn Fn(&str, &str) -> Option<Look>,
    ) -> Result<(Value, Option<Effect>), ApiError> {
        let members = members_of(OPERATIONS, operation).ok_or_else(ApiError::unknown_operation)?;
        let found = violations(members, input, Leaves::Typed)?;
        if !found.is_empty() {
            return Err(invalid(together(&found)));
        }
        let answer = match operation {
            "RegisterScalableTarget" => return self.register(input, now, rng, looks),
            "DeleteScalingPolicy" => self.delete_policy(input),
            "DeleteScheduledAction" => self.delete_scheduled(input),
            "DeregisterScalableTarget" => self.deregister(input),
            "DescribeScalableTargets" => self.describe(input),
            "DescribeScalingActivities" => self.describe_activities(input),
            "DescribeScalingPolicies" => self.describe_policies(input),
            "DescribeScheduledActions" => self.describe_scheduled(input),
            "ListTagsForResource" => self.list_tags(input),
            "PutScalingPolicy" => self.put_policy(input, now, rng),
            "PutScheduledAction" => self.put_scheduled(input, now, rng),
            "TagResource" => self.tag(input),
            "UntagResource" => self.untag(input),
            _ => Err(ApiError::unknown_operation()),
        };
        answer.map(|answer| (answer, None))
    }
}
