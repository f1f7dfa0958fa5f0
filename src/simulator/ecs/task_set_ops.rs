//! CreateTaskSet, DescribeTaskSets, UpdateTaskSet, UpdateServicePrimaryTaskSet and DeleteTaskSet.
//!
//! Owns the operations and their refusals. What a set then does is in `task_set`.
//!
//! Divergence from AWS: task sets that AWS makes for CodeDeploy do not exist; `clientToken` is not looked at; the texts
//! are assumed but for the one about external controllers.

use serde_json::{Value, json};

use super::deployment::DeploymentStatus;
use super::input::{Input, client_error, invalid};
use super::service::{ServiceId, ServiceStatus};
use super::service_ops::new_deployment;
use super::state::{Ecs, Scene};
use super::tags;
use super::task_set::{TaskSet, TaskSetStatus};
use crate::simulator::arn;
use crate::simulator::error::ApiError;

impl Ecs {
    /// CreateTaskSet.
    pub(super) fn create_task_set(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        if input.text("launchType")?.is_some_and(|kind| !["EC2", "FARGATE", "EXTERNAL"].contains(&kind)) {
            return Err(client_error("launch type should be one of [EC2,FARGATE]"));
        }
        let id = self.service_of_task_sets(input)?;
        let cluster = self.services[&id].cluster.clone();
        let spec = self.first_spec(scene, &cluster, input)?;
        let scale = read_scale(input)?.unwrap_or(100.0);
        let tags = tags::read(input)?;
        let set = TaskSet {
            id: format!("ecs-svc/{}", arn::decimal(scene.rng)),
            external_id: input.text("externalId")?.map(str::to_owned),
            status: TaskSetStatus::Active,
            scale,
            created_at: scene.now,
            updated_at: scene.now,
            steady: false,
            steady_at: scene.now,
            tags,
        };
        let name = self.services[&id].name.clone();
        let revision = scene.place.service_revision(&cluster, &name, &arn::decimal(scene.rng));
        let mut deployment = new_deployment(scene, &set.id, revision, spec);
        deployment.status = DeploymentStatus::Active;
        let service = self.service_mut(id);
        service.deployments.push(deployment);
        service.task_sets.push(set.clone());
        self.wake(scene, id);
        Ok(json!({ "taskSet": self.show_task_set(scene.place, &self.services[&id], &set, true) }))
    }

    /// DescribeTaskSets: those that are named, or all of the service.
    pub(super) fn describe_task_sets(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let with_tags = input.includes_tags()?;
        let asked = input.texts("taskSets")?;
        let id = self.service_of_task_sets(input)?;
        let service = &self.services[&id];
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in &asked {
            match service.task_sets.iter().find(|set| is_meant(given, set)) {
                Some(set) => found.push(set),
                None => failures.push(json!({"arn": given, "reason": "MISSING"})),
            }
        }
        if asked.is_empty() {
            found.extend(&service.task_sets);
        }
        let show = |set: &TaskSet| self.show_task_set(scene.place, service, set, with_tags);
        Ok(json!({"taskSets": found.into_iter().map(show).collect::<Value>(), "failures": failures}))
    }

    /// UpdateTaskSet: another scale.
    pub(super) fn update_task_set(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let scale = read_scale(input)?.ok_or_else(|| invalid("scale can not be null."))?;
        let (id, at) = self.known_task_set(input, "taskSet")?;
        let set = &mut self.service_mut(id).task_sets[at];
        (set.scale, set.updated_at, set.steady, set.steady_at) = (scale, scene.now, false, scene.now);
        self.wake(scene, id);
        Ok(self.answer_task_set(scene, id, at))
    }

    /// UpdateServicePrimaryTaskSet: the others become ACTIVE.
    pub(super) fn update_primary_task_set(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let (id, at) = self.known_task_set(input, "primaryTaskSet")?;
        for (position, set) in self.service_mut(id).task_sets.iter_mut().enumerate() {
            set.status = match set.status {
                TaskSetStatus::Draining => TaskSetStatus::Draining,
                TaskSetStatus::Primary | TaskSetStatus::Active if position == at => TaskSetStatus::Primary,
                TaskSetStatus::Primary | TaskSetStatus::Active => TaskSetStatus::Active,
            };
        }
        Ok(self.answer_task_set(scene, id, at))
    }

    /// DeleteTaskSet: scaled to zero, or by force. Its tasks are drained and stopped.
    pub(super) fn delete_task_set(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let force = input.flag("force")?;
        let (id, at) = self.known_task_set(input, "taskSet")?;
        let set = &mut self.service_mut(id).task_sets[at];
        if set.scale > 0.0 && !force {
            return Err(invalid("The task set cannot be deleted while it is scaled above 0."));
        }
        (set.status, set.updated_at, set.steady) = (TaskSetStatus::Draining, scene.now, false);
        self.wake(scene, id);
        Ok(self.answer_task_set(scene, id, at))
    }

    fn answer_task_set(&self, scene: &Scene<'_>, id: ServiceId, at: usize) -> Value {
        let service = &self.services[&id];
        json!({ "taskSet": self.show_task_set(scene.place, service, &service.task_sets[at], true) })
    }

    fn service_of_task_sets(&self, input: Input<'_>) -> Result<ServiceId, ApiError> {
        let cluster = self.cluster(Some(input.required("cluster")?))?.name.clone();
        let id = self.known_service(&cluster, input.required("service")?)?;
        let service = &self.services[&id];
        if service.status != ServiceStatus::Active {
            return Err(ApiError::client("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        if !service.external {
            return Err(invalid(
                "Amazon ECS only supports task set management on services configured to use external deployment \
                 controllers.",
            ));
        }
        Ok(id)
    }

    fn known_task_set(&self, input: Input<'_>, key: &str) -> Result<(ServiceId, usize), ApiError> {
        let given = input.required(key)?;
        let id = self.service_of_task_sets(input)?;
        let found = self.services[&id].task_sets.iter().position(|set| is_meant(given, set));
        let missing = || ApiError::client("TaskSetNotFoundException", "The specified task set was not found.");
        Ok((id, found.ok_or_else(missing)?))
    }
}

/// Whether a short id or an ARN means this set.
fn is_meant(given: &str, set: &TaskSet) -> bool {
    given == set.id || given.starts_with("arn:") && given.ends_with(&format!("/{}", set.id))
}

fn read_scale(input: Input<'_>) -> Result<Option<f64>, ApiError> {
    let Some(scale) = input.get("scale") else { return Ok(None) };
    let scale = Input(scale);
    scale.word("unit", &["PERCENT"])?;
    match scale.number("value")?.unwrap_or(100.0) {
        value if (0.0..=100.0).contains(&value) => Ok(Some(value)),
        _ => Err(invalid("The scale of a task set must be between 0 and 100 percent.")),
    }
}
