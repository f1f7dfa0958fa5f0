//! Accounts that already live: a cluster with its services, balancers, images and task definitions, settled for days.
//!
//! Owns the laying out of CGAP-like accounts as CloudFormation leaves them: physical names with random suffixes,
//! capacity provider strategies, AWS's defaults for the target group, a foreign service in the same cluster. The
//! account is not drawn but lived: the world begins days earlier, everything is made through its own API, time
//! passes, and the journal is emptied. So a laid-out service cannot differ from one that was made and settled.
//!
//! Divergence from AWS: CloudFormation itself is not simulated, and none of its stacks can be described.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::arn::random_suffix;
use crate::simulator::call::{Call, Service};
use crate::simulator::elb::{ListenerSpec, LoadBalancerSpec, TargetGroupSpec};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;
use crate::simulator::world::Simulator;

const DAY_MS: i64 = 86_400_000;
/// How long before the start the account is made. Long enough for a past, odd enough not to fall on a round hour.
const AGE_MS: i64 = 3 * DAY_MS + 4_321_000;
/// The foreign service is older than the rest, and the services settle one after the other.
const BETWEEN_SERVICES_MS: i64 = 2_000;

/// An account to be laid out. In every name a `*` becomes 12 or 13 random letters and digits, as CloudFormation does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountLayout {
    /// For example `c4-ecs-cgap-supertest-stack-CGAPDockerClusterForCgapSupertest-*`.
    pub cluster: String,
    /// Environment, for example `cgap-supertest`: value of the `IDENTITY` variable and part of the foreign service's
    /// name.
    pub env: String,
    /// Services, each with a task definition of its own.
    pub services: Vec<ServiceLayout>,
    /// Task definitions that no service runs.
    pub task_only: Vec<TaskLayout>,
    /// ECR repository of all images.
    pub repository: String,
    /// Its tag.
    pub tag: String,
    /// Whether `c4-ecs-<env>-qualys-private` runs in the same cluster: one task, no load balancer.
    pub foreign_service: bool,
}

/// A service with its task definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceLayout {
    /// For example `c4-ecs-cgap-supertest-stack-CGAPportalService-*`.
    pub name: String,
    /// What it runs.
    pub task: TaskLayout,
    /// Desired count.
    pub desired: u32,
    /// Provider, base and weight; empty for the launch type FARGATE.
    pub strategy: Vec<(String, u32, u32)>,
    /// Behind a load balancer, or not.
    pub target_group: Option<TargetGroupLayout>,
}

/// A task definition with one container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskLayout {
    /// For example `c4-ecs-cgap-supertest-stack-CGAPportal-*`.
    pub family: String,
    /// Container name.
    pub container: String,
    /// Value of the `application_type` variable.
    pub application_type: String,
    /// CPU units.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// Value of the `INITIAL_DEPLOYMENT` variable: `TRUE` if set, empty if not.
    pub initial: bool,
}

/// A target group, at the defaults of 4dn-cloud-infra: a check every 60 s with a timeout of 10 s, matcher 200, and
/// AWS's delay of 300 s.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetGroupLayout {
    /// Physical name, at most 32 characters.
    pub name: String,
    /// Container port.
    pub port: u16,
    /// Path with query string.
    pub health_path: String,
    /// Seconds between checks.
    pub interval_s: i64,
    /// Seconds for which a target drains.
    pub deregistration_delay_s: i64,
}

/// What was laid out, by its physical names.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct LaidOut {
    /// Cluster name.
    pub cluster: String,
    /// Cluster ARN.
    pub cluster_arn: String,
    /// Service name by the name in the layout.
    pub services: BTreeMap<String, String>,
    /// Task definition ARN by the family in the layout.
    pub task_definitions: BTreeMap<String, String>,
    /// Target group ARN by its name.
    pub target_groups: BTreeMap<String, String>,
    /// The foreign service, if there is one.
    pub foreign_service: Option<String>,
    /// Private subnets of every task.
    pub subnets: Vec<String>,
    /// Security group of every task.
    pub security_group: String,
}

/// Lays one account out. See [`cgap_all`].
///
/// # Errors
///
/// Whatever the simulated AWS refuses.
pub fn cgap(sim: &mut Simulator, layout: &AccountLayout) -> Result<LaidOut, ApiError> {
    let laid_out = cgap_all(sim, std::slice::from_ref(layout))?;
    Ok(laid_out.into_iter().next().expect("one layout was given"))
}

