//! Bringing tasks into the world.
//!
//! Owns how a task is made from a task definition, a network and a request. Who asks for it, and how many, belongs to
//! the scheduler and to RunTask; what becomes of it belongs to `lifecycle`.
//!
//! Divergence from AWS: addresses are never used twice; whether subnets and security groups exist is not asked, only
//! whether they have the names of such.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::input::{Input, invalid};
use super::placement::needs;
use super::state::{Ecs, Scene};
use super::tags::Tags;
use super::task::{Container, Health, Host, Interface, LastStatus, Moments, Owner, Task, TaskId};
use super::task_definition::TaskDefinition;
use super::timers::Step;
use super::zones::Subnet;
use crate::simulator::arn;
use crate::simulator::error::ApiError;

/// What a Fargate task has when nothing else is asked for.
const DEFAULT_STORAGE_GIB: i64 = 20;

/// Seconds between SIGTERM and SIGKILL if a container says nothing. Documented.
const STOP_TIMEOUT_S: i64 = 30;
/// The longest that Fargate waits. Documented.
const LONGEST_STOP_TIMEOUT_S: i64 = 120;

/// Everything that a new task is made from.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) cluster: String,
    /// ARN.
    pub(super) task_definition: String,
    pub(super) owner: Owner,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) provider: String,
    pub(super) by_strategy: bool,
    /// As AWS shows it; null without `awsvpc`.
    pub(super) network: Value,
    pub(super) platform_version: String,
    pub(super) exec: bool,
    pub(super) overrides: Value,
    pub(super) tags: Tags,
    /// The container instance; nothing for Fargate.
    pub(super) host: Option<Host>,
}

impl Ecs {
    /// Makes a task, in PROVISIONING, and sets its life going.
    pub(super) fn launch(&mut self, scene: &mut Scene<'_>, order: Order) -> TaskId {
        let id = arn::hex(scene.rng, 32);
        let definition = self.task_definition(&order.task_definition).expect("orders name a revision that exists");
        let family = definition.family.clone();
        let member = |key: &str| definition.body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let overridden = |key: &str| order.overrides.get(key).and_then(Value::as_str).map(str::to_owned);
        let (units, mib) = needs(definition);
        let or_sum = |own: String, sum: i64| if own.is_empty() { sum.to_string() } else { own };
        let cpu = overridden("cpu").unwrap_or_else(|| or_sum(member("cpu"), units));
        let memory = overridden("memory").unwrap_or_else(|| or_sum(member("memory"), mib));
        let storage = [order.overrides.get("ephemeralStorage"), definition.body.get("ephemeralStorage")];
        let storage_gib = storage.into_iter().flatten().find_map(|storage| storage["sizeInGiB"].as_i64());
        let storage_gib = storage_gib.unwrap_or(DEFAULT_STORAGE_GIB);
        let containers = containers(definition, &id, scene);
        let address = self.new_address();
        let subnet = self.subnet_for(scene, &order, address);
        let mut interface = interface(&order.network, address, subnet, scene);
        if let Some(zone) = order.host.as_ref().and_then(|host| host.zone.clone()) {
            interface.zone = zone;
        }
        let has_interface = !order.network.is_null();
        let Order { cluster, task_definition, owner, group, started_by, .. } = order;
        let Order { provider, by_strategy, platform_version, exec, overrides, tags, host, .. } = order;
        let service = match &owner {
            Owner::Service { service, .. } => Some(*service),
            Owner::RunTask => None,
        };
        let task = Task {
            id: id.clone(),
            cluster,
            family,
            task_definition,
            owner,
            group,
            started_by,
            provider,
            by_strategy,
            last_status: if has_interface { LastStatus::Provisioning } else { LastStatus::Pending },
            told_to_stop: false,
            version: 1,
            created_at: scene.now,
            visible_at: scene.now.plus_millis(scene.knobs.visible_after_ms),
            moments: Moments::default(),
            cause: None,
            cpu,
            memory,
            storage_gib,
            platform_version: if platform_version == "LATEST" { "1.4.0".into() } else { platform_version },
            exec,
            overrides,
            tags,
            interface,
            has_interface,
            host,
            protected_until: None,
            containers,
            targets: Vec::new(),
            pull_error: None,
            gone_at: None,
            exit: None,
            never_healthy: false,
            serves_at: None,
            was_healthy: false,
        };
        if let Some(service) = service {
            self.unstopped.entry(service).or_default().insert(id.clone());
            self.by_address.insert(task.interface.ip, id.clone());
        }
        if has_interface {
            *self.provisioning.entry(task.cluster.clone()).or_default() += 1;
        }
        self.tasks.insert(id.clone(), task);
        self.note_status(scene, &id, None);
        if has_interface {
            self.after(scene, scene.knobs.provisioning_ms, &id, Step::Connected);
        } else {
            // Nothing is attached to it: the agent of the container instance begins with the pull.
            self.after(scene, scene.knobs.pending_ms, &id, Step::PullStarts);
        }
        id
    }
}

