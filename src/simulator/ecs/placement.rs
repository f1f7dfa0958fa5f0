//! Where a task finds room on container instances.
//!
//! Owns what a task needs, and which instance it gets: of those that are ACTIVE and have the room, the one with the
//! fewest tasks, and among those the first by id. What an instance has left is in `container_instance`.
//!
//! Divergence from AWS: placement strategies and constraints are not looked at; devices and task limits of network
//! interfaces neither.

use serde_json::Value;

use super::container_instance::{ContainerInstance, InstanceStatus, Room};
use super::state::Ecs;
use super::task::{Binding, Host};
use super::task_definition::TaskDefinition;

/// The first port that a container instance gives out by itself. Documented, for Docker's range.
const FIRST_DYNAMIC_PORT: i64 = 32768;

/// Why a task finds no place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Unplaced {
    /// The cluster has no instance that takes tasks.
    NoInstances,
    /// The last instance that was looked at lacks something.
    NoRoom { instance: String, lacks: Lack },
}

/// What an instance has too little of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lack {
    Cpu,
    Memory,
    Ports,
}

impl Lack {
    /// AWS's reason in a failure of RunTask and StartTask.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Lack::Cpu => "RESOURCE:CPU",
            Lack::Memory => "RESOURCE:MEMORY",
            Lack::Ports => "RESOURCE:PORTS",
        }
    }

    /// AWS's words in a service event.
    fn words(self) -> &'static str {
        match self {
            Lack::Cpu => "has insufficient CPU units available",
            Lack::Memory => "has insufficient memory available",
            Lack::Ports => "is already using a port required by your task",
        }
    }
}

impl Unplaced {
    /// AWS's words in a service event.
    pub(super) fn event(&self) -> String {
        let why = match self {
            Unplaced::NoInstances => "Reason: No Container Instances were found in your cluster.".to_owned(),
            Unplaced::NoRoom { instance, lacks } => {
                format!("The closest matching (container-instance {instance}) {}.", lacks.words())
            }
        };
        format!(
            "was unable to place a task because no container instance met all of its requirements. {why} For more \
             information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        )
    }
}

impl Ecs {
    /// A place for a task of this definition on any instance of the cluster.
    pub(super) fn place(&self, cluster: &str, definition: &TaskDefinition) -> Result<Host, Unplaced> {
        let takes =
            |instance: &&ContainerInstance| instance.cluster == cluster && instance.status == InstanceStatus::Active;
        let mut instances: Vec<&ContainerInstance> = self.instances.values().filter(takes).collect();
        instances.sort_by_key(|instance| self.tasks_on(&instance.id).count());
        let mut last = Unplaced::NoInstances;
        for instance in instances {
            match self.place_on(instance, definition) {
                Ok(host) => return Ok(host),
                Err(lacks) => last = Unplaced::NoRoom { instance: instance.id.clone(), lacks },
            }
        }
        Err(last)
    }

    /// A place for a task of this definition on this instance.
    pub(super) fn place_on(&self, instance: &ContainerInstance, definition: &TaskDefinition) -> Result<Host, Lack> {
        let room = self.remaining(instance);
        let (cpu, memory) = needs(definition);
        if cpu > room.cpu {
            return Err(Lack::Cpu);
        }
        if memory > room.memory {
            return Err(Lack::Memory);
        }
        let bindings = bindings(definition, room).ok_or(Lack::Ports)?;
        let zone = instance.zone().map(str::to_owned);
        Ok(Host { instance: instance.id.clone(), zone, cpu, memory, bindings })
    }
}

/// CPU units and MiB that a task takes: the task's own, or the sum of its containers'.
pub(super) fn needs(definition: &TaskDefinition) -> (i64, i64) {
    let own = |key: &str| definition.body.get(key)?.as_str()?.parse::<i64>().ok();
    let of_container =
        |container: &Value, keys: &[&str]| keys.iter().find_map(|key| container[*key].as_i64()).unwrap_or(0);
    let sum = |keys: &[&str]| definition.containers().iter().map(|container| of_container(container, keys)).sum();
    (
        own("cpu").unwrap_or_else(|| sum(&["cpu"])),
        own("memory").unwrap_or_else(|| sum(&["memoryReservation", "memory"])),
    )
}

/// Ports of the instance for the ports of the containers, or none if one of them is taken.
fn bindings(definition: &TaskDefinition, room: Room) -> Option<Vec<Binding>> {
    let mut bindings = Vec::new();
    if definition.is_awsvpc() {
        return Some(bindings);
    }
    let Room { ports: mut tcp, udp_ports: mut udp, .. } = room;
    for container in definition.containers() {
        for mapped in container["portMappings"].as_array().map_or(&[][..], Vec::as_slice) {
            let protocol = mapped["protocol"].as_str().unwrap_or("tcp").to_owned();
            let taken = if protocol == "udp" { &mut udp } else { &mut tcp };
            let is_taken = |port: i64, taken: &[String]| taken.contains(&port.to_string());
            let host_port = match mapped["hostPort"].as_i64().filter(|port| *port > 0) {
                Some(port) if is_taken(port, taken) => return None,
                Some(port) => port,
                None => (FIRST_DYNAMIC_PORT..=65535).find(|port| !is_taken(*port, taken))?,
            };
            taken.push(host_port.to_string());
            bindings.push(Binding {
                container: container["name"].as_str().unwrap_or_default().to_owned(),
                container_port: mapped["containerPort"].as_i64().unwrap_or(host_port),
                host_port,
                protocol,
            });
        }
    }
    Some(bindings)
}
