//! Why the scheduler stops tasks, in ECS's words.
//!
//! Owns the causes and the events of stops that the scheduler decided, and the end of a service that is being
//! deleted. Which tasks are stopped is decided in `scheduler`; how they end is in `stopping`.

use serde_json::json;

use super::breaker::Strike;
use super::census::{Census, Illness, Seat, count};
use super::events::{Complaint, name_tasks};
use super::service::{ServiceId, ServiceStatus};
use super::state::{Ecs, Scene};
use super::task::{LastStatus, StopCause, StopCode, TaskId};
use super::timers::Timer;

impl Ecs {
    /// Stops tasks that the PRIMARY deployment has no use for. True if there were any.
    pub(super) fn stop_and_say(&mut self, scene: &mut Scene<'_>, id: ServiceId, ids: &[TaskId]) -> bool {
        if ids.is_empty() {
            return false;
        }
        let runs = |task: &&TaskId| self.tasks[*task].last_status == LastStatus::Running;
        let (running, pending): (Vec<TaskId>, Vec<TaskId>) = ids.iter().cloned().partition(|task| runs(&task));
        let by = self.services[&id].primary().id.clone();
        let reason = format!("Scaling activity initiated by (deployment {by})");
        self.stop_tasks(scene, ids, &StopCause { code: StopCode::ServiceSchedulerInitiated, reason });
        if !pending.is_empty() {
            self.say(scene, id, &format!("stopped {} pending tasks.", pending.len()));
        }
        if !running.is_empty() {
            let what = format!("has stopped {} running tasks: {}.", running.len(), name_tasks(&running));
            self.say(scene, id, &what);
        }
        true
    }

    /// Says that tasks of a deployment should go and may not.
    pub(super) fn complain_of_protection(&mut self, scene: &mut Scene<'_>, id: ServiceId, deployment: &str, held: i64) {
        if held <= 0 {
            return;
        }
        let what = format!(
            "was unable to reach steady state because (taskSet {deployment}) was unable to scale in due to (reason \
             {held} tasks under protection)"
        );
        self.complain(scene, id, Complaint::Protected, &what);
    }

    /// The same of the old tasks, once the new ones are all there.
    pub(super) fn complain_of_protected_old(&mut self, scene: &mut Scene<'_>, id: ServiceId, census: &Census) {
        if !census.seats.iter().any(|seat| seat.protected) {
            self.resolve(id, Complaint::Protected);
        }
        let complete = census.healthy_new() >= self.services[&id].desired;
        let protected = || census.old_ones().filter(|seat| seat.protected && seat.illness.is_none());
        if let Some(first) = protected().next().filter(|_| complete) {
            self.complain_of_protection(scene, id, &first.deployment, count(protected()));
        }
    }

    /// Stops a task that fails its health checks, and counts that against its deployment.
    pub(super) fn stop_ill_task(&mut self, scene: &mut Scene<'_>, id: ServiceId, seat: &Seat, illness: &Illness) {
        let task = &seat.id;
        let (what, reason) = match illness {
            Illness::Target { group, port, reason } => (
                format!("(task {task}) (port {port}) is unhealthy in (target-group {group}) due to (reason {reason})."),
                format!("Task failed ELB health checks in (target-group {group})"),
            ),
            Illness::Container => (
                format!("(task {task}) failed container health checks."),
                "Task failed container health checks".to_owned(),
            ),
        };
        self.say(scene, id, &what);
        let cause = StopCause { code: StopCode::ServiceSchedulerInitiated, reason };
        self.stop_tasks(scene, std::slice::from_ref(task), &cause);
        let stopped = format!("has stopped 1 running tasks: {}.", name_tasks(std::slice::from_ref(task)));
        self.say(scene, id, &stopped);
        self.strike(scene, id, &seat.deployment, Strike::Ill);
    }

    /// A service that is being deleted: stops what is left, and is INACTIVE once everything is at least STOPPING.
    pub(super) fn wind_down(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let live: Vec<TaskId> = self.tasks_of(id).filter(|task| task.is_live()).map(|task| task.id.clone()).collect();
        self.stop_and_say(scene, id, &live);
        if self.tasks_of(id).any(|task| task.last_status < LastStatus::Stopping) {
            let at = scene.now.plus_millis(scene.knobs.tick_ms.max(1));
            return self.look_at(id, at);
        }
        let service = self.service_mut(id);
        service.status = ServiceStatus::Inactive;
        scene.note("service.inactive", json!({"cluster": service.cluster, "service": service.name}));
    }

    /// Repeats the steady-state event of a service to which nothing has happened.
    pub(super) fn repeat_steady(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let Some(service) = self.services.get(&id) else { return };
        let period = scene.knobs.steady_repeat_ms;
        let quiet = service.steady_since.is_some_and(|since| scene.now.since(since) >= period);
        if quiet && service.status == ServiceStatus::Active {
            self.service_mut(id).steady_since = Some(scene.now);
            self.say_steady(scene, id);
        }
    }

    /// Says that the service has reached a steady state, and will again in about six hours.
    pub(super) fn say_steady(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        self.say(scene, id, "has reached a steady state.");
        let again = scene.knobs.steady_repeat_ms + scene.rng.i64(10_000..=16_000);
        self.timers.set(scene.now.plus_millis(again), Timer::Steady(id));
    }
}
