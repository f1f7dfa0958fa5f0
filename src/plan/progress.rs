//! How far each service row of a rollout is, as counts for people.
//!
//! Only shows; the gate decides.

use crate::model::ids::RowName;
use crate::model::observed::{RolloutState, Seen, TargetState, TaskStatus};

use super::gate::{is_old, new_tasks};
use super::rollout::{RowStand, Stand};

/// The counts of one service row; `None` where tasks or targets could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProgress {
    /// The row.
    pub row: RowName,
    /// Its service.
    pub service: String,
    /// How many tasks are wanted.
    pub desired: u32,
    /// Tasks of the newest deployment that are RUNNING and to stay.
    pub new: Option<u32>,
    /// Those of them that take requests; without a target group, all of them.
    pub healthy: Option<u32>,
    /// Tasks of older deployments that are to stay, or not told to stop yet.
    pub old: Option<u32>,
    /// Tasks of older deployments that are on their way out and not STOPPED.
    pub draining: Option<u32>,
    /// What ECS says of the newest deployment.
    pub rollout: RolloutState,
}

/// Counts a row's tasks.
pub(super) fn of_row(stand: &Stand<'_>, row: &RowStand<'_>) -> RowProgress {
    let running: Vec<_> = new_tasks(stand, row).filter(|task| task.status == TaskStatus::Running).collect();
    let healthy = running.iter().filter(|task| {
        row.view.target_groups.iter().all(|group| match &group.targets {
            Seen::Present(targets) => targets.iter().any(|target| {
                target.state == TargetState::Healthy && task.ip.is_some_and(|ip| target.id == ip.to_string())
            }),
            Seen::Absent | Seen::Unknown(_) => false,
        })
    });
    let older: Vec<_> = stand.observed.tasks_of(row.service).filter(|t| is_old(row, t) && t.is_alive()).collect();
    let tasks = stand.observed.tasks.present().is_some();
    let targets = row.view.target_groups.iter().all(|group| group.targets.unknown().is_none());
    // ECS counts what is to stay, and is asked more often than its tasks.
    let staying = row.service.deployments.iter().filter(|deployment| row.is_empty() || deployment.id != row.primary.id);
    let staying = staying.map(|deployment| deployment.running.saturating_add(deployment.pending));
    let old = staying.fold(0, u32::saturating_add).min(count(older.len()));
    let new = if row.is_empty() { 0 } else { row.primary.running };
    let healthy = if row.view.target_groups.is_empty() { new } else { count(healthy.count()).min(new) };
    RowProgress {
        row: row.row.name.clone(),
        service: row.service.name.to_string(),
        desired: row.service.desired,
        new: tasks.then_some(new),
        healthy: (tasks && targets).then_some(healthy),
        old: tasks.then_some(old),
        draining: tasks.then(|| count(older.len()) - old),
        rollout: row.primary.rollout,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
