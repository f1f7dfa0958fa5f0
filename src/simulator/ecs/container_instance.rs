//! Container instances: EC2 machines on which tasks of launch type EC2 run.
//!
//! Owns the resource: what was registered, what is left of it, and how AWS shows it. Its operations are in
//! `container_instance_ops`; which task goes where is in `placement`.
//!
//! Divergence from AWS: no agent is behind an instance, it is always connected; no machine is looked at, so what the
//! registration does not say is assumed (`ROOM`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::Ecs;
use super::tags::{self, Tags};
use super::task::{LastStatus, Task};
use crate::simulator::arn::Place;
use crate::simulator::time::Time;

/// CPU units and MiB of an instance whose registration names none: four vCPUs, and 8 GiB less what the system takes.
pub(super) const ROOM: (i64, i64) = (4096, 7680);

/// Ports that are taken on every instance: SSH, the Docker daemon and the agent. Documented.
pub(super) const RESERVED_PORTS: [&str; 5] = ["22", "2375", "2376", "51678", "51679"];

/// Whether an instance takes new tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum InstanceStatus {
    Active,
    Draining,
}

impl InstanceStatus {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            InstanceStatus::Active => "ACTIVE",
            InstanceStatus::Draining => "DRAINING",
        }
    }
}

/// CPU units, MiB and ports: of an instance, or of what is left of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Room {
    pub(super) cpu: i64,
    pub(super) memory: i64,
    /// Ports that are taken.
    pub(super) ports: Vec<String>,
    /// The same of UDP.
    pub(super) udp_ports: Vec<String>,
}

/// Which instance: its cluster and its id.
pub(super) type InstanceKey = (String, String);

/// A container instance.
#[derive(Clone, Debug)]
pub(super) struct ContainerInstance {
    pub(super) id: String,
    pub(super) cluster: String,
    pub(super) ec2: String,
    pub(super) status: InstanceStatus,
    pub(super) registered: Room,
    /// By name; a value may be missing.
    pub(super) attributes: BTreeMap<String, Option<String>>,
    pub(super) version_info: Value,
    pub(super) registered_at: Time,
    pub(super) tags: Tags,
}

impl ContainerInstance {
    /// Its availability zone, if it is known.
    pub(super) fn zone(&self) -> Option<&str> {
        self.attributes.get("ecs.availability-zone")?.as_deref()
    }
}

impl Ecs {
    /// Tasks that take room on an instance.
    pub(super) fn tasks_on(&self, instance: &str) -> impl Iterator<Item = &Task> {
        let here = move |task: &&Task| task.host.as_ref().is_some_and(|host| host.instance == instance);
        self.tasks.values().filter(here).filter(|task| task.last_status < LastStatus::Deprovisioning)
    }

    /// What is left on an instance.
    pub(super) fn remaining(&self, instance: &ContainerInstance) -> Room {
        let mut room = instance.registered.clone();
        for host in self.tasks_on(&instance.id).filter_map(|task| task.host.as_ref()) {
            room.cpu -= host.cpu;
            room.memory -= host.memory;
            for binding in &host.bindings {
                let ports = if binding.protocol == "udp" { &mut room.udp_ports } else { &mut room.ports };
                ports.push(binding.host_port.to_string());
            }
        }
        room
    }

    /// An instance as DescribeContainerInstances shows it.
    pub(super) fn show_instance(&self, place: &Place, instance: &ContainerInstance, with_tags: bool) -> Value {
        let running = self.tasks_on(&instance.id).filter(|task| task.last_status >= LastStatus::Running).count();
        let pending = self.tasks_on(&instance.id).count() - running;
        let attributes = instance.attributes.iter().map(|(name, value)| match value {
            Some(value) => json!({"name": name, "value": value}),
            None => json!({ "name": name }),
        });
        json!({
            "containerInstanceArn": place.container_instance(&instance.cluster, &instance.id),
            "ec2InstanceId": instance.ec2,
            "version": 1,
            "versionInfo": instance.version_info,
            "remainingResources": show_room(&self.remaining(instance)),
            "registeredResources": show_room(&instance.registered),
            "status": instance.status.word(),
            "agentConnected": true,
            "runningTasksCount": running,
            "pendingTasksCount": pending,
            "attributes": attributes.collect::<Value>(),
            "registeredAt": instance.registered_at.epoch_seconds(),
            "attachments": [],
            "tags": if with_tags { tags::show(&instance.tags) } else { json!([]) },
        })
    }
}

fn show_room(room: &Room) -> Value {
    let Room { cpu, memory, ports, udp_ports } = room;
    let whole = |name: &str, value: &i64| json!({"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value});
    let set = |name: &str, values: &[String]| {
        json!({
            "name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0,
            "stringSetValue": values,
        })
    };
    json!([whole("CPU", cpu), whole("MEMORY", memory), set("PORTS", ports), set("PORTS_UDP", udp_ports)])
}
