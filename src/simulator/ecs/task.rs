//! Tasks: what they are, and how AWS shows them.
//!
//! Owns the task resource with all that is true of it. What happens to a task belongs to `lifecycle` and `stopping`.
//!
//! Divergence from AWS: `attributes` hold the architecture only; ARM and Windows are not distinguished; the agent of
//! ECS Exec runs from the moment at which its task does.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::service::ServiceId;
use super::tags::{self, Tags};
use crate::simulator::arn::Place;
use crate::simulator::time::Time;

/// The 32 hex digits of a task.
pub(super) type TaskId = String;

/// Where a task is in its life, in that order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum LastStatus {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl LastStatus {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            LastStatus::Provisioning => "PROVISIONING",
            LastStatus::Pending => "PENDING",
            LastStatus::Activating => "ACTIVATING",
            LastStatus::Running => "RUNNING",
            LastStatus::Deactivating => "DEACTIVATING",
            LastStatus::Stopping => "STOPPING",
            LastStatus::Deprovisioning => "DEPROVISIONING",
            LastStatus::Stopped => "STOPPED",
        }
    }
}

/// Why a task ends: AWS's stop codes, as far as they occur here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StopCode {
    TaskFailedToStart,
    EssentialContainerExited,
    UserInitiated,
    ServiceSchedulerInitiated,
    SpotInterruption,
    TerminationNotice,
}

impl StopCode {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            StopCode::TaskFailedToStart => "TaskFailedToStart",
            StopCode::EssentialContainerExited => "EssentialContainerExited",
            StopCode::UserInitiated => "UserInitiated",
            StopCode::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            StopCode::SpotInterruption => "SpotInterruption",
            StopCode::TerminationNotice => "TerminationNotice",
        }
    }
}

/// A stop code with AWS's words for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StopCause {
    pub(super) code: StopCode,
    pub(super) reason: String,
}

/// Whom a task belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// A service, through one of its deployments.
    Service { service: ServiceId, deployment: String },
    /// Nobody: it came from RunTask.
    RunTask,
}

/// Container health as ECS sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Health::Unknown => "UNKNOWN",
            Health::Healthy => "HEALTHY",
            Health::Unhealthy => "UNHEALTHY",
        }
    }
}

/// One container of a task.
#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) image: String,
    pub(super) digest: Option<String>,
    pub(super) runtime_id: String,
    pub(super) essential: bool,
    pub(super) cpu: i64,
    pub(super) memory: Option<i64>,
    /// The health check of the container definition, if it has one.
    pub(super) health_check: Option<Value>,
    pub(super) health: Health,
    pub(super) exit_code: Option<i64>,
    pub(super) reason: Option<String>,
    /// Seconds between SIGTERM and SIGKILL.
    pub(super) stop_timeout_s: i64,
}

/// The network interface of a task.
#[derive(Clone, Debug)]
pub(super) struct Interface {
    pub(super) attachment: String,
    pub(super) eni: String,
    pub(super) mac: String,
    pub(super) ip: Ipv4Addr,
    pub(super) subnet: String,
    pub(super) zone: String,
}

/// A port of a container instance that leads to a port of a container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Binding {
    pub(super) container: String,
    pub(super) container_port: i64,
    pub(super) host_port: i64,
    pub(super) protocol: String,
}

/// The container instance of a task, and what the task takes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Host {
    pub(super) instance: String,
    pub(super) zone: Option<String>,
    pub(super) cpu: i64,
    /// In MiB.
    pub(super) memory: i64,
    pub(super) bindings: Vec<Binding>,
}

/// When the steps of a task's life happened.
#[derive(Clone, Default, Debug)]
pub(super) struct Moments {
    pub(super) connectivity: Option<Time>,
    pub(super) pull_started: Option<Time>,
    pub(super) pull_stopped: Option<Time>,
    pub(super) started: Option<Time>,
    pub(super) stopping: Option<Time>,
    pub(super) execution_stopped: Option<Time>,
    pub(super) stopped: Option<Time>,
}

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) cluster: String,
    pub(super) family: String,
    pub(super) task_definition: String,
    pub(super) owner: Owner,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) provider: String,
    /// Whether it was placed by a strategy, and so shows a capacity provider.
    pub(super) by_strategy: bool,
    pub(super) last_status: LastStatus,
    /// Told to stop: desiredStatus is STOPPED.
    pub(super) told_to_stop: bool,
    pub(super) version: u64,
    pub(super) created_at: Time,
    pub(super) visible_at: Time,
    pub(super) moments: Moments,
    pub(super) cause: Option<StopCause>,
    pub(super) cpu: String,
    pub(super) memory: String,
    /// Ephemeral storage, in GiB.
    pub(super) storage_gib: i64,
    pub(super) platform_version: String,
    pub(super) exec: bool,
    pub(super) overrides: Value,
    pub(super) tags: Tags,
    pub(super) interface: Interface,
    /// Whether the interface is the task's own: `awsvpc`.
    pub(super) has_interface: bool,
    /// Where it runs; nothing for Fargate.
    pub(super) host: Option<Host>,
    /// Until when no scale-in and no deployment may stop it.
    pub(super) protected_until: Option<Time>,
    pub(super) containers: Vec<Container>,
    /// Where it is registered: target group and port.
    pub(super) targets: Vec<(String, u16)>,
    /// What its end will look like if the images cannot be had.
    pub(super) pull_error: Option<String>,
    /// When it stops to hold up the completion of a deployment that replaces it.
    pub(super) gone_at: Option<Time>,
    /// When after RUNNING its app ends by itself, and with which exit code.
    pub(super) exit: Option<(i64, i64)>,
    /// Its app fails every health check.
    pub(super) never_healthy: bool,
    /// When its app begins to answer, if it does not at once.
    pub(super) serves_at: Option<Time>,
    /// Whether it has counted as healthy before.
    pub(super) was_healthy: bool,
}

impl Task {
    /// Whether it is meant to run: desiredStatus RUNNING.
    pub(super) fn is_live(&self) -> bool {
        !self.told_to_stop
    }

    /// Whether it runs and is meant to.
    pub(super) fn is_running(&self) -> bool {
        self.is_live() && self.last_status == LastStatus::Running
    }

    /// Whether it runs on capacity that can be reclaimed.
    pub(super) fn is_spot(&self) -> bool {
        self.provider == super::capacity::SPOT
    }

    /// The service that it belongs to.
    pub(super) fn service(&self) -> Option<ServiceId> {
        match &self.owner {
            Owner::Service { service, .. } => Some(*service),
            Owner::RunTask => None,
        }
    }

    /// The deployment that it belongs to; empty for RunTask.
    pub(super) fn deployment(&self) -> &str {
        match &self.owner {
            Owner::Service { deployment, .. } => deployment,
            Owner::RunTask => "",
        }
    }

    /// The verdict of the container health checks of the essential containers.
    pub(super) fn health(&self) -> Health {
        let mut checked = self.containers.iter().filter(|c| c.essential && c.health_check.is_some()).map(|c| c.health);
        let Some(first) = checked.next() else { return Health::Unknown };
        checked.fold(first, |sum, next| match (sum, next) {
            (Health::Unhealthy, _) | (_, Health::Unhealthy) => Health::Unhealthy,
            (Health::Unknown, _) | (_, Health::Unknown) => Health::Unknown,
            (Health::Healthy, Health::Healthy) => Health::Healthy,
        })
    }

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
