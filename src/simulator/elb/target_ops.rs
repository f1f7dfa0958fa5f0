//! RegisterTargets, DeregisterTargets and DescribeTargetHealth.
//!
//! Owns checking what callers say of targets. What then happens to them is in `registration`.

use serde_json::{Value, json};

use crate::simulator::ec2::{Ec2, InstanceState};
use crate::simulator::elb::input::{invalid, items, number, required, text};
use crate::simulator::elb::registration::still_draining;
use crate::simulator::elb::render;
use crate::simulator::elb::shape::{TargetGroup, TargetKind};
use crate::simulator::elb::state::Elb;
use crate::simulator::elb::target::TargetId;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// A target group takes this many targets.
const MAX_TARGETS: usize = 1000;

/// A target, and its port.
type Target = (TargetId, u16);

impl Elb {
    pub(super) fn register_targets(&mut self, input: &Value, now: Time, ec2: &Ec2) -> Result<Value, ApiError> {
        let (arn, targets) = self.group_and_targets(input)?;
        let group = &self.target_groups[&arn];
        let new = targets.iter().filter(|target| !group.targets.contains_key(target)).count();
        let most = if group.kind == TargetKind::Lambda { 1 } else { MAX_TARGETS };
        if group.targets.len() + new > most {
            let message = format!("The maximum number of targets per target group has been reached on '{arn}'");
            return Err(ApiError::client("TooManyTargets", message));
        }
        // All or none: a target that is still draining must not leave half of the others registered.
        if let Some(target) = targets.iter().find(|target| group.is_draining(target)) {
            return Err(still_draining(&arn, target));
        }
        let resting = |(target, _): &&Target| match (target, ec2.instance_state(&target.to_string())) {
            (TargetId::Named(_), Some(InstanceState::Stopped | InstanceState::Terminated)) => true,
            (TargetId::Named(_), Some(InstanceState::Running) | None) | (TargetId::Ip(_), _) => false,
        };
        let resting: Vec<String> = targets.iter().filter(resting).map(|(target, _)| format!("'{target}'")).collect();
        if !resting.is_empty() {
            let message = format!(
                "The following targets are not in a running state and cannot be registered: {}",
                resting.join(", ")
            );
            return Err(ApiError::client("InvalidTarget", message));
        }
        for (target, port) in targets {
            self.register(&arn, target, port, now)?;
        }
        Ok(json!({}))
    }

    /// Targets that are not registered are no error. Without a port, a target goes with all of its ports.
    pub(super) fn deregister_targets(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let (arn, targets) = self.group_and_targets(input)?;
        for ((target, port), description) in targets.into_iter().zip(items(input, "Targets")) {
            let ports: Vec<u16> = match text(description, "Port") {
                Some(_) => vec![port],
                None => {
                    let there = self.target_groups[&arn].targets.keys().filter(|(there, _)| *there == target);
                    there.map(|(_, port)| *port).collect()
                }
            };
            for port in ports {
                self.deregister(&arn, target.clone(), port, now);
            }
        }
        Ok(json!({}))
    }

    /// Without `Targets`: all that are registered or draining. With: exactly those, registered or not.
    pub(super) fn describe_target_health(&self, input: &Value) -> Result<Value, ApiError> {
        let group = self.target_group(required(input, "TargetGroupArn")?)?;
        let asked = items(input, "Targets");
        let descriptions: Vec<Value> = if asked.is_empty() {
            group.targets.iter().map(|(key, phase)| render::target_health(group, key, Some(phase))).collect()
        } else {
            let keys: Result<Vec<_>, ApiError> = asked.iter().map(|item| target(item, group)).collect();
            keys?.into_iter().map(|key| render::target_health(group, &key, group.targets.get(&key))).collect()
        };
        Ok(json!({ "TargetHealthDescriptions": descriptions }))
    }

    fn group_and_targets(&self, input: &Value) -> Result<(String, Vec<Target>), ApiError> {
        let group = self.target_group(required(input, "TargetGroupArn")?)?;
        let targets: Result<Vec<Target>, ApiError> =
            items(input, "Targets").iter().map(|description| target(description, group)).collect();
        match targets? {
            targets if targets.is_empty() => Err(invalid("At least one target must be specified")),
            targets => Ok((group.arn.clone(), targets)),
        }
    }
}

/// A target description: id and port, the group's own port if none is given.
fn target(description: &Value, group: &TargetGroup) -> Result<Target, ApiError> {
    let id = TargetId::read(group.kind, required(description, "Id")?)?;
    if group.kind == TargetKind::Lambda {
        return Ok((id, 0));
    }
    Ok((id, number(description, "Port", (1, u16::MAX), group.default_port())?))
}
