//! What is changed in ECS. Each function is one step of a plan; none decides whether it should be done.

use aws_sdk_ecs::types as sdk;

use crate::model::ids::{ClusterArn, DeploymentId, ServiceArn, ServiceDeploymentArn, TaskDefinitionArn};
use crate::model::observed::NetworkView;
use crate::model::row::Capacity;
use crate::model::text::Text;
use crate::model::time::Timestamp;

use super::client::Aws;
use super::convert_ecs;
use super::error::{AwsError, Class};

/// What UpdateService made, or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The PRIMARY deployment now.
    pub deployment: DeploymentId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What RunTask answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAnswer {
    /// A task: newly made, or one that the same token made before.
    Task(String),
    /// `failures[]` and no task.
    NotStarted(String),
    /// AWS will never accept this call.
    Refused(String),
}

/// What StopServiceDeployment answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackAnswer {
    /// The deployment goes back.
    Back,
    /// It cannot be stopped as it is now: it may be over or forgotten, there may be nothing to go back to, or its service
    /// may not know how. In AWS's words.
    Refused(String),
}

/// What StopServiceDeployment declares and says of the deployment that it was asked about. What it declares besides is of
/// whoever asks (AccessDeniedException) or of ECS (ServerException). Source: ECS's API reference.
const KEPT: [&str; 5] = [
    "ConflictException",
    "ServiceDeploymentNotFoundException",
    "InvalidParameterException",
    "ClientException",
    "UnsupportedFeatureException",
];

impl Aws {
    /// Writes one tag on the cluster. Twice is as good as once.
    pub async fn tag(&self, cluster: &ClusterArn, key: &str, value: &str) -> Result<(), AwsError> {
        self.tags(cluster, &[(key, value)]).await
    }

    /// Writes tags on the cluster, all of them or none.
    pub async fn tags(&self, cluster: &ClusterArn, tags: &[(&str, &str)]) -> Result<(), AwsError> {
        let tag = |(key, value): &(&str, &str)| sdk::Tag::builder().key(*key).value(*value).build();
        let tags: Vec<sdk::Tag> = tags.iter().map(tag).collect();
        self.repeat("ecs:TagResource", async || {
            let call = self.ecs.tag_resource().resource_arn(cluster.as_str()).set_tags(Some(tags.clone()));
            call.send().await.map_err(|error| AwsError::of("ecs:TagResource", error))
        })
        .await
        .map(|_| ())
    }

