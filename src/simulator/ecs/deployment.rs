//! Deployments of a service, the revisions that they pin, and the records that outlive them.
//!
//! Owns the shapes. When a deployment completes, fails or is rolled back belongs to `completion` and `breaker`.
//!
//! Divergence from AWS: every deployment has a revision of its own; lifecycle hooks and stages do not exist for
//! rolling deployments here.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::capacity::LaunchMode;
use super::service_kept;
use crate::simulator::time::Time;

/// What a service revision pins: changing any of it starts a deployment.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Spec {
    /// ARN.
    pub(super) task_definition: String,
    pub(super) mode: LaunchMode,
    /// As AWS shows it, complete; null without `awsvpc`.
    pub(super) network: Value,
    pub(super) platform_version: String,
    pub(super) load_balancers: Vec<LoadBalancer>,
    pub(super) registries: Value,
    /// See `service_kept`.
    pub(super) kept: Map<String, Value>,
}

impl Spec {
    /// Writes `platformVersion` and `platformFamily` into a description, for Fargate.
    pub(super) fn show_platform_in(&self, shown: &mut Value) {
        if self.mode.is_fargate() {
            shown["platformVersion"] = json!(self.platform_version);
            shown["platformFamily"] = json!("Linux");
        }
    }
}

/// A target group that tasks are registered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LoadBalancer {
    pub(super) target_group: String,
    pub(super) container: String,
    pub(super) port: u16,
}

impl LoadBalancer {
    /// As AWS shows it.
    pub(super) fn show(&self) -> Value {
        let LoadBalancer { target_group, container, port } = self;
        json!({"targetGroupArn": target_group, "containerName": container, "containerPort": port})
    }
}

/// Where a deployment stands among those of its service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeploymentStatus {
    /// The newest, or the one that is rolled back to.
    Primary,
    /// Older, and not all of its tasks are gone.
    Active,
    /// Replaced; not shown any more.
    Inactive,
}

/// How far a deployment has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    fn word(self) -> &'static str {
        match self {
            Rollout::InProgress => "IN_PROGRESS",
            Rollout::Completed => "COMPLETED",
            Rollout::Failed => "FAILED",
        }
    }
}

/// Whether the digests behind a deployment's image tags are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pinning {
    /// One task is started to find them; so many tries have failed.
    Open { failures: u32 },
    /// Every task gets the same digests; or three tries failed, and nothing is pinned.
    Done,
}

/// One deployment.
#[derive(Clone, Debug)]
pub(super) struct Deployment {
    /// `ecs-svc/<19 digits>`
    pub(super) id: String,
    /// ARN of its service revision.
    pub(super) revision: String,
    pub(super) spec: Spec,
    pub(super) status: DeploymentStatus,
    pub(super) rollout: Rollout,
    pub(super) reason: String,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
    /// Tasks that it is to hold while it is being replaced.
    pub(super) held: i64,
    pub(super) failed_tasks: i64,
    /// One of its tasks has been healthy: its failed tasks are not counted any more.
    pub(super) proven: bool,
    pub(super) breaker_failures: i64,
    /// Whether one of its tasks has ever been RUNNING: the second stage of the circuit breaker.
    pub(super) has_run: bool,
    pub(super) pinning: Pinning,
    /// Digest by container.
    pub(super) pins: BTreeMap<String, String>,
    /// Starts that failed in a row, and when to try again.
    pub(super) failed_starts: u32,
    pub(super) retry_at: Option<Time>,
    /// When its bake time is over; nothing as long as it has not begun.
    pub(super) bake_until: Option<Time>,
    /// Alarms are not heeded: one was in ALARM when it began.
    pub(super) is_deaf: bool,
    /// Alarms that failed it.
    pub(super) alarms: Vec<String>,
}

impl Deployment {
    /// As AWS shows it, with its tasks counted by the caller.
    pub(super) fn show(&self, desired: i64, counts: Counts) -> Value {
        let Spec { task_definition, mode, network, kept, platform_version: _, load_balancers: _, registries: _ } =
            &self.spec;
        let mut shown = json!({
            "id": self.id,
            "status": match self.status {
                DeploymentStatus::Primary => "PRIMARY",
                DeploymentStatus::Active => "ACTIVE",
                DeploymentStatus::Inactive => "INACTIVE",
            },
            "taskDefinition": task_definition,
            "desiredCount": desired,
            "pendingCount": counts.pending,
            "runningCount": counts.running,
            "failedTasks": self.failed_tasks,
            "createdAt": self.created_at.epoch_seconds(),
            "updatedAt": self.updated_at.epoch_seconds(),
            "rolloutState": self.rollout.word(),
            "rolloutStateReason": self.reason,
        });
        mode.show_in(&mut shown);
        self.spec.show_platform_in(&mut shown);
        service_kept::show_in(kept, &mut shown);
        if !network.is_null() {
            shown["networkConfiguration"] = network.clone();
        }
        shown
    }
}

/// Tasks of a service or deployment. Tasks that were told to stop are in neither.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Counts {
    pub(super) running: i64,
    pub(super) pending: i64,
}

/// The states of a service deployment that occur here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RecordStatus {
    InProgress,
    Successful,
    Stopped,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl RecordStatus {
    /// All words that AWS has, of which some do not occur here.
    pub(super) const WORDS: [&str; 9] = [
        "PENDING",
        "SUCCESSFUL",
        "STOPPED",
        "STOP_REQUESTED",
        "IN_PROGRESS",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
    ];

    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            RecordStatus::InProgress => "IN_PROGRESS",
            RecordStatus::Successful => "SUCCESSFUL",
            RecordStatus::Stopped => "STOPPED",
            RecordStatus::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            RecordStatus::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            RecordStatus::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Whether it can still change.
    pub(super) fn is_open(self) -> bool {
        match self {
            RecordStatus::InProgress | RecordStatus::RollbackInProgress => true,
            RecordStatus::Successful
            | RecordStatus::Stopped
            | RecordStatus::RollbackSuccessful
            | RecordStatus::RollbackFailed => false,
        }
    }
}

/// A service deployment: what stays known of a deployment after it has been replaced.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) arn: String,
    /// `ecs-svc/…`
    pub(super) deployment: String,
    pub(super) target: String,
    /// Revisions that were there when it began.
    pub(super) sources: Vec<String>,
    pub(super) status: RecordStatus,
    pub(super) status_reason: Option<String>,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
    pub(super) finished_at: Option<Time>,
    pub(super) stopped_at: Option<Time>,
    pub(super) rollback: Option<RecordRollback>,
    pub(super) breaker_triggered: bool,
}

/// How a service deployment was undone.
#[derive(Clone, Debug)]
pub(super) struct RecordRollback {
    pub(super) reason: String,
    pub(super) started_at: Time,
    pub(super) revision: String,
}
