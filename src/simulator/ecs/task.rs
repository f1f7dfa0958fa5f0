//! Tasks: what they are.
//!
//! Owns the task resource with all that is true of it. What happens to a task belongs to `lifecycle` and `stopping`, how
//! AWS shows it to `task_view`.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::service::ServiceId;
use super::tags::Tags;
use crate::simulator::time::Time;

/// The 32 hex digits of a task.
pub(super) type TaskId = String;

/// Where a task is in its life, in that order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum LastStatus {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl LastStatus {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            LastStatus::Provisioning => "PROVISIONING",
            LastStatus::Pending => "PENDING",
            LastStatus::Activating => "ACTIVATING",
            LastStatus::Running => "RUNNING",
            LastStatus::Deactivating => "DEACTIVATING",
            LastStatus::Stopping => "STOPPING",
            LastStatus::Deprovisioning => "DEPROVISIONING",
            LastStatus::Stopped => "STOPPED",
        }
    }
}

/// Why a task ends: AWS's stop codes, as far as they occur here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StopCode {
    TaskFailedToStart,
    EssentialContainerExited,
    UserInitiated,
    ServiceSchedulerInitiated,
    SpotInterruption,
    TerminationNotice,
}

impl StopCode {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            StopCode::TaskFailedToStart => "TaskFailedToStart",
            StopCode::EssentialContainerExited => "EssentialContainerExited",
            StopCode::UserInitiated => "UserInitiated",
            StopCode::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            StopCode::SpotInterruption => "SpotInterruption",
            StopCode::TerminationNotice => "TerminationNotice",
        }
    }
}

/// A stop code with AWS's words for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StopCause {
    pub(super) code: StopCode,
    pub(super) reason: String,
}

/// Whom a task belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// A service, through one of its deployments.
    Service { service: ServiceId, deployment: String },
    /// Nobody: it came from RunTask.
    RunTask,
}

/// Container health as ECS sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

impl Health {
    pub(super) fn word(self) -> &'static str {
        match self {
            Health::Unknown => "UNKNOWN",
            Health::Healthy => "HEALTHY",
            Health::Unhealthy => "UNHEALTHY",
        }
    }
}

/// One container of a task.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) digest: Option<String>,
    pub(super) runtime_id: String,
    pub(super) essential: bool,
    pub(super) cpu: i64,
    pub(super) memory: Option<i64>,
    /// The health check of the container definition, if it has one.
    pub(super) health_check: Option<Value>,
    pub(super) health: Health,
    pub(super) exit_code: Option<i64>,
    pub(super) reason: Option<String>,
    /// Seconds between SIGTERM and SIGKILL.
    pub(super) stop_timeout_s: i64,
}

/// The network interface of a task.
#[derive(Clone, Debug)]
pub(super) struct Interface {
    pub(super) attachment: String,
    pub(super) eni: String,
    pub(super) mac: String,
    pub(super) ip: Ipv4Addr,
    pub(super) subnet: String,
    pub(super) zone: String,
}

/// A port of a container instance that leads to a port of a container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Binding {
    pub(super) container: String,
    pub(super) container_port: i64,
    pub(super) host_port: i64,
    pub(super) protocol: String,
}

/// The container instance of a task, and what the task takes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Host {
    pub(super) instance: String,
    pub(super) zone: Option<String>,
    pub(super) cpu: i64,
    /// In MiB.
    pub(super) memory: i64,
    pub(super) bindings: Vec<Binding>,
}

/// When the steps of a task's life happened.
#[derive(Clone, Default, Debug)]
pub(super) struct Moments {
    pub(super) connectivity: Option<Time>,
    pub(super) pull_started: Option<Time>,
    pub(super) pull_stopped: Option<Time>,
    pub(super) started: Option<Time>,
    pub(super) stopping: Option<Time>,
    pub(super) execution_stopped: Option<Time>,
    pub(super) stopped: Option<Time>,
}

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) cluster: String,
    pub(super) family: String,
    pub(super) task_definition: String,
    pub(super) owner: Owner,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) provider: String,
    /// Whether it was placed by a strategy, and so shows a capacity provider.
    pub(super) by_strategy: bool,
    pub(super) last_status: LastStatus,
    /// Told to stop: desiredStatus is STOPPED.
    pub(super) told_to_stop: bool,
    pub(super) version: u64,
    pub(super) created_at: Time,
    pub(super) visible_at: Time,
    pub(super) moments: Moments,
    pub(super) cause: Option<StopCause>,
    pub(super) cpu: String,
    pub(super) memory: String,
    /// Ephemeral storage, in GiB.
    pub(super) storage_gib: i64,
    pub(super) platform_version: String,
    pub(super) exec: bool,
    pub(super) overrides: Value,
    pub(super) tags: Tags,
    pub(super) interface: Interface,
    /// Whether the interface is the task's own: `awsvpc`.
    pub(super) has_interface: bool,
    /// Where it runs; nothing for Fargate.
    pub(super) host: Option<Host>,
    /// Until when no scale-in and no deployment may stop it.
    pub(super) protected_until: Option<Time>,
    pub(super) containers: Vec<Container>,
    /// Where it is registered: target group and port.
    pub(super) targets: Vec<(String, u16)>,
    /// What its end will look like if the images cannot be had.
    pub(super) pull_error: Option<String>,
    /// When it stops to hold up the completion of a deployment that replaces it.
    pub(super) gone_at: Option<Time>,
    /// When after RUNNING its app ends by itself, and with which exit code.
    pub(super) exit: Option<(i64, i64)>,
    /// Its app fails every health check.
    pub(super) never_healthy: bool,
    /// When its app begins to answer, if it does not at once.
    pub(super) serves_at: Option<Time>,
    /// Whether it has counted as healthy before.
    pub(super) was_healthy: bool,
}

impl Task {
    /// Whether it is meant to run: desiredStatus RUNNING.
    pub(super) fn is_live(&self) -> bool {
        !self.told_to_stop
    }

    /// Whether it runs and is meant to.
    pub(super) fn is_running(&self) -> bool {
        self.is_live() && self.last_status == LastStatus::Running
    }

    /// Whether it runs on capacity that can be reclaimed.
    pub(super) fn is_spot(&self) -> bool {
        self.provider == super::capacity::SPOT
    }

    /// The service that it belongs to.
    pub(super) fn service(&self) -> Option<ServiceId> {
        match &self.owner {
            Owner::Service { service, .. } => Some(*service),
            Owner::RunTask => None,
        }
    }

    /// The deployment that it belongs to; empty for RunTask.
    pub(super) fn deployment(&self) -> &str {
        match &self.owner {
            Owner::Service { deployment, .. } => deployment,
            Owner::RunTask => "",
        }
    }

    /// The verdict of the container health checks of the essential containers.
    pub(super) fn health(&self) -> Health {
        let mut checked = self.containers.iter().filter(|c| c.essential && c.health_check.is_some()).map(|c| c.health);
        let Some(first) = checked.next() else { return Health::Unknown };
        checked.fold(first, |sum, next| match (sum, next) {
            (Health::Unhealthy, _) | (_, Health::Unhealthy) => Health::Unhealthy,
            (Health::Unknown, _) | (_, Health::Unknown) => Health::Unknown,
            (Health::Healthy, Health::Healthy) => Health::Healthy,
        })
    }
}
