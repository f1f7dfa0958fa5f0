//! Task sets: what a service runs whose deployments somebody else controls.
//!
//! Owns the resource, and the scheduler's look at such a service: each set gets its share of the desired count, and
//! nothing but its scale makes it grow or shrink. A set's revision is kept as a deployment of the service that is never
//! PRIMARY, so that its tasks find their load balancers and digests as all tasks do.
//!
//! Divergence from AWS: an ill task is not replaced before it stops by itself; a set is steady when its tasks run.

use serde_json::{Value, json};

use super::deployment::DeploymentStatus;
use super::service::{Service, ServiceId};
use super::service_kept;
use super::state::{Ecs, Scene};
use super::tags::{self, Tags};
use super::task::{StopCause, StopCode, TaskId};
use crate::simulator::arn::Place;
use crate::simulator::time::Time;

/// Where a task set stands in its service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TaskSetStatus {
    /// The one that serves, as its controller says.
    Primary,
    Active,
    /// Being deleted.
    Draining,
}

impl TaskSetStatus {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            TaskSetStatus::Primary => "PRIMARY",
            TaskSetStatus::Active => "ACTIVE",
            TaskSetStatus::Draining => "DRAINING",
        }
    }
}

/// A task set; its revision is the service's deployment of the same id.
#[derive(Clone, Debug)]
pub(super) struct TaskSet {
    /// `ecs-svc/<19 digits>`
    pub(super) id: String,
    pub(super) external_id: Option<String>,
    pub(super) status: TaskSetStatus,
    /// Percent of the service's desired count.
    pub(super) scale: f64,
    pub(super) created_at: Time,
    pub(super) updated_at: Time,
    /// Since when it is steady, or not.
    pub(super) steady: bool,
    pub(super) steady_at: Time,
    pub(super) tags: Tags,
}

impl TaskSet {
    /// How many tasks it is to have: its share, rounded up as documented.
    pub(super) fn desired(&self, service: &Service) -> i64 {
        match self.status {
            TaskSetStatus::Primary | TaskSetStatus::Active => {
                (service.desired as f64 * self.scale / 100.0).ceil() as i64
            }
            TaskSetStatus::Draining => 0,
        }
    }
}

impl Ecs {
    /// The scheduler looks at a service of task sets.
    pub(super) fn look_at_task_sets(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let service = &self.services[&id];
        let wanted: Vec<(String, i64)> =
            service.task_sets.iter().map(|set| (set.id.clone(), set.desired(service))).collect();
        for (set, wanted) in wanted {
            let tasks = self.tasks_of(id).filter(|task| task.deployment() == set && task.is_live());
            let mut live: Vec<(bool, TaskId)> = tasks.map(|task| (task.is_running(), task.id.clone())).collect();
            let waits = self.services[&id].deployment(&set).and_then(|deployment| deployment.retry_at);
            let missing = wanted - i64::try_from(live.len()).unwrap_or(i64::MAX);
            if missing > 0 && waits.is_none_or(|at| at <= scene.now) {
                self.start(scene, id, &set, missing, 0);
            }
            live.sort();
            let surplus = usize::try_from(-missing).unwrap_or(0);
            let stopped: Vec<TaskId> = live.into_iter().take(surplus).map(|(_, task)| task).collect();
            let reason = format!("Scaling activity initiated by (task-set {set})");
            self.stop_tasks(scene, &stopped, &StopCause { code: StopCode::ServiceSchedulerInitiated, reason });
            self.note_stability(scene, id, &set, wanted);
        }
        self.forget_task_sets(id);
        let at = scene.now.plus_millis(scene.knobs.tick_ms.max(1));
        if self.services[&id].task_sets.iter().any(|set| !set.steady) {
            self.look_at(id, at);
        }
    }

    fn note_stability(&mut self, scene: &Scene<'_>, id: ServiceId, set: &str, wanted: i64) {
        let counts = self.counts(id, Some(set));
        let steady = counts.running == wanted && counts.pending == 0;
        let service = self.service_mut(id);
        if let Some(set) = service.task_sets.iter_mut().find(|known| known.id == set && known.steady != steady) {
            (set.steady, set.steady_at) = (steady, scene.now);
        }
    }

    /// Sets that are deleted and have no tasks left are gone.
    fn forget_task_sets(&mut self, id: ServiceId) {
        let busy: Vec<String> = self.tasks_of(id).map(|task| task.deployment().to_owned()).collect();
        let service = self.service_mut(id);
        service.task_sets.retain(|set| set.status != TaskSetStatus::Draining || busy.contains(&set.id));
        let sets: Vec<&String> = service.task_sets.iter().map(|set| &set.id).collect();
        let kept = |id: &String| sets.contains(&id);
        service.deployments.retain(|deployment| deployment.status == DeploymentStatus::Primary || kept(&deployment.id));
    }

    /// A task set as DescribeTaskSets shows it.
    pub(super) fn show_task_set(&self, place: &Place, service: &Service, set: &TaskSet, with_tags: bool) -> Value {
        let counts = self.counts(service.id, Some(&set.id));
        let mut shown = json!({
            "id": set.id,
            "taskSetArn": place.task_set(&service.cluster, &service.name, &set.id),
            "serviceArn": place.service(&service.cluster, &service.name),
            "clusterArn": place.cluster(&service.cluster),
            "status": set.status.word(),
            "computedDesiredCount": set.desired(service),
            "pendingCount": counts.pending,
            "runningCount": counts.running,
            "createdAt": set.created_at.epoch_seconds(),
            "updatedAt": set.updated_at.epoch_seconds(),
            "scale": {"value": set.scale, "unit": "PERCENT"},
            "stabilityStatus": if set.steady { "STEADY_STATE" } else { "STABILIZING" },
            "stabilityStatusAt": set.steady_at.epoch_seconds(),
        });
        if let Some(external) = &set.external_id {
            shown["externalId"] = json!(external);
        }
        if with_tags {
            shown["tags"] = tags::show(&set.tags);
        }
        if let Some(spec) = service.deployment(&set.id).map(|deployment| &deployment.spec) {
            shown["taskDefinition"] = json!(spec.task_definition);
            shown["platformVersion"] = json!(spec.platform_version);
            shown["loadBalancers"] = spec.load_balancers.iter().map(|balancer| balancer.show()).collect();
            shown["serviceRegistries"] = spec.registries.clone();
            spec.mode.show_in(&mut shown);
            if !spec.network.is_null() {
                shown["networkConfiguration"] = spec.network.clone();
            }
        }
        shown
    }

    /// What differs in the description of a service whose deployments somebody else controls.
    pub(super) fn show_external_in(&self, place: &Place, service: &Service, shown: &mut Value) {
        let spec = service.spec();
        shown["deploymentController"] = json!({"type": "EXTERNAL"});
        (shown["deployments"], shown["currentServiceRevisions"]) = (json!([]), json!([]));
        shown["taskSets"] = service.task_sets.iter().map(|set| self.show_task_set(place, service, set, true)).collect();
        let primary = service.task_sets.iter().find(|set| set.status == TaskSetStatus::Primary);
        let serving = primary.and_then(|set| service.deployment(&set.id)).map_or(spec, |deployment| &deployment.spec);
        shown["taskDefinition"] = json!(serving.task_definition);
        shown["loadBalancers"] = serving.load_balancers.iter().map(|balancer| balancer.show()).collect();
        service_kept::show_in(&service.settings.kept, shown);
        if let Some(shown) = shown.as_object_mut().filter(|_| serving.task_definition.is_empty()) {
            shown.remove("taskDefinition");
        }
    }
}
