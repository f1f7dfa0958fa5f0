//! Task scale-in protection: tasks of a service that neither a scale-in nor a deployment stops.
//!
//! Owns UpdateTaskProtection and GetTaskProtection, and when protection ends. That protected tasks are left alone is
//! the scheduler's part; a task that fails its health checks, and one whose service is deleted, is stopped all the same.
//!
//! Divergence from AWS: a deployment that a protected task holds up can still be given more protection
//! (DEPLOYMENT_BLOCKED does not occur); the details of failures are assumed.

use serde_json::{Value, json};

use super::input::{Input, invalid};
use super::naming::shown_arn;
use super::state::{Ecs, Scene, at_most};
use super::task::Task;
use crate::simulator::arn::Place;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// How long a task is protected if nobody says, in minutes. Documented.
const DEFAULT_MINUTES: i64 = 120;
/// Longest protection, in minutes: two days. Documented.
const MOST_MINUTES: i64 = 2880;

impl Ecs {
    /// UpdateTaskProtection: at most ten tasks; those that are no service's are failures.
    pub(super) fn update_task_protection(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let cluster = self.cluster(Some(input.required("cluster")?))?.name.clone();
        input.must_have("protectionEnabled")?;
        let enabled = input.flag("protectionEnabled")?;
        let minutes = match input.int("expiresInMinutes")? {
            None => DEFAULT_MINUTES,
            Some(minutes @ 1..=MOST_MINUTES) => minutes,
            Some(_) => return Err(invalid(format!("expiresInMinutes must be between 1 and {MOST_MINUTES}."))),
        };
        let until = enabled.then(|| scene.now.plus_millis(minutes * 60_000));
        let ids = asked(input, 10)?;
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        let mut services = Vec::new();
        for given in ids {
            match self.protectable(scene, &cluster, given) {
                Ok(task) => {
                    let id = task.id.clone();
                    let task = self.tasks.get_mut(&id).expect("it was there a moment ago");
                    task.protected_until = until;
                    services.extend(task.service());
                    tasks.push(show(task, scene));
                }
                Err(failure) => failures.push(failure),
            }
        }
        for service in services {
            self.service_mut(service).steady_since = None;
            self.wake(scene, service);
        }
        Ok(json!({"protectedTasks": tasks, "failures": failures}))
    }

    /// GetTaskProtection: at most a hundred tasks.
    pub(super) fn get_task_protection(&self, scene: &Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = &self.cluster(Some(input.required("cluster")?))?.name;
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for given in asked(input, 100)? {
            match self.protectable(scene, cluster, given) {
                Ok(task) => tasks.push(show(task, scene)),
                Err(failure) => failures.push(failure),
            }
        }
        Ok(json!({"protectedTasks": tasks, "failures": failures}))
    }

    /// The task, if it can be protected, or the failure to show.
    fn protectable(&self, scene: &Scene<'_>, cluster: &str, given: &str) -> Result<&Task, Value> {
        let id = self.named_in("task", cluster, given);
        let task =
            id.and_then(|id| self.tasks.get(id)).filter(|task| task.cluster == cluster && task.visible_at <= scene.now);
        let Some(task) = task else { return Err(failure(scene.place, cluster, given, "MISSING", None)) };
        if task.service().is_none() {
            let detail = "The specified task does not belong to an ECS Service";
            return Err(failure(scene.place, cluster, given, "TASK_NOT_VALID", Some(detail)));
        }
        if !task.is_live() {
            let detail = "The specified task is stopping or has stopped";
            return Err(failure(scene.place, cluster, given, "TASK_NOT_VALID", Some(detail)));
        }
        Ok(task)
    }
}

impl Task {
    /// Whether nothing but its own illness may stop it at this moment.
    pub(super) fn is_protected(&self, now: Time) -> bool {
        self.protected_until.is_some_and(|until| until > now)
    }
}

fn asked<'a>(input: Input<'a>, most: usize) -> Result<Vec<&'a str>, ApiError> {
    let ids = input.texts("tasks")?;
    if ids.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    at_most(most, "tasks", ids.len())?;
    Ok(ids)
}

fn show(task: &Task, scene: &Scene<'_>) -> Value {
    let arn = scene.place.task(&task.cluster, &task.id);
    match task.protected_until.filter(|until| *until > scene.now) {
        Some(until) => json!({"taskArn": arn, "protectionEnabled": true, "expirationDate": until.epoch_seconds()}),
        None => json!({"taskArn": arn, "protectionEnabled": false}),
    }
}

fn failure(place: &Place, cluster: &str, given: &str, reason: &str, detail: Option<&str>) -> Value {
    let arn = shown_arn(given, |id| place.task(cluster, id));
    let mut failure = json!({"arn": arn, "reason": reason});
    if let Some(detail) = detail {
        failure["detail"] = json!(detail);
    }
    failure
}