    /// UpdateService with only the fields that are to change.
    ///
    /// # Errors
    /// After a `Transient` one the update may have happened; it is not repeated here, since it could kick twice.
    pub async fn update_service(
        &self,
        cluster: &ClusterArn,
        service: &ServiceArn,
        count: Option<u32>,
        definition: Option<&TaskDefinitionArn>,
        capacity: Option<Capacity>,
        force: bool,
    ) -> Result<Updated, AwsError> {
        const OPERATION: &str = "ecs:UpdateService";
        let count = count.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        let answer = self
            .once(OPERATION, async || {
                let call = self.ecs.update_service().cluster(cluster.as_str()).service(service.as_str());
                let call = call.set_desired_count(count);
                let call = call.set_task_definition(definition.map(|arn| arn.as_str().to_owned()));
                let call = call.set_capacity_provider_strategy(capacity.map(strategy).transpose()?);
                let call = if force { call.force_new_deployment(true) } else { call };
                call.send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await?;
        let deployments = answer.service.and_then(|service| service.deployments).unwrap_or_default();
        let primary = deployments.into_iter().find(|deployment| deployment.status.as_deref() == Some("PRIMARY"));
        let primary = primary.and_then(|told| convert_ecs::deployment(told, &mut self.texts()));
        let primary = primary.ok_or_else(|| AwsError::strange(OPERATION, "no PRIMARY deployment in the answer"))?;
        Ok(Updated { deployment: primary.id, created_at: primary.created_at })
    }

    /// StopServiceDeployment with a rollback to the last deployment that completed.
    ///
    /// # Errors
    /// Those that say nothing of the deployment.
    pub async fn roll_back(&self, deployment: &ServiceDeploymentArn) -> Result<BackAnswer, AwsError> {
        const OPERATION: &str = "ecs:StopServiceDeployment";
        let answer = self
            .repeat(OPERATION, async || {
                let call = self.ecs.stop_service_deployment().service_deployment_arn(deployment.as_str());
                let call = call.stop_type(sdk::StopServiceDeploymentStopType::Rollback);
                call.send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await;
        match answer {
            Ok(_) => Ok(BackAnswer::Back),
            Err(error) if KEPT.contains(&error.code.as_str()) => Ok(BackAnswer::Refused(error.to_string())),
            Err(error) => Err(error),
        }
    }

    /// RunTask of one task, under a token that cannot run it twice.
    ///
    /// # Errors
    /// Only those after which the same call may be sent again; what AWS refuses for good is an answer.
    pub async fn run_task(
        &self,
        cluster: &ClusterArn,
        definition: &TaskDefinitionArn,
        client_token: &str,
        started_by: &str,
        capacity: Capacity,
        network: &NetworkView,
    ) -> Result<RunAnswer, AwsError> {
        const OPERATION: &str = "ecs:RunTask";
        let vpc = sdk::AwsVpcConfiguration::builder()
            .set_subnets(Some(network.subnets.iter().map(Text::to_string).collect()))
            .set_security_groups(Some(network.security_groups.iter().map(Text::to_string).collect()))
            .assign_public_ip(sdk::AssignPublicIp::from(network.public_ip.as_str()))
            .build()
            .map_err(|error| AwsError::strange(OPERATION, error.to_string()))?;
        let network = sdk::NetworkConfiguration::builder().awsvpc_configuration(vpc).build();
        let mut made = None;
        let answer = self
            .repeat(OPERATION, async || {
                let call = self.ecs.run_task().cluster(cluster.as_str()).task_definition(definition.as_str());
                let call = call.count(1).client_token(client_token).started_by(started_by);
                let call = call.network_configuration(network.clone());
                let call = call.set_capacity_provider_strategy(Some(strategy(capacity)?));
                call.send().await.map_err(|error| {
                    made = made_before(&error);
                    AwsError::of(OPERATION, error)
                })
            })
            .await;
        let answer = match (answer, made) {
            (Ok(answer), _) => answer,
            (Err(_), Some(task)) => return Ok(RunAnswer::Task(task)),
            (Err(error), None) => return refused(error),
        };
        let task = answer.tasks.unwrap_or_default().into_iter().find_map(|task| task.task_arn);
        let reasons = answer.failures.unwrap_or_default().into_iter().filter_map(|failure| failure.reason);
        Ok(match task {
            Some(arn) => RunAnswer::Task(id_of(&arn)),
            None => RunAnswer::NotStarted(reasons.collect::<Vec<_>>().join("; ")),
        })
    }
}

type RunError = aws_smithy_runtime_api::client::result::SdkError<
    aws_sdk_ecs::operation::run_task::RunTaskError,
    aws_smithy_runtime_api::client::orchestrator::HttpResponse,
>;

/// A conflict names the task that the token made before.
fn made_before(error: &RunError) -> Option<String> {
    error.as_service_error().and_then(|service| match service {
        aws_sdk_ecs::operation::run_task::RunTaskError::ConflictException(conflict) => {
            conflict.resource_ids().first().map(|arn| id_of(arn))
        }
        _ => None,
    })
}

/// What AWS refuses is final and an answer; the rest may be repeated.
fn refused(error: AwsError) -> Result<RunAnswer, AwsError> {
    match error.class {
        Class::Throttled | Class::Transient | Class::Unsent => Err(error),
        Class::Conflict | Class::NotFound | Class::Denied | Class::Invalid if !error.code.is_empty() => {
            Ok(RunAnswer::Refused(error.to_string()))
        }
        // AWS never saw it: no credentials, no route.
        Class::Conflict | Class::NotFound | Class::Denied | Class::Invalid => Err(error),
    }
}

fn id_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

/// All tasks on one provider. A `base` would be a second way of saying the same.
fn strategy(capacity: Capacity) -> Result<Vec<sdk::CapacityProviderStrategyItem>, AwsError> {
    let item = sdk::CapacityProviderStrategyItem::builder().capacity_provider(capacity.provider()).weight(1).build();
    item.map(|item| vec![item]).map_err(|error| AwsError::strange("ecs:CapacityProviderStrategy", error.to_string()))
}
