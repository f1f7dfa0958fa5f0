//! Operations on container instances, and on their attributes.
//!
//! Owns RegisterContainerInstance, which an agent calls, and what operators call: List-, Describe-,
//! DeregisterContainerInstance, UpdateContainerInstancesState, Put-, List- and DeleteAttributes, DiscoverPollEndpoint.
//!
//! Divergence from AWS: identity documents are believed without their signature; tasks stay on a DRAINING instance
//! until something else stops them; filters in the cluster query language are refused.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::container_instance::{ContainerInstance, InstanceKey, InstanceStatus, RESERVED_PORTS, ROOM, Room};
use super::input::{Input, client_error, invalid};
use super::naming::shown_arn;
use super::paging::page;
use super::state::{Ecs, Scene, at_most};
use super::tags;
use super::task::{StopCause, StopCode, TaskId};
use crate::simulator::arn;
use crate::simulator::error::ApiError;

impl Ecs {
    /// RegisterContainerInstance: a new instance, or the one whose ARN is given.
    pub(super) fn register_container_instance(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let document: Value = match input.text("instanceIdentityDocument")? {
            Some(text) => {
                serde_json::from_str(text).map_err(|_| client_error("Invalid instance identity document."))?
            }
            None => json!({}),
        };
        let id = match input.text("containerInstanceArn")?.filter(|arn| !arn.is_empty()) {
            Some(arn) => arn::last_part(arn).to_owned(),
            None => arn::uuid(scene.rng),
        };
        let version = input.get("versionInfo").cloned();
        let instance = ContainerInstance {
            id: id.clone(),
            cluster: cluster.clone(),
            ec2: document["instanceId"].as_str().unwrap_or_default().to_owned(),
            status: InstanceStatus::Active,
            registered: read_room(input)?,
            attributes: read_own_attributes(input, &document)?,
            version_info: version.unwrap_or_else(|| json!({"agentVersion": "1.99.0", "dockerVersion": "25.0.8"})),
            registered_at: scene.now,
            tags: tags::read(input)?,
        };
        let shown = self.show_instance(scene.place, &instance, true);
        self.instances.insert((cluster.clone(), id), instance);
        self.follow_instances(scene, &cluster);
        Ok(json!({ "containerInstance": shown }))
    }

    /// DeregisterContainerInstance: by force if tasks run on it, which then end.
    pub(super) fn deregister_container_instance(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let id = self.named_in("container-instance", &cluster, input.required("containerInstance")?);
        let key = (cluster.clone(), id.unwrap_or_default().to_owned());
        let instance = self.instances.get(&key).ok_or_else(unknown_instance)?;
        let tasks: Vec<TaskId> = self.tasks_on(&key.1).map(|task| task.id.clone()).collect();
        if !tasks.is_empty() && !input.flag("force")? {
            return Err(invalid("Found running tasks on the instance."));
        }
        let mut shown = self.show_instance(scene.place, instance, true);
        shown["status"] = json!("INACTIVE");
        let reason = format!("Host EC2 (instance {}) terminated.", instance.ec2);
        self.stop_tasks(scene, &tasks, &StopCause { code: StopCode::TerminationNotice, reason });
        self.instances.remove(&key);
        self.follow_instances(scene, &cluster);
        Ok(json!({ "containerInstance": shown }))
    }

    /// ListContainerInstances.
    pub(super) fn list_container_instances(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        if input.text("filter")?.is_some_and(|filter| !filter.is_empty()) {
            return Err(invalid("Filters of container instances are not supported."));
        }
        let status = input.word("status", &STATUSES)?;
        let listed = |instance: &&ContainerInstance| {
            instance.cluster == cluster && status.is_none_or(|status| status == instance.status.word())
        };
        let instances = self.instances.values().filter(listed);
        let arns: Vec<String> =
            instances.map(|instance| scene.place.container_instance(&cluster, &instance.id)).collect();
        page("containerInstanceArns", &arns, input, 100)
    }

    /// DescribeContainerInstances: at most a hundred; unknown ones are failures.
    pub(super) fn describe_container_instances(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let with_tags = input.words("include", &["TAGS", "CONTAINER_INSTANCE_HEALTH"])?.contains(&"TAGS");
        let (found, failures) = self.asked_instances(scene, &cluster, input)?;
        let show = |key: &InstanceKey| self.show_instance(scene.place, &self.instances[key], with_tags);
        Ok(json!({"containerInstances": found.iter().map(show).collect::<Value>(), "failures": failures}))
    }

