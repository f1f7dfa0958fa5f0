//! How AWS shows a task.
//!
//! Owns the shape of a task in answers. What is true of it is in `task`.
//!
//! Divergence from AWS: `attributes` hold the architecture only; ARM and Windows are not distinguished; the agent of
//! ECS Exec runs from the moment at which its task does.

use serde_json::{Value, json};

use super::tags;
use super::task::{Binding, Container, Interface, LastStatus, Moments, StopCause, Task};
use crate::simulator::arn::Place;

impl Task {
    /// The task as DescribeTasks shows it.
    pub(super) fn show(&self, place: &Place, with_tags: bool) -> Value {
        let mut shown = json!({
            "taskArn": place.task(&self.cluster, &self.id),
            "clusterArn": place.cluster(&self.cluster),
            "taskDefinitionArn": self.task_definition,
            "group": self.group,
            "lastStatus": self.last_status.word(),
            "desiredStatus": if self.told_to_stop { "STOPPED" } else { "RUNNING" },
            "healthStatus": self.health().word(),
            "version": self.version,
            "cpu": self.cpu,
            "memory": self.memory,
            "availabilityZone": self.interface.zone,
            "enableExecuteCommand": self.exec,
            "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
            "attachments": if self.has_interface { json!([self.show_attachment()]) } else { json!([]) },
            "inferenceAccelerators": [],
            "overrides": self.overrides,
            "containers": self.containers.iter().map(|c| self.show_container(c, place)).collect::<Value>(),
            "createdAt": self.created_at.epoch_seconds(),
            "tags": if with_tags { tags::show(&self.tags) } else { json!([]) },
        });
        self.show_history_in(&mut shown);
        self.show_capacity_in(&mut shown, place);
        if let Some(started_by) = &self.started_by {
            shown["startedBy"] = json!(started_by);
        }
        shown
    }

    fn show_capacity_in(&self, shown: &mut Value, place: &Place) {
        match &self.host {
            Some(host) => {
                shown["launchType"] = json!("EC2");
                shown["containerInstanceArn"] = json!(place.container_instance(&self.cluster, &host.instance));
            }
            None => {
                shown["launchType"] = json!("FARGATE");
                shown["platformVersion"] = json!(self.platform_version);
                shown["platformFamily"] = json!("Linux");
                shown["ephemeralStorage"] = json!({"sizeInGiB": self.storage_gib});
            }
        }
        if self.by_strategy {
            shown["capacityProviderName"] = json!(self.provider);
        }
    }

    fn show_history_in(&self, shown: &mut Value) {
        let Moments { connectivity, pull_started, pull_stopped, started, stopping, execution_stopped, stopped } =
            &self.moments;
        let moments = [
            ("connectivityAt", connectivity),
            ("pullStartedAt", pull_started),
            ("pullStoppedAt", pull_stopped),
            ("startedAt", started),
            ("stoppingAt", stopping),
            ("executionStoppedAt", execution_stopped),
            ("stoppedAt", stopped),
        ];
        for (key, moment) in moments {
            if let Some(at) = moment {
                shown[key] = json!(at.epoch_seconds());
            }
        }
        if connectivity.is_some() {
            shown["connectivity"] = json!("CONNECTED");
        }
        if let Some(StopCause { code, reason }) = &self.cause {
            shown["stopCode"] = json!(code.word());
            shown["stoppedReason"] = json!(reason);
        }
    }

    fn show_attachment(&self) -> Value {
        let Interface { attachment, eni, mac, ip, subnet, zone: _ } = &self.interface;
        let status = match self.last_status {
            LastStatus::Provisioning => "PRECREATED",
            LastStatus::Pending
            | LastStatus::Activating
            | LastStatus::Running
            | LastStatus::Deactivating
            | LastStatus::Stopping => "ATTACHED",
            LastStatus::Deprovisioning => "DETACHING",
            LastStatus::Stopped => "DELETED",
        };
        let mut details = vec![json!({"name": "subnetId", "value": subnet})];
        if self.moments.connectivity.is_some() {
            let dashed = ip.to_string().replace('.', "-");
            let private = [
                ("networkInterfaceId", eni.clone()),
                ("macAddress", mac.clone()),
                ("privateDnsName", format!("ip-{dashed}.ec2.internal")),
                ("privateIPv4Address", ip.to_string()),
            ];
            details.extend(private.map(|(name, value)| json!({"name": name, "value": value})));
        }
        json!({"id": attachment, "type": "ElasticNetworkInterface", "status": status, "details": details})
    }

    /// Ports of the container instance that lead to this container, while it runs.
    fn show_bindings(&self, container: &Container) -> Value {
        let bound = self.host.iter().flat_map(|host| &host.bindings).filter(|_| self.moments.started.is_some());
        let show = |Binding { container: _, container_port, host_port, protocol }: &Binding| json!({"bindIP": "0.0.0.0", "containerPort": container_port, "hostPort": host_port, "protocol": protocol});
        bound.filter(|binding| binding.container == container.name).map(show).collect()
    }

    /// The agent of ECS Exec, which every container of a task has that may be entered.
    fn show_agents(&self) -> Value {
        if !self.exec {
            return json!([]);
        }
        let mut agent = json!({"name": "ExecuteCommandAgent", "lastStatus": match self.last_status {
            LastStatus::Provisioning | LastStatus::Pending | LastStatus::Activating => "PENDING",
            LastStatus::Running | LastStatus::Deactivating => "RUNNING",
            LastStatus::Stopping | LastStatus::Deprovisioning | LastStatus::Stopped => "STOPPED",
        }});
        if let Some(started) = self.moments.started {
            agent["lastStartedAt"] = json!(started.epoch_seconds());
        }
        json!([agent])
    }

    fn show_container(&self, container: &Container, place: &Place) -> Value {
        let status = match self.last_status {
            LastStatus::Provisioning | LastStatus::Pending => "PENDING",
            LastStatus::Activating | LastStatus::Running | LastStatus::Deactivating | LastStatus::Stopping => "RUNNING",
            LastStatus::Deprovisioning | LastStatus::Stopped => "STOPPED",
        };
        let mut shown = json!({
            "containerArn": place.container(&self.cluster, &self.id, &container.id),
            "taskArn": place.task(&self.cluster, &self.id),
            "name": container.name,
            "image": container.image,
            "lastStatus": status,
            "healthStatus": container.health.word(),
            "cpu": container.cpu.to_string(),
            "networkBindings": self.show_bindings(container),
            "networkInterfaces": [],
            "managedAgents": self.show_agents(),
        });
        if self.has_interface && self.moments.connectivity.is_some() {
            let ip = self.interface.ip.to_string();
            shown["networkInterfaces"] = json!([{"attachmentId": self.interface.attachment, "privateIpv4Address": ip}]);
        }
        if let Some(memory) = container.memory {
            shown["memory"] = json!(memory.to_string());
        }
        if let Some(digest) = &container.digest {
            shown["imageDigest"] = json!(digest);
        }
        if self.moments.started.is_some() {
            shown["runtimeId"] = json!(container.runtime_id);
        }
        if let Some(code) = container.exit_code {
            shown["exitCode"] = json!(code);
        }
        if let Some(reason) = &container.reason {
            shown["reason"] = json!(reason);
        }
        shown
    }
}
