//! When a deployment is done, and when a service is steady.
//!
//! Owns the end of deployments that go well. Real deployments complete about twelve seconds after the last old task
//! was sent SIGTERM, before that task is STOPPED; `Knobs::completion` can make it earlier or later.
//!
//! A deployment whose old tasks are gone is still watched for its bake time, if it has one, before it is called done.
//!
//! Divergence from AWS: `earlySuccessCriteria` counts healthy new tasks only; a rollback does not bake.

use serde_json::{Value, json};

use super::census::Census;
use super::deployment::{Deployment, DeploymentStatus, Pinning, RecordStatus, Rollout};
use super::events::Complaint;
use super::service::{Service, ServiceId};
use super::state::{Ecs, Scene};
use super::task::{LastStatus, Owner, Task};
use crate::simulator::knobs::Completion;

/// Replaced deployments that a service remembers; rollbacks need the last that completed.
const REMEMBERED: usize = 20;

impl Ecs {
    /// Tasks that have become healthy since the last look: their deployment's failures are forgotten.
    pub(super) fn note_recoveries(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let census = self.census(scene, id);
        for seat in census.seats.iter().filter(|seat| seat.healthy) {
            let task = self.tasks.get_mut(&seat.id).expect("seats name tasks that exist");
            if std::mem::replace(&mut task.was_healthy, true) {
                continue;
            }
            let service = self.service_mut(id);
            let resets = service.settings.breaker("resetOnHealthyTask").as_bool().unwrap_or(true);
            if let Some(deployment) = service.deployment_mut(&seat.deployment) {
                (deployment.proven, deployment.failed_tasks) = (true, 0);
                deployment.breaker_failures *= i64::from(!resets);
            }
        }
    }

    /// A task of the deployment is RUNNING: failed starts are over.
    pub(super) fn note_start(&mut self, id: ServiceId, deployment: &str) {
        if let Some(deployment) = self.service_mut(id).deployment_mut(deployment) {
            deployment.has_run = true;
            deployment.failed_starts = 0;
            deployment.retry_at = None;
        }
        self.resolve(id, Complaint::CannotStart);
    }

    /// The digests that the task found become those of its deployment, if it is the first.
    pub(super) fn pin(&mut self, task: &str) {
        let Some(task) = self.tasks.get(task) else { return };
        let Owner::Service { service, deployment } = task.owner.clone() else { return };
        let found = task.containers.iter().filter_map(|c| Some((c.name.clone(), c.digest.clone()?))).collect();
        let Some(deployment) = self.service_mut(service).deployment_mut(&deployment) else { return };
        if matches!(deployment.pinning, Pinning::Open { .. }) {
            (deployment.pinning, deployment.pins) = (Pinning::Done, found);
        }
    }

    /// The digests that a task's deployment has pinned, by container.
    pub(super) fn pins_of(&self, task: &Task) -> std::collections::BTreeMap<String, String> {
        let Owner::Service { service, deployment } = &task.owner else { return Default::default() };
        let deployment = self.services.get(service).and_then(|service| service.deployment(deployment));
        deployment.map(|deployment| deployment.pins.clone()).unwrap_or_default()
    }

    /// Calls done what is done. `acted` tells whether this look started or stopped anything.
    pub(super) fn finish(&mut self, scene: &mut Scene<'_>, id: ServiceId, acted: bool) {
        self.retire_abandoned(scene, id);
        let census = self.census(scene, id);
        let service = &self.services[&id];
        let full = census.healthy_new() == service.desired && census.sound_new() == service.desired;
        let settled = full && !acted && census.new_ones().all(|seat| seat.illness.is_none());
        match service.primary().rollout {
            Rollout::InProgress if settled && !self.old_tasks_hold_up(scene, id) => {
                if self.has_baked(scene, id) {
                    self.complete(scene, id);
                }
            }
            Rollout::InProgress if is_early_success(service, &census) => {
                if self.has_baked(scene, id) {
                    self.complete_early(scene, id);
                }
            }
            Rollout::InProgress | Rollout::Failed => self.service_mut(id).steady_since = None,
            Rollout::Completed if settled && census.old_ones().next().is_none() && !self.is_about_to_drain(id) => {
                self.settle(scene, id);
            }
            Rollout::Completed => self.service_mut(id).steady_since = None,
        }
    }

    /// Whether the bake time of the PRIMARY deployment is over. It begins when this is first asked.
    fn has_baked(&mut self, scene: &Scene<'_>, id: ServiceId) -> bool {
        let service = self.service_mut(id);
        let bake_ms = service.settings.bake_ms(scene.knobs);
        let primary = service.primary_mut();
        let until = *primary.bake_until.get_or_insert(scene.now.plus_millis(bake_ms));
        until <= scene.now
    }

