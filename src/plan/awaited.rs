//! The one thing that a shut gate waits for now: its end has to come before anything else can happen.
//!
//! Whatever else is missing can wait, and is not looked at. `pace` says when that thing can have ended, `glance` what
//! shows it. Nothing is decided by it: a gate is opened on whole looks alone.

use crate::model::ids::{TargetGroupArn, TaskArn};
use crate::model::observed::{DesiredStatus, Observed};
use crate::model::time::Timestamp;

use super::gate::{Gate, Holding};
use super::moving::{self, Moving};

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// New deployments, which are not up yet.
    Rolling,
    /// As many tasks run as are wanted, and not all of them were seen yet.
    NewTasks,
    /// Target groups in which new targets are to become healthy, or old ones to be deregistered.
    Targets(Vec<TargetGroupArn>),
    /// Old targets, which drain until this moment at least.
    Drain(Timestamp),
    /// These are short of STOPPED.
    OldTasks(Vec<TaskArn>),
    /// ECS has only to say that the deployments are completed.
    Completion,
}

/// What a shut gate waits for; `None` if that cannot be told of this look.
pub(super) fn awaited(observed: &Observed, gate: &Gate, moving: &Moving, now: Timestamp) -> Option<Awaited> {
    let holding = |number: u8| gate.conditions.iter().find(|it| it.number == number).map(|it| it.holding);
    let shut = |number: u8| holding(number) == Some(Holding::NotYet);
    if shut(3) {
        return Some(Awaited::Rolling);
    }
    if !new_tasks_are_known(observed) || holding(7) == Some(Holding::Unknown) {
        return Some(Awaited::NewTasks);
    }
    if shut(4) {
        let unsettled = moving::unsettled_groups(observed);
        let groups = if unsettled.is_empty() { moving::groups(observed) } else { unsettled };
        return (!groups.is_empty()).then_some(Awaited::Targets(groups));
    }
    if shut(6) {
        return old_tasks(observed, moving, now);
    }
    if shut(2) {
        return Some(Awaited::Completion);
    }
    if shut(5) {
        return drain(observed, moving, now).or_else(|| {
            let groups = moving::unsettled_groups(observed);
            (!groups.is_empty()).then_some(Awaited::Targets(groups))
        });
    }
    None
}

fn old_tasks(observed: &Observed, moving: &Moving, now: Timestamp) -> Option<Awaited> {
    let serving = moving::not_deregistered(observed);
    if !serving.is_empty() {
        return Some(Awaited::Targets(serving));
    }
    let left = moving::leaving_arns(observed);
    drain(observed, moving, now).or_else(|| (!left.is_empty()).then_some(Awaited::OldTasks(left)))
}

/// A drain that cannot have ended yet.
fn drain(observed: &Observed, moving: &Moving, now: Timestamp) -> Option<Awaited> {
    moving.drained_by(observed).filter(|until| *until > now).map(Awaited::Drain)
}

fn new_tasks_are_known(observed: &Observed) -> bool {
    observed.services().all(|service| {
        let primary = service.primary().map(|primary| primary.id.as_str());
        let new = observed.tasks_of(service).filter(|task| {
            Some(task.started_by.as_str()) == primary && task.is_alive() && task.desired == DesiredStatus::Running
        });
        new.count() >= service.desired as usize
    })
}
