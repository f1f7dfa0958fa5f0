//! SDK types to model types, for everything that is not ECS. Nothing is judged here.

use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};

use crate::model::observed::{TargetState, TargetView};

use super::texts::Texts;

/// A target. What is not told of it, or in words that this version does not know, must not count as gone or as healthy.
pub(super) fn target(described: TargetHealthDescription, texts: &mut Texts) -> TargetView {
    let id = texts.text(described.target.and_then(|target| target.id).as_deref());
    let (state, reason) = described.target_health.map(|health| (health.state, health.reason)).unwrap_or_default();
    let state = match state {
        Some(TargetHealthStateEnum::Initial) => TargetState::Initial,
        Some(TargetHealthStateEnum::Healthy) => TargetState::Healthy,
        Some(TargetHealthStateEnum::Unhealthy) => TargetState::Unhealthy,
        Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => TargetState::Draining,
        Some(TargetHealthStateEnum::Unused) => TargetState::Unused,
        Some(_) | None => TargetState::Unavailable,
    };
    let reason = texts.text(reason.as_ref().map(|reason| reason.as_str()));
    TargetView { id, state, reason }
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth};

    use super::*;

    fn told(health: Option<TargetHealth>) -> TargetView {
        let target = TargetDescription::builder().id("10.0.0.7").build();
        let described = TargetHealthDescription::builder().target(target).set_target_health(health).build();
        super::target(described, &mut Texts::default())
    }

    #[test]
    fn each_state_is_told_and_one_that_nobody_knows_is_neither_gone_nor_healthy() {
        let states = [
            ("initial", TargetState::Initial),
            ("healthy", TargetState::Healthy),
            ("unhealthy", TargetState::Unhealthy),
            ("unhealthy.draining", TargetState::Draining),
            ("draining", TargetState::Draining),
            ("unused", TargetState::Unused),
            ("unavailable", TargetState::Unavailable),
            ("resting", TargetState::Unavailable),
        ];
        for (word, state) in states {
            let health = TargetHealth::builder().state(word.into()).build();
            assert_eq!(told(Some(health)).state, state, "{word}");
        }
    }

    #[test]
    fn a_target_of_which_no_health_is_told_is_there_all_the_same() {
        for health in [None, Some(TargetHealth::builder().build())] {
            let target = told(health);
            assert_eq!((target.id.as_str(), target.state), ("10.0.0.7", TargetState::Unavailable));
        }
        let nameless = super::target(TargetHealthDescription::builder().build(), &mut Texts::default());
        assert_eq!(nameless.state, TargetState::Unavailable);
    }
}
