//! ECS's SDK types to model types. Nothing is judged here; what AWS left out becomes the least that it can mean.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

use crate::model::ids::{
    ClusterArn, ContainerName, DeploymentId, ServiceArn, ServiceDeploymentArn, ServiceName, TargetGroupArn, TaskArn,
    TaskDefinitionArn,
};
use crate::model::image::Digest;
use crate::model::log::AwsLogs;
use crate::model::observed::{
    CapacityView, Cleanup, ClusterView, ContainerDefinitionView, ContainerView, Counters, DefinitionView,
    DeploymentRole, DeploymentView, DesiredStatus, Fate, NetworkView, RolloutState, ServiceDeploymentView, ServiceView,
    StrategyItem, TaskStatus, TaskView,
};
use crate::model::time::Timestamp;

pub(super) fn moment(time: Option<aws_smithy_types::DateTime>) -> Option<Timestamp> {
    time.and_then(|time| time.to_millis().ok()).map(Timestamp::from_millis)
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

pub(super) fn tags(tags: Option<Vec<sdk::Tag>>) -> BTreeMap<String, String> {
    let pairs = tags.unwrap_or_default().into_iter();
    pairs.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

pub(super) fn cluster(cluster: sdk::Cluster) -> Option<ClusterView> {
    Some(ClusterView {
        arn: ClusterArn::told(cluster.cluster_arn?),
        tags: tags(cluster.tags),
        capacity_providers: cluster.capacity_providers.unwrap_or_default(),
        counters: Counters {
            services: cluster.active_services_count,
            running: cluster.running_tasks_count,
            pending: cluster.pending_tasks_count,
        },
    })
}

/// A service and what is read with it but is not the service itself.
pub(super) struct Service {
    pub(super) view: ServiceView,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) target_groups: Vec<TargetGroupArn>,
}

pub(super) fn service(service: sdk::Service) -> Option<Service> {
    let balancers = service.load_balancers.unwrap_or_default().into_iter();
    let controller = service.deployment_controller.map_or("ECS".to_owned(), |c| c.r#type.as_str().to_owned());
    let network = service.network_configuration.and_then(|network| network.awsvpc_configuration).map(network);
    let early = service.deployment_configuration.and_then(|configuration| configuration.early_success_criteria);
    let view = ServiceView {
        arn: ServiceArn::told(service.service_arn?),
        name: ServiceName::told(service.service_name?),
        status: service.status.unwrap_or_default(),
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        capacity: capacity(service.capacity_provider_strategy, service.launch_type),
        definition: TaskDefinitionArn::told(service.task_definition?),
        deployments: each(service.deployments, deployment),
        network,
        controller,
        cleanup: cleanup(early),
    };
    let target_groups = balancers.filter_map(|balancer| balancer.target_group_arn).map(TargetGroupArn::told).collect();
    Some(Service { view, tags: tags(service.tags), target_groups })
}

/// Deferred clean-up counts only while the criteria are enabled.
fn cleanup(early: Option<sdk::DeploymentEarlySuccessCriteria>) -> Cleanup {
    let deferred = early.is_some_and(|early| {
        early.enable && early.source_service_revision_cleanup.is_some_and(|cleanup| cleanup.as_str() == "DEFERRED")
    });
    if deferred { Cleanup::Deferred } else { Cleanup::Blocking }
}

fn capacity(
    strategy: Option<Vec<sdk::CapacityProviderStrategyItem>>,
    launch_type: Option<sdk::LaunchType>,
) -> CapacityView {
    match strategy.filter(|items| !items.is_empty()) {
        Some(items) => CapacityView::Strategy(
            items
                .into_iter()
                .map(|item| StrategyItem {
                    provider: item.capacity_provider,
                    base: count(item.base),
                    weight: count(item.weight),
                })
                .collect(),
        ),
        None => CapacityView::LaunchType(launch_type.map_or_else(String::new, |kind| kind.as_str().to_owned())),
    }
}

fn network(network: sdk::AwsVpcConfiguration) -> NetworkView {
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    NetworkView {
        subnets: sorted(network.subnets),
        security_groups: sorted(network.security_groups.unwrap_or_default()),
        public_ip: network.assign_public_ip.map_or("DISABLED".to_owned(), |ip| ip.as_str().to_owned()),
    }
}

pub(super) fn deployment(deployment: sdk::Deployment) -> Option<DeploymentView> {
    let role = match deployment.status.as_deref() {
        Some("PRIMARY") => DeploymentRole::Primary,
        Some("ACTIVE") => DeploymentRole::Active,
        _ => DeploymentRole::Other,
    };
    let rollout = match deployment.rollout_state {
        Some(sdk::DeploymentRolloutState::Completed) => RolloutState::Completed,
        Some(sdk::DeploymentRolloutState::Failed) => RolloutState::Failed,
        Some(sdk::DeploymentRolloutState::InProgress) => RolloutState::InProgress,
        _ => RolloutState::Unstated,
    };
    let created_at = moment(deployment.created_at)?;
    Some(DeploymentView {
        id: DeploymentId::told(deployment.id?),
        role,
        rollout,
        reason: deployment.rollout_state_reason.unwrap_or_default(),
        definition: TaskDefinitionArn::told(deployment.task_definition?),
        created_at,
        updated_at: moment(deployment.updated_at).unwrap_or(created_at),
        desired: count(deployment.desired_count),
        running: count(deployment.running_count),
        pending: count(deployment.pending_count),
        failed: count(deployment.failed_tasks),
    })
}

pub(super) fn service_deployment(brief: sdk::ServiceDeploymentBrief) -> Option<ServiceDeploymentView> {
    let status = brief.status.as_ref().map_or("", |status| status.as_str()).to_owned();
    let fate = match status.as_str() {
        "SUCCESSFUL" => Fate::Succeeded,
        "STOPPED" | "STOP_REQUESTED" => Fate::Undone,
        rolled if rolled.starts_with("ROLLBACK_") => Fate::Undone,
        _ => Fate::Going,
    };
    Some(ServiceDeploymentView {
        arn: ServiceDeploymentArn::told(brief.service_deployment_arn?),
        created_at: moment(brief.created_at)?,
        fate,
        status,
        reason: brief.status_reason.unwrap_or_default(),
    })
}

/// What can be told of each, in no more room than it takes: a vector that is collected from the SDK's own would keep theirs,
/// whose values are ten times as large.
fn each<T, U>(all: Option<Vec<T>>, told: impl FnMut(T) -> Option<U>) -> Vec<U> {
    let mut each: Vec<U> = all.unwrap_or_default().into_iter().filter_map(told).collect();
    each.shrink_to_fit();
    each
}

pub(super) fn task(task: sdk::Task) -> Option<TaskView> {
    let status = match task.last_status.as_deref()? {
        "PROVISIONING" | "PENDING" | "ACTIVATING" => TaskStatus::Starting,
        "RUNNING" => TaskStatus::Running,
        "DEACTIVATING" => TaskStatus::Deactivating,
        "STOPPING" | "DEPROVISIONING" => TaskStatus::Stopping,
        "STOPPED" | "DELETED" => TaskStatus::Stopped,
        other => TaskStatus::Other(other.to_owned()),
    };
    let desired = match task.desired_status.as_deref() {
        Some("STOPPED") => DesiredStatus::Stopped,
        _ => DesiredStatus::Running,
    };
    let details = task.attachments.unwrap_or_default().into_iter().flat_map(|a| a.details.unwrap_or_default());
    let ip = details.filter(|pair| pair.name.as_deref() == Some("privateIPv4Address")).find_map(|pair| pair.value);
    Some(TaskView {
        arn: TaskArn::told(task.task_arn?),
        group: task.group.unwrap_or_default(),
        started_by: task.started_by.unwrap_or_default(),
        definition: TaskDefinitionArn::told(task.task_definition_arn?),
        status,
        desired,
        ip: ip.and_then(|ip| ip.parse().ok()),
        provider: task.capacity_provider_name.filter(|name| !name.is_empty()),
        containers: each(task.containers, container),
        created_at: moment(task.created_at),
        started_at: moment(task.started_at),
        stopping_at: moment(task.stopping_at),
        ended_at: moment(task.execution_stopped_at),
        stopped_at: moment(task.stopped_at),
        stop_code: task.stop_code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        stopped_reason: task.stopped_reason.unwrap_or_default(),
    })
}

fn container(container: sdk::Container) -> Option<ContainerView> {
    Some(ContainerView {
        name: ContainerName::told(container.name?),
        image: container.image.unwrap_or_default(),
        digest: container.image_digest.filter(|digest| !digest.is_empty()).map(Digest::told),
        exit_code: container.exit_code,
        reason: container.reason.unwrap_or_default(),
    })
}

pub(super) fn definition(definition: &sdk::TaskDefinition) -> Option<DefinitionView> {
    let arn = TaskDefinitionArn::told(definition.task_definition_arn.clone()?);
    let containers = definition.container_definitions();
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    Some(DefinitionView {
        family: arn.family(),
        arn,
        cpu: number(&definition.cpu),
        memory: number(&definition.memory),
        containers: containers.iter().filter_map(container_definition).collect(),
        initial: containers.iter().flat_map(|container| container.environment()).any(is_initial),
    })
}

fn container_definition(container: &sdk::ContainerDefinition) -> Option<ContainerDefinitionView> {
    Some(ContainerDefinitionView {
        name: ContainerName::told(container.name.clone()?),
        log: container.log_configuration.as_ref().and_then(aws_logs),
        image: container.image.clone().unwrap_or_default(),
    })
}

fn aws_logs(configuration: &sdk::LogConfiguration) -> Option<AwsLogs> {
    let options = configuration.options.as_ref().filter(|_| configuration.log_driver == sdk::LogDriver::Awslogs)?;
    Some(AwsLogs {
        group: options.get("awslogs-group")?.clone(),
        prefix: options.get("awslogs-stream-prefix")?.clone(),
    })
}

/// CGAP's entrypoint wipes what it finds when this is not empty.
fn is_initial(pair: &sdk::KeyValuePair) -> bool {
    pair.name() == Some("INITIAL_DEPLOYMENT") && pair.value().is_some_and(|value| !value.is_empty())
}
