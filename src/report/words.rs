//! The words that several texts share: plurals, steps, states of ECS and times of day.
//!
//! One place, so that the same thing is called the same in a plan, a log and a status.

use crate::model::observed::RolloutState;
use crate::model::rollout::{Failure, Lost, RecordState};
use crate::model::row::Capacity;
use crate::model::time::Timestamp;
use crate::plan::action::{Action, Deployment, Revision, ServiceUpdate, Standing};
use crate::plan::gate::Condition;

/// What was seen of a gate condition; one that holds because there is nothing yet to hold it against says so.
pub(super) fn evidence(condition: &Condition) -> &str {
    match condition.evidence.as_str() {
        "" => "no new tasks yet",
        evidence => evidence,
    }
}

/// `1 row`, `2 rows`, `no rows`.
pub(super) fn counted(number: usize, one: &str) -> String {
    match number {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        many => format!("{many} {one}s"),
    }
}

/// The time of day, in UTC: `12:03:10`.
pub(super) fn clock(moment: Timestamp) -> String {
    moment.to_string().get(11..19).map_or_else(|| moment.to_string(), str::to_owned)
}

/// Text filled up to a width, for columns. ASCII names only, so characters are columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// What ECS says of a deployment.
pub(super) fn rollout_state(state: RolloutState) -> &'static str {
    match state {
        RolloutState::InProgress => "rolling",
        RolloutState::Completed => "completed",
        RolloutState::Failed => "failed",
        RolloutState::Unstated => "unstated",
    }
}

/// How a table stands, as a sentence's end.
pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Converged => "converged",
        Standing::Progressing => "progressing",
        Standing::Held => "held",
        Standing::Failed => "failed",
    }
}

/// A capacity as a row states it.
pub(super) fn capacity(capacity: Capacity) -> &'static str {
    match capacity {
        Capacity::Spot => "Spot",
        Capacity::OnDemand => "on-demand",
    }
}

/// What a step does, without its row.
pub(super) fn action(action: &Action) -> String {
    match action {
        Action::Record(record) => format!("record: {}", record_state(&record.state)),
        Action::Change(change) => {
            let rows: Vec<&str> = change.rows.iter().map(|row| row.as_str()).collect();
            format!("note that this program kicks {}", rows.join(", "))
        }
        Action::Update(update) => updates(update).join(", "),
        Action::Register(revision) => registered(revision),
        Action::RollBack(back) => format!("roll back deployment {}", back.deployment.short()),
        Action::Run(launch) => format!("run {} once, as {}", launch.definition.short(), launch.started_by),
    }
}

/// What an update causes, in words.
pub(super) fn updates(update: &ServiceUpdate) -> Vec<String> {
    let ServiceUpdate { service: _, name: _, count, revision, capacity: placed, deployment } = update;
    let mut said = Vec::new();
    said.extend(count.map(|count| format!("set the count to {count}")));
    said.extend(placed.map(|placed| format!("{} from now on", capacity(placed))));
    said.extend(revision.as_ref().map(registered));
    if update.kicks() {
        said.push(match deployment {
            Deployment::Force => "new deployment by force".to_owned(),
            Deployment::AsNeeded => "new deployment".to_owned(),
        });
    }
    said
}

fn registered(revision: &Revision) -> String {
    format!("new revision of {}", revision.from.short())
}

/// A record's state, in words.
pub(super) fn record_state(state: &RecordState) -> String {
    match state {
        RecordState::Baseline => "baseline".to_owned(),
        RecordState::Open => "open".to_owned(),
        RecordState::Launching(attempt) => format!("launching, attempt {attempt}"),
        RecordState::Launched(attempt) => format!("launched, attempt {}, task {}", attempt.number, attempt.task),
        RecordState::Succeeded(attempt) => format!("succeeded, task {}, exit code 0", attempt.task),
        RecordState::Failed(Failure::Row(row)) => format!("failed, {row} was given up or undone by ECS"),
        RecordState::Failed(Failure::Task { attempt, exit: Some(code) }) => {
            format!("failed, task {}, exit code {code}", attempt.task)
        }
        RecordState::Failed(Failure::Task { attempt, exit: None }) => {
            format!("failed, task {}, no exit code", attempt.task)
        }
        RecordState::Failed(Failure::Start(attempt)) => format!("failed, attempt {attempt} did not start"),
        RecordState::Failed(Failure::Refused(attempt)) => format!("failed, attempt {attempt} was refused"),
        RecordState::Failed(Failure::Log { attempt }) => {
            format!("failed, task {}, exit code 0, by its log", attempt.task)
        }
        RecordState::Failed(Failure::Told(attempt)) => format!("failed, attempt {attempt}, as a person says"),
        RecordState::Failed(Failure::Aborted) => "failed, aborted".to_owned(),
        RecordState::Unknown(Lost { attempt, task: None }) => format!("unknown, whether attempt {attempt} ran"),
        RecordState::Unknown(Lost { attempt, task: Some(task) }) => {
            format!("unknown, how attempt {attempt} ended, task {task}")
        }
        RecordState::Resolved(attempt) => format!("succeeded, attempt {attempt}, as a person says"),
        RecordState::Skipped => "skipped, the table has no task row".to_owned(),
    }
}

/// A count, or `?` where it was not seen.
pub(super) fn seen(count: Option<u32>) -> String {
    count.map_or_else(|| "?".to_owned(), |count| count.to_string())
}
