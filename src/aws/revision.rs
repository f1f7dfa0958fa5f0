//! New revisions of a task definition that differ in what was asked for and in nothing else.
//!
//! A revision is found before it is made: when an earlier pass was interrupted between registering and using it, the
//! family's newest revision is already the one that is wanted.
//! Inference accelerators are not copied: AWS has retired them and takes them no more.

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::types as sdk;

use crate::model::ids::{ContainerName, TaskDefinitionArn};
use crate::model::size::{MemoryMib, Vcpu};

use super::client::Aws;
use super::error::AwsError;

const OPERATION: &str = "ecs:RegisterTaskDefinition";

/// What is to differ.
#[derive(Clone, Debug)]
pub struct Differing<'a> {
    /// vCPU of the task.
    pub vcpu: Option<Vcpu>,
    /// Memory of the task.
    pub memory: Option<MemoryMib>,
    /// Image addresses by container.
    pub images: &'a std::collections::BTreeMap<ContainerName, String>,
}

impl Aws {
    /// The revision that differs from `from` in just this: the newest one if it already does, else a new one.
    pub async fn revision(
        &self,
        from: &TaskDefinitionArn,
        differing: &Differing<'_>,
    ) -> Result<TaskDefinitionArn, AwsError> {
        let (definition, tags) = self.describe_definition(from.as_str()).await?;
        let mut wanted = input_of(definition, tags)?;
        differ(&mut wanted, differing);
        let (newest, tags) = self.describe_definition(from.family().as_str()).await?;
        let newest_arn = newest.task_definition_arn.clone();
        if input_of(newest, tags)? == wanted
            && let Some(arn) = newest_arn
        {
            return Ok(TaskDefinitionArn::told(arn));
        }
        self.register(wanted).await
    }

    async fn register(&self, wanted: RegisterTaskDefinitionInput) -> Result<TaskDefinitionArn, AwsError> {
        // A repeat after a lost answer would leave a revision that nothing uses; the next pass finds the first one.
        let answer = self
            .once(OPERATION, async || {
                let call = self.ecs.register_task_definition();
                let RegisterTaskDefinitionInput {
                    family,
                    task_role_arn,
                    execution_role_arn,
                    network_mode,
                    container_definitions,
                    volumes,
                    placement_constraints,
                    requires_compatibilities,
                    cpu,
                    memory,
                    tags,
                    pid_mode,
                    ipc_mode,
                    proxy_configuration,
                    ephemeral_storage,
                    runtime_platform,
                    enable_fault_injection,
                    ..
                } = wanted.clone();
                call.set_family(family)
                    .set_task_role_arn(task_role_arn)
                    .set_execution_role_arn(execution_role_arn)
                    .set_network_mode(network_mode)
                    .set_container_definitions(container_definitions)
                    .set_volumes(volumes)
                    .set_placement_constraints(placement_constraints)
                    .set_requires_compatibilities(requires_compatibilities)
                    .set_cpu(cpu)
                    .set_memory(memory)
                    .set_tags(tags)
                    .set_pid_mode(pid_mode)
                    .set_ipc_mode(ipc_mode)
                    .set_proxy_configuration(proxy_configuration)
                    .set_ephemeral_storage(ephemeral_storage)
                    .set_runtime_platform(runtime_platform)
                    .set_enable_fault_injection(enable_fault_injection)
                    .send()
                    .await
                    .map_err(|error| AwsError::of(OPERATION, error))
            })
            .await?;
        let arn = answer.task_definition.and_then(|definition| definition.task_definition_arn);
        arn.map(TaskDefinitionArn::told).ok_or_else(|| AwsError::strange(OPERATION, "no ARN in the answer"))
    }
}

/// What registering this definition once more would send. Empty lists and missing ones are the same to ECS.
fn input_of(definition: sdk::TaskDefinition, tags: Vec<sdk::Tag>) -> Result<RegisterTaskDefinitionInput, AwsError> {
    // Tags of AWS's own (`aws:…`, as CloudFormation's) cannot be set by anybody else.
    let ours = |tag: &sdk::Tag| !tag.key.as_deref().unwrap_or_default().starts_with("aws:");
    RegisterTaskDefinitionInput::builder()
        .set_family(definition.family)
        .set_task_role_arn(definition.task_role_arn)
        .set_execution_role_arn(definition.execution_role_arn)
        .set_network_mode(definition.network_mode)
        .set_container_definitions(definition.container_definitions)
        .set_volumes(some(definition.volumes.unwrap_or_default()))
        .set_placement_constraints(some(definition.placement_constraints.unwrap_or_default()))
        .set_requires_compatibilities(some(definition.requires_compatibilities.unwrap_or_default()))
        .set_cpu(definition.cpu)
        .set_memory(definition.memory)
        .set_tags(some(tags.into_iter().filter(ours).collect()))
        .set_pid_mode(definition.pid_mode)
        .set_ipc_mode(definition.ipc_mode)
        .set_proxy_configuration(definition.proxy_configuration)
        .set_ephemeral_storage(definition.ephemeral_storage)
        .set_runtime_platform(definition.runtime_platform)
        .set_enable_fault_injection(definition.enable_fault_injection)
        .build()
        .map_err(|error| AwsError::strange(OPERATION, error.to_string()))
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

fn differ(wanted: &mut RegisterTaskDefinitionInput, differing: &Differing<'_>) {
    let Differing { vcpu, memory, images } = differing;
    if let Some(vcpu) = vcpu {
        wanted.cpu = Some(vcpu.units().to_string());
    }
    if let Some(memory) = memory {
        wanted.memory = Some(memory.mib().to_string());
    }
    for container in wanted.container_definitions.iter_mut().flatten() {
        let name = container.name.clone().map(ContainerName::told);
        if let Some(image) = name.and_then(|name| images.get(&name)) {
            container.image = Some(image.clone());
        }
    }
}