    /// Whether a task that was told to stop is not deregistered yet. Observed: the steady state comes after that.
    fn is_about_to_drain(&self, id: ServiceId) -> bool {
        let waits =
            |task: &Task| task.told_to_stop && task.last_status == LastStatus::Running && !task.targets.is_empty();
        self.tasks_of(id).any(waits)
    }

    fn complete(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        self.complete_primary(scene, id);
        let service = self.service_mut(id);
        for deployment in service.deployments.iter_mut().filter(|d| d.status == DeploymentStatus::Active) {
            deployment.status = DeploymentStatus::Inactive;
        }
        forget_oldest(service);
        service.complaints.clear();
        service.steady_since = None;
        self.settle(scene, id);
    }

    /// Success is declared while old tasks still run; they stay ACTIVE and are stopped as usual.
    fn complete_early(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        self.complete_primary(scene, id);
        self.service_mut(id).steady_since = None;
    }

    fn complete_primary(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let now = scene.now;
        let service = self.service_mut(id);
        let primary = service.primary_mut();
        primary.rollout = Rollout::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated_at = now;
        let deployment = primary.id.clone();
        let fields = json!({"cluster": service.cluster, "service": service.name, "deployment": deployment});
        for record in service.records.iter_mut().filter(|record| record.status.is_open()) {
            record.status = match record.status {
                RecordStatus::RollbackInProgress => RecordStatus::RollbackSuccessful,
                RecordStatus::InProgress if record.deployment == deployment => RecordStatus::Successful,
                unchanged @ (RecordStatus::InProgress
                | RecordStatus::Successful
                | RecordStatus::Stopped
                | RecordStatus::RollbackSuccessful
                | RecordStatus::RollbackFailed) => unchanged,
            };
            record.updated_at = now;
            record.finished_at = (!record.status.is_open()).then_some(now);
        }
        scene.note("deployment.completed", fields);
        self.say(scene, id, &format!("(deployment {deployment}) deployment completed."));
    }

    fn settle(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        if self.service_mut(id).steady_since.is_none() {
            self.service_mut(id).steady_since = Some(scene.now);
            self.say_steady(scene, id);
        }
    }

    /// Whether a task of another deployment is not gone yet, as far as completion cares.
    fn old_tasks_hold_up(&self, scene: &Scene<'_>, id: ServiceId) -> bool {
        let primary = &self.services[&id].primary().id;
        self.tasks_of(id).filter(|task| task.deployment() != primary).any(|task| holds_up(task, scene))
    }

    /// Superseded deployments that never completed are gone when their last task is.
    fn retire_abandoned(&mut self, scene: &Scene<'_>, id: ServiceId) {
        let holding: Vec<String> =
            self.tasks_of(id).filter(|task| holds_up(task, scene)).map(|task| task.deployment().to_owned()).collect();
        let finished = |deployment: &&mut Deployment| {
            deployment.status == DeploymentStatus::Active
                && (deployment.rollout != Rollout::Completed || deployment.held == 0)
                && !holding.contains(&deployment.id)
        };
        for deployment in self.service_mut(id).deployments.iter_mut().filter(finished) {
            deployment.status = DeploymentStatus::Inactive;
        }
    }
}

fn holds_up(task: &Task, scene: &Scene<'_>) -> bool {
    match scene.knobs.completion {
        Completion::OnDrainStart => task.last_status < LastStatus::Deactivating,
        Completion::AfterDraining => task.gone_at.is_none_or(|at| at > scene.now),
        Completion::OnStopped => task.last_status != LastStatus::Stopped,
    }
}

/// Whether the service allows success while old tasks still run, and enough new ones are healthy for it.
fn is_early_success(service: &Service, census: &Census) -> bool {
    let Some(criteria) = service.settings.deployment_configuration.get("earlySuccessCriteria") else { return false };
    let enabled = criteria["enable"].as_bool() == Some(true);
    let deferred = criteria["sourceServiceRevisionCleanup"].as_str() == Some("DEFERRED");
    let percent = criteria["healthyPercent"].as_i64().unwrap_or(100);
    enabled && deferred && census.healthy_new() * 100 >= service.desired * percent && service.desired > 0
}

fn forget_oldest(service: &mut Service) {
    let mut remembered = 0;
    service.deployments.retain(|deployment| {
        remembered += usize::from(deployment.status == DeploymentStatus::Inactive);
        deployment.status != DeploymentStatus::Inactive || remembered <= REMEMBERED
    });
}

/// The text of a circuit breaker's state, for a service deployment.
pub(super) fn breaker_status(service: &Service, triggered: bool, open: bool) -> Value {
    let enabled = service.settings.breaker("enable").as_bool() == Some(true);
    json!(match (enabled, triggered, open) {
        (false, _, _) => "DISABLED",
        (true, true, _) => "TRIGGERED",
        (true, false, true) => "MONITORING",
        (true, false, false) => "MONITORING_COMPLETE",
    })
}
