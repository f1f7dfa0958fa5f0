//! The end of a task, from the decision to stop it until nobody remembers it.
//!
//! Owns the way down. Sequence: told to stop, deregistered (DEACTIVATING), no target left, SIGTERM (STOPPING), ended
//! (DEPROVISIONING), STOPPED, forgotten. A task without targets goes straight to SIGTERM; one that never ran has
//! nothing to terminate; one whose app ended by itself is only cleaned up.
//!
//! Divergence from AWS: a target that is still draining never delays the clean-up of a task whose app has ended.

use std::collections::BTreeMap;

use serde_json::json;

use super::state::{Ecs, Scene};
use super::task::{LastStatus, StopCause, StopCode, Task, TaskId};
use super::timers::{Step, Timer};
use crate::simulator::elb::{Answer, TargetState};

impl Ecs {
    /// Tells tasks to stop, for one cause. Those that are stopping already are left alone.
    pub(super) fn stop_tasks(&mut self, scene: &mut Scene<'_>, ids: &[TaskId], cause: &StopCause) {
        let mut draining = Vec::new();
        for id in ids {
            if !self.tell_to_stop(scene, id, cause) {
                continue;
            }
            let task = &self.tasks[id];
            match task.last_status {
                LastStatus::Provisioning | LastStatus::Pending => self.clean_up(scene, id),
                LastStatus::Activating | LastStatus::Running if task.targets.is_empty() => {
                    self.after(scene, scene.knobs.stop_to_sigterm_ms, id, Step::Terminate);
                }
                LastStatus::Activating | LastStatus::Running => draining.push(id.clone()),
                LastStatus::Deactivating | LastStatus::Stopping | LastStatus::Deprovisioning | LastStatus::Stopped => {}
            }
        }
        if !draining.is_empty() {
            let at = scene.now.plus_millis(scene.about(scene.knobs.stop_to_drain_ms));
            self.timers.set(at, Timer::Drain(draining));
        }
    }

    /// A Spot reclaim: the same way down, in at most two minutes.
    pub(super) fn reclaim(&mut self, scene: &mut Scene<'_>, id: &str) {
        let cause = StopCause { code: StopCode::SpotInterruption, reason: "Your Spot Task was interrupted.".into() };
        if !self.tell_to_stop(scene, id, &cause) {
            return;
        }
        let task = &self.tasks[id];
        if !matches!(task.last_status, LastStatus::Activating | LastStatus::Running) {
            return self.clean_up(scene, id);
        }
        // Whatever the task still does then, the capacity is gone.
        let end = scene.now.plus_millis(scene.knobs.spot_notice_ms);
        self.timers.set(end, Timer::Task(id.to_owned(), Step::Exited));
        let delay = task.targets.iter().map(|(group, _)| scene.elb.deregistration_delay_ms(group)).max().unwrap_or(0);
        let latest = scene.knobs.spot_notice_ms - stop_timeout_ms(task);
        if scene.knobs.spot_sigterm_first || delay == 0 {
            return self.terminate(scene, id);
        }
        self.deactivate(scene, &[id.to_owned()]);
        self.timers.set(scene.now.plus_millis(delay.min(latest)), Timer::Task(id.to_owned(), Step::Terminate));
    }

    /// Deregisters tasks that were told to stop; SIGTERM follows when their targets are gone.
    pub(super) fn drain(&mut self, scene: &mut Scene<'_>, ids: &[TaskId]) {
        for id in self.deactivate(scene, ids) {
            let delays = self.tasks[&id].targets.iter().map(|(group, _)| scene.elb.deregistration_delay_ms(group));
            let delay = delays.max().unwrap_or(0);
            let at = scene.now.plus_millis(delay + scene.rng.i64(0..=scene.knobs.drain_poll_ms));
            self.timers.set(at, Timer::Task(id, Step::Terminate));
        }
    }