/// Lays accounts out side by side, settled for about three days at [`Simulator::now`], with an empty journal.
///
/// Caveats: in a world in which something has already happened, there is no past to go back to: everything is made
/// now, and the services are not settled yet.
///
/// # Errors
///
/// Whatever the simulated AWS refuses, for example sizes that Fargate does not have or a name that is used twice.
pub fn cgap_all(sim: &mut Simulator, layouts: &[AccountLayout]) -> Result<Vec<LaidOut>, ApiError> {
    let start = sim.now();
    let relived = sim.begin_at(start.plus_millis(-AGE_MS));
    let laid_out: Result<Vec<LaidOut>, ApiError> = layouts.iter().map(|layout| lay_out(sim, layout)).collect();
    if relived {
        sim.advance_to(start);
        sim.clear_journal();
    }
    laid_out
}

fn lay_out(sim: &mut Simulator, layout: &AccountLayout) -> Result<LaidOut, ApiError> {
    let cluster = physical(sim, &layout.cluster);
    let mut laid_out = LaidOut {
        cluster_arn: sim.place().cluster(&cluster),
        subnets: (0..2).map(|_| format!("subnet-{}", hex(sim))).collect(),
        security_group: format!("sg-{}", hex(sim)),
        cluster,
        ..LaidOut::default()
    };
    sim.home.ec2.adopt(&TargetGroupSpec::default().vpc, &laid_out.subnets, &laid_out.security_group);
    let providers = json!({"clusterName": laid_out.cluster, "capacityProviders": ["FARGATE", "FARGATE_SPOT"]});
    ecs(sim, "CreateCluster", providers)?;
    stock(sim, layout)?;
    if layout.foreign_service {
        laid_out.foreign_service = Some(lay_foreign_service(sim, layout, &laid_out)?);
    }
    for service in &layout.services {
        pass(sim);
        lay_service(sim, layout, service, &mut laid_out)?;
    }
    for task in &layout.task_only {
        let arn = lay_task(sim, layout, task)?;
        laid_out.task_definitions.insert(task.family.clone(), arn);
    }
    Ok(laid_out)
}

/// Repository and image, unless another layout brought them already.
fn stock(sim: &mut Simulator, layout: &AccountLayout) -> Result<(), ApiError> {
    let now = sim.now();
    sim.ecr_mut().create_repository(&layout.repository, false, now);
    let known = |(repository, tag, _): (&str, &str, &str)| repository == layout.repository && tag == layout.tag;
    if !sim.ecr_mut().tags().any(known) {
        sim.push_image(now, &layout.repository, &layout.tag)?;
    }
    Ok(())
}

fn lay_service(
    sim: &mut Simulator,
    layout: &AccountLayout,
    service: &ServiceLayout,
    laid_out: &mut LaidOut,
) -> Result<(), ApiError> {
    let ServiceLayout { name, task, desired, strategy, target_group } = service;
    let definition = lay_task_with_port(sim, layout, task, target_group.as_ref().map(|group| group.port))?;
    let physical_name = physical(sim, name);
    let mut input = json!({
        "cluster": laid_out.cluster,
        "serviceName": physical_name,
        "taskDefinition": definition,
        "desiredCount": desired,
        "networkConfiguration": network(laid_out),
    });
    if strategy.is_empty() {
        input["launchType"] = json!("FARGATE");
    } else {
        let item = |(provider, base, weight): &(String, u32, u32)| json!({"capacityProvider": provider, "base": base, "weight": weight});
        input["capacityProviderStrategy"] = strategy.iter().map(item).collect();
    }
    if let Some(group) = target_group {
        let arn = lay_target_group(sim, group, laid_out);
        input["loadBalancers"] =
            json!([{"targetGroupArn": arn, "containerName": task.container, "containerPort": group.port}]);
        laid_out.target_groups.insert(group.name.clone(), arn);
    }
    ecs(sim, "CreateService", input)?;
    laid_out.task_definitions.insert(task.family.clone(), definition);
    laid_out.services.insert(name.clone(), physical_name);
    Ok(())
}

