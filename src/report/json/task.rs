//! A task for those who watch it: whose it is, where it is in its life, and since when.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::observed::{ContainerDefinitionView, TargetGroupView, TargetState, TargetView, TaskView};
use crate::model::rollout::{Failure, RecordState};
use crate::model::row::Row;
use crate::model::text::Text;
use crate::model::time::Timestamp;
use crate::report::subject::Subject;
use crate::report::task_state::{TaskState, row_of, state_of, targets_of};
use crate::report::timeline;
use crate::report::witness::Witness;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskJson {
    /// Its id: 32 hex digits.
    pub id: String,
    /// Its row; absent for a deployment task of a table that has no task row any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The deployment that started it, or for a deployment task what RunTask was told.
    pub deployment: String,
    /// Whether the row's newest deployment started it; of deployment tasks, whether the newest rollout did.
    pub newest: bool,
    /// `Starting`, `Running`, `Healthy`, `Draining`, `Stopping`, `Stopped` or `Unknown`.
    pub state: &'static str,
    /// Since when it is in that state, where AWS tells or this process saw the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When its containers ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<String>,
    /// The capacity provider that it was placed by, as `FARGATE_SPOT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Its task definition, as `family:revision`.
    pub definition: String,
    /// Its private address, which is its target's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its target in each target group of its row that has it.
    pub targets: Vec<TargetJson>,
    /// Short digests of the images that its containers run.
    pub digests: Vec<String>,
    /// The first exit code of its containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why it stopped, in AWS's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// Whether it stopped otherwise than it was told to, or than a deployment task that has done its work.
    pub failed: bool,
    /// Where its containers write, if that is CloudWatch Logs; empty unless its definition is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogJson>,
}

/// A log stream of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogJson {
    /// The log group.
    pub group: String,
    /// The stream in it.
    pub stream: String,
}

/// A task's target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetJson {
    /// The target group's name.
    pub group: String,
    /// `Initial`, `Healthy`, `Unhealthy`, `Draining`, `Unused` or `Unavailable`.
    pub state: &'static str,
    /// ELB's reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The tasks that are worth showing: alive, or stopped in the newest rollout. By row, newest deployment first, then age.
/// `None` if tasks could not be read.
pub(super) fn of(subject: &Subject<'_>, witness: &Witness) -> Option<Vec<TaskJson>> {
    let base = timeline::base(subject);
    let shown = |task: &&TaskView| {
        let in_rollout = base.zip(task.stopped_at).is_some_and(|(base, stopped)| stopped > base);
        let of_record = !task.group.starts_with("service:") && is_newest(subject, task);
        task.is_alive() || in_rollout || of_record
    };
    let position = |task: &TaskView| {
        let row = row_of(subject, task);
        subject.table.rows.iter().position(|it| row.is_some_and(|row| row.name == it.name)).unwrap_or(usize::MAX)
    };
    let mut tasks: Vec<&TaskView> = subject.observed.tasks.present()?.iter().filter(shown).collect();
    tasks.sort_by_cached_key(|task| (position(task), !is_newest(subject, task), task.created_at, task.arn.clone()));
    Some(tasks.into_iter().map(|task| TaskJson::of(subject, task, witness)).collect())
}

fn is_newest(subject: &Subject<'_>, task: &TaskView) -> bool {
    if !task.group.starts_with("service:") {
        let record = subject.plan.rollout.record.as_ref();
        return record.is_some_and(|record| task.started_by.starts_with(&record.id.started_by_any()));
    }
    let primary = row_of(subject, task).and_then(|row: &Row| subject.primary(row));
    primary.is_some_and(|primary| task.started_by == primary.id.as_str())
}

