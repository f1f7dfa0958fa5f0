//! Kubernetes-style conditions of a row and of a table.
//!
//! `since` comes from AWS or from the record, never from the moment of the report: a condition whose last change nobody
//! wrote down has none. Judged from the plan and the observation; nothing here decides anew.

use crate::model::command;
use crate::model::observed::{DeploymentView, RolloutState, Seen};
use crate::model::rollout::{Record, RecordState};
use crate::model::row::Row;
use crate::model::time::Timestamp;
use crate::plan::action::Standing;
use crate::plan::hold::{Hold, HoldCause, Urgency};
use crate::plan::rollout::{Phase, RolloutReport};

use super::subject::{Digests, Subject};
use super::{holds_text, words};

/// One aspect of a row or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which aspect.
    pub aspect: Aspect,
    /// Whether it is so.
    pub status: Status,
    /// Why, as one CamelCase word; stable.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
    /// Since when, where AWS or the record says so.
    pub since: Option<Timestamp>,
}

/// The aspects, Kubernetes' `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// The row is as it is stated.
    InSync,
    /// The service's newest deployment is completed.
    RolledOut,
    /// As many new tasks take requests as are wanted.
    Healthy,
    /// The newest tasks run what the table's image tag means now.
    ImageCurrent,
    /// Nothing is to be done for the table.
    Converged,
    /// No rollout is in hand, and the newest one ended well.
    RolloutComplete,
    /// A person is needed.
    Held,
}

/// Whether a condition is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is.
    True,
    /// It is not.
    False,
    /// It cannot be told.
    Unknown,
}

impl Aspect {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::InSync => "InSync",
            Self::RolledOut => "RolledOut",
            Self::Healthy => "Healthy",
            Self::ImageCurrent => "ImageCurrent",
            Self::Converged => "Converged",
            Self::RolloutComplete => "RolloutComplete",
            Self::Held => "Held",
        }
    }
}

