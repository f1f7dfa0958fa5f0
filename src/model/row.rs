//! What a person wants: the service table and its rows.
//!
//! A row owns what it states: an `Option` that is `None` was left out, and is left alone.

use super::ids::{AccountId, ContainerName, Region, RowName, TableName};
use super::image::ImageRef;
use super::selector::Selector;
use super::size::{MemoryMib, Vcpu};
use super::time::Span;

/// A whole table: one cluster's services, and the task that ends a rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceTable {
    /// The table's name; its record on the cluster is kept under it.
    pub name: TableName,
    /// The only account in which anything may be written.
    pub account: AccountId,
    /// The region of everything in the table.
    pub region: Region,
    /// The ECS cluster.
    pub cluster: Selector,
    /// The image of the rows' containers; `None` leaves images alone.
    pub image: Option<ImageRef>,
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// How rollouts are judged.
    pub policy: RolloutPolicy,
}

/// One row: what one service, or the one-off task, should look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Unique in the table.
    pub name: RowName,
    /// What it is for, in words.
    pub usage: Option<String>,
    /// What else there is to say.
    pub notes: Option<String>,
    /// Service or one-off task, and how to find it.
    pub kind: RowKind,
    /// How many tasks the service keeps.
    pub count: Option<u32>,
    /// Where its tasks run.
    pub capacity: Option<Capacity>,
    /// vCPU of one task.
    pub vcpu: Option<Vcpu>,
    /// Memory of one task.
    pub memory: Option<MemoryMib>,
    /// The container that runs the table's image; needed only where a task definition has several.
    pub container: Option<ContainerName>,
}

/// The two kinds of row.
#[derive(Clone, Debug, PartialEq)]
pub enum RowKind {
    /// A long-running ECS service.
    Service {
        /// How to find it in the cluster.
        service: Selector,
        /// The target group that its tasks must be healthy in; must be one of the service's own.
        target_group: Option<Selector>,
    },
    /// A task that runs once at the end of a rollout.
    Task(TaskRow),
}

/// The one-off task of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRow {
    /// How to find its task definition family.
    pub definition: Selector,
    /// How to find its service, in stacks that have one; it is kept at count 0.
    pub service: Option<Selector>,
    /// How often a start may be tried when the task never started; at least 1.
    pub attempts: u32,
    /// What later attempts run on, where the first runs on Spot.
    pub fallback: Fallback,
    /// What its log has to say beside its exit code; `None` where the exit code is enough.
    pub probe: Option<LogProbe>,
}

/// What becomes of Spot after an attempt that never started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// Later attempts are like the first.
    Never,
    /// Later attempts run on-demand.
    OnDemand,
}

/// What the log of a task must and must not have in it for the task to have succeeded; at least one of the two.
///
/// Plain texts, found within one line, capitals told apart: there is nothing to misread or to escape, and no pattern
/// that can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProbe {
    /// Some line has this.
    pub must: Option<String>,
    /// No line has this.
    pub must_not: Option<String>,
}

/// Where a row's tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// On Fargate Spot: cheaper, may be taken away with two minutes' notice.
    Spot,
    /// On Fargate.
    OnDemand,
}

/// How a table's rollouts are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolloutPolicy {
    /// How long all gate conditions must have held before the task runs.
    pub settle: Span,
    /// How old the youngest kick must be; kicks by others come one by one.
    pub quiet: Span,
}

impl RolloutPolicy {
    /// 15 s: one consistency window of ECS reads. Shorter risks launching on a stale read; longer only delays.
    pub const SETTLE: Span = Span::seconds(15);
    /// 60 s: Foursight kicks service by service within seconds; a minute tells a pause from a stop half-way.
    pub const QUIET: Span = Span::seconds(60);
}

impl Default for RolloutPolicy {
    fn default() -> Self {
        Self { settle: Self::SETTLE, quiet: Self::QUIET }
    }
}

impl ServiceTable {
    /// Whether a task's group is of a service that a row's name or glob fits: of the row's service, or of one that it replaced.
    /// CloudFormation replaces a service by another name, and ECS lists the former one no more while its tasks still run.
    pub fn means(&self, group: &str) -> bool {
        let Some(name) = group.strip_prefix("service:") else { return false };
        self.rows.iter().filter_map(Row::service_selector).any(|selector| selector.matches(name, []))
    }

    /// The same, as far as it can be told: by a name alone nobody knows whether a tag was there.
    pub fn may_mean(&self, group: &str) -> bool {
        self.means(group) || self.rows.iter().filter_map(Row::service_selector).any(Selector::needs_tags)
    }

    /// The rows that are services, in the order of the table.
    pub fn service_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.task().is_none())
    }

    /// The one-off task's row, if the table has one.
    pub fn task_row(&self) -> Option<(&Row, &TaskRow)> {
        self.rows.iter().find_map(|row| row.task().map(|task| (row, task)))
    }
}

impl TaskRow {
    /// Where an attempt runs, of a row that states this capacity: a function of its number, so that the same token always
    /// has the same parameters.
    ///
    /// Another attempt follows one that never started, or a person's word; whether the first failed for want of Spot is
    /// not asked, since the next is to run for sure.
    pub fn capacity(&self, stated: Option<Capacity>, attempt: u32) -> Capacity {
        match (stated, self.fallback) {
            (Some(Capacity::Spot), Fallback::OnDemand) if attempt > 1 => Capacity::OnDemand,
            (Some(capacity), _) => capacity,
            // Without a strategy ECS would look for container instances. Foursight's own runs are on-demand too.
            (None, _) => Capacity::OnDemand,
        }
    }
}

impl Row {
    /// The one-off task, if this row is one.
    pub fn task(&self) -> Option<&TaskRow> {
        match &self.kind {
            RowKind::Service { .. } => None,
            RowKind::Task(task) => Some(task),
        }
    }

    /// How this row's service is found, if it names one.
    pub fn service_selector(&self) -> Option<&Selector> {
        match &self.kind {
            RowKind::Service { service, .. } => Some(service),
            RowKind::Task(task) => task.service.as_ref(),
        }
    }
}

impl Row {
    /// The target group that the row names, if it names one.
    pub fn target_group(&self) -> Option<&Selector> {
        match &self.kind {
            RowKind::Service { target_group, .. } => target_group.as_ref(),
            RowKind::Task(_) => None,
        }
    }
}

impl Capacity {
    /// The ECS capacity provider.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Spot => "FARGATE_SPOT",
            Self::OnDemand => "FARGATE",
        }
    }
}
