//! Targets come, are checked, and go.
//!
//! Owns registering, draining and the passing of time for all targets; a single target's health is in `health`.
//! Every change is told as an [`ElbEvent`], in the order in which it happened.

use crate::simulator::ec2::InstanceState;
use crate::simulator::elb::health::{Idle, Phase};
use crate::simulator::elb::state::{Elb, TargetKey};
use crate::simulator::elb::target::TargetId;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// A registered target is first checked this many milliseconds later (2 to 3 s observed, ecs-semantics §10.1).
const FIRST_CHECK_MS: std::ops::RangeInclusive<i64> = 2_000..=3_000;

/// A target changed its state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElbEvent {
    /// When.
    pub time: Time,
    /// ARN of the target group.
    pub target_group: String,
    /// Id of the target, an address for the tasks of ECS.
    pub target: TargetId,
    /// Port of the target.
    pub port: u16,
    /// State before, in AWS's words; `unused` before it was registered.
    pub from: &'static str,
    /// State from now on; `unused` once it is gone.
    pub to: &'static str,
    /// Reason code of the new state, if it has one.
    pub reason: Option<&'static str>,
}

impl Elb {
    /// Registers a target. Registering it again while it is registered changes nothing.
    ///
    /// # Errors
    /// `TargetGroupNotFound`, and `InvalidTarget` while the same target is still draining: AWS lets an address come
    /// back only when its deregistration delay is over.
    pub fn register(
        &mut self,
        target_group: &str,
        target: impl Into<TargetId>,
        port: u16,
        now: Time,
    ) -> Result<(), ApiError> {
        let key = (target.into(), port);
        let in_use = self.has_load_balancer(target_group);
        let Some(group) = self.target_groups.get(target_group) else {
            return Err(not_found(target_group));
        };
        match group.targets.get(&key) {
            Some(Phase::Draining { .. }) => Err(still_draining(target_group, &key)),
            Some(Phase::Idle(_) | Phase::Initial { .. } | Phase::Healthy { .. } | Phase::Unhealthy { .. }) => Ok(()),
            None => {
                let phase = self.first_phase(in_use, group.check.enabled, now);
                self.put((target_group.to_owned(), key.0, port), Some(phase), now);
                Ok(())
            }
        }
    }

    /// Deregisters a target: it drains for exactly the deregistration delay, and is then gone.
    /// What is not registered, or is draining already, stays as it is.
    pub fn deregister(&mut self, target_group: &str, target: impl Into<TargetId>, port: u16, now: Time) {
        let key = (target.into(), port);
        let Some(group) = self.target_groups.get(target_group) else {
            return;
        };
        let delay = group.deregistration_delay_ms();
        let next = match group.targets.get(&key) {
            None | Some(Phase::Draining { .. }) => return,
            Some(Phase::Idle(_)) => None,
            Some(Phase::Initial { .. } | Phase::Healthy { .. } | Phase::Unhealthy { .. }) => {
                (delay > 0).then(|| Phase::Draining { until: now.plus_millis(delay) })
            }
        };
        self.put((target_group.to_owned(), key.0, port), next, now);
    }

    /// When something happens next: a change that is not told yet, a health check, or the end of a drain.
    pub fn next_event(&self) -> Option<Time> {
        let untold = self.untold.first().map(|event| event.time);
        untold.or_else(|| self.schedule.first().map(|(time, _)| *time))
    }

    /// Lets time pass up to and including `now`; tells all changes since the last call, oldest first.
    pub fn advance_to(&mut self, now: Time) -> Vec<ElbEvent> {
        while let Some((time, key)) = self.schedule.first().cloned() {
            if time > now {
                break;
            }
            let (target_group, target, port) = &key;
            let answer = self.answer_of(target);
            let group = self.target_groups.get(target_group).expect("the schedule names existing targets only");
            let phase = group.targets.get(&(target.clone(), *port)).expect("the schedule names existing targets only");
            let next = phase.after_turn(answer, &group.check);
            self.put(key, next, time);
        }
        std::mem::take(&mut self.untold)
    }

    /// Starts checking the targets of a group that something has begun to forward to.
    pub(super) fn begin_checks(&mut self, target_group: &str, now: Time) {
        let idle = |phase: &Phase| *phase == Phase::Idle(Idle::NotInUse);
        for (target, port) in self.targets_that(target_group, idle) {
            let enabled = self.target_groups.get(target_group).is_some_and(|group| group.check.enabled);
            let phase = self.first_phase(true, enabled, now);
            self.put((target_group.to_owned(), target, port), Some(phase), now);
        }
    }

