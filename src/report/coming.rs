//! What comes next in a rollout, what it waits for, and when it will be about.
//!
//! Only words: nothing is decided by it. A moment is given only where it follows from a fact.

use crate::model::observed::{TargetState, TaskView};
use crate::model::rollout::Record;
use crate::model::time::{Span, Timestamp};
use crate::plan::hold::HoldCause;
use crate::plan::rollout::Phase;

use super::doing;
use super::subject::Subject;
use super::task_state::{TaskState, state_of, targets_of};
use super::timeline::{Next, What, newest_one_off};
use super::witness::Witness;

/// What comes next, and what it waits for.
pub(super) fn next(subject: &Subject<'_>, witness: &Witness) -> Option<Next> {
    let plan = subject.plan;
    let task = subject.table.task_row().is_some();
    let last = if task { What::Launched } else { What::Closed };
    let what = match plan.rollout.phase {
        Phase::Unseen | Phase::Settled | Phase::Failed | Phase::Unknown => return None,
        Phase::Requested => What::Kicked,
        Phase::Rolling if doing::is_aborted(plan) => What::Closed,
        Phase::Rolling if blocked_by(subject, 3) => What::AllRunning,
        Phase::Rolling if blocked_by(subject, 4) => What::AllHealthy,
        Phase::Rolling => What::Clear,
        Phase::Draining if drained(subject, witness).is_some() => What::TargetsGone,
        Phase::Draining => What::TasksStopped,
        Phase::Settling | Phase::Clear => last,
        Phase::Deploying => deploying(subject),
    };
    let expected = drained(subject, witness).filter(|_| what == What::TargetsGone);
    Some(Next { what, waits: doing::planned(subject), expected: expected.or_else(|| due(subject, witness)) })
}

fn blocked_by(subject: &Subject<'_>, number: u8) -> bool {
    doing::blocking(subject).is_some_and(|condition| condition.number == number)
}

fn deploying(subject: &Subject<'_>) -> What {
    match newest_one_off(subject).filter(|task| is_of_this_attempt(subject, task)) {
        None => What::Launched,
        Some(task) if task.started_at.is_none() && task.is_alive() => What::Started,
        Some(task) if task.is_alive() => What::Ended,
        Some(_) => What::Closed,
    }
}

/// Whether the task is of the attempt that is in hand: a retry begins while the one before is still shown.
fn is_of_this_attempt(subject: &Subject<'_>, task: &TaskView) -> bool {
    let in_hand = subject.plan.rollout.record.as_ref().and_then(Record::started_by);
    in_hand.is_none_or(|started_by| task.started_by == started_by)
}

/// When the last target has drained that drains now: its deregistration delay after its task was seen to begin, whatever
/// connections it has. `None` unless all of that is known.
fn drained(subject: &Subject<'_>, witness: &Witness) -> Option<Timestamp> {
    let tasks = subject.observed.tasks.present()?.iter();
    let draining = tasks.filter(|task| state_of(subject, task) == TaskState::Draining);
    let targets = draining.flat_map(|task| targets_of(subject, task).into_iter().map(move |target| (task, target)));
    let draining = targets.filter(|(_, (_, target))| target.state == TargetState::Draining);
    let ends: Option<Vec<Timestamp>> =
        draining.map(|(task, (group, _))| Some(witness.task_since(&task.arn)?.plus(group.drain?))).collect();
    ends?.into_iter().max()
}

/// When what comes next is due, where a hold counts it down. Quiet and settle time run at the same time.
fn due(subject: &Subject<'_>, witness: &Witness) -> Option<Timestamp> {
    let now = subject.observed.at;
    let left = subject.plan.holds.iter().find_map(|hold| match &hold.cause {
        HoldCause::Settling { left } | HoldCause::LaunchBackoff { left, reason: _ } => Some(*left),
        HoldCause::KickTooYoung { left } => Some((*left).max(settling(subject, witness))),
        _ => None,
    })?;
    Some(now.plus(left))
}

fn settling(subject: &Subject<'_>, witness: &Witness) -> Span {
    let settle = subject.table.policy.settle;
    witness.clear().map_or(Span::ZERO, |since| settle.minus(subject.observed.at.since(since)))
}
