//! The real ECS client against the simulated ECS: answers parse into its types, refusals into its modelled errors.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::operation::run_task::RunTaskError;
use aws_sdk_ecs::types::builders::{AwsVpcConfigurationBuilder, ContainerDefinitionBuilder};
use aws_sdk_ecs::types::{
    Compatibility, DeploymentRolloutState, DesiredStatus, LaunchType, NetworkConfiguration, NetworkMode,
};

use super::bench::{Bench, START, sdk};

fn client(bench: &Bench) -> Client {
    sdk!(aws_sdk_ecs, bench.http())
}

fn network() -> NetworkConfiguration {
    let vpc = AwsVpcConfigurationBuilder::default().subnets("subnet-1").security_groups("sg-1").build().unwrap();
    NetworkConfiguration::builder().awsvpc_configuration(vpc).build()
}

/// Cluster `c` with a task definition `web` and a service `s` of one task, just made.
async fn account(bench: &Bench) -> Client {
    let ecs = client(bench);
    ecs.create_cluster().cluster_name("c").capacity_providers("FARGATE").send().await.unwrap();
    let container = ContainerDefinitionBuilder::default().name("app").image("nginx:1").build();
    let definition = ecs.register_task_definition().family("web").network_mode(NetworkMode::Awsvpc);
    let definition = definition.requires_compatibilities(Compatibility::Fargate).cpu("256").memory("512");
    definition.container_definitions(container).send().await.unwrap();
    let service = ecs.create_service().cluster("c").service_name("s").task_definition("web").desired_count(1);
    service.launch_type(LaunchType::Fargate).network_configuration(network()).send().await.unwrap();
    ecs
}

#[tokio::test]
async fn services_and_tasks_read_back_with_their_times() {
    let bench = Bench::new();
    let ecs = account(&bench).await;
    bench.pass(120);
    let described = ecs.describe_services().cluster("c").services("s").send().await.unwrap();
    let service = &described.services()[0];
    assert_eq!(service.created_at().unwrap().to_millis().unwrap(), START.0);
    assert_eq!((service.running_count(), service.pending_count()), (1, 0));
    let deployment = &service.deployments()[0];
    assert_eq!(deployment.rollout_state(), Some(&DeploymentRolloutState::Completed));
    let listed = ecs.list_tasks().cluster("c").service_name("s").send().await.unwrap();
    let described =
        ecs.describe_tasks().cluster("c").set_tasks(Some(listed.task_arns().to_vec())).send().await.unwrap();
    let task = &described.tasks()[0];
    assert_eq!((task.last_status(), task.started_by()), (Some("RUNNING"), deployment.id()));
    assert!(task.containers()[0].image_digest().unwrap().starts_with("sha256:"));
    let details = task.attachments()[0].details();
    assert!(details.iter().any(|detail| detail.name() == Some("privateIPv4Address")));
    let stopped = ecs.list_tasks().cluster("c").desired_status(DesiredStatus::Stopped).send().await.unwrap();
    assert!(stopped.task_arns().is_empty());
}

#[tokio::test]
async fn a_used_token_with_other_parameters_is_a_conflict_with_the_tasks() {
    let bench = Bench::new();
    let ecs = account(&bench).await;
    let run = |by: &str| {
        let run = ecs.run_task().cluster("c").task_definition("web").launch_type(LaunchType::Fargate).started_by(by);
        run.network_configuration(network()).client_token("token").send()
    };
    let first = run("me").await.unwrap();
    let arn = first.tasks()[0].task_arn().unwrap();
    assert_eq!(run("me").await.unwrap().tasks()[0].task_arn(), Some(arn));
    match run("you").await.unwrap_err().into_service_error() {
        RunTaskError::ConflictException(conflict) => assert_eq!(conflict.resource_ids(), [arn.to_owned()]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn refusals_of_ecs_are_the_modelled_errors() {
    let bench = Bench::new();
    let ecs = account(&bench).await;
    let unknown = ecs.describe_services().cluster("nobody").services("s").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_cluster_not_found_exception());
    let unknown = ecs.update_service().cluster("c").service("nobody").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_service_not_found_exception());
    let unknown = ecs.describe_task_definition().task_definition("nobody").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_client_exception());
    let wanting = ecs.run_task().cluster("c").task_definition("web").launch_type(LaunchType::Fargate).send().await;
    assert!(wanting.unwrap_err().into_service_error().is_invalid_parameter_exception());
    let missing = ecs.describe_clusters().clusters("nobody").send().await.unwrap();
    assert_eq!(missing.failures()[0].reason(), Some("MISSING"));
}

#[tokio::test]
async fn deployments_and_revisions_read_back() {
    let bench = Bench::new();
    let ecs = account(&bench).await;
    bench.pass(120);
    let listed = ecs.list_service_deployments().cluster("c").service("s").send().await.unwrap();
    let brief = &listed.service_deployments()[0];
    let described = ecs.describe_service_deployments().service_deployment_arns(brief.service_deployment_arn().unwrap());
    let described = described.send().await.unwrap();
    assert_eq!(described.service_deployments()[0].status().map(|status| status.as_str()), Some("SUCCESSFUL"));
    let revision = brief.target_service_revision_arn().unwrap();
    let described = ecs.describe_service_revisions().service_revision_arns(revision).send().await.unwrap();
    assert!(described.service_revisions()[0].container_images()[0].image_digest().is_some());
    let clusters = ecs.describe_clusters().clusters("c").include(aws_sdk_ecs::types::ClusterField::Tags).send().await;
    assert_eq!(clusters.unwrap().clusters()[0].running_tasks_count(), 1);
    let service = ecs.describe_services().cluster("c").services("s").include(aws_sdk_ecs::types::ServiceField::Tags);
    assert!(service.send().await.unwrap().services()[0].tags().is_empty());
    let shown =
        ecs.describe_task_definition().task_definition("web").include(aws_sdk_ecs::types::TaskDefinitionField::Tags);
    assert_eq!(shown.send().await.unwrap().task_definition().unwrap().revision(), 1);
    let tasks = ecs.list_tasks().cluster("c").send().await.unwrap();
    let tasks =
        ecs.describe_tasks().cluster("c").set_tasks(tasks.task_arns).include(aws_sdk_ecs::types::TaskField::Tags);
    assert!(tasks.send().await.unwrap().tasks()[0].tags().is_empty());
}
