//! ECS's SDK types to model types. Nothing is judged here; what AWS left out becomes the least that it can mean.

use std::collections::BTreeMap;
use std::sync::Arc;

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

use super::texts::Texts;

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

pub(super) fn cluster(cluster: sdk::Cluster, texts: &mut Texts) -> Option<ClusterView> {
    Some(ClusterView {
        arn: ClusterArn::told(texts.share(&cluster.cluster_arn?)),
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
    pub(super) view: Arc<ServiceView>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) target_groups: Vec<TargetGroupArn>,
}

pub(super) fn service(service: sdk::Service, texts: &mut Texts) -> Option<Service> {
    let balancers = service.load_balancers.unwrap_or_default().into_iter();
    let controller = service.deployment_controller.as_ref().map_or("ECS", |controller| controller.r#type.as_str());
    let network = service.network_configuration.and_then(|network| network.awsvpc_configuration);
    let early = service.deployment_configuration.and_then(|configuration| configuration.early_success_criteria);
    let view = ServiceView {
        arn: ServiceArn::told(texts.share(&service.service_arn?)),
        name: ServiceName::told(texts.share(&service.service_name?)),
        status: texts.text(service.status.as_deref()),
        desired: count(service.desired_count),
        running: count(service.running_count),
        pending: count(service.pending_count),
        capacity: capacity(service.capacity_provider_strategy, service.launch_type, texts),
        definition: TaskDefinitionArn::told(texts.share(&service.task_definition?)),
        deployments: each(service.deployments, |told| deployment(told, texts)),
        network: network.map(|told| self::network(told, texts)),
        controller: texts.share(controller).into(),
        cleanup: cleanup(early),
    };
    let groups = balancers.filter_map(|balancer| balancer.target_group_arn);
    let target_groups = groups.map(|arn| TargetGroupArn::told(texts.share(&arn))).collect();
    Some(Service { view: Arc::new(view), tags: tags(service.tags), target_groups })
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
    texts: &mut Texts,
) -> CapacityView {
    let mut item = |item: sdk::CapacityProviderStrategyItem| StrategyItem {
        provider: texts.share(&item.capacity_provider).into(),
        base: count(item.base),
        weight: count(item.weight),
    };
    match strategy.filter(|items| !items.is_empty()) {
        Some(items) => CapacityView::Strategy(each(Some(items), |told| Some(item(told)))),
        None => CapacityView::LaunchType(texts.text(launch_type.as_ref().map(sdk::LaunchType::as_str))),
    }
}

fn network(network: sdk::AwsVpcConfiguration, texts: &mut Texts) -> NetworkView {
    let mut sorted = |mut ids: Vec<String>| {
        ids.sort();
        texts.texts(&ids)
    };
    NetworkView {
        subnets: sorted(network.subnets),
        security_groups: sorted(network.security_groups.unwrap_or_default()),
        public_ip: texts.share(network.assign_public_ip.as_ref().map_or("DISABLED", |ip| ip.as_str())).into(),
    }
}

pub(super) fn deployment(deployment: sdk::Deployment, texts: &mut Texts) -> Option<DeploymentView> {
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
        id: DeploymentId::told(texts.share(&deployment.id?)),
        role,
        rollout,
        reason: texts.text(deployment.rollout_state_reason.as_deref()),
        definition: TaskDefinitionArn::told(texts.share(&deployment.task_definition?)),
        created_at,
        updated_at: moment(deployment.updated_at).unwrap_or(created_at),
        desired: count(deployment.desired_count),
        running: count(deployment.running_count),
        pending: count(deployment.pending_count),
        failed: count(deployment.failed_tasks),
    })
}

pub(super) fn service_deployment(
    brief: sdk::ServiceDeploymentBrief,
    texts: &mut Texts,
) -> Option<ServiceDeploymentView> {
    let status = texts.text(brief.status.as_ref().map(|status| status.as_str()));
    let fate = match status.as_str() {
        "SUCCESSFUL" => Fate::Succeeded,
        "STOPPED" | "STOP_REQUESTED" => Fate::Undone,
        rolled if rolled.starts_with("ROLLBACK_") => Fate::Undone,
        _ => Fate::Going,
    };
    Some(ServiceDeploymentView {
        arn: ServiceDeploymentArn::told(texts.share(&brief.service_deployment_arn?)),
        created_at: moment(brief.created_at)?,
        fate,
        status,
        reason: texts.text(brief.status_reason.as_deref()),
    })
}

/// What can be told of each, in no more room than it takes and not in the SDK's own, whose values are ten times as large.
fn each<T, U>(all: Option<Vec<T>>, told: impl FnMut(T) -> Option<U>) -> Vec<U> {
    let all = all.unwrap_or_default();
    let mut each = Vec::with_capacity(all.len());
    each.extend(all.into_iter().filter_map(told));
    each
}