/// Reads `networkConfiguration`, and completes it as AWS shows it.
///
/// # Errors
///
/// `InvalidParameterException` if an `awsvpc` revision gets none, another one gets one, or it is out of bounds.
pub(super) fn read_network(input: Input<'_>, definition: &TaskDefinition) -> Result<Value, ApiError> {
    let given = input.get("networkConfiguration").and_then(|network| Input(network).get("awsvpcConfiguration"));
    let Some(given) = given.map(Input) else {
        return match definition.is_awsvpc() {
            true => Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")),
            false => Ok(Value::Null),
        };
    };
    if !definition.is_awsvpc() {
        return Err(invalid("Network Configuration is not valid for the given networkMode of this task definition."));
    }
    let (subnets, groups) = (given.texts("subnets")?, given.texts("securityGroups")?);
    if subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    check_ids(&subnets, "subnet-", "subnet", "subnet ID", "InvalidSubnetID.NotFound")?;
    check_ids(&groups, "sg-", "security group", "security group", "InvalidGroup.NotFound")?;
    if subnets.len() > 16 || groups.len() > 5 {
        return Err(invalid("There can be at most 16 subnets and 5 security groups."));
    }
    let public = given.word("assignPublicIp", &["ENABLED", "DISABLED"])?.unwrap_or("DISABLED");
    Ok(json!({"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups, "assignPublicIp": public}}))
}

/// What cannot be the id of a subnet or a security group is not found.
fn check_ids(ids: &[&str], prefix: &str, kind: &str, name: &str, code: &str) -> Result<(), ApiError> {
    match ids.iter().find(|id| !id.starts_with(prefix)) {
        Some(id) => Err(invalid(format!(
            "Error retrieving {kind} information for [{id}]: The {name} '{id}' does not exist (ErrorCode: {code})"
        ))),
        None => Ok(()),
    }
}

fn containers(definition: &TaskDefinition, task: &str, scene: &mut Scene<'_>) -> Vec<Container> {
    let build = |given: &Value| {
        let text = |key: &str| given[key].as_str().unwrap_or_default().to_owned();
        Container {
            id: arn::uuid(scene.rng),
            name: text("name"),
            image: text("image"),
            digest: None,
            runtime_id: format!("{task}-{}", scene.rng.u64(100_000_000..4_000_000_000)),
            essential: given["essential"].as_bool().unwrap_or(true),
            cpu: given["cpu"].as_i64().unwrap_or(0),
            memory: given["memory"].as_i64(),
            health_check: given.get("healthCheck").filter(|check| check.is_object()).cloned(),
            health: Health::Unknown,
            exit_code: None,
            reason: None,
            stop_timeout_s: given["stopTimeout"].as_i64().unwrap_or(STOP_TIMEOUT_S).clamp(2, LONGEST_STOP_TIMEOUT_S),
        }
    };
    definition.containers().iter().map(build).collect()
}

fn interface(network: &Value, address: u32, subnet: Subnet, scene: &mut Scene<'_>) -> Interface {
    let subnets = network["awsvpcConfiguration"]["subnets"].as_array().map_or(&[][..], Vec::as_slice);
    let Subnet { index, zone } = subnet;
    let [_, high, middle, low] = (address / 250 * 256 + address % 250 + 4).to_be_bytes();
    let mac: Vec<String> = (0..5).map(|_| arn::hex(scene.rng, 2)).collect();
    Interface {
        attachment: arn::uuid(scene.rng),
        eni: format!("eni-{}", arn::hex(scene.rng, 17)),
        mac: format!("0a:{}", mac.join(":")),
        ip: Ipv4Addr::new(10, high, middle, low),
        subnet: subnets.get(index).and_then(Value::as_str).unwrap_or_default().to_owned(),
        zone,
    }
}
