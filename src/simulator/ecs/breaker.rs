//! When deployments go wrong: counting failures, backing off, the circuit breaker, and the way back.
//!
//! Owns failure and rollback. Two stages: until a task of the deployment runs, tasks that fail to start count;
//! afterwards, tasks that are replaced for failing health checks do. An app that exits after RUNNING counts in
//! neither.
//!
//! Divergence from AWS: the curve of the pauses between failed starts is assumed.

use serde_json::json;

use super::deployment::{Deployment, DeploymentStatus, Pinning, RecordRollback, RecordStatus, Rollout};
use super::events::Complaint;
use super::service::ServiceId;
use super::state::{Ecs, Scene};
use super::task::Owner;
use crate::simulator::arn;
use crate::simulator::time::Time;

/// Tries to resolve a deployment's images before it goes on without.
const PINNING_TRIES: u32 = 3;

/// Who finds that a deployment has failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Judge {
    CircuitBreaker,
    Alarms,
}

impl Judge {
    /// `rolloutStateReason`. Observed for the circuit breaker, assumed for alarms.
    fn reason(self) -> &'static str {
        match self {
            Judge::CircuitBreaker => "ECS deployment circuit breaker: tasks failed to start.",
            Judge::Alarms => "ECS deployment alarms: alarm detected.",
        }
    }

    /// What the service event says after the deployment's id. Observed for both.
    fn verdict(self) -> &'static str {
        match self {
            Judge::CircuitBreaker => "tasks failed to start",
            Judge::Alarms => "alarm detected",
        }
    }

    /// What its configuration is called.
    fn settings(self) -> &'static str {
        match self {
            Judge::CircuitBreaker => "deploymentCircuitBreaker",
            Judge::Alarms => "alarms",
        }
    }

    fn rollback_by(self) -> RollbackBy {
        match self {
            Judge::CircuitBreaker => RollbackBy::CircuitBreaker,
            Judge::Alarms => RollbackBy::Alarms,
        }
    }
}

/// What counts against a deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strike {
    /// A task ended before it ran.
    NotStarted,
    /// No capacity for a task.
    NotPlaced,
    /// A task was stopped for failing its health checks.
    Ill,
}

/// Who wants to go back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RollbackBy {
    CircuitBreaker,
    Alarms,
    User,
}

impl Ecs {
    /// A task of a service failed before it ran.
    pub(super) fn note_failed_start(&mut self, scene: &mut Scene<'_>, task: &str) {
        let Some(Owner::Service { service, deployment }) = self.tasks.get(task).map(|task| task.owner.clone()) else {
            return;
        };
        let mut gives_up = false;
        if let Some(deployment) = self.service_mut(service).deployment_mut(&deployment)
            && let Pinning::Open { failures } = deployment.pinning
        {
            let failures = failures + 1;
            gives_up = failures >= PINNING_TRIES;
            deployment.pinning = if gives_up { Pinning::Done } else { Pinning::Open { failures } };
        }
        self.strike(scene, service, &deployment, Strike::NotStarted);
        if gives_up {
            self.give_up_pinning(scene, service, &deployment);
        }
    }

    /// Counts a failure against a deployment, and fails it if it was one too many.
    pub(super) fn strike(&mut self, scene: &mut Scene<'_>, id: ServiceId, deployment: &str, strike: Strike) {
        let (now, knobs) = (scene.now, scene.knobs);
        let Some(found) = self.service_mut(id).deployment_mut(deployment) else { return };
        found.failed_tasks += i64::from(!found.proven);
        let counts = match strike {
            Strike::NotStarted => {
                let pause = knobs.backoff_first_ms.saturating_mul(1 << found.failed_starts.min(20));
                found.failed_starts += 1;
                found.retry_at = Some(now.plus_millis(pause.min(knobs.backoff_cap_ms)));
                !found.has_run
            }
            Strike::NotPlaced => {
                found.retry_at = Some(now.plus_millis(knobs.placement_retry_ms));
                !found.has_run
            }
            Strike::Ill => found.has_run,
        };
        found.breaker_failures += i64::from(counts);
        let (failures, starts) = (found.breaker_failures, found.failed_starts);
        if strike == Strike::NotStarted && starts >= scene.knobs.start_complaint_after {
            let what = "is unable to consistently start tasks successfully.";
            self.complain(scene, id, Complaint::CannotStart, what);
        }
        let service = &self.services[&id];
        let breaks = service.settings.breaker("enable").as_bool() == Some(true);
        let primary = service.primary();
        let at_stake = primary.id == deployment && primary.rollout == Rollout::InProgress;
        if breaks && at_stake && failures >= service.settings.breaker_threshold(service.desired) {
            self.trip(scene, id, Judge::CircuitBreaker);
        }
    }

    /// Three tries to resolve the images have failed: with a circuit breaker that is enough, whatever its threshold.
    fn give_up_pinning(&mut self, scene: &mut Scene<'_>, id: ServiceId, deployment: &str) {
        let service = &self.services[&id];
        let breaks = service.settings.breaker("enable").as_bool() == Some(true);
        let primary = service.primary();
        if breaks && primary.id == deployment && primary.rollout == Rollout::InProgress {
            self.trip(scene, id, Judge::CircuitBreaker);
        }
    }