/// A task; one without an ARN is none. One of which AWS tells no status is alive for all that is known.
pub(super) fn task(task: sdk::Task, texts: &mut Texts) -> Option<TaskView> {
    let status = match task.last_status.as_deref().unwrap_or_default() {
        "PROVISIONING" | "PENDING" | "ACTIVATING" => TaskStatus::Starting,
        "RUNNING" => TaskStatus::Running,
        "DEACTIVATING" => TaskStatus::Deactivating,
        "STOPPING" | "DEPROVISIONING" => TaskStatus::Stopping,
        "STOPPED" | "DELETED" => TaskStatus::Stopped,
        other => TaskStatus::Other(texts.share(other).into()),
    };
    let desired = match task.desired_status.as_deref() {
        Some("STOPPED") => DesiredStatus::Stopped,
        _ => DesiredStatus::Running,
    };
    let details = task.attachments.unwrap_or_default().into_iter().flat_map(|a| a.details.unwrap_or_default());
    let ip = details.filter(|pair| pair.name.as_deref() == Some("privateIPv4Address")).find_map(|pair| pair.value);
    Some(TaskView {
        arn: TaskArn::told(texts.share(&task.task_arn?)),
        group: texts.text(task.group.as_deref()),
        started_by: texts.text(task.started_by.as_deref()),
        definition: TaskDefinitionArn::told(texts.share(&task.task_definition_arn.unwrap_or_default())),
        status,
        desired,
        ip: ip.and_then(|ip| ip.parse().ok()),
        provider: task.capacity_provider_name.filter(|name| !name.is_empty()).map(|name| texts.share(&name).into()),
        containers: each(task.containers, |told| container(told, texts)),
        created_at: moment(task.created_at),
        started_at: moment(task.started_at),
        stopping_at: moment(task.stopping_at),
        ended_at: moment(task.execution_stopped_at),
        stopped_at: moment(task.stopped_at),
        stop_code: texts.text(task.stop_code.as_ref().map(|code| code.as_str())),
        stopped_reason: texts.text(task.stopped_reason.as_deref()),
    })
}

fn container(container: sdk::Container, texts: &mut Texts) -> Option<ContainerView> {
    let digest = container.image_digest.filter(|digest| !digest.is_empty());
    Some(ContainerView {
        name: ContainerName::told(texts.share(&container.name?)),
        image: texts.text(container.image.as_deref()),
        digest: digest.map(|digest| Digest::told(texts.share(&digest))),
        exit_code: container.exit_code,
        reason: texts.text(container.reason.as_deref()),
    })
}

pub(super) fn definition(definition: &sdk::TaskDefinition, texts: &mut Texts) -> Option<DefinitionView> {
    let arn = TaskDefinitionArn::told(texts.share(definition.task_definition_arn.as_deref()?));
    let containers = definition.container_definitions();
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    Some(DefinitionView {
        family: arn.family(),
        arn,
        cpu: number(&definition.cpu),
        memory: number(&definition.memory),
        containers: containers.iter().filter_map(|told| container_definition(told, texts)).collect(),
        initial: containers.iter().flat_map(|container| container.environment()).any(is_initial),
    })
}

fn container_definition(container: &sdk::ContainerDefinition, texts: &mut Texts) -> Option<ContainerDefinitionView> {
    Some(ContainerDefinitionView {
        name: ContainerName::told(texts.share(container.name.as_deref()?)),
        log: container.log_configuration.as_ref().and_then(|told| aws_logs(told, texts)),
        image: texts.text(container.image.as_deref()),
    })
}

fn aws_logs(configuration: &sdk::LogConfiguration, texts: &mut Texts) -> Option<AwsLogs> {
    let options = configuration.options.as_ref().filter(|_| configuration.log_driver == sdk::LogDriver::Awslogs)?;
    let mut option = |name: &str| Some(texts.share(options.get(name)?).into());
    Some(AwsLogs { group: option("awslogs-group")?, prefix: option("awslogs-stream-prefix")? })
}

