//! A row of a table for those who watch it: what it states beside what was seen, its deployments and target groups.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{ConditionJson, DifferenceJson};
use crate::model::observed::{
    CapacityView, DeploymentRole, DeploymentView, RolloutState, Seen, ServiceView, TargetGroupView, TargetState,
};
use crate::model::row::{Capacity, Row};
use crate::report::conditions;
use crate::report::subject::{Digests, Subject};

/// A row, as it is stated and as it was seen.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableRowJson {
    /// The row's name.
    pub name: String,
    /// `Service` or `Task`.
    pub kind: &'static str,
    /// What it is for.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// What AWS calls it: the service's name, or the task definition's `family:revision`; absent if not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_as: Option<String>,
    /// What the row states; a field that it leaves out is absent.
    pub wanted: SizeJson,
    /// What is there; a field that was not seen is absent.
    pub seen: SizeJson,
    /// Short digests of the images that the newest tasks run; absent while they do not all say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digests: Option<Vec<String>>,
    /// Where the two differ.
    pub differences: Vec<DifferenceJson>,
    /// The service's deployments, the newest first; empty for a task row.
    pub deployments: Vec<DeploymentJson>,
    /// The service's target groups.
    pub target_groups: Vec<TargetGroupJson>,
    /// As in `Status`.
    pub conditions: Vec<ConditionJson>,
}

/// The fields that a row can own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SizeJson {
    /// How many tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Capacity providers or launch type, as `FARGATE_SPOT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<String>,
    /// vCPUs of one task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpu: Option<f64>,
    /// MiB of one task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// The image: the table's address of it, or the container definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// A deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentJson {
    /// Its id; its tasks carry it as `deployment`.
    pub id: String,
    /// `Primary`, `Active` or `Other`.
    pub role: &'static str,
    /// `InProgress`, `Completed`, `Failed` or `Unstated`.
    pub state: &'static str,
    /// ECS's words for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its task definition, as `family:revision`.
    pub definition: String,
    /// When it was made.
    pub created_at: String,
    /// When ECS last changed it.
    pub updated_at: String,
    /// ECS's `desiredCount`.
    pub desired: u32,
    /// ECS's `runningCount`.
    pub running: u32,
    /// ECS's `pendingCount`.
    pub pending: u32,
    /// ECS's `failedTasks`.
    pub failed: u32,
}

/// A target group, with its targets counted by state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupJson {
    /// Its name.
    pub name: String,
    /// Why its targets are not known; absent where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// Targets that are being registered, or not checked yet.
    pub initial: usize,
    /// Targets that take requests.
    pub healthy: usize,
    /// Targets that fail their checks.
    pub unhealthy: usize,
    /// Targets that finish what they have.
    pub draining: usize,
    /// Targets that drained when they were read, before their tasks stopped.
    pub stopped_since: usize,
    /// Targets that are not registered, not used, or of which ELB does not know.
    pub other: usize,
    /// For how many seconds a target drains at most (its deregistration delay); absent until one drains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<i64>,
}

impl TableRowJson {
    pub(super) fn of(subject: &Subject<'_>, row: &Row) -> Self {
        let digests = match subject.digests(row) {
            Digests::Told(digests) => Some(digests.into_iter().collect()),
            Digests::Untold => None,
        };
        let held = |difference: &_| !subject.is_corrected(&row.name, difference);
        let differences = subject.differences(&row.name).iter();
        let groups = subject.observed.rows.get(&row.name).map(|view| view.target_groups.as_slice());
        let gone = addresses_of_the_gone(subject, row);
        Self {
            name: row.name.to_string(),
            kind: if row.task().is_some() { "Task" } else { "Service" },
            usage: row.usage.clone(),
            found_as: subject.found_as(row).map(str::to_owned),
            wanted: wanted(subject, row),
            seen: seen(subject, row),
            digests,
            differences: differences.map(|difference| DifferenceJson::of(difference, held(difference))).collect(),
            deployments: subject.service(row).map(deployments).unwrap_or_default(),
            target_groups: groups.unwrap_or_default().iter().map(|group| TargetGroupJson::of(group, &gone)).collect(),
            conditions: conditions::of_row(subject, row).iter().map(ConditionJson::from).collect(),
        }
    }
}

fn wanted(subject: &Subject<'_>, row: &Row) -> SizeJson {
    let table = subject.table;
    SizeJson {
        count: row.count,
        capacity: row.capacity.map(|capacity| Capacity::provider(capacity).to_owned()),
        vcpu: row.vcpu.map(|vcpu| vcpu.cpus()),
        memory: row.memory.map(|memory| memory.mib()),
        image: table.image.as_ref().map(|image| image.address(&table.account, &table.region)),
    }
}

