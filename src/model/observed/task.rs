//! One-off tasks and services' tasks, as a look showed them. Nothing here judges.

use std::net::IpAddr;

use crate::model::ids::{ContainerName, TaskArn, TaskDefinitionArn};
use crate::model::image::Digest;
use crate::model::text::Text;
use crate::model::time::Timestamp;

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskView {
    /// Its ARN.
    pub arn: TaskArn,
    /// `service:NAME` or `family:NAME`.
    pub group: Text,
    /// Who started it: a deployment id, or what RunTask was told.
    pub started_by: Text,
    /// Its task definition.
    pub definition: TaskDefinitionArn,
    /// Where in its life it is.
    pub status: TaskStatus,
    /// Whether ECS wants it stopped: draining tasks are still RUNNING, but no longer desired.
    pub desired: DesiredStatus,
    /// Its private IP, which is its target's id.
    pub ip: Option<IpAddr>,
    /// The capacity provider that it was placed by, as `FARGATE_SPOT`; `None` for a task by launch type.
    pub provider: Option<Text>,
    /// Its containers.
    pub containers: Vec<ContainerView>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When its containers ran; `None` if they never did.
    pub started_at: Option<Timestamp>,
    /// When it began to stop: its containers got their SIGTERM about then. `None` while they need not.
    pub stopping_at: Option<Timestamp>,
    /// When its containers had ended; ECS clears up after them before it is gone.
    pub ended_at: Option<Timestamp>,
    /// When it was wholly gone.
    pub stopped_at: Option<Timestamp>,
    /// AWS's `stopCode`; empty while it lives.
    pub stop_code: Text,
    /// AWS's `stoppedReason`.
    pub stopped_reason: Text,
}

/// `lastStatus` of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    /// PROVISIONING, PENDING or ACTIVATING.
    Starting,
    /// RUNNING.
    Running,
    /// DEACTIVATING: its target drains.
    Deactivating,
    /// STOPPING or DEPROVISIONING.
    Stopping,
    /// STOPPED.
    Stopped,
    /// A status that this program does not know, which is never read as stopped.
    Other(Text),
}

/// `desiredStatus` of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DesiredStatus {
    /// RUNNING.
    Running,
    /// STOPPED.
    Stopped,
}

/// A container of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerView {
    /// Its name.
    pub name: ContainerName,
    /// The image address of its definition.
    pub image: Text,
    /// What it really runs.
    pub digest: Option<Digest>,
    /// Its exit code; `None` while it runs, or if it never did.
    pub exit_code: Option<i32>,
    /// AWS's words for its end.
    pub reason: Text,
}

impl TaskView {
    /// Where it is, in a word.
    pub fn said(&self) -> &'static str {
        match (&self.status, self.desired) {
            (TaskStatus::Starting, _) => "starting",
            (TaskStatus::Running, DesiredStatus::Running) => "running",
            (TaskStatus::Running, DesiredStatus::Stopped) | (TaskStatus::Deactivating, _) => "draining",
            (TaskStatus::Stopping, _) => "stopping",
            (TaskStatus::Stopped, _) => "stopped",
            (TaskStatus::Other(_), _) => "in an unknown state",
        }
    }

    /// Whether it can still do something: anything short of STOPPED.
    pub fn is_alive(&self) -> bool {
        self.status != TaskStatus::Stopped
    }
}
