//! What RunTask remembers of its calls: the client token, and what it answers when it comes again.
//!
//! Owns the memory and its end: 24 hours after acceptance, or one hour after the last task of the call has stopped,
//! whichever is first. Documented in "Ensuring idempotency"; how failures older than an hour look is assumed.

use serde_json::{Value, json};

use super::state::{Ecs, Scene};
use super::task::{LastStatus, Task, TaskId};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// One accepted call of RunTask.
#[derive(Clone, Debug)]
pub(super) struct Launched {
    /// Its parameters, without the token.
    pub(super) request: Value,
    pub(super) accepted_at: Time,
    pub(super) tasks: Vec<TaskId>,
    pub(super) failures: Vec<Value>,
}

impl Ecs {
    /// What RunTask answers to a token that it has seen: nothing if it has not, or not recently enough.
    ///
    /// # Errors
    ///
    /// `ConflictException` with the ARNs of the existing tasks, if the parameters differ.
    pub(super) fn replay(
        &mut self,
        scene: &Scene<'_>,
        key: &(String, String),
        request: &Value,
    ) -> Result<Option<Value>, ApiError> {
        let Some(launched) = self.launched.get(key) else { return Ok(None) };
        if self.has_expired(scene, launched) {
            self.launched.remove(key);
            return Ok(None);
        }
        let launched = &self.launched[key];
        if launched.request != *request {
            let arns: Vec<String> = launched.tasks.iter().map(|task| scene.place.task(&key.0, task)).collect();
            let message = "The client token is already in use by a request with different parameters.";
            return Err(ApiError::client("ConflictException", message).with("resourceIds", json!(arns)));
        }
        let show = |task: &Task| {
            if task.last_status != LastStatus::Stopped {
                return task.show(scene.place, true);
            }
            let arn = scene.place.task(&task.cluster, &task.id);
            json!({"taskArn": arn, "lastStatus": "STOPPED", "desiredStatus": "STOPPED"})
        };
        let tasks: Value = launched.tasks.iter().filter_map(|task| self.tasks.get(task)).map(show).collect();
        let recent = scene.now.since(launched.accepted_at) <= HOUR_MS;
        let failures: Vec<Value> =
            if recent { launched.failures.clone() } else { vec![json!({}); launched.failures.len()] };
        Ok(Some(json!({"tasks": tasks, "failures": failures})))
    }

    fn has_expired(&self, scene: &Scene<'_>, launched: &Launched) -> bool {
        if scene.now.since(launched.accepted_at) >= DAY_MS {
            return true;
        }
        // A task that is forgotten has been STOPPED for more than an hour.
        let long_gone = |task: &TaskId| {
            let stopped = self.tasks.get(task).map(|task| task.moments.stopped);
            stopped.is_none_or(|stopped| stopped.is_some_and(|at| scene.now.since(at) >= HOUR_MS))
        };
        !launched.tasks.is_empty() && launched.tasks.iter().all(long_gone)
    }
}