fn seen(subject: &Subject<'_>, row: &Row) -> SizeJson {
    let service = subject.service(row);
    let view = subject.observed.rows.get(&row.name);
    let definition = view.and_then(|view| view.definition.one());
    let containers = definition.map(|definition| definition.containers.as_slice()).unwrap_or_default();
    let ours = containers.iter().find(|container| match (&row.container, &subject.table.image) {
        (Some(name), _) => container.name == *name,
        (None, Some(image)) => image.same_repository(&container.image),
        (None, None) => containers.len() == 1,
    });
    SizeJson {
        count: service.map(|service| service.desired),
        capacity: service.map(|service| capacity(&service.capacity)),
        vcpu: definition.and_then(|it| it.cpu).map(|units| crate::model::size::Vcpu::from_units(units).cpus()),
        memory: definition.and_then(|definition| definition.memory),
        image: ours.map(|container| container.image.to_string()),
    }
}

fn capacity(view: &CapacityView) -> String {
    match view {
        CapacityView::LaunchType(kind) => kind.to_string(),
        // A provider without weight gets no task but for its `base`, which templates state without meaning it.
        CapacityView::Strategy(items) => {
            let counts: Vec<_> = items.iter().filter(|item| item.weight > 0).collect();
            match counts.as_slice() {
                [only] => only.provider.to_string(),
                many => {
                    let said: Vec<String> = many.iter().map(|it| format!("{} {}", it.weight, it.provider)).collect();
                    said.join(" : ")
                }
            }
        }
    }
}

fn deployments(service: &ServiceView) -> Vec<DeploymentJson> {
    let mut sorted: Vec<&DeploymentView> = service.deployments.iter().collect();
    sorted.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
    sorted.into_iter().map(DeploymentJson::from).collect()
}

impl From<&DeploymentView> for DeploymentJson {
    fn from(view: &DeploymentView) -> Self {
        let DeploymentView { id, role, rollout, reason, definition, .. } = view;
        let role = match role {
            DeploymentRole::Primary => "Primary",
            DeploymentRole::Active => "Active",
            DeploymentRole::Other => "Other",
        };
        let state = match rollout {
            RolloutState::InProgress => "InProgress",
            RolloutState::Completed => "Completed",
            RolloutState::Failed => "Failed",
            RolloutState::Unstated => "Unstated",
        };
        Self {
            id: id.to_string(),
            role,
            state,
            reason: Some(reason.to_string()).filter(|reason| !reason.is_empty()),
            definition: definition.short().to_owned(),
            created_at: view.created_at.to_string(),
            updated_at: view.updated_at.to_string(),
            desired: view.desired,
            running: view.running,
            pending: view.pending,
            failed: view.failed,
        }
    }
}

/// The addresses that tasks of the row had which have stopped, and that no task has now.
fn addresses_of_the_gone(subject: &Subject<'_>, row: &Row) -> BTreeSet<String> {
    let Some(service) = subject.service(row) else { return BTreeSet::new() };
    let of = |alive: bool| {
        let tasks = subject.observed.tasks_of(service).filter(move |task| task.is_alive() == alive);
        tasks.filter_map(|task| task.ip).map(|ip| ip.to_string())
    };
    let alive: BTreeSet<String> = of(true).collect();
    of(false).filter(|address| !alive.contains(address)).collect()
}

impl TargetGroupJson {
    fn of(group: &TargetGroupView, gone: &BTreeSet<String>) -> Self {
        let (targets, unknown) = match &group.targets {
            Seen::Present(targets) => (targets.as_slice(), None),
            Seen::Absent => (&[][..], Some("there is no such target group".to_owned())),
            Seen::Unknown(why) => (&[][..], Some(why.to_string())),
        };
        let count = |states: &[TargetState]| targets.iter().filter(|target| states.contains(&target.state)).count();
        let draining = targets.iter().filter(|target| target.state == TargetState::Draining);
        let stopped_since = draining.filter(|target| gone.contains(target.id.as_str())).count();
        Self {
            name: group.arn.name().to_owned(),
            unknown,
            initial: count(&[TargetState::Initial]),
            healthy: count(&[TargetState::Healthy]),
            unhealthy: count(&[TargetState::Unhealthy]),
            draining: count(&[TargetState::Draining]) - stopped_since,
            stopped_since,
            other: count(&[TargetState::Unused, TargetState::Unavailable]),
            drain_seconds: group.drain.map(|drain| drain.millis() / 1000),
        }
    }
}