fn lay_target_group(sim: &mut Simulator, group: &TargetGroupLayout, laid_out: &LaidOut) -> String {
    let TargetGroupLayout { name, port, health_path, interval_s, deregistration_delay_s } = group;
    let now = sim.now();
    let (elb, rng) = sim.elb_and_rng();
    let spec = TargetGroupSpec {
        name: name.clone(),
        port: *port,
        health_path: health_path.clone(),
        interval_s: *interval_s,
        timeout_s: 10,
        deregistration_delay_s: *deregistration_delay_s,
        ..TargetGroupSpec::default()
    };
    let vpc = spec.vpc.clone();
    let target_group = elb.create_target_group(spec, rng);
    let balancer = LoadBalancerSpec {
        name: format!("{}-lb", name.chars().take(29).collect::<String>()),
        scheme: "internet-facing".to_owned(),
        vpc,
        subnets: laid_out.subnets.clone(),
        security_groups: vec![laid_out.security_group.clone()],
    };
    let load_balancer = elb.create_load_balancer(balancer, now, rng);
    elb.create_listener(ListenerSpec { load_balancer, port: 80, target_group: target_group.clone() }, now, rng);
    target_group
}

fn lay_foreign_service(sim: &mut Simulator, layout: &AccountLayout, laid_out: &LaidOut) -> Result<String, ApiError> {
    let name = format!("c4-ecs-{}-qualys-private", layout.env);
    let image = "qualys/qcs-sensor:latest";
    let definition = json!({
        "family": name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "qualys", "image": image}],
    });
    ecs(sim, "RegisterTaskDefinition", definition)?;
    let service = json!({
        "cluster": laid_out.cluster, "serviceName": name, "taskDefinition": name, "desiredCount": 1, "launchType": "FARGATE",
        "networkConfiguration": network(laid_out),
    });
    ecs(sim, "CreateService", service)?;
    Ok(name)
}

fn lay_task(sim: &mut Simulator, layout: &AccountLayout, task: &TaskLayout) -> Result<String, ApiError> {
    lay_task_with_port(sim, layout, task, None)
}

/// Registers a task definition as 4dn-cloud-infra writes it; returns its ARN.
fn lay_task_with_port(
    sim: &mut Simulator,
    layout: &AccountLayout,
    task: &TaskLayout,
    port: Option<u16>,
) -> Result<String, ApiError> {
    let TaskLayout { family, container, application_type, cpu, memory, initial } = task;
    let role = format!("arn:aws:iam::{}:role/c4-iam-main-stack-CGAPECSRole", sim.place().account);
    let image = format!("{}/{}:{}", sim.ecr_mut().host(), layout.repository, layout.tag);
    let region = sim.place().region.clone();
    let ports: Value = port.iter().map(|port| json!({ "containerPort": port })).collect();
    let input = json!({
        "family": physical(sim, family),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu.to_string(),
        "memory": memory.to_string(),
        "taskRoleArn": role,
        "executionRoleArn": role,
        "containerDefinitions": [{
            "name": container,
            "essential": true,
            "image": image,
            "portMappings": ports,
            "environment": [
                {"name": "IDENTITY", "value": format!("C4Datastore{}ApplicationConfiguration", camel(&layout.env))},
                {"name": "application_type", "value": application_type},
                {"name": "INITIAL_DEPLOYMENT", "value": if *initial { "TRUE" } else { "" }},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": format!("c4-ecs-{}-stack-CGAPDockerLogs", layout.env),
                    "awslogs-region": region,
                    "awslogs-stream-prefix": format!("cgap-{application_type}"),
                },
            },
        }],
    });
    let answer = ecs(sim, "RegisterTaskDefinition", input)?;
    Ok(answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap_or_default().to_owned())
}

fn network(laid_out: &LaidOut) -> Value {
    json!({"awsvpcConfiguration": {
        "subnets": laid_out.subnets, "securityGroups": [laid_out.security_group], "assignPublicIp": "DISABLED",
    }})
}

fn ecs(sim: &mut Simulator, operation: &str, input: Value) -> Result<Value, ApiError> {
    let call = Call::home(Service::Ecs, operation, input, "layout");
    sim.call(sim.now(), &call)
}

fn pass(sim: &mut Simulator) {
    let later: Time = sim.now().plus_millis(BETWEEN_SERVICES_MS);
    sim.advance_to(later);
}

fn physical(sim: &mut Simulator, pattern: &str) -> String {
    match pattern.split_once('*') {
        Some((before, after)) => format!("{before}{}{after}", random_suffix(sim.rng_mut())),
        None => pattern.to_owned(),
    }
}

fn hex(sim: &mut Simulator) -> String {
    crate::simulator::arn::hex(sim.rng_mut(), 17)
}

/// `cgap-supertest` as `CgapSupertest`.
fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('-').map(capital).collect()
}
