//! RunTask: tasks that belong to nobody, at most once per client token.
//!
//! Owns the checks of the call and the making of its tasks. What a token is worth belongs to `token`, where tasks of
//! launch type EC2 find room to `placement`.
//!
//! Divergence from AWS: placement strategies and constraints are not looked at; the order in which several faults of
//! one call are reported is assumed, and so are most texts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::capacity::LaunchMode;
use super::capacity_providers::is_fargate;
use super::input::{Input, invalid};
use super::launch::{Order, read_network};
use super::placement::Unplaced;
use super::state::{Ecs, Scene};
use super::tags;
use super::task::{Host, Owner, TaskId};
use super::task_definition::TaskDefinition;
use super::token::Launched;
use crate::simulator::error::ApiError;
use crate::simulator::knobs::Throttling;

impl Ecs {
    /// RunTask.
    pub(super) fn run_task(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        if input.text("launchType")?.is_some_and(|kind| !["EC2", "FARGATE", "EXTERNAL"].contains(&kind)) {
            return Err(invalid("launch type should be one of [EC2,FARGATE,EXTERNAL]"));
        }
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let token = client_token(input)?;
        let key = token.map(|token| (cluster.clone(), token.to_owned()));
        let request = without_token(input.0);
        if let Some(key) = &key
            && let Some(answer) = self.replay(scene, key, &request)?
        {
            return Ok(answer);
        }
        let count = match input.int("count")?.unwrap_or(1) {
            count @ 1..=10 => count,
            _ => return Err(invalid("Count should be between 1 and 10.")),
        };
        let mode = self.read_mode(&cluster, input)?;
        let order = self.read_order(cluster, input, &mode)?;
        self.pay_for_launches(scene, &mode, count)?;
        let (tasks, failures) = self.launch_all(scene, &order, &mode, count)?;
        if let Some(key) = key {
            let (tasks, failures) = (tasks.clone(), failures.clone());
            self.launched.insert(key, Launched { request, accepted_at: scene.now, tasks, failures });
        }
        let shown: Value = tasks.iter().map(|task| self.tasks[task].show(scene.place, true)).collect();
        Ok(json!({"tasks": shown, "failures": failures}))
    }

    fn read_mode(&self, cluster: &str, input: Input<'_>) -> Result<LaunchMode, ApiError> {
        let found = self.cluster(Some(cluster))?;
        let default = match &found.default_strategy {
            none if none.is_empty() => LaunchMode::Type("EC2".to_owned()),
            strategy => LaunchMode::Strategy(strategy.clone()),
        };
        Ok(LaunchMode::read(input, &found.providers)?.unwrap_or(default))
    }

    /// What RunTask and StartTask say alike of their tasks.
    pub(super) fn read_order(&self, cluster: String, input: Input<'_>, mode: &LaunchMode) -> Result<Order, ApiError> {
        let started_by = checked_started_by(input)?;
        let tags = tags::read(input)?;
        let definition = self.runnable(input.required("taskDefinition")?)?;
        let propagated = match input.text("propagateTags")? {
            None | Some("NONE") => tags::Tags::new(),
            Some("TASK_DEFINITION") => definition.tags.clone(),
            Some(_) => {
                return Err(invalid("Invalid value for propagateTags. Tasks can only inherit from TASK_DEFINITION."));
            }
        };
        mode.check_fits(&definition.body["compatibilities"])?;
        let group = input.text("group")?.map_or_else(|| format!("family:{}", definition.family), str::to_owned);
        Ok(Order {
            cluster,
            task_definition: definition.arn.clone(),
            owner: Owner::RunTask,
            group,
            started_by,
            provider: String::new(),
            by_strategy: matches!(mode, LaunchMode::Strategy(_)),
            network: read_network(input, definition)?,
            platform_version: input.text("platformVersion")?.unwrap_or("LATEST").to_owned(),
            exec: input.flag("enableExecuteCommand")?,
            overrides: overrides(input, definition)?,
            tags: propagated.into_iter().chain(tags).collect(),
            host: None,
        })
    }

    /// Takes what the launches cost of Fargate's rate, where calls are limited at all.
    fn pay_for_launches(&mut self, scene: &Scene<'_>, mode: &LaunchMode, count: i64) -> Result<(), ApiError> {
        let provider = mode.next_provider(&BTreeMap::new());
        let limited = scene.knobs.throttling == Throttling::Published;
        let Some(provider) = provider.filter(|provider| limited && is_fargate(provider)) else { return Ok(()) };
        match self.may_launch_now(scene, &provider, count) {
            true => Ok(()),
            false => Err(ApiError::client("ThrottlingException", "Rate exceeded")),
        }
    }