    /// UpdateContainerInstancesState: whether instances take new tasks.
    pub(super) fn update_container_instances_state(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let status = match input.required("status")? {
            "ACTIVE" => InstanceStatus::Active,
            "DRAINING" => InstanceStatus::Draining,
            _ => return Err(invalid("Container instances status should be one of [ACTIVE,DRAINING].")),
        };
        let (found, failures) = self.asked_instances(scene, &cluster, input)?;
        for key in &found {
            if let Some(instance) = self.instances.get_mut(key) {
                instance.status = status;
            }
        }
        self.follow_instances(scene, &cluster);
        let show = |key: &InstanceKey| self.show_instance(scene.place, &self.instances[key], false);
        Ok(json!({"containerInstances": found.iter().map(show).collect::<Value>(), "failures": failures}))
    }

    /// DiscoverPollEndpoint: where an agent of this region would ask for work.
    pub(super) fn discover_poll_endpoint(&self, scene: &Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        input.text("cluster")?;
        input.text("containerInstance")?;
        let region = &scene.place.region;
        Ok(json!({
            "endpoint": format!("https://ecs-a-1.{region}.amazonaws.com/"),
            "telemetryEndpoint": format!("https://ecs-t-1.{region}.amazonaws.com/"),
            "serviceConnectEndpoint": format!("https://ecs-sc.{region}.api.aws"),
        }))
    }

    fn asked_instances(
        &self,
        scene: &Scene<'_>,
        cluster: &str,
        input: Input<'_>,
    ) -> Result<(Vec<InstanceKey>, Vec<Value>), ApiError> {
        let asked = input.texts("containerInstances")?;
        if asked.is_empty() {
            return Err(client_error("Container Instances cannot be empty."));
        }
        at_most(100, "containerInstances", asked.len())?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in asked {
            let id = self.named_in("container-instance", cluster, given).unwrap_or_default();
            let key = (cluster.to_owned(), id.to_owned());
            if self.instances.contains_key(&key) {
                found.push(key);
            } else {
                let arn = shown_arn(given, |id| scene.place.container_instance(cluster, id));
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
        Ok((found, failures))
    }
}

/// What an instance can be filtered by.
const STATUSES: [&str; 5] = ["ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED"];

/// The refusal of an instance that is not there.
pub(super) fn unknown_instance() -> ApiError {
    invalid("Referenced container instance not found.")
}

fn read_room(input: Input<'_>) -> Result<Room, ApiError> {
    let reserved = RESERVED_PORTS.map(str::to_owned).to_vec();
    let mut room = Room { cpu: ROOM.0, memory: ROOM.1, ports: reserved, udp_ports: Vec::new() };
    for resource in input.items("totalResources")? {
        let resource = Input(resource);
        resource.text("type")?;
        let whole = resource.int("integerValue")?;
        let set = || -> Result<Vec<String>, ApiError> {
            Ok(resource.texts("stringSetValue")?.into_iter().map(str::to_owned).collect())
        };
        match resource.required("name")? {
            "CPU" => room.cpu = whole.unwrap_or(room.cpu),
            "MEMORY" => room.memory = whole.unwrap_or(room.memory),
            "PORTS" => room.ports = set()?,
            "PORTS_UDP" => room.udp_ports = set()?,
            _ => {}
        }
    }
    Ok(room)
}

fn read_own_attributes(input: Input<'_>, document: &Value) -> Result<BTreeMap<String, Option<String>>, ApiError> {
    let told = [
        ("ecs.availability-zone", "availabilityZone"),
        ("ecs.ami-id", "imageId"),
        ("ecs.instance-type", "instanceType"),
    ];
    let told = told.into_iter().filter_map(|(name, key)| Some((name.to_owned(), document[key].as_str()?.to_owned())));
    let mut attributes: BTreeMap<String, Option<String>> = told.map(|(name, value)| (name, Some(value))).collect();
    attributes.insert("ecs.os-type".to_owned(), Some("linux".to_owned()));
    for given in input.items("attributes")? {
        let given = Input(given);
        attributes.insert(given.required("name")?.to_owned(), given.text("value")?.map(str::to_owned));
    }
    Ok(attributes)
}