    /// Stops checking the targets of a group that nothing forwards to any more.
    pub(super) fn end_checks(&mut self, target_group: &str, now: Time) {
        let live = |phase: &Phase| match phase {
            Phase::Initial { .. } | Phase::Healthy { .. } | Phase::Unhealthy { .. } => true,
            Phase::Idle(Idle::NotChecked) => true,
            Phase::Idle(Idle::NotInUse | Idle::Stopped) | Phase::Draining { .. } => false,
        };
        for (target, port) in self.targets_that(target_group, live) {
            self.put((target_group.to_owned(), target, port), Some(Phase::Idle(Idle::NotInUse)), now);
        }
    }

    /// Begins anew with the checks of a group whose checks were switched on or off.
    pub(super) fn restart_checks(&mut self, target_group: &str, now: Time) {
        if self.has_load_balancer(target_group) {
            self.end_checks(target_group, now);
            self.begin_checks(target_group, now);
        }
    }

    /// An instance stopped, started again or ended: its targets are no longer checked, are checked again, or go.
    pub fn instance_changed(&mut self, id: &str, state: InstanceState, now: Time) {
        let target = TargetId::Named(id.to_owned());
        let groups: Vec<String> = self.target_groups.keys().cloned().collect();
        for group in groups {
            let of_instance = |there: &TargetId| *there == target;
            let ports = self.target_groups[&group].targets.keys().filter(|(there, _)| of_instance(there));
            let ports: Vec<u16> = ports.map(|(_, port)| *port).collect();
            for port in ports {
                let key = (group.clone(), target.clone(), port);
                match state {
                    InstanceState::Running => {
                        let enabled = self.target_groups[&group].check.enabled;
                        let phase = self.first_phase(self.has_load_balancer(&group), enabled, now);
                        self.put(key, Some(phase), now);
                    }
                    InstanceState::Stopped => self.put(key, Some(Phase::Idle(Idle::Stopped)), now),
                    InstanceState::Terminated => self.deregister(&group, target.clone(), port, now),
                }
            }
        }
    }

    /// Forgets all targets of a group that is deleted.
    pub(super) fn forget_targets(&mut self, target_group: &str, now: Time) {
        for (target, port) in self.targets_that(target_group, |_| true) {
            self.put((target_group.to_owned(), target, port), None, now);
        }
    }

    fn targets_that(&self, target_group: &str, fits: impl Fn(&Phase) -> bool) -> Vec<(TargetId, u16)> {
        let targets = self.target_groups.get(target_group).into_iter().flat_map(|group| &group.targets);
        targets.filter(|(_, phase)| fits(phase)).map(|(target, _)| target.clone()).collect()
    }

    fn first_phase(&mut self, in_use: bool, enabled: bool, now: Time) -> Phase {
        match (in_use, enabled) {
            (false, _) => Phase::Idle(Idle::NotInUse),
            (true, false) => Phase::Idle(Idle::NotChecked),
            (true, true) => Phase::registered(now.plus_millis(self.jitter.i64(FIRST_CHECK_MS))),
        }
    }

    /// The one place where a target changes, so that targets, schedule and events never disagree.
    fn put(&mut self, key: TargetKey, next: Option<Phase>, now: Time) {
        let (target_group, target, port) = &key;
        let Some(group) = self.target_groups.get_mut(target_group) else {
            return;
        };
        let to = next.as_ref().map_or("unused", |phase| phase.state().name());
        let reason = next.as_ref().and_then(Phase::reason).map(|(code, _)| code);
        let due = next.as_ref().and_then(Phase::due);
        let before = match next {
            Some(phase) => group.targets.insert((target.clone(), *port), phase),
            None => group.targets.remove(&(target.clone(), *port)),
        };
        if let Some(time) = before.as_ref().and_then(Phase::due) {
            self.schedule.remove(&(time, key.clone()));
        }
        let from = before.map_or("unused", |phase| phase.state().name());
        if from != to {
            let (target_group, target, port) = key.clone();
            self.untold.push(ElbEvent { time: now, target_group, target, port, from, to, reason });
        }
        if let Some(time) = due {
            self.schedule.insert((time, key));
        }
    }
}

/// AWS's answer to a target group ARN that does not exist, in operations on one target group.
pub(super) fn not_found(target_group: &str) -> ApiError {
    ApiError::client("TargetGroupNotFound", format!("Target groups '{target_group}' not found"))
}

/// The refusal of a target that is to come back before its deregistration is over.
pub(super) fn still_draining(target_group: &str, (target, port): &(TargetId, u16)) -> ApiError {
    let message = format!("The target '{target}:{port}' is still being deregistered from '{target_group}'");
    ApiError::client("InvalidTarget", message)
}
