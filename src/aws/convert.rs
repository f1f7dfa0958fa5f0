//! SDK types to model types, for everything that is not ECS. Nothing is judged here.

use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};

use crate::model::observed::{TargetState, TargetView};

/// A target; one without an id says nothing.
pub(super) fn target(described: TargetHealthDescription) -> Option<TargetView> {
    let id = described.target?.id?;
    let health = described.target_health?;
    let state = match health.state? {
        TargetHealthStateEnum::Initial => TargetState::Initial,
        TargetHealthStateEnum::Healthy => TargetState::Healthy,
        TargetHealthStateEnum::Unhealthy => TargetState::Unhealthy,
        TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining => TargetState::Draining,
        TargetHealthStateEnum::Unused => TargetState::Unused,
        // A state that this version does not know must not count as gone or as healthy.
        _ => TargetState::Unavailable,
    };
    let reason = health.reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default();
    Some(TargetView { id, state, reason })
}