/// CGAP's entrypoint wipes what it finds when this is not empty.
fn is_initial(pair: &sdk::KeyValuePair) -> bool {
    pair.name() == Some("INITIAL_DEPLOYMENT") && pair.value().is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: Option<&str>) -> TaskView {
        let arn = "arn:aws:ecs:us-east-1:123456789012:task/c4/0123456789abcdef0123456789abcdef";
        let told = sdk::Task::builder().task_arn(arn).set_last_status(status.map(str::to_owned)).build();
        super::task(told, &mut Texts::default()).unwrap()
    }

    #[test]
    fn only_a_task_that_is_said_to_be_stopped_is_not_alive() {
        for stopped in ["STOPPED", "DELETED"] {
            assert!(!told(Some(stopped)).is_alive(), "{stopped}");
        }
        let alive = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING"];
        for status in alive.into_iter().chain(["RETIRING", ""]) {
            assert!(told(Some(status)).is_alive(), "{status}");
        }
        assert!(told(None).is_alive(), "nothing is said of it");
        assert_eq!(told(Some("RETIRING")).status, TaskStatus::Other("RETIRING".into()));
    }

    #[test]
    fn what_ecs_will_not_make_of_a_deployment_is_undone_and_what_nobody_knows_goes_on() {
        let fate = |status: &str| {
            let brief = sdk::ServiceDeploymentBrief::builder()
                .service_deployment_arn("arn:aws:ecs:us-east-1:123456789012:service-deployment/c4/portal/abc")
                .created_at(aws_smithy_types::DateTime::from_secs(1))
                .status(status.into());
            service_deployment(brief.build(), &mut Texts::default()).unwrap().fate
        };
        let undone = ["STOPPED", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];
        for status in undone.into_iter().chain(["ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"]) {
            assert_eq!(fate(status), Fate::Undone, "{status}");
        }
        for status in ["PENDING", "IN_PROGRESS", "BAKING"] {
            assert_eq!(fate(status), Fate::Going, "{status}");
        }
        assert_eq!(fate("SUCCESSFUL"), Fate::Succeeded);
    }

    #[test]
    fn a_deployment_is_completed_and_primary_only_where_ecs_says_so() {
        let told = |status: &str, rollout: Option<&str>| {
            let told = sdk::Deployment::builder().id("ecs-svc/1").status(status).task_definition("c4:1");
            let told = told.created_at(aws_smithy_types::DateTime::from_secs(1));
            let told = told.set_rollout_state(rollout.map(Into::into)).build();
            let view = super::deployment(told, &mut Texts::default()).unwrap();
            (view.role, view.rollout)
        };
        assert_eq!(told("PRIMARY", Some("COMPLETED")), (DeploymentRole::Primary, RolloutState::Completed));
        assert_eq!(told("ACTIVE", Some("FAILED")), (DeploymentRole::Active, RolloutState::Failed));
        assert_eq!(told("INACTIVE", Some("IN_PROGRESS")), (DeploymentRole::Other, RolloutState::InProgress));
        assert_eq!(told("PRIMARY", Some("BAKING")).1, RolloutState::Unstated);
        assert_eq!(told("PRIMARY", None).1, RolloutState::Unstated);
    }

    #[test]
    fn a_definition_that_may_wipe_a_database_is_known_by_any_of_its_containers() {
        let initial = |name: &str, value: &str| {
            let pair = sdk::KeyValuePair::builder().name(name).value(value).build();
            let quiet = sdk::ContainerDefinition::builder().name("log").build();
            let loud = sdk::ContainerDefinition::builder().name("portal").environment(pair).build();
            let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/c4:1";
            let told = sdk::TaskDefinition::builder().task_definition_arn(arn);
            let told = told.container_definitions(quiet).container_definitions(loud).build();
            definition(&told, &mut Texts::default()).unwrap().initial
        };
        assert!(initial("INITIAL_DEPLOYMENT", "TRUE"));
        assert!(!initial("INITIAL_DEPLOYMENT", ""));
        assert!(!initial("ENV_NAME", "TRUE"));
    }

    #[test]
    fn a_network_is_the_same_in_whatever_order_it_is_told() {
        let told = |subnets: [&str; 2], groups: [&str; 2]| {
            let list = |ids: [&str; 2]| ids.map(str::to_owned).to_vec();
            let told = sdk::AwsVpcConfiguration::builder().set_subnets(Some(list(subnets)));
            network(told.set_security_groups(Some(list(groups))).build().unwrap(), &mut Texts::default())
        };
        assert_eq!(told(["subnet-1", "subnet-2"], ["sg-1", "sg-2"]), told(["subnet-2", "subnet-1"], ["sg-2", "sg-1"]));
        assert_ne!(told(["subnet-1", "subnet-2"], ["sg-1", "sg-2"]), told(["subnet-1", "subnet-3"], ["sg-1", "sg-2"]));
        assert_eq!(told(["subnet-1", "subnet-2"], ["sg-1", "sg-2"]).public_ip, "DISABLED");
    }

    #[test]
    fn clean_up_is_deferred_only_while_early_success_is_enabled() {
        let said = |enable: bool, cleanup: Option<&str>| {
            let early = sdk::DeploymentEarlySuccessCriteria::builder().enable(enable);
            super::cleanup(Some(early.set_source_service_revision_cleanup(cleanup.map(Into::into)).build()))
        };
        assert_eq!(said(true, Some("DEFERRED")), Cleanup::Deferred);
        assert_eq!(said(false, Some("DEFERRED")), Cleanup::Blocking);
        assert_eq!(said(true, Some("BLOCKING")), Cleanup::Blocking);
        assert_eq!(said(true, None), Cleanup::Blocking);
        assert_eq!(super::cleanup(None), Cleanup::Blocking);
    }
}
