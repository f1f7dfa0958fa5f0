//! The gate: nine conditions that must hold before the deployment task may run.
//!
//! Each is judged on its own and says its evidence, so that a person sees what is still missing.
//! `Unknown` never counts as holding. None of ECS's summaries (steady state, COMPLETED, runningCount) is proof
//! that old tasks are gone; docs/rollout.md has the measured cases.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::model::ids::RowName;
use crate::model::observed::{
    Cleanup, DesiredStatus, Fate, RolloutState, Seen, ServiceDeploymentView, ServiceView, TargetState, TaskView,
};
use crate::model::rollout::{Change, Record};
use crate::model::time::{Span, Timestamp};

use super::history::{Ending, History, LAG};
use super::rollout::{RowStand, Stand, primary_id};
use super::undone::{CameTo, came_to};

/// How far a deployment and its service deployment may be apart at most: nobody has verified that AWS gives them one moment. No
/// deployment completes in less.
const APART: Span = Span::seconds(10);

/// The gate as one look shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// The nine conditions, in order.
    pub conditions: Vec<Condition>,
}

/// One condition of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its number in docs/rollout.md.
    pub number: u8,
    /// What must hold.
    pub name: &'static str,
    /// Whether it does.
    pub holding: Holding,
    /// What was seen, or what is missing.
    pub evidence: String,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It does.
    Yes,
    /// It does not yet.
    NotYet,
    /// It cannot be told.
    Unknown,
}

impl Holding {
    /// As the status of a Kubernetes-style condition: `True`, `False` or `Unknown`.
    pub fn status(self) -> &'static str {
        match self {
            Self::Yes => "True",
            Self::NotYet => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// What is still missing for a condition; empty means that it holds.
#[derive(Default)]
struct Missing {
    not_yet: Vec<String>,
    unknown: Vec<String>,
}

impl Gate {
    /// Whether every condition holds in this look.
    pub fn is_open(&self) -> bool {
        self.conditions.iter().all(|condition| condition.holding == Holding::Yes)
    }

    /// The conditions that do not hold: number and evidence.
    pub fn missing(&self) -> Vec<(u8, String)> {
        let shut = self.conditions.iter().filter(|condition| condition.holding != Holding::Yes);
        shut.map(|condition| (condition.number, condition.evidence.clone())).collect()
    }

    /// The names of the conditions that do not hold.
    pub fn missing_names(&self) -> Vec<&'static str> {
        let shut = self.conditions.iter().filter(|condition| condition.holding != Holding::Yes);
        shut.map(|condition| condition.name).collect()
    }

    /// Whether as many new tasks run as are wanted, and all of them are healthy targets.
    pub fn new_tasks_are_up(&self) -> bool {
        let up = |condition: &Condition| condition.holding == Holding::Yes;
        self.conditions.iter().filter(|condition| matches!(condition.number, 3 | 4)).all(up)
    }
}

/// Judges all nine conditions for the rollout that follows `base`.
pub(super) fn judge(stand: &Stand<'_>, record: &Record, change: Option<&Change>, history: &History) -> Gate {
    let gone = old_tasks_gone(stand, history);
    let proven = gone.not_yet.is_empty() && gone.unknown.is_empty();
    let alive = no_other_task(stand, record);
    // 1. Every service row has exactly one service, and not all are empty.
    // 2. Each row's PRIMARY deployment is this rollout's, COMPLETED, and was not undone.
    // 3. As many tasks run as are wanted, and none is pending.
    // 4. Every new task is healthy in its target groups.
    // 5. No other target is left.
    // 6. Every old task is STOPPED.
    // 7. All new tasks run one digest per image.
    // 8. ECS does not clean up later, or 6 is proven all the same.
    // 9. No task of the task row's family is alive.
    let conditions = vec![
        found(stand).named(1, "every row is found, and some have tasks", || rows_said(stand)),
        completed(stand, record, change)
            .named(2, "new deployments are completed", || "completed and not undone".into()),
        running(stand).named(3, "as many tasks run as are wanted", || "running = desired, none pending".into()),
        healthy(stand).named(4, "new tasks are healthy targets", || "all healthy".into()),
        no_other_target(stand).named(5, "no other target is left", || "none left".into()),
        gone.named(6, "every old task is stopped", || "all stopped".into()),
        one_digest(stand).named(7, "new tasks run one digest per image", || digests_said(stand)),
        deferred(stand, proven).named(8, "no clean-up is deferred", || "none".into()),
        alive.named(9, "no other deployment task is alive", || "none".into()),
    ];
    Gate { conditions }
}

impl Missing {
    fn not_yet(&mut self, what: String) {
        self.not_yet.push(what);
    }