impl Status {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// A row's conditions: `InSync` for every row; the others for service rows, `ImageCurrent` only if the table has an image.
pub fn of_row(subject: &Subject<'_>, row: &Row) -> Vec<Condition> {
    if row.task().is_some() {
        return vec![in_sync(subject, row)];
    }
    let Some(primary) = subject.primary(row).filter(|_| subject.plan.cluster.is_some()) else {
        let aspects = [Aspect::InSync, Aspect::RolledOut, Aspect::Healthy, Aspect::ImageCurrent];
        let stated = aspects.into_iter().filter(|aspect| *aspect != Aspect::ImageCurrent || has_image(subject));
        return stated.map(|aspect| untold(aspect, subject.first_hold(Some(&row.name)))).collect();
    };
    let mut conditions = vec![in_sync(subject, row), rolled_out(primary), healthy(subject, row, primary)];
    if has_image(subject) {
        conditions.push(image_current(subject, row, primary));
    }
    conditions
}

/// The table's conditions.
pub fn of_table(subject: &Subject<'_>) -> Vec<Condition> {
    vec![converged(subject), rollout_complete(subject), held(subject)]
}

fn has_image(subject: &Subject<'_>) -> bool {
    subject.table.image.is_some()
}

fn condition(aspect: Aspect, status: Status, reason: &'static str, message: impl Into<String>) -> Condition {
    Condition { aspect, status, reason, message: message.into(), since: None }
}

impl Condition {
    fn at(self, since: impl Into<Option<Timestamp>>) -> Self {
        Self { since: since.into(), ..self }
    }
}

fn untold(aspect: Aspect, hold: Option<&Hold>) -> Condition {
    match hold {
        Some(hold) => condition(aspect, Status::Unknown, hold.cause.name(), holds_text::said(&hold.cause)),
        None => condition(aspect, Status::Unknown, "NotSeen", "it was not looked at"),
    }
}

fn in_sync(subject: &Subject<'_>, row: &Row) -> Condition {
    let aspect = Aspect::InSync;
    let differences = subject.differences(&row.name);
    if !differences.is_empty() {
        let said: Vec<String> = differences.iter().map(ToString::to_string).collect();
        return condition(aspect, Status::False, "Drifted", said.join(", "));
    }
    if subject.plan.cluster.is_none() || subject.found_as(row).is_none() {
        return untold(aspect, subject.first_hold(Some(&row.name)));
    }
    if let Some(hold) = subject.holds_of(&row.name).find(|hold| hides_drift(&hold.cause)) {
        return untold(aspect, Some(hold));
    }
    // A deployment is the last thing that is known to have changed the service.
    let since = subject.primary(row).map(|primary| primary.created_at);
    condition(aspect, Status::True, "AsStated", "the row is as it is stated").at(since)
}

/// Whether a hold of a row means that the row was not compared, or not wholly.
fn hides_drift(cause: &HoldCause) -> bool {
    match cause {
        HoldCause::Unknown { .. }
        | HoldCause::WrongAccount { .. }
        | HoldCause::NoMatch { .. }
        | HoldCause::ManyMatch { .. }
        | HoldCause::UnreadableTag { .. }
        | HoldCause::NotRolling { .. }
        | HoldCause::IllegalSize { .. }
        | HoldCause::WhichContainer { .. }
        | HoldCause::NoContainer { .. }
        | HoldCause::Stale => true,
        HoldCause::NoImage { .. }
        | HoldCause::NewerImage { .. }
        | HoldCause::CountOwned { .. }
        | HoldCause::NoProvider { .. }
        | HoldCause::TaskInHand
        | HoldCause::OtherRows
        | HoldCause::AfterFailure
        | HoldCause::TurnedBack { .. }
        | HoldCause::AbortInHand
        | HoldCause::NoWayBack { .. }
        | HoldCause::CommandRefused { .. }
        | HoldCause::PartialKick { .. }
        | HoldCause::MixedDigests { .. }
        | HoldCause::GateShut { .. }
        | HoldCause::Settling { .. }
        | HoldCause::KickTooYoung { .. }
        | HoldCause::AllEmpty
        | HoldCause::InitialDefinition { .. }
        | HoldCause::NetworkAmbiguous { .. }
        | HoldCause::LaunchBackoff { .. }
        | HoldCause::EarlierLaunch { .. }
        | HoldCause::TaskNotSeen { .. }
        | HoldCause::TaskRunning { .. }
        | HoldCause::LogIncomplete { .. }
        | HoldCause::RolloutFailed { .. }
        | HoldCause::RolloutUnknown { .. } => false,
    }
}

fn rolled_out(primary: &DeploymentView) -> Condition {
    let aspect = Aspect::RolledOut;
    let said = |words: &str| match primary.reason.as_str() {
        "" => format!("deployment {} {words}", primary.id),
        reason => format!("deployment {} {words}: {}", primary.id, reason.trim_end_matches('.')),
    };
    match primary.rollout {
        RolloutState::Completed => {
            condition(aspect, Status::True, "Completed", said("is completed")).at(primary.updated_at)
        }
        RolloutState::InProgress => {
            condition(aspect, Status::False, "InProgress", said("is under way")).at(primary.created_at)
        }
        RolloutState::Failed => {
            condition(aspect, Status::False, "DeploymentFailed", said("was given up")).at(primary.updated_at)
        }
        RolloutState::Unstated => condition(aspect, Status::Unknown, "Unstated", said("does not say how far it is")),
    }
}

fn healthy(subject: &Subject<'_>, row: &Row, primary: &DeploymentView) -> Condition {
    let aspect = Aspect::Healthy;
    let unknown = |what: &str, why: &dyn std::fmt::Display| {
        condition(aspect, Status::Unknown, "NotSeen", format!("{what} could not be read: {why}"))
    };
    if let Some(why) = subject.observed.tasks.unknown() {
        return unknown("tasks", why);
    }
    let groups = subject.observed.rows.get(&row.name).map(|view| view.target_groups.as_slice()).unwrap_or_default();
    if let Some(why) = groups.iter().find_map(|group| group.targets.unknown()) {
        return unknown("target health", why);
    }
    let Some(progress) = subject.progress(&row.name) else {
        return condition(aspect, Status::Unknown, "OtherRows", "nothing is counted until every row is found");
    };
    let desired = progress.desired;
    let Some(healthy) = progress.healthy else {
        return condition(aspect, Status::Unknown, "NotSeen", "tasks or targets could not be read");
    };
    if desired == 0 {
        return condition(aspect, Status::True, "Empty", "no tasks are wanted").at(primary.updated_at);
    }
    let said = format!("{healthy} of {} healthy", words::counted(desired as usize, "new task"));
    if healthy == desired {
        condition(aspect, Status::True, "AllHealthy", said).at(primary.updated_at)
    } else {
        condition(aspect, Status::False, "NotHealthy", said)
    }
}

fn image_current(subject: &Subject<'_>, row: &Row, primary: &DeploymentView) -> Condition {
    let aspect = Aspect::ImageCurrent;
    let behind = match &subject.observed.image {
        Seen::Present(digest) => digest.short(),
        Seen::Absent => return condition(aspect, Status::False, "NoImage", "the tag is not in the repository"),
        Seen::Unknown(why) => {
            return condition(aspect, Status::Unknown, "NotSeen", format!("the image could not be read: {why}"));
        }
    };
    let running = match subject.digests(row) {
        Digests::Told(running) if !running.is_empty() => running,
        Digests::Told(_) => {
            return condition(aspect, Status::Unknown, "NoTasks", "no new task runs the table's image");
        }
        Digests::Untold => {
            return condition(aspect, Status::Unknown, "DigestNotTold", "not every new task says what it runs");
        }
    };
    if running.iter().all(|digest| digest == behind) {
        return condition(aspect, Status::True, "Newest", format!("runs {behind}")).at(primary.created_at);
    }
    let running = running.into_iter().collect::<Vec<_>>().join(" and ");
    condition(aspect, Status::False, "NewerImage", format!("runs {running}, the tag means {behind} now"))
}

fn converged(subject: &Subject<'_>) -> Condition {
    let aspect = Aspect::Converged;
    let plan = subject.plan;
    if plan.cluster.is_none() {
        return untold(aspect, subject.most_urgent());
    }
    let (status, reason) = match plan.standing() {
        Standing::Converged => (Status::True, "Converged"),
        Standing::Progressing => (Status::False, "Progressing"),
        Standing::Held => (Status::False, "Held"),
        Standing::Failed => (Status::False, "Failed"),
    };
    let message = match plan.standing() {
        Standing::Converged => "everything is as it is stated".to_owned(),
        Standing::Progressing | Standing::Held | Standing::Failed => match subject.most_urgent() {
            Some(hold) => holds_text::line(hold),
            None => format!("{} to do", words::counted(plan.steps.len(), "step")),
        },
    };
    let since = plan.rollout.record.as_ref().map(|record| record.since).filter(|_| status == Status::True);
    condition(aspect, status, reason, message).at(since)
}

fn rollout_complete(subject: &Subject<'_>) -> Condition {
    let aspect = Aspect::RolloutComplete;
    let report = &subject.plan.rollout;
    if report.phase == Phase::Unseen {
        return untold(aspect, subject.most_urgent());
    }
    let Some(record) = &report.record else {
        return condition(aspect, Status::Unknown, "NoRecord", "the cluster carries no record of this table yet");
    };
    if report.phase == Phase::Requested {
        let since = report.request.as_ref().filter(|asked| record.request.as_ref() != Some(&asked.id));
        let message = "rows are to get a new deployment";
        return condition(aspect, Status::False, "Requested", message).at(since.map(|request| request.at));
    }
    if outdated(record, report.phase) {
        let message = if runs_again(report, record) {
            "the deployment task is to run again, once the gate has held"
        } else {
            "new deployments are under way, which no record is about yet"
        };
        return condition(aspect, Status::False, report.phase.name(), message);
    }
    let (status, reason) = completeness(record, report.phase);
    condition(aspect, status, reason, words::record_state(&record.state)).at(record.since)
}

/// Whether a person has the task of a rollout that has ended run again, and that is still to come.
pub(super) fn runs_again(report: &RolloutReport, record: &Record) -> bool {
    report.command.as_ref().is_some_and(|command| command.against(record) == command::Standing::Pending)
}

/// Whether somebody kicked rows after the rollout that the record tells of had ended.
pub(super) fn outdated(record: &Record, phase: Phase) -> bool {
    let ended = match &record.state {
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => false,
        RecordState::Succeeded(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped
        | RecordState::Baseline
        | RecordState::Failed(_)
        | RecordState::Unknown(_) => true,
    };
    let moving = match phase {
        Phase::Rolling | Phase::Draining | Phase::Settling | Phase::Clear | Phase::Deploying => true,
        Phase::Unseen | Phase::Settled | Phase::Requested | Phase::Failed | Phase::Unknown => false,
    };
    ended && moving
}

fn completeness(record: &Record, phase: Phase) -> (Status, &'static str) {
    match &record.state {
        RecordState::Succeeded(_) => (Status::True, "Succeeded"),
        RecordState::Resolved(_) => (Status::True, "Resolved"),
        RecordState::Skipped => (Status::True, "NoTaskRow"),
        RecordState::Baseline => (Status::True, "Baseline"),
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => (Status::False, phase.name()),
        RecordState::Failed(_) => (Status::False, "Failed"),
        RecordState::Unknown(_) => (Status::Unknown, "TaskUnknown"),
    }
}

fn held(subject: &Subject<'_>) -> Condition {
    let aspect = Aspect::Held;
    let asking: Vec<&Hold> = subject.plan.holds.iter().filter(|hold| hold.cause.urgency() >= Urgency::Person).collect();
    let Some(first) = asking.first() else {
        return condition(aspect, Status::False, "NothingHeld", "nothing needs a person");
    };
    let said: Vec<String> = asking.iter().map(|hold| holds_text::line(hold)).collect();
    let ended = matches!(first.cause, HoldCause::RolloutFailed { .. } | HoldCause::RolloutUnknown { .. });
    let since = subject.plan.rollout.record.as_ref().map(|record| record.since).filter(|_| ended);
    condition(aspect, Status::True, first.cause.name(), said.join("; ")).at(since)
}