impl TaskJson {
    fn of(subject: &Subject<'_>, task: &TaskView, witness: &Witness) -> Self {
        let state = state_of(subject, task);
        let said = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
        let digests = task.containers.iter().filter_map(|container| container.digest.as_ref());
        Self {
            id: task.arn.id().to_owned(),
            row: row_of(subject, task).map(|row| row.name.to_string()),
            deployment: task.started_by.to_string(),
            newest: is_newest(subject, task),
            state: state.name(),
            since: said(since(task, state).or_else(|| witness.task_since(&task.arn))),
            created_at: said(task.created_at),
            started_at: said(task.started_at),
            stopped_at: said(task.stopped_at),
            provider: task.provider.as_ref().map(Text::to_string),
            definition: task.definition.short().to_owned(),
            address: task.ip.map(|ip| ip.to_string()),
            targets: targets_of(subject, task).into_iter().map(|(group, target)| target_json(group, target)).collect(),
            digests: digests.map(|digest| digest.short().to_owned()).collect(),
            exit_code: task.containers.iter().find_map(|container| container.exit_code),
            stop_reason: stop_reason(task),
            failed: has_failed(subject, task),
            logs: logs(subject, task),
        }
    }
}

/// Since when a task is in its state, where AWS keeps the time of it.
fn since(task: &TaskView, state: TaskState) -> Option<Timestamp> {
    match state {
        TaskState::Starting => task.created_at,
        TaskState::Running => task.started_at,
        TaskState::Stopping => task.stopping_at,
        TaskState::Stopped => task.stopped_at,
        TaskState::Healthy | TaskState::Draining | TaskState::Unknown => None,
    }
}

/// ECS stops tasks in order all the time, and their exit codes are then what the signal made of them.
fn has_failed(subject: &Subject<'_>, task: &TaskView) -> bool {
    if task.is_alive() {
        return false;
    }
    let codes = task.containers.iter().filter_map(|container| container.exit_code);
    if !task.group.starts_with("service:") {
        let record = subject.plan.rollout.record.as_ref().map(|record| &record.state);
        let by_its_log =
            matches!(record, Some(RecordState::Failed(Failure::Log { attempt })) if attempt.task == task.arn.id());
        return by_its_log || codes.clone().count() == 0 || codes.into_iter().any(|code| code != 0);
    }
    match task.stop_code.as_str() {
        "ServiceSchedulerInitiated" => ["failed", "unhealthy"].iter().any(|word| task.stopped_reason.contains(word)),
        "UserInitiated" | "SpotInterruption" | "TerminationNotice" => false,
        "" => codes.into_iter().any(|code| code != 0),
        _ => true,
    }
}

/// Where a task's containers write, by its definition: the row's, if that is still the one.
fn logs(subject: &Subject<'_>, task: &TaskView) -> Vec<LogJson> {
    let view = row_of(subject, task).and_then(|row| subject.observed.rows.get(&row.name));
    let definition = view.and_then(|view| view.definition.one()).filter(|it| it.arn == task.definition);
    let containers = definition.map(|definition| definition.containers.as_slice()).unwrap_or_default();
    let log = |container: &ContainerDefinitionView| {
        let log = container.log.as_ref()?;
        Some(LogJson { group: log.group.to_string(), stream: log.stream(&container.name, &task.arn) })
    };
    containers.iter().filter_map(log).collect()
}

fn stop_reason(task: &TaskView) -> Option<String> {
    let said = [task.stop_code.as_str(), task.stopped_reason.as_str()];
    let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
    (!said.is_empty()).then(|| said.join(": "))
}

fn target_json(group: &TargetGroupView, target: &TargetView) -> TargetJson {
    let state = match target.state {
        TargetState::Initial => "Initial",
        TargetState::Healthy => "Healthy",
        TargetState::Unhealthy => "Unhealthy",
        TargetState::Draining => "Draining",
        TargetState::Unused => "Unused",
        TargetState::Unavailable => "Unavailable",
    };
    let reason = Some(target.reason.to_string()).filter(|reason| !reason.is_empty());
    TargetJson { group: group.arn.name().to_owned(), state, reason }
}
