//! What was seen of AWS in one look, and what could not be seen.
//!
//! Unknown is not absent: a failed read is `Unknown(why)`, and no write may follow from it. Nothing here judges.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::ids::{
    AccountId, ClusterArn, ContainerName, DeploymentId, Family, RowName, ServiceArn, ServiceDeploymentArn, ServiceName,
    TargetGroupArn, TaskDefinitionArn,
};
use super::image::Digest;
use super::log::{AwsLogs, LogView};
use super::selector::Selection;
use super::text::Text;
use super::time::{Span, Timestamp};

mod task;

pub use task::{ContainerView, DesiredStatus, TaskStatus, TaskView};

/// The outcome of a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// It is there.
    Present(T),
    /// AWS answered, and it is not there.
    Absent,
    /// AWS did not answer, or not wholly.
    Unknown(Why),
}

/// Why something could not be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The operation, and AWS's words.
    pub text: String,
    /// Whether looking again may help.
    pub trouble: Trouble,
}

/// What kind of trouble a failed read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Throttling, time-outs, 5xx: looking again may help.
    Passing,
    /// Access denied, invalid parameters: a person has to mend it.
    Lasting,
}

/// One look at everything that a table is about.
#[derive(Clone, Debug)]
pub struct Observed {
    /// When the look began, in AWS's time.
    pub at: Timestamp,
    /// When the last of it was read: what it shows was so by then, and need not have been so when it began.
    pub until: Timestamp,
    /// When everything was read; what a glance after it did not renew is from then.
    pub whole: Timestamp,
    /// The account that the credentials belong to.
    pub account: Seen<AccountId>,
    /// The table's cluster.
    pub cluster: Seen<Selection<ClusterView>>,
    /// Each row, as far as it was found.
    pub rows: BTreeMap<RowName, RowView>,
    /// Every task of the rows' services and families: RUNNING and STOPPED, all pages.
    pub tasks: Seen<Vec<TaskView>>,
    /// The digest behind the table's image tag; `Absent` when the tag is not in the repository or the table has no image.
    pub image: Seen<Digest>,
    /// What the log of the record's task has in it, as far as the task row asks; `Absent` unless that task has just
    /// stopped and the row asks.
    pub log: Seen<LogView>,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterView {
    /// Its ARN.
    pub arn: ClusterArn,
    /// Its tags; the record is among them.
    pub tags: BTreeMap<String, String>,
    /// The capacity providers that are associated with it.
    pub capacity_providers: Vec<String>,
    /// How many tasks it has.
    pub counters: Counters,
}

/// What a cluster counts of all its services and tasks: whether something moves shows in them, and not what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `activeServicesCount`.
    pub services: i32,
    /// `runningTasksCount`.
    pub running: i32,
    /// `pendingTasksCount`.
    pub pending: i32,
}

/// What belongs to one row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowView {
    /// The row's service. A task row without a service selector has `Absent`.
    pub service: Seen<Selection<Arc<ServiceView>>>,
    /// The row's task definition: the service's PRIMARY one, or the newest ACTIVE revision of the task row's family.
    pub definition: Seen<Selection<Arc<DefinitionView>>>,
    /// The scalable target that owns the service's desired count, if one does.
    pub scaling: Seen<ScalingView>,
    /// The service's target groups.
    pub target_groups: Vec<TargetGroupView>,
    /// The service's recent service deployments, newest first; read only while a rollout is in hand.
    pub history: Seen<Vec<ServiceDeploymentView>>,
}

/// An ECS service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceView {
    /// Its ARN.
    pub arn: ServiceArn,
    /// Its name.
    pub name: ServiceName,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: Text,
    /// `desiredCount`.
    pub desired: u32,
    /// `runningCount`; draining tasks are not in it.
    pub running: u32,
    /// `pendingCount`.
    pub pending: u32,
    /// Where its tasks are placed.
    pub capacity: CapacityView,
    /// The task definition that the service is set to.
    pub definition: TaskDefinitionArn,
    /// Its deployments, as ECS lists them.
    pub deployments: Vec<DeploymentView>,
    /// Its awsvpc network, if it has one.
    pub network: Option<NetworkView>,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: Text,
    /// Whether ECS may call a deployment successful while old tasks still run.
    pub cleanup: Cleanup,
}

/// What `earlySuccessCriteria` leaves of old tasks when a deployment counts as successful.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// Old tasks go before a deployment is COMPLETED; ECS's default.
    Blocking,
    /// Old tasks may outlive a COMPLETED deployment.
    Deferred,
}

/// Where a service's tasks are placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapacityView {
    /// By launch type, as `FARGATE`.
    LaunchType(Text),
    /// By capacity provider strategy.
    Strategy(Vec<StrategyItem>),
}

/// One item of a capacity provider strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyItem {
    /// The provider's name.
    pub provider: Text,
    /// How many tasks go to it first.
    pub base: u32,
    /// Its share of the others.
    pub weight: u32,
}

/// An awsvpc configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkView {
    /// Subnet ids, sorted.
    pub subnets: Vec<Text>,
    /// Security group ids, sorted.
    pub security_groups: Vec<Text>,
    /// `ENABLED` or `DISABLED`.
    pub public_ip: Text,
}

