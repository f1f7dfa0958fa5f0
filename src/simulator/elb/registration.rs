//! Targets come, are checked, and go.
//!
//! Owns registering, draining and the passing of time for all targets; a single target's health is in `health`.
//! Every change is told as an [`ElbEvent`], in the order in which it happened.

use std::net::Ipv4Addr;

use crate::simulator::elb::health::Phase;
use crate::simulator::elb::state::{Elb, TargetKey};
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
    /// Address of the target.
    pub ip: Ipv4Addr,
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
    pub fn register(&mut self, target_group: &str, ip: Ipv4Addr, port: u16, now: Time) -> Result<(), ApiError> {
        let in_use = self.has_load_balancer(target_group);
        let Some(group) = self.target_groups.get(target_group) else {
            return Err(not_found(target_group));
        };
        match group.targets.get(&(ip, port)) {
            Some(Phase::Draining { .. }) => Err(still_draining(target_group, ip, port)),
            Some(Phase::NotInUse | Phase::Initial { .. } | Phase::Healthy { .. } | Phase::Unhealthy { .. }) => Ok(()),
            None => {
                let phase = if in_use { self.first_phase(now) } else { Phase::NotInUse };
                self.put((target_group.to_owned(), ip, port), Some(phase), now);
                Ok(())
            }
        }
    }

    /// Deregisters a target: it drains for exactly the deregistration delay, and is then gone.
    /// What is not registered, or is draining already, stays as it is.
    pub fn deregister(&mut self, target_group: &str, ip: Ipv4Addr, port: u16, now: Time) {
        let Some(group) = self.target_groups.get(target_group) else {
            return;
        };
        let delay = group.deregistration_delay_ms();
        let next = match group.targets.get(&(ip, port)) {
            None | Some(Phase::Draining { .. }) => return,
            Some(Phase::NotInUse) => None,
            Some(Phase::Initial { .. } | Phase::Healthy { .. } | Phase::Unhealthy { .. }) => {
                (delay > 0).then(|| Phase::Draining { until: now.plus_millis(delay) })
            }
        };
        self.put((target_group.to_owned(), ip, port), next, now);
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
            let (target_group, ip, port) = &key;
            let answer = self.answers.get(ip).copied().unwrap_or_default();
            let group = self.target_groups.get(target_group).expect("the schedule names existing targets only");
            let phase = group.targets.get(&(*ip, *port)).expect("the schedule names existing targets only");
            let next = phase.after_turn(answer, &group.check);
            self.put(key, next, time);
        }
        std::mem::take(&mut self.untold)
    }

    /// Starts checking the targets of a group that a listener has begun to use.
    pub(super) fn begin_checks(&mut self, target_group: &str, now: Time) {
        let Some(group) = self.target_groups.get(target_group) else {
            return;
        };
        let idle = group.targets.iter().filter(|(_, phase)| **phase == Phase::NotInUse);
        let idle: Vec<(Ipv4Addr, u16)> = idle.map(|(target, _)| *target).collect();
        for (ip, port) in idle {
            let phase = self.first_phase(now);
            self.put((target_group.to_owned(), ip, port), Some(phase), now);
        }
    }

    fn first_phase(&mut self, now: Time) -> Phase {
        Phase::registered(now.plus_millis(self.jitter.i64(FIRST_CHECK_MS)))
    }

    /// The one place where a target changes, so that targets, schedule and events never disagree.
    fn put(&mut self, key: TargetKey, next: Option<Phase>, now: Time) {
        let (target_group, ip, port) = &key;
        let Some(group) = self.target_groups.get_mut(target_group) else {
            return;
        };
        let to = next.as_ref().map_or("unused", |phase| phase.state().name());
        let reason = next.as_ref().and_then(Phase::reason).map(|(code, _)| code);
        let due = next.as_ref().and_then(Phase::due);
        let before = match next {
            Some(phase) => group.targets.insert((*ip, *port), phase),
            None => group.targets.remove(&(*ip, *port)),
        };
        if let Some(time) = before.as_ref().and_then(Phase::due) {
            self.schedule.remove(&(time, key.clone()));
        }
        let from = before.map_or("unused", |phase| phase.state().name());
        if from != to {
            let (target_group, ip, port) = key.clone();
            self.untold.push(ElbEvent { time: now, target_group, ip, port, from, to, reason });
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
pub(super) fn still_draining(target_group: &str, ip: Ipv4Addr, port: u16) -> ApiError {
    let message = format!("The target '{ip}:{port}' is still being deregistered from '{target_group}'");
    ApiError::client("InvalidTarget", message)
}