    /// Sends SIGTERM, unless a target still drains: then ECS asks again later.
    pub(super) fn terminate(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.told_to_stop) else { return };
        if !matches!(task.last_status, LastStatus::Activating | LastStatus::Running | LastStatus::Deactivating) {
            return;
        }
        let interrupted = task.cause.as_ref().is_some_and(|cause| cause.code == StopCode::SpotInterruption);
        let ip = task.interface.ip;
        let drains = |(group, port): &(String, u16)| scene.elb.state(group, ip, *port) == TargetState::Draining;
        if !interrupted && task.targets.iter().any(drains) {
            let again = scene.now.plus_millis(scene.rng.i64(1..=scene.knobs.drain_poll_ms.max(1)));
            return self.timers.set(again, Timer::Task(id.to_owned(), Step::Terminate));
        }
        task.moments.stopping = Some(scene.now);
        task.gone_at = Some(scene.now.plus_millis(scene.knobs.completion_ms + scene.rng.i64(0..=900)));
        self.set_status(scene, id, LastStatus::Stopping);
        let task = &self.tasks[id];
        let (exit, limit) = (self.exit_ms(task, scene), stop_timeout_ms(task));
        let wait = if exit > limit { limit + scene.knobs.kill_ms } else { exit };
        self.timers.set(scene.now.plus_millis(wait), Timer::Task(id.to_owned(), Step::Exited));
    }

    /// The containers have ended after SIGTERM, by themselves or by force.
    pub(super) fn exited(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get(id).filter(|task| task.last_status == LastStatus::Stopping) else { return };
        let killed = self.exit_ms(task, scene) > stop_timeout_ms(task);
        let code = if killed { 137 } else { scene.knobs.sigterm_exit_code };
        self.end_containers(scene, id, code);
        self.deregister_now(scene, id);
        self.clean_up(scene, id);
    }

    /// The app ends by itself, and with it the task.
    pub(super) fn app_exits(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get(id) else { return };
        if !matches!(task.last_status, LastStatus::Running | LastStatus::Deactivating) {
            return;
        }
        let Some((_, code)) = task.exit else { return };
        let reason = "Essential container in task exited".to_owned();
        self.tell_to_stop(scene, id, &StopCause { code: StopCode::EssentialContainerExited, reason });
        self.end_containers(scene, id, code);
        self.deregister_now(scene, id);
        self.clean_up(scene, id);
    }

    /// The task never ran: its images cannot be had.
    pub(super) fn fail_to_start(&mut self, scene: &mut Scene<'_>, id: &str, reason: String) {
        let cause = StopCause { code: StopCode::TaskFailedToStart, reason: reason.clone() };
        self.tell_to_stop(scene, id, &cause);
        if let Some(task) = self.tasks.get_mut(id) {
            task.moments.execution_stopped = Some(scene.now);
            let lost = task.containers.iter_mut().filter(|container| container.digest.is_none());
            lost.for_each(|container| container.reason = Some(reason.clone()));
        }
        self.clean_up(scene, id);
        self.note_failed_start(scene, id);
    }

    /// STOPPED: the interface is gone.
    pub(super) fn release(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        task.moments.stopped = Some(scene.now);
        let (service, address) = (task.service(), task.interface.ip);
        self.set_status(scene, id, LastStatus::Stopped);
        self.by_address.remove(&address);
        if let Some(tasks) = service.and_then(|service| self.unstopped.get_mut(&service)) {
            tasks.remove(id);
        }
        let kept = scene.knobs.stopped_retention_ms + scene.rng.i64(0..=scene.knobs.stopped_retention_ms / 10);
        self.timers.set(scene.now.plus_millis(kept), Timer::Task(id.to_owned(), Step::Forgotten));
    }

    /// Sets desiredStatus STOPPED. False if it was already.
    fn tell_to_stop(&mut self, scene: &mut Scene<'_>, id: &str, cause: &StopCause) -> bool {
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) else { return false };
        task.told_to_stop = true;
        task.cause = Some(cause.clone());
        task.version += 1;
        let fields = json!({
            "task": scene.place.task(&task.cluster, id),
            "group": task.group,
            "deployment": task.deployment(),
            "stopCode": cause.code.word(),
            "reason": cause.reason,
        });
        let service = task.service();
        scene.note("task.told_to_stop", fields);
        if let Some(service) = service {
            self.wake(scene, service);
        }
        true
    }

    /// Deregisters tasks and shows them DEACTIVATING; returns those that were still running.
    fn deactivate(&mut self, scene: &mut Scene<'_>, ids: &[TaskId]) -> Vec<TaskId> {
        let still_runs = |id: &&TaskId| self.tasks.get(*id).is_some_and(|task| task.last_status == LastStatus::Running);
        let ids: Vec<TaskId> = ids.iter().filter(still_runs).cloned().collect();
        let mut groups = BTreeMap::new();
        let mut deployments = BTreeMap::new();
        for id in &ids {
            let task = &self.tasks[id];
            for (group, port) in &task.targets {
                scene.elb.deregister(group, task.interface.ip, *port, scene.now);
            }
            if let Some(service) = task.service() {
                task.targets.iter().for_each(|(group, _)| *groups.entry((service, group.clone())).or_insert(0) += 1);
                *deployments.entry((service, task.deployment().to_owned())).or_insert(0) += 1;
            }
            self.set_status(scene, id, LastStatus::Deactivating);
        }
        for ((service, group), count) in groups {
            self.say(scene, service, &format!("deregistered {count} targets in (target-group {group})"));
        }
        for ((service, deployment), count) in deployments {
            let what = format!("has begun draining connections on {count} tasks.");
            self.say_of_deployment(scene, service, &deployment, &what);
        }
        ids
    }

    fn deregister_now(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get(id) else { return };
        scene.elb.set_answer(task.interface.ip, Answer::Silent);
        for (group, port) in &task.targets {
            scene.elb.deregister(group, task.interface.ip, *port, scene.now);
        }
    }

    fn end_containers(&mut self, scene: &mut Scene<'_>, id: &str, code: i64) {
        self.end_output(id);
        let Some(task) = self.tasks.get_mut(id) else { return };
        task.moments.execution_stopped = Some(scene.now);
        task.moments.stopping.get_or_insert(scene.now);
        for container in &mut task.containers {
            container.exit_code = Some(if container.essential { code } else { scene.knobs.sigterm_exit_code });
        }
    }

    /// DEPROVISIONING, and STOPPED when that is done.
    fn clean_up(&mut self, scene: &mut Scene<'_>, id: &str) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        task.gone_at.get_or_insert(scene.now);
        task.moments.stopping.get_or_insert(scene.now);
        self.set_status(scene, id, LastStatus::Deprovisioning);
        self.after(scene, scene.knobs.deprovisioning_ms, id, Step::Released);
    }

    fn exit_ms(&self, task: &Task, scene: &Scene<'_>) -> i64 {
        let told = |c: &super::task::Container| self.apps.exit_ms(&task.family, &c.image, c.digest.as_deref());
        task.containers.iter().filter_map(told).max().unwrap_or(scene.knobs.exit_after_sigterm_ms)
    }
}

fn stop_timeout_ms(task: &Task) -> i64 {
    task.containers.iter().map(|container| container.stop_timeout_s * 1000).max().unwrap_or(0)
}
