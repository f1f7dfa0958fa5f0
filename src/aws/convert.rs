//! SDK types to model types, for everything that is not ECS. Nothing is judged here.

use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};

use crate::model::observed::{TargetState, TargetView};

use super::texts::Texts;

/// A target; one without an id says nothing.
pub(super) fn target(described: TargetHealthDescription, texts: &mut Texts) -> Option<TargetView> {
    let id = texts.share(&described.target?.id?).into();
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
    let reason = texts.text(health.reason.as_ref().map(|reason| reason.as_str()));
    Some(TargetView { id, state, reason })
}
