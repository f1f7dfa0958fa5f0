//! Where a task is in its life, as people follow it: what ECS says of the task and ELB of its target, in one word.
//!
//! Only words. The gate judges by the facts themselves.

use crate::model::observed::{DesiredStatus, Seen, TargetGroupView, TargetState, TargetView, TaskStatus, TaskView};
use crate::model::row::Row;

use super::subject::Subject;

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskState {
    /// Its containers do not run yet.
    Starting,
    /// They run; its target does not take requests yet, or it has none.
    Running,
    /// It runs, and every target of it takes requests.
    Healthy,
    /// It is to stop; its target answers what it has, and takes no more.
    Draining,
    /// Its containers were told to stop.
    Stopping,
    /// It is gone.
    Stopped,
    /// ECS says a word that this program does not know.
    Unknown,
}

impl TaskState {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Healthy => "Healthy",
            Self::Draining => "Draining",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Unknown => "Unknown",
        }
    }
}

/// The state of a task.
pub fn state_of(subject: &Subject<'_>, task: &TaskView) -> TaskState {
    match (&task.status, task.desired) {
        (TaskStatus::Starting, _) => TaskState::Starting,
        (TaskStatus::Running, DesiredStatus::Running) if is_healthy(subject, task) => TaskState::Healthy,
        (TaskStatus::Running, DesiredStatus::Running) => TaskState::Running,
        (TaskStatus::Running, DesiredStatus::Stopped) | (TaskStatus::Deactivating, _) => TaskState::Draining,
        (TaskStatus::Stopping, _) => TaskState::Stopping,
        (TaskStatus::Stopped, _) => TaskState::Stopped,
        (TaskStatus::Other(_), _) => TaskState::Unknown,
    }
}

/// The row that a task belongs to: the one whose service it is of, or the task row.
pub fn row_of<'a>(subject: &Subject<'a>, task: &TaskView) -> Option<&'a Row> {
    let table = subject.table;
    let of_service = |row: &&Row| subject.service(row).is_some_and(|service| task.group == service.task_group());
    table.service_rows().find(of_service).or_else(|| {
        let (row, _) = table.task_row()?;
        (!task.group.starts_with("service:")).then_some(row)
    })
}

/// A task's target in each target group of its row; groups that do not have it, or could not be read, are left out.
pub fn targets_of<'a>(subject: &Subject<'a>, task: &TaskView) -> Vec<(&'a TargetGroupView, &'a TargetView)> {
    let Some(id) = task.ip.map(|ip| ip.to_string()) else { return Vec::new() };
    let of = |group: &'a TargetGroupView| {
        let target = group.targets.present()?.iter().find(|target| target.id == id)?;
        Some((group, target))
    };
    groups_of(subject, task).iter().filter_map(of).collect()
}

fn groups_of<'a>(subject: &Subject<'a>, task: &TaskView) -> &'a [TargetGroupView] {
    let view = row_of(subject, task).and_then(|row| subject.observed.rows.get(&row.name));
    view.map(|view| view.target_groups.as_slice()).unwrap_or_default()
}

/// Whether every target group of its row sends it requests. Without one nobody says that it is healthy.
fn is_healthy(subject: &Subject<'_>, task: &TaskView) -> bool {
    let groups = groups_of(subject, task);
    let id = task.ip.map(|ip| ip.to_string());
    let takes = |group: &TargetGroupView| match &group.targets {
        Seen::Present(targets) => targets
            .iter()
            .any(|target| target.state == TargetState::Healthy && Some(target.id.as_str()) == id.as_deref()),
        Seen::Absent | Seen::Unknown(_) => false,
    };
    !groups.is_empty() && groups.iter().all(takes)
}