    fn launch_all(
        &mut self,
        scene: &mut Scene<'_>,
        order: &Order,
        mode: &LaunchMode,
        count: i64,
    ) -> Result<(Vec<TaskId>, Vec<Value>), ApiError> {
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        let mut running = BTreeMap::new();
        for _ in 0..count {
            let provider = mode.next_provider(&running);
            let provider = provider.ok_or_else(no_instances)?;
            let zones = self.open_subnets(scene, &order.network).len();
            if let Some(obstacle) = self.obstacle(scene, &order.cluster, &provider, &order.task_definition, zones) {
                failures.push(json!({ "reason": obstacle.reason() }));
                continue;
            }
            let host = match self.host_for(&provider, order) {
                Ok(host) => host,
                Err(Unplaced::NoInstances) => return Err(no_instances()),
                Err(Unplaced::NoRoom { instance, lacks }) => {
                    let arn = scene.place.container_instance(&order.cluster, &instance);
                    failures.push(json!({"arn": arn, "reason": lacks.reason()}));
                    continue;
                }
            };
            *running.entry(provider.clone()).or_insert(0) += 1;
            tasks.push(self.launch(scene, Order { provider, host, ..order.clone() }));
        }
        Ok((tasks, failures))
    }

    fn host_for(&self, provider: &str, order: &Order) -> Result<Option<Host>, Unplaced> {
        if is_fargate(provider) {
            return Ok(None);
        }
        let definition = self.task_definition(&order.task_definition).expect("orders name a revision that exists");
        self.place(&order.cluster, definition).map(Some)
    }
}

fn no_instances() -> ApiError {
    invalid("No Container Instances were found in your cluster.")
}

fn client_token<'a>(input: Input<'a>) -> Result<Option<&'a str>, ApiError> {
    let token = input.text("clientToken")?.filter(|token| !token.is_empty());
    match token {
        Some(token) if token.len() > 64 || !token.bytes().all(|byte| (33..=126).contains(&byte)) => {
            Err(invalid("clientToken can have at most 64 characters, of ASCII 33 to 126."))
        }
        token => Ok(token),
    }
}

fn without_token(input: &Value) -> Value {
    let mut request = input.clone();
    if let Some(members) = request.as_object_mut() {
        members.retain(|key, value| key != "clientToken" && !value.is_null());
    }
    request.sort_all_objects();
    request
}

fn checked_started_by(input: Input<'_>) -> Result<Option<String>, ApiError> {
    let Some(by) = input.text("startedBy")? else { return Ok(None) };
    if by.len() > 128 {
        return Err(invalid("startedBy can have at most 128 characters."));
    }
    // The documentation has no space among the characters; the deploy tool `ecs-deploy` sends one and is served.
    if !by.chars().all(|c| c.is_ascii_alphanumeric() || "-_/ ".contains(c)) {
        return Err(invalid(
            "startedBy can contain letters (uppercase and lowercase), numbers, hyphens (-), forward slash (/), and \
             underscores (_) only.",
        ));
    }
    Ok(Some(by.to_owned()))
}

/// The overrides as AWS shows them.
fn overrides(input: Input<'_>, definition: &TaskDefinition) -> Result<Value, ApiError> {
    let mut overrides = input.get("overrides").cloned().unwrap_or_else(|| json!({}));
    if overrides.to_string().len() > 8192 {
        return Err(invalid("Container overrides can have at most 8192 characters."));
    }
    let given = Input(&overrides).items("containerOverrides")?;
    for item in given {
        let item = Input(item);
        item.texts("command")?;
        for variable in item.items("environment")? {
            Input(variable).text("name")?;
            Input(variable).text("value")?;
        }
        let name = item.text("name")?.unwrap_or_default();
        if !definition.containers().iter().any(|container| container["name"] == json!(name)) {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    if given.is_empty() {
        let empty = |container: &Value| json!({ "name": container["name"] });
        overrides["containerOverrides"] = definition.containers().iter().map(empty).collect();
    }
    overrides["inferenceAcceleratorOverrides"] = json!([]);
    Ok(overrides)
}
