//! How a rollout ended, for people: what is known and what is not, how they go on, and what is kept of it.
//!
//! Decides nothing: by what is said here no step is taken.

use crate::model::command::{Command, Order, Standing};
use crate::model::ids::RequestId;
use crate::model::observed::{ClusterView, TaskStatus, TaskView};
use crate::model::past::{self, Origin, Past};
use crate::model::rollout::{Durable, Failure, Lost, Record, Request, TagKeys};

use super::action::{Action, Step};
use super::command;
use super::draft::Draft;
use super::gate;
use super::hold::HoldCause;
use super::launch;
use super::planner::PlanInput;
use super::rollout::Stand;
use super::way_out::WayOut;

/// What is said of a rollout that failed.
pub(super) fn failed(input: &PlanInput<'_>, durable: &Durable, record: &Record, failure: &Failure) -> HoldCause {
    // Without a task row there is nothing that could be run again.
    let way = match failure {
        _ if input.table.task_row().is_none() => WayOut::Start,
        Failure::Row(_) | Failure::Aborted => WayOut::Start,
        Failure::Task { .. } | Failure::Start(_) | Failure::Refused(_) | Failure::Log { .. } | Failure::Told(_) => {
            WayOut::Retry
        }
    };
    let told = durable
        .command
        .as_ref()
        .filter(|command| command.is_about(record) && matches!(failure, Failure::Told(_) | Failure::Aborted));
    let how = match (told, failure) {
        (Some(command), _) => format!("{failure} ({})", command::said(command)),
        (None, Failure::Start(attempt)) => match command::tries(durable, record, *attempt) {
            0 | 1 => failure.to_string(),
            tries => format!("{failure} in {tries} attempts"),
        },
        (
            None,
            Failure::Row(_)
            | Failure::Task { .. }
            | Failure::Refused(_)
            | Failure::Log { .. }
            | Failure::Told(_)
            | Failure::Aborted,
        ) => failure.to_string(),
    };
    HoldCause::RolloutFailed { how, way }
}

/// What is said of a rollout whose task nobody can tell of: what is known, and where to look for the rest.
pub(super) fn unknown(input: &PlanInput<'_>, record: &Record, lost: &Lost) -> HoldCause {
    let attempt = lost.attempt;
    let started_by = record.id.started_by(attempt);
    let mut tasks = input.observed.tasks.present().into_iter().flatten();
    let named = |task: &&TaskView| lost.task.as_deref() == Some(task.arn.id());
    let of_it = launch::newest_from(input.observed, record, attempt, |_| true).map(|(_, task)| task);
    let (known, way) = match (tasks.find(named).or(of_it), &lost.task) {
        (Some(task), _) if task.status == TaskStatus::Stopped => {
            (format!("its task {} has come to light, stopped{}", task.arn.id(), codes(task)), WayOut::LookAtTheTask)
        }
        (Some(task), _) => {
            (format!("its task {} has come to light and is {}", task.arn.id(), task.said()), WayOut::WaitForTheTask)
        }
        (None, Some(task)) => {
            let known = format!(
                "AWS accepted it as task {task}, started by {started_by}, and by {} ECS had forgotten how it ended",
                record.since
            );
            (known, WayOut::ReadTheLog)
        }
        (None, None) => {
            let known = format!(
                "RunTask may have been sent, started by {started_by}{}, and by {} no task of it had come to light",
                family(input),
                record.since
            );
            (known, WayOut::AskCloudTrail)
        }
    };
    let way = match way {
        WayOut::AskCloudTrail | WayOut::ReadTheLog | WayOut::LookAtTheTask if input.table.task_row().is_none() => {
            WayOut::Say
        }
        way => way,
    };
    HoldCause::RolloutUnknown { attempt, known, way }
}

fn codes(task: &TaskView) -> String {
    let codes: Vec<String> =
        task.containers.iter().filter_map(|it| it.exit_code).map(|code| code.to_string()).collect();
    match codes.as_slice() {
        [] => " without an exit code".to_owned(),
        some => format!(" with exit code {}", some.join(" and ")),
    }
}

/// The group that the task would have.
fn family(input: &PlanInput<'_>) -> String {
    let row = input.table.task_row().and_then(|(row, _)| input.observed.rows.get(&row.name));
    let family = row.and_then(|view| view.definition.one()).map(|definition| &definition.family);
    family.map(|family| format!(" in group family:{family}")).unwrap_or_default()
}

