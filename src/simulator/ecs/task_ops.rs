//! ListTasks, DescribeTasks and StopTask.
//!
//! Owns the filters and the limits. A task is in the list of desiredStatus STOPPED from the moment at which it is
//! told to stop, while it may still run and drain: the default list does not have it.
//!
//! Divergence from AWS: none known beyond what `Knobs` says about filters and lags.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::input::{Input, invalid};
use super::naming::shown_arn;
use super::paging::page;
use super::service::ServiceId;
use super::state::{Ecs, Scene, at_most};
use super::tags::Tags;
use super::task::{StopCause, StopCode, Task};
use crate::simulator::error::ApiError;

impl Ecs {
    /// ListTasks.
    pub(super) fn list_tasks(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let stopped = match input.text("desiredStatus")? {
            None | Some("RUNNING") => false,
            Some("STOPPED") => true,
            Some("PENDING") => return page("taskArns", &[], input, 100),
            Some(_) => return Err(invalid("desiredStatus should be one of RUNNING, PENDING or STOPPED.")),
        };
        let started_by = input.text("startedBy")?;
        check_started_by_is_alone(scene, input)?;
        let service = match input.text("serviceName")? {
            Some(name) => Some(self.known_service(&cluster, name)?),
            None => None,
        };
        let kind = input.text("launchType")?;
        let family = input.text("family")?;
        let instance = input
            .text("containerInstance")?
            .map(|given| self.named_in("container-instance", &cluster, given).unwrap_or_default());
        let listed = |task: &&Task| {
            task.cluster == cluster
                && task.told_to_stop == stopped
                && task.visible_at <= scene.now
                && service.is_none_or(|service: ServiceId| task.service() == Some(service))
                && family.is_none_or(|family| task.family == family)
                && started_by.is_none_or(|by| task.started_by.as_deref() == Some(by))
                && kind.is_none_or(|kind| kind == if task.host.is_some() { "EC2" } else { "FARGATE" })
                && instance.is_none_or(|id| task.host.as_ref().is_some_and(|host| host.instance == id))
        };
        let tasks = self.tasks.values().filter(listed);
        let arns: BTreeSet<String> = tasks.map(|task| scene.place.task(&cluster, &task.id)).collect();
        page("taskArns", &arns.into_iter().collect::<Vec<_>>(), input, 100)
    }

    /// DescribeTasks: at most a hundred; unknown, forgotten and not yet visible ones are failures.
    pub(super) fn describe_tasks(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let asked = input.texts("tasks")?;
        if asked.is_empty() {
            return Err(invalid("Tasks cannot be empty."));
        }
        at_most(100, "tasks", asked.len())?;
        let with_tags = input.includes_tags()?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in asked {
            let id = self.named_in("task", &cluster, given);
            let task = id
                .and_then(|id| self.tasks.get(id))
                .filter(|task| task.cluster == cluster && task.visible_at <= scene.now);
            match task {
                Some(task) => found.push(task.show(scene.place, with_tags)),
                None => {
                    let arn = shown_arn(given, |id| scene.place.task(&cluster, id));
                    failures.push(json!({"arn": arn, "reason": "MISSING"}));
                }
            }
        }
        Ok(json!({"tasks": found, "failures": failures}))
    }

    /// StopTask: the same way down as for the scheduler, draining included. The task loses its tags.
    pub(super) fn stop_task(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let id = self.named_in("task", &cluster, input.required("task")?).unwrap_or_default().to_owned();
        let found = self.tasks.get_mut(&id).filter(|task| task.cluster == cluster);
        let task = found.ok_or_else(|| invalid("The referenced task was not found."))?;
        task.tags = Tags::new();
        let reason = input.text("reason")?.unwrap_or("Task stopped by user").to_owned();
        let cause = StopCause { code: StopCode::UserInitiated, reason };
        self.stop_tasks(scene, std::slice::from_ref(&id), &cause);
        Ok(json!({ "task": self.tasks[&id].show(scene.place, true) }))
    }
}

fn check_started_by_is_alone(scene: &Scene<'_>, input: Input<'_>) -> Result<(), ApiError> {
    let others = ["family", "serviceName", "desiredStatus", "launchType", "containerInstance"];
    let alone = input.get("startedBy").is_none() || others.iter().all(|other| input.get(other).is_none());
    if alone || !scene.knobs.started_by_must_be_alone {
        return Ok(());
    }
    Err(invalid("startedBy cannot be combined with other filters."))
}
