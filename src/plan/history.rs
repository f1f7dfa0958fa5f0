//! What one process saw and did in its earlier passes.
//!
//! | what | does |
//! |---|---|
//! | `clear` | opens the gate after it held for long enough; a process without it begins to wait anew |
//! | `watched`, `made` | tell a stale read; a process without them relies on the second look |
//! | `written` | tells tags that are read as they were before a write of ours; a process without it may write an older fact again |
//! | `moving` | places looks; a process without it looks more often |
//! | `latest` | lets a look read less; a process without it reads everything |
//! | `launch` | what RunTask answered; a process without it asks again with the same token and hears the same |
//! | `contest` | leaves alone what somebody changes back each time; a process without it corrects it a few times more |
//! | `kept` | what ECS would not roll back; a process without it asks once more and is refused |
//!
//! What must survive a crash is in the record (`model/rollout`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::command::Command;
use crate::model::ids::{DeploymentId, RowName, ServiceArn, ServiceDeploymentArn, TaskArn};
use crate::model::observed::{DesiredStatus, Fate, Observed, TaskStatus};
use crate::model::rollout::{Change, Durable, Record, Request, RolloutId};
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};
use crate::model::withdrawal::Withdrawal;

use super::action::Plan;
use super::contest::Contest;
use super::glance::Latest;
use super::moving::{Moving, Renewed};

/// Memory of a process, from pass to pass.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Since when every gate condition has held without a break, and for which rollout.
    pub clear: Option<(RolloutId, Timestamp)>,
    /// Service tasks that were seen short of STOPPED.
    pub watched: BTreeMap<TaskArn, Watched>,
    /// What our own updates made, for as long as a read may fall back behind it.
    pub made: BTreeMap<ServiceArn, Made>,
    /// What became of our own RunTask calls.
    pub launch: Option<LaunchAnswer>,
    /// What this process itself wrote in the cluster's tags.
    pub written: Written,
    /// Service deployments that ECS would not take back, and when it said so.
    pub kept: BTreeMap<ServiceDeploymentArn, Timestamp>,
    /// What is corrected again and again.
    pub contest: Contest,
    /// Since when things are on their way out.
    pub moving: Moving,
    /// The newest look, for glances.
    pub latest: Option<Arc<Latest>>,
}

/// Durable facts that this process wrote, each with the time of its writing. A read that shows less is behind.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The newest record.
    pub record: Option<(Record, Timestamp)>,
    /// The newest change.
    pub change: Option<(Change, Timestamp)>,
    /// The newest request.
    pub request: Option<(Request, Timestamp)>,
    /// The newest command.
    pub command: Option<(Command, Timestamp)>,
    /// The newest withdrawal of a request.
    pub withdrawn: Option<(Withdrawal, Timestamp)>,
}

/// A task as it was last seen short of STOPPED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Who started it.
    pub started_by: DeploymentId,
    /// Whose it is: `service:` and the service's name.
    pub group: Text,
    /// Of which row's service it was.
    pub row: Option<RowName>,
    /// When it was last seen.
    pub at: Timestamp,
    /// Whether ECS was already stopping it.
    pub ending: Ending,
}

/// Whether a watched task was already on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was to stay.
    No,
    /// It was to stop.
    Yes,
}

/// A deployment that an update of ours made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub deployment: DeploymentId,
    /// When ECS says that it was made.
    pub created_at: Timestamp,
}

/// What AWS answered to a RunTask of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchAnswer {
    /// For which rollout.
    pub id: RolloutId,
    /// For which attempt.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    pub answer: Answer,
}

/// The answers that RunTask can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A task, by id; newly made, or one that this token made before.
    Task(String),
    /// `failures[]` and no task: nothing started.
    NotStarted(String),
    /// A 4xx: this call will never be accepted.
    Refused(String),
}

/// ECS shows a stopped task for at least an hour; one that is gone longer than that since it was last seen
/// has ended meanwhile.
const RETENTION: Span = Span::minutes(60);

/// ECS's reads may lag by up to five minutes, and a replica that lags may answer after one that did not. Longer would
/// hold corrections after a rollback for nothing, shorter might kick twice.
pub(super) const LAG: Span = Span::minutes(5);

/// How long a refusal to go back counts, before ECS is asked again: a deployment to go back to may have completed since.
/// Shorter would ask for nothing, longer leaves running what is to go.
const REFUSED: Span = Span::minutes(1);