    fn unknown(&mut self, what: String) {
        self.unknown.push(what);
    }

    fn named(self, number: u8, name: &'static str, evidence: impl FnOnce() -> String) -> Condition {
        let Self { mut not_yet, unknown } = self;
        let holding = match (not_yet.is_empty(), unknown.is_empty()) {
            (true, true) => return Condition { number, name, holding: Holding::Yes, evidence: evidence() },
            (true, false) => Holding::Unknown,
            (false, _) => Holding::NotYet,
        };
        not_yet.extend(unknown);
        Condition { number, name, holding, evidence: not_yet.join(", ") }
    }
}

// Check 1. That every row was found is what `Stand` stands for.
fn found(stand: &Stand<'_>) -> Missing {
    let mut missing = Missing::default();
    if stand.rows.iter().all(RowStand::is_empty) {
        missing.not_yet("every row has a desired count of 0".to_owned());
    }
    missing
}

fn rows_said(stand: &Stand<'_>) -> String {
    let empty: Vec<&str> = stand.rows.iter().filter(|row| row.is_empty()).map(|row| row.row.name.as_str()).collect();
    match empty.as_slice() {
        [] => format!("{} services", stand.rows.len()),
        some => format!("{} services; empty: {}", stand.rows.len(), some.join(", ")),
    }
}

// Check 2.
fn completed(stand: &Stand<'_>, record: &Record, change: Option<&Change>) -> Missing {
    let mut missing = Missing::default();
    // Older kicks of the same rollout may be long done. After the lag it is a row that left the table.
    if stand.frontier < record.frontier && stand.observed.at.since(record.frontier) < LAG {
        missing.unknown("the newest kick is not shown".to_owned());
    }
    let skipped = unkicked(stand, record, change);
    for row in stand.rows.iter().filter(|row| !row.is_empty()) {
        let name = &row.row.name;
        if skipped.contains(name) {
            missing.not_yet(format!("{name} was not kicked"));
        }
        match row.primary.rollout {
            RolloutState::Completed => {}
            RolloutState::InProgress => missing.not_yet(format!("{name} is rolling")),
            RolloutState::Failed => missing.not_yet(format!("{name} failed")),
            RolloutState::Unstated => missing.unknown(format!("{name} does not say how far it is")),
        }
        if is_behind(row, stand.observed.at) {
            missing.unknown(format!("{name} has a newer deployment than is shown"));
        }
        if let Seen::Unknown(why) = &row.view.history {
            missing.unknown(format!("whether {name} was undone: {why}"));
            continue;
        }
        match came_to(row, record, stand.observed.at) {
            // That it was not kicked is said already.
            CameTo::Stands | CameTo::Left => {}
            CameTo::Undone(_) => missing.not_yet(format!("{name} was undone by ECS")),
            CameTo::Untold => missing.unknown(format!("whether {name} was undone: its deployment is not listed yet")),
        }
    }
    missing
}

/// Whether the service deployments of a row tell of a kick that its service does not show: the service was read before it, or
/// late, and what it shows is done may be replaced just now. After the lag both are as they are.
fn is_behind(row: &RowStand<'_>, at: Timestamp) -> bool {
    let newer = |deployment: &ServiceDeploymentView| {
        deployment.fate != Fate::Undone
            && deployment.created_at.since(row.primary.created_at) > APART
            && at.since(deployment.created_at) < LAG
    };
    row.view.history.present().is_some_and(|deployments| deployments.iter().any(newer))
}

/// Rows with tasks that this rollout should have kicked and has not.
///
/// Kicks by others are meant for every row. Kicks of our own are meant for the rows of the change alone. Where a person has
/// the task run without a rollout, the base is the frontier, and no kicks are meant.
pub(super) fn unkicked(stand: &Stand<'_>, record: &Record, change: Option<&Change>) -> Vec<RowName> {
    let base = record.base;
    if base >= record.frontier {
        return Vec::new();
    }
    let kicked = stand.kicked(record);
    let ours = change.filter(|change| change.after == base && kicked.iter().all(|row| change.covers(row)));
    let rows = stand.rows.iter().filter(|row| !row.is_empty() && !row.is_kicked(record, stand.observed.at));
    let meant = rows.filter(|row| ours.is_none_or(|change| change.covers(&row.row.name)));
    meant.map(|row| row.row.name.clone()).collect()
}

// Check 3. Desired as it is now: autoscaling may move it meanwhile.
fn running(stand: &Stand<'_>) -> Missing {
    let mut missing = Missing::default();
    for row in &stand.rows {
        let (name, service, primary) = (&row.row.name, row.service, row.primary);
        let pending = service.pending.max(primary.pending);
        if primary.running != service.desired || pending > 0 {
            missing.not_yet(format!(
                "{name} runs {} of {} new tasks, {pending} pending",
                primary.running, service.desired
            ));
        }
    }
    missing
}

/// The tasks of a row's PRIMARY deployment that are to stay.
pub(super) fn new_tasks<'a>(stand: &'a Stand<'a>, row: &'a RowStand<'a>) -> impl Iterator<Item = &'a TaskView> {
    let tasks = stand.observed.tasks_of(row.service);
    tasks.filter(|task| is_new(row, task) && task.is_alive() && task.desired == DesiredStatus::Running)
}

/// Whether a task belongs to the row's PRIMARY deployment.
pub(super) fn is_new(row: &RowStand<'_>, task: &TaskView) -> bool {
    task.started_by == primary_id(row).as_str()
}

/// Whether a task must be gone before anything new may rely on the row: what an older deployment started, and all
/// that is left of a row that was emptied, since it need not have been kicked.
pub(super) fn is_old(row: &RowStand<'_>, task: &TaskView) -> bool {
    row.is_empty() || !is_new(row, task)
}

// Check 4.
fn healthy(stand: &Stand<'_>) -> Missing {
    let mut missing = Missing::default();
    if let Some(why) = stand.observed.tasks.unknown() {
        missing.unknown(format!("which tasks are new: {why}"));
        return missing;
    }
    for row in &stand.rows {
        for group in &row.view.target_groups {
            let targets = match &group.targets {
                Seen::Present(targets) => targets,
                Seen::Absent => {
                    missing.not_yet(format!("target group {} of {} is gone", group.arn.name(), row.row.name));
                    continue;
                }
                Seen::Unknown(why) => {
                    missing.unknown(format!("target health of {}: {why}", row.row.name));
                    continue;
                }
            };
            let healthy = |ip: Option<IpAddr>| {
                ip.is_some_and(|ip| targets.iter().any(|t| t.state == TargetState::Healthy && t.id == ip.to_string()))
            };
            let (good, bad): (Vec<_>, Vec<_>) = new_tasks(stand, row).partition(|task| healthy(task.ip));
            if !bad.is_empty() || good.len() < row.service.desired as usize {
                missing.not_yet(format!(
                    "{}: {} of {} new targets healthy",
                    row.row.name,
                    good.len(),
                    row.service.desired
                ));
            }
        }
    }
    missing
}

// Check 5.
fn no_other_target(stand: &Stand<'_>) -> Missing {
    let mut missing = Missing::default();
    for row in &stand.rows {
        let new: BTreeSet<String> = new_tasks(stand, row).filter_map(|task| task.ip).map(|ip| ip.to_string()).collect();
        for group in &row.view.target_groups {
            // Check 4 says why; here they only must not count as gone.
            let Some(targets) = group.targets.present() else {
                missing.unknown(format!("targets of {}", row.row.name));
                continue;
            };
            let left: Vec<_> =
                targets.iter().filter(|t| t.state != TargetState::Unused && !new.contains(t.id.as_str())).collect();
            let draining = left.iter().filter(|target| target.state == TargetState::Draining).count();
            let others = left.len() - draining;
            if draining > 0 {
                missing.not_yet(format!("{}: {} draining", row.row.name, counted(draining, "old target")));
            }
            if others > 0 {
                missing.not_yet(format!("{}: {} registered", row.row.name, counted(others, "other target")));
            }
        }
    }
    missing
}

// Check 6. `startedBy`, not the task definition: a forced deployment keeps the definition.
fn old_tasks_gone(stand: &Stand<'_>, history: &History) -> Missing {
    let mut missing = Missing::default();
    let tasks = match &stand.observed.tasks {
        Seen::Present(tasks) => tasks,
        Seen::Absent => return missing,
        Seen::Unknown(why) => {
            missing.unknown(format!("old tasks: {why}"));
            return missing;
        }
    };
    let seen: BTreeSet<_> = tasks.iter().map(|task| &task.arn).collect();
    for row in &stand.rows {
        let old = stand.observed.tasks_of(row.service).filter(|task| is_old(row, task) && task.is_alive());
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for task in old {
            *counts.entry(task.said()).or_default() += 1;
        }
        for (status, count) in counts {
            missing.not_yet(format!("{}: {} {status}", row.row.name, counted(count, "old task")));
        }
    }
    let groups: BTreeSet<String> = stand.observed.services().map(ServiceView::task_group).collect();
    let former = tasks.iter().filter(|task| stand.table.means(&task.group) && !groups.contains(task.group.as_str()));
    for task in former.filter(|task| task.is_alive()) {
        missing.not_yet(format!("task {} of the former {}: {}", task.arn.id(), task.group, task.said()));
    }
    // A task that was to stay when it was last seen cannot just be gone: the list is stale or short. Of a row that left the table
    // none is shown any more.
    let lost = history.watched.iter().filter(|(arn, watched)| {
        let new = stand.rows.iter().any(|row| primary_id(row) == &watched.started_by);
        // A row may have been pointed at another service, while the tasks of the one before drain.
        let edited = watched.row.as_ref().is_some_and(|had| stand.rows.iter().any(|row| row.row.name == *had));
        // No look shows their end any more, be they on their way out or not.
        let unshown = edited && !stand.table.means(&watched.group);
        !seen.contains(arn)
            && !new
            && (unshown || (watched.ending == Ending::No && stand.table.may_mean(&watched.group)))
    });
    for (arn, _) in lost {
        missing.unknown(format!("what became of task {}", arn.id()));
    }
    missing
}

fn counted(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

// Check 7.
fn one_digest(stand: &Stand<'_>) -> Missing {
    let mut missing = Missing::default();
    if let Some(why) = stand.observed.tasks.unknown() {
        missing.unknown(format!("what new tasks run: {why}"));
    }
    let (digests, untold) = digests(stand);
    for (image, digests) in digests.iter().filter(|(_, digests)| digests.len() > 1) {
        missing.not_yet(format!("{image} runs as {}", digests.iter().copied().collect::<Vec<_>>().join(" and ")));
    }
    if untold > 0 {
        missing.unknown(format!("the digest of {} is not told yet", counted(untold, "container")));
    }
    missing
}

/// Per image address, the digests that new tasks run; and how many containers do not say.
pub(super) fn digests<'a>(stand: &'a Stand<'a>) -> (BTreeMap<&'a str, BTreeSet<&'a str>>, usize) {
    let mut digests: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut untold = 0;
    for container in stand.rows.iter().flat_map(|row| new_tasks(stand, row)).flat_map(|task| &task.containers) {
        match &container.digest {
            Some(digest) => {
                digests.entry(&container.image).or_default().insert(digest.short());
            }
            None => untold += 1,
        }
    }
    (digests, untold)
}

fn digests_said(stand: &Stand<'_>) -> String {
    let (digests, _) = digests(stand);
    let short = |image: &str| image.rsplit('/').next().unwrap_or(image).to_owned();
    let said = digests.iter().flat_map(|(image, set)| set.iter().map(|digest| format!("{} is {digest}", short(image))));
    said.collect::<Vec<_>>().join(", ")
}

// Check 8.
fn deferred(stand: &Stand<'_>, old_tasks_proven_gone: bool) -> Missing {
    let mut missing = Missing::default();
    let deferring = stand.rows.iter().filter(|row| row.service.cleanup == Cleanup::Deferred);
    for row in deferring.filter(|_| !old_tasks_proven_gone) {
        missing.not_yet(format!("{} may keep old tasks after it completes", row.row.name));
    }
    missing
}

// Check 9. The attempt's own task is no reason to wait for.
fn no_other_task(stand: &Stand<'_>, record: &Record) -> Missing {
    let mut missing = Missing::default();
    let Some((row, _)) = stand.table.task_row() else { return missing };
    let view = stand.observed.rows.get(&row.name);
    let Some(definition) = view.and_then(|view| view.definition.one()) else {
        missing.unknown(format!("the task definition of {} is not known", row.name));
        return missing;
    };
    // `None` is not an empty `startedBy`: that is what a task of somebody at a console has.
    let ours = record.started_by();
    if let Some(why) = stand.observed.tasks.unknown() {
        missing.unknown(format!("deployment tasks: {why}"));
    }
    let others = alive_one_offs(stand, record, definition.family.as_str());
    for task in others.filter(|task| ours.as_deref() != Some(task.started_by.as_str())) {
        missing.not_yet(format!("task {} is alive, started by {}", task.arn.id(), starter(task)));
    }
    missing
}

/// Tasks short of STOPPED that are of the family, whoever started them, or of the record, whatever they run: the row
/// may have been edited since.
fn alive_one_offs<'a>(stand: &'a Stand<'_>, record: &Record, family: &'a str) -> impl Iterator<Item = &'a TaskView> {
    let prefix = record.id.started_by_any();
    let tasks = stand.observed.tasks.present().into_iter().flatten().filter(|task| task.is_alive());
    tasks.filter(move |task| task.definition.family().as_str() == family || task.started_by.starts_with(&prefix))
}

fn starter(task: &TaskView) -> &str {
    if task.started_by.is_empty() { "somebody" } else { &task.started_by }
}