    /// The PRIMARY deployment has failed.
    pub(super) fn trip(&mut self, scene: &mut Scene<'_>, id: ServiceId, judge: Judge) {
        let failed = self.fail_primary(scene, id, judge.reason());
        self.say(scene, id, &format!("(deployment {failed}) deployment failed: {}.", judge.verdict()));
        let configuration = &self.services[&id].settings.deployment_configuration[judge.settings()];
        let wanted = configuration["rollback"].as_bool() == Some(true);
        let goes_back = wanted && self.roll_back(scene, id, judge.rollback_by());
        let now = scene.now;
        let records = self.service_mut(id).records.iter_mut();
        for record in records.filter(|record| record.status.is_open()) {
            record.breaker_triggered |= judge == Judge::CircuitBreaker;
            record.updated_at = now;
            if record.deployment != failed {
                // The deployment that was rolled back to has failed in its turn.
                (record.status, record.finished_at) = (RecordStatus::RollbackFailed, Some(now));
            } else if !goes_back {
                record.status = RecordStatus::Stopped;
                (record.stopped_at, record.finished_at) = (Some(now), Some(now));
                record.status_reason = Some(judge.reason().to_owned());
            }
        }
    }

    /// Marks the PRIMARY deployment FAILED; returns its id.
    fn fail_primary(&mut self, scene: &mut Scene<'_>, id: ServiceId, reason: &str) -> String {
        let service = self.service_mut(id);
        service.steady_since = None;
        let primary = service.primary_mut();
        primary.rollout = Rollout::Failed;
        primary.reason = reason.to_owned();
        primary.updated_at = scene.now;
        let failed = primary.id.clone();
        let fields =
            json!({"cluster": service.cluster, "service": service.name, "deployment": failed, "reason": reason});
        scene.note("deployment.failed", fields);
        failed
    }

    /// Makes the last deployment that completed PRIMARY again. False if there is none: then the service stalls.
    pub(super) fn roll_back(&mut self, scene: &mut Scene<'_>, id: ServiceId, by: RollbackBy) -> bool {
        let (now, keeps_id) = (scene.now, scene.knobs.rollback_keeps_id);
        let fresh = format!("ecs-svc/{}", arn::decimal(scene.rng));
        let service = self.service_mut(id);
        let candidates = service.deployments.iter().filter(|deployment| deployment.rollout == Rollout::Completed);
        let last = candidates.max_by_key(|deployment| deployment.created_at).map(|deployment| deployment.id.clone());
        let Some(last) = last else { return false };
        let failed = service.primary().id.clone();
        let previous = service.primary_mut();
        previous.status = DeploymentStatus::Active;
        let target = if keeps_id { last.clone() } else { copy_as(&mut service.deployments, &last, &fresh, now) };
        let back = service.deployment_mut(&target).expect("it was found a moment ago");
        back.status = DeploymentStatus::Primary;
        back.rollout = Rollout::InProgress;
        back.reason = rollback_reason(by, &target);
        back.updated_at = now;
        (back.failed_starts, back.retry_at, back.breaker_failures) = (0, None, 0);
        (back.bake_until, back.is_deaf) = (Some(now), true);
        let (revision, reason) = (back.revision.clone(), back.reason.clone());
        let fields = json!({"cluster": service.cluster, "service": service.name, "from": failed, "to": target});
        if let Some(record) = service.record_mut(&failed) {
            record.status = RecordStatus::RollbackInProgress;
            record.updated_at = now;
            record.rollback = Some(RecordRollback { reason, started_at: now, revision });
        }
        scene.note("deployment.rolled_back", fields);
        self.say(scene, id, &format!("rolling back to deployment {target}."));
        self.wake(scene, id);
        true
    }

    /// A user stops the PRIMARY deployment and wants to go back. False if there is nothing to go back to.
    pub(super) fn stop_deployment(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let service = &self.services[&id];
        let primary = &service.primary().id;
        let can = service.deployments.iter().any(|d| d.rollout == Rollout::Completed && d.id != *primary);
        if can {
            self.fail_primary(scene, id, "ECS deployment was stopped by the user.");
            self.roll_back(scene, id, RollbackBy::User);
        }
        can
    }
}

fn rollback_reason(by: RollbackBy, target: &str) -> String {
    match by {
        RollbackBy::CircuitBreaker => {
            format!("ECS deployment circuit breaker: rolling back to deploymentId {target}.")
        }
        RollbackBy::Alarms => {
            format!("ECS deployment alarms: rolling back to deploymentId {target}.")
        }
        RollbackBy::User => {
            format!("ECS deployment rollback requested by the user: rolling back to deploymentId {target}.")
        }
    }
}

/// A deployment under a fresh id, with the revision and digests of the old one.
fn copy_as(deployments: &mut Vec<Deployment>, old: &str, fresh: &str, now: Time) -> String {
    let mut copy = deployments.iter().find(|deployment| deployment.id == old).cloned().expect("it was found before");
    copy.id = fresh.to_owned();
    copy.created_at = now;
    if let Some(old) = deployments.iter_mut().find(|deployment| deployment.id == old) {
        old.status = if old.held > 0 { DeploymentStatus::Active } else { DeploymentStatus::Inactive };
    }
    deployments.insert(0, copy);
    fresh.to_owned()
}