/// A deployment within `Service.deployments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentView {
    /// Its id, which its tasks carry as `startedBy`.
    pub id: DeploymentId,
    /// Whether it is the newest.
    pub role: DeploymentRole,
    /// How far it is.
    pub rollout: RolloutState,
    /// ECS's words for that.
    pub reason: Text,
    /// Its task definition.
    pub definition: TaskDefinitionArn,
    /// When it was made.
    pub created_at: Timestamp,
    /// When ECS last changed it.
    pub updated_at: Timestamp,
    /// `desiredCount`.
    pub desired: u32,
    /// `runningCount`.
    pub running: u32,
    /// `pendingCount`.
    pub pending: u32,
    /// `failedTasks`: consecutive failures.
    pub failed: u32,
}

/// A deployment's `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentRole {
    /// The newest.
    Primary,
    /// Older, its tasks being replaced.
    Active,
    /// Wholly replaced, or a status that this program does not know.
    Other,
}

/// A deployment's `rolloutState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    /// Under way.
    InProgress,
    /// At its steady state.
    Completed,
    /// Given up by the circuit breaker or an alarm.
    Failed,
    /// Not stated, or a state that this program does not know.
    Unstated,
}

/// An entry of ListServiceDeployments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDeploymentView {
    /// Its ARN.
    pub arn: ServiceDeploymentArn,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it stands.
    pub fate: Fate,
    /// AWS's status, as `ROLLBACK_SUCCESSFUL`.
    pub status: Text,
    /// AWS's words for it.
    pub reason: Text,
}

/// What a service deployment's status means for a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// PENDING, IN_PROGRESS, or a status that this program does not know.
    Going,
    /// SUCCESSFUL.
    Succeeded,
    /// STOPPED, STOP_REQUESTED, or any ROLLBACK_*: it will not become what was wanted.
    Undone,
}

/// A scalable target of Application Auto Scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalingView {
    /// Its least capacity.
    pub least: u32,
    /// Its greatest capacity.
    pub most: u32,
}

/// A target group of a service, with the targets in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroupView {
    /// Its ARN.
    pub arn: TargetGroupArn,
    /// Its tags; `Absent` where no selector asks for them.
    pub tags: Seen<BTreeMap<String, String>>,
    /// Its targets, draining ones included.
    pub targets: Seen<Vec<TargetView>>,
    /// Its deregistration delay, by which looks are placed; read once, when a target drains. `None` if it was not.
    pub drain: Option<Span>,
}

/// One target of a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// Its id: for awsvpc tasks the private IP.
    pub id: Text,
    /// Its state.
    pub state: TargetState,
    /// ELB's reason code; empty for healthy targets.
    pub reason: Text,
}

/// A target's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// Being registered, or not checked yet.
    Initial,
    /// Taking requests.
    Healthy,
    /// Failing its checks.
    Unhealthy,
    /// Deregistered, finishing its connections.
    Draining,
    /// Not registered, or not used by a listener.
    Unused,
    /// Not known to ELB, or to this program.
    Unavailable,
}

/// A task definition revision, as far as rows are about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionView {
    /// Its ARN.
    pub arn: TaskDefinitionArn,
    /// Its family.
    pub family: Family,
    /// CPU units of the task; `None` where only containers state them.
    pub cpu: Option<u32>,
    /// MiB of the task.
    pub memory: Option<u32>,
    /// Its containers.
    pub containers: Vec<ContainerDefinitionView>,
    /// Whether running it can wipe a database: `INITIAL_DEPLOYMENT` is set in it.
    pub initial: bool,
}

/// A container of a task definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerDefinitionView {
    /// Its name.
    pub name: ContainerName,
    /// Where its output goes, if that is CloudWatch Logs.
    pub log: Option<AwsLogs>,
    /// Its image address.
    pub image: Text,
}

impl<T> Seen<T> {
    /// The value, if it was seen.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Why it is unknown, if it is.
    pub fn unknown(&self) -> Option<&Why> {
        match self {
            Self::Present(_) | Self::Absent => None,
            Self::Unknown(why) => Some(why),
        }
    }
}

impl<T> Seen<Selection<T>> {
    /// The one that the selector found, if it was exactly one.
    pub fn one(&self) -> Option<&T> {
        match self {
            Self::Present(Selection::One(value)) => Some(value),
            Self::Present(Selection::None(_) | Selection::Many(_)) | Self::Absent | Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl ServiceView {
    /// The PRIMARY deployment; ECS lists exactly one for an ACTIVE service.
    pub fn primary(&self) -> Option<&DeploymentView> {
        self.deployments.iter().find(|deployment| deployment.role == DeploymentRole::Primary)
    }

    /// The `group` that ECS gives this service's tasks.
    pub fn task_group(&self) -> String {
        format!("service:{}", self.name)
    }
}

impl Observed {
    /// The service of a row, if exactly one was found.
    pub fn service(&self, row: &RowName) -> Option<&ServiceView> {
        self.rows.get(row)?.service.one().map(Arc::as_ref)
    }

    /// The cluster, if exactly one was found.
    pub fn one_cluster(&self) -> Option<&ClusterView> {
        self.cluster.one()
    }

    /// The services that were found.
    pub fn services(&self) -> impl Iterator<Item = &ServiceView> {
        self.rows.values().filter_map(|row| row.service.one()).map(Arc::as_ref)
    }

    /// The tasks of a service, as far as tasks were seen.
    pub fn tasks_of<'a>(&'a self, service: &'a ServiceView) -> impl Iterator<Item = &'a TaskView> {
        let group = service.task_group();
        self.tasks.present().into_iter().flatten().filter(move |task| task.group == group)
    }
}