/// What is kept of the rollout that a record among the steps ends.
pub(super) fn keep(draft: &mut Draft<'_>, cluster: &ClusterView, stand: Option<&Stand<'_>>, durable: &Durable) {
    let ended = |step: &Step| match &step.action {
        Action::Record(record) if Past::is_an_end(&record.state) => Some(record.clone()),
        Action::Record(_)
        | Action::Change(_)
        | Action::Update(_)
        | Action::Register(_)
        | Action::RollBack(_)
        | Action::Run(_) => None,
    };
    let Some(record) = draft.steps.iter().find_map(ended) else { return };
    let before = durable.record.as_ref().map(|before| (&before.id, &before.state));
    // Rows that came into the table, or a request that needs nothing more, end nothing.
    if before.is_some_and(|(_, state)| *state == record.state) {
        return;
    }
    let keys = TagKeys::of(&draft.input.table.name);
    let Some(key) = past::place(&keys.past, &keys.needed(), &cluster.tags, &record) else { return };
    let (by, reason) = words(durable, &record);
    let before = past::entries(&keys.past, &cluster.tags);
    let past = Past {
        rollout: record.id.clone(),
        at: draft.input.observed.at,
        state: record.state.clone(),
        origin: origin(durable, &record, stand, &before),
        digests: stand.map(digests).unwrap_or_default(),
        command: durable.command.as_ref().filter(|command| is_by(command, &record)).and_then(|it| it.id.clone()),
        by,
        reason,
    };
    draft.past = Some((key.clone(), past));
}

/// Who ended it, or had its task run again, and why; without a command, who asked for it and why.
fn words(durable: &Durable, record: &Record) -> (Option<String>, Option<String>) {
    let about = durable.command.as_ref().filter(|command| is_by(command, record));
    match about {
        Some(command) => (command.by.clone(), command.reason.clone()),
        None => match request(durable, record) {
            Some(request) => (request.by.clone(), request.reason.clone()),
            None => (None, None),
        },
    }
}

fn is_by(command: &Command, record: &Record) -> bool {
    command.against(record) == Standing::Done
}

fn request<'a>(durable: &'a Durable, record: &Record) -> Option<&'a Request> {
    // As the rollout was begun: its end may have another base.
    let begun = Record { base: durable.record.as_ref().map_or(record.base, |before| before.base), ..record.clone() };
    durable.request.as_ref().filter(|request| begun.is_begun_by(request))
}

/// The request that the record answers, where a newer one stands in its tag already. A record keeps the request of the
/// rollout before it, of which the history says so.
fn replaced<'a>(durable: &Durable, record: &'a Record, before: &[Past]) -> Option<&'a RequestId> {
    let id = record.request.as_ref()?;
    let replaced = durable.request.as_ref().is_some_and(|newest| newest.before.contains(id));
    let earlier = |past: &Past| past.rollout != record.id && past.origin == Origin::Request(id.clone());
    (replaced && !before.iter().any(earlier)).then_some(id)
}

/// What began the rollout. A request that an earlier one answered has begun nothing.
fn origin(durable: &Durable, record: &Record, stand: Option<&Stand<'_>>, before: &[Past]) -> Origin {
    let run = |command: &&Command| matches!(command.order, Order::Run(_)) && is_by(command, record);
    if durable.command.as_ref().filter(run).is_some() {
        return Origin::Run;
    }
    // What has its task run again, or is said to have ended otherwise, began as it did.
    if let Some(past) = before.iter().find(|past| past.rollout == record.id) {
        return past.origin.clone();
    }
    let asked = request(durable, record).map(|request| &request.id);
    if let Some(id) = asked.or_else(|| replaced(durable, record, before)) {
        return Origin::Request(id.clone());
    }
    let base = durable.record.as_ref().map_or(record.base, |before| before.base);
    let kicked = stand.map(|stand| stand.kicked_since(base)).unwrap_or_default();
    let ours = durable.change.as_ref().filter(|change| change.after == base);
    match ours {
        Some(change) if kicked.iter().all(|row| change.covers(row)) => Origin::Change,
        Some(_) | None => Origin::Kick,
    }
}

fn digests(stand: &Stand<'_>) -> Vec<String> {
    let (digests, _) = gate::digests(stand);
    let mut short: Vec<String> = digests.into_values().flatten().map(str::to_owned).collect();
    short.sort();
    short.dedup();
    short
}