impl Written {
    /// Whether what was read of the tags is older than what this process wrote: acting on it would write an older fact
    /// over a newer one, and a rollout of our own could be taken for the state before it.
    pub fn is_ahead_of(&self, read: &Durable, now: Timestamp) -> bool {
        fn fresh<T>(written: Option<&(T, Timestamp)>, now: Timestamp) -> Option<&T> {
            written.filter(|(_, at)| now.since(*at) < LAG).map(|(fact, _)| fact)
        }
        // By its tag: what did not fit there is not read back.
        let other = |seen: &Record, ours: &Record| seen.tag() != ours.tag() && seen.since <= ours.since;
        let record = fresh(self.record.as_ref(), now)
            .is_some_and(|ours| read.record.as_ref().is_none_or(|seen| other(seen, ours)));
        let change = fresh(self.change.as_ref(), now)
            .is_some_and(|ours| read.change.as_ref().is_none_or(|seen| seen.at < ours.at));
        let request = fresh(self.request.as_ref(), now)
            .is_some_and(|ours| read.request.as_ref().is_none_or(|seen| seen.id != ours.id && seen.at <= ours.at));
        let command = fresh(self.command.as_ref(), now)
            .is_some_and(|ours| read.command.as_ref().is_none_or(|seen| seen != ours && seen.at <= ours.at));
        let withdrawn = fresh(self.withdrawn.as_ref(), now)
            .is_some_and(|ours| read.withdrawn.as_ref().is_none_or(|seen| seen != ours && seen.at <= ours.at));
        record || change || request || command || withdrawn
    }

    /// Takes in what was written beside the passes; of each fact the newer counts.
    pub fn learn(&mut self, other: Self) {
        fn newer<T>(ours: &mut Option<(T, Timestamp)>, theirs: Option<(T, Timestamp)>) {
            let is_newer = |at: Timestamp| ours.as_ref().is_none_or(|(_, before)| *before <= at);
            if theirs.as_ref().is_some_and(|(_, at)| is_newer(*at)) {
                *ours = theirs;
            }
        }
        let Self { record, change, request, command, withdrawn } = other;
        newer(&mut self.record, record);
        newer(&mut self.change, change);
        newer(&mut self.request, request);
        newer(&mut self.command, command);
        newer(&mut self.withdrawn, withdrawn);
    }
}

impl History {
    /// What a process knows that has looked at everything once, and has done nothing yet.
    pub fn of_a_look(latest: Latest) -> Self {
        let moving = Moving::default().after(&latest.observed, Renewed { targets: true, tasks: true });
        Self { moving, latest: Some(Arc::new(latest)), ..Self::default() }
    }

    /// For how long ECS's refusal to take a deployment back still counts; `None` if ECS may be asked. Passes that only glance
    /// remember nothing, so what is remembered may be older than it counts.
    pub(super) fn refused_for(&self, deployment: &ServiceDeploymentArn, now: Timestamp) -> Option<Span> {
        let left = REFUSED.minus(now.since(*self.kept.get(deployment)?));
        (left > Span::ZERO).then_some(left)
    }

    /// What to remember after a pass: what was seen, and since when the gate is clear.
    pub fn after(mut self, observed: &Observed, plan: &Plan) -> Self {
        let clear = plan.rollout.clear();
        self.clear = match (clear, self.clear) {
            (None, _) => None,
            (Some(id), Some((before, since))) if *id == before => Some((before, since)),
            // What was read last may have come about long after a slow look began.
            (Some(id), _) => Some((id.clone(), observed.until)),
        };
        // Of two rows that name one service, the first by name.
        let services =
            observed.rows.iter().rev().filter_map(|(row, view)| Some((view.service.one()?.task_group(), row)));
        let rows: BTreeMap<String, &RowName> = services.collect();
        for task in observed.tasks.present().into_iter().flatten() {
            if !task.group.starts_with("service:") {
                continue;
            }
            if task.status == TaskStatus::Stopped {
                self.watched.remove(&task.arn);
                continue;
            }
            let ending = match (&task.status, task.desired) {
                (TaskStatus::Starting | TaskStatus::Running, DesiredStatus::Running) => Ending::No,
                _ => Ending::Yes,
            };
            let started_by = DeploymentId::told(task.started_by.clone());
            let group = task.group.clone();
            let row = rows.get(group.as_str()).map(|row| (*row).clone());
            let row = row.or_else(|| self.watched.get(&task.arn)?.row.clone());
            self.watched.insert(task.arn.clone(), Watched { started_by, group, row, at: observed.at, ending });
        }
        // Built anew, its nodes are full: of a large account half of it would be room for more.
        let watched = std::mem::take(&mut self.watched).into_iter();
        self.watched = watched.filter(|(_, task)| observed.at.since(task.at) < RETENTION).collect();
        self.contest.forget(observed.at);
        for row in observed.rows.values() {
            let Some((service, history)) = row.service.one().zip(row.history.present()) else { continue };
            let undone = history.iter().filter(|it| it.fate == Fate::Undone).map(|it| it.created_at);
            self.contest.undone(&service.arn, &undone.collect::<Vec<_>>());
        }
        self.kept.retain(|_, at| observed.at.since(*at) < REFUSED);
        self.made.retain(|_, made| observed.at.since(made.created_at) < LAG);
        self
    }
}

/// Whether AWS shows a deployment that we made, or a newer one.
pub(super) fn shown(observed: &Observed, service: &ServiceArn, made: &Made) -> bool {
    let mut primaries = observed.services().filter(|view| view.arn == *service).flat_map(|view| &view.deployments);
    primaries.any(|deployment| deployment.id == made.deployment || deployment.created_at >= made.created_at)
}
