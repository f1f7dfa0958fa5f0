//! CreateService, UpdateService and DeleteService: what an API call changes of a service.
//!
//! Owns the checks, and the answer to the question which changes start a new deployment. What the scheduler then does
//! with it is in `scheduler`; reading services is in `service_view`.
//!
//! Divergence from AWS: the texts marked in the tests are exact, others are assumed; `clientToken` is not looked at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::capacity::LaunchMode;
use super::daemon;
use super::deployment::{Deployment, DeploymentStatus, LoadBalancer, Pinning, Record, RecordStatus, Rollout, Spec};
use super::input::{Input, client_error, invalid};
use super::launch::read_network;
use super::quota::RecentLaunches;
use super::service::{Service, ServiceId, ServiceStatus, Settings};
use super::service_kept;
use super::state::{Ecs, Scene};
use super::tags;
use crate::simulator::arn;
use crate::simulator::error::ApiError;

impl Ecs {
    /// CreateService.
    pub(super) fn create_service(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        if input.text("launchType")?.is_some_and(|kind| !["EC2", "FARGATE", "EXTERNAL"].contains(&kind)) {
            return Err(client_error("launch type should be one of [EC2,FARGATE]"));
        }
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let name = input.required("serviceName")?;
        if name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(invalid("Service name must match the regex pattern ^[a-zA-Z0-9\\-_]{1,255}$."));
        }
        self.check_name_is_free(&cluster, name)?;
        let external = read_controller(input)?;
        let spec = match external {
            true => self.spec_of_nothing(input)?,
            false => self.first_spec(scene, &cluster, input)?,
        };
        let daemon = daemon::read_strategy(input, &spec.mode)?;
        let desired = desired_count(input)?.unwrap_or(0);
        let desired = if daemon { self.daemon_count(&cluster) } else { desired };
        let settings = if daemon { Settings::of_daemon() } else { Settings::default() }.with(input)?;
        check_breaker(&settings, external)?;
        let tags = tags::read(input)?;
        let id = self.new_service_id();
        let service = Service {
            id,
            cluster,
            name: name.to_owned(),
            status: ServiceStatus::Active,
            desired,
            settings,
            daemon,
            external,
            task_sets: Vec::new(),
            role: input.text("role")?.map(str::to_owned),
            original_mode: match &spec.mode {
                mode @ LaunchMode::Type(_) => mode.clone(),
                LaunchMode::Strategy(_) => LaunchMode::Type("EC2".to_owned()),
            },
            deployments: Vec::new(),
            records: Vec::new(),
            events: VecDeque::new(),
            created_at: scene.now,
            tags,
            next_tick: None,
            steady_since: None,
            complaints: BTreeMap::new(),
            recent_launches: RecentLaunches::default(),
            movers: BTreeSet::new(),
            rebalance_from: None,
        };
        self.services.retain(|_, old| old.cluster != service.cluster || old.name != service.name);
        self.services.insert(id, service);
        if external {
            let revision = scene.place.service_revision(&self.services[&id].cluster, name, &arn::decimal(scene.rng));
            let unused = format!("ecs-svc/{}", arn::decimal(scene.rng));
            let nothing = new_deployment(scene, &unused, revision, spec);
            self.service_mut(id).deployments.push(nothing);
        } else {
            self.deploy(scene, id, spec);
        }
        Ok(json!({ "service": self.show_service(scene.place, id, true) }))
    }

    /// UpdateService.
    pub(super) fn update_service(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let id = self.known_service(&cluster, input.required("service")?)?;
        let service = &self.services[&id];
        if service.status != ServiceStatus::Active {
            return Err(ApiError::client("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let force = input.flag("forceNewDeployment")?;
        let desired = desired_count(input)?.filter(|_| !service.daemon);
        let settings = service.settings.with(input)?;
        check_breaker(&settings, service.external)?;
        if service.external && (force || input.get("taskDefinition").is_some()) {
            return Err(invalid(
                "Unable to update task definition on services with an EXTERNAL deployment controller. Use task sets instead.",
            ));
        }
        let spec = match service.external {
            true => service.spec().clone(),
            false => self.next_spec(scene, id, input)?,
        };
        let current = self.services[&id].spec();
        if !spec.mode.same_as(&current.mode) && !force {
            return Err(invalid(
                "When switching from launch type to capacity provider strategy on an existing service, or making a change \
                 to a capacity provider strategy on a service that is already using one, you must force a new deployment.",
            ));
        }
        let redeploys = force || spec != *current;
        let service = self.service_mut(id);
        service.settings = settings;
        if let Some(desired) = desired {
            service.desired = desired;
        }
        service.steady_since = if redeploys || desired.is_some() { None } else { service.steady_since };
        if redeploys {
            self.deploy(scene, id, spec);
        } else {
            self.wake(scene, id);
        }
        Ok(json!({ "service": self.show_service(scene.place, id, true) }))
    }

    /// DeleteService: DRAINING until its tasks are at least STOPPING, then INACTIVE.
    pub(super) fn delete_service(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let id = self.living_service(&cluster, input.required("service")?)?;
        let service = self.services.get_mut(&id).expect("it was found a moment ago");
        if (service.desired > 0 || !service.task_sets.is_empty()) && !input.flag("force")? {
            return Err(invalid("The service cannot be stopped while it is scaled above 0."));
        }
        (service.status, service.desired, service.steady_since) = (ServiceStatus::Draining, 0, None);
        self.wake(scene, id);
        Ok(json!({ "service": self.show_service(scene.place, id, true) }))
    }

    /// Sets the desired count as Application Auto Scaling does.
    pub(super) fn set_desired(&mut self, scene: &mut Scene<'_>, cluster: &str, name: &str, desired: i64) {
        if let Some(id) = self.find_service(cluster, name) {
            let service = self.service_mut(id);
            (service.desired, service.steady_since) = (desired, None);
            self.wake(scene, id);
        }
    }

    /// Starts a deployment of `spec`: it is PRIMARY at once, what was before is ACTIVE.
    fn deploy(&mut self, scene: &mut Scene<'_>, id: ServiceId, spec: Spec) {
        let deployment_id = format!("ecs-svc/{}", arn::decimal(scene.rng));
        let (revision, record) = (arn::decimal(scene.rng), arn::nano(scene.rng));
        let mut held = BTreeMap::<String, i64>::new();
        for task in self.tasks_of(id).filter(|task| task.is_live()) {
            *held.entry(task.deployment().to_owned()).or_default() += 1;
        }
        let alarming = !self.alarms_ringing(id).is_empty();
        let service = self.service_mut(id);
        let revision = scene.place.service_revision(&service.cluster, &service.name, &revision);
        let record = scene.place.service_deployment(&service.cluster, &service.name, &record);
        let sources = supersede(service, &held, scene);
        service.records.insert(0, open_record(scene, record, &deployment_id, &revision, sources));
        let mut deployment = new_deployment(scene, &deployment_id, revision, spec);
        deployment.is_deaf = alarming;
        let fields = json!({
            "cluster": service.cluster,
            "service": service.name,
            "deployment": deployment_id,
            "taskDefinition": deployment.spec.task_definition,
        });
        service.deployments.insert(0, deployment);
        service.complaints.clear();
        service.next_tick = None;
        scene.note("deployment.created", fields);
        self.wake(scene, id);
    }

    fn check_name_is_free(&self, cluster: &str, name: &str) -> Result<(), ApiError> {
        match self.find_service(cluster, name).map(|id| self.services[&id].status) {
            Some(ServiceStatus::Active) => Err(invalid("Creation of service was not idempotent.")),
            Some(ServiceStatus::Draining) => Err(invalid("Unable to Start a service that is still Draining.")),
            Some(ServiceStatus::Inactive) | None => Ok(()),
        }
    }

    /// What a service of task sets is made from: a task definition at most, which nothing runs from.
    fn spec_of_nothing(&self, input: Input<'_>) -> Result<Spec, ApiError> {
        let given = input.text("taskDefinition")?.map(|given| self.runnable(given)).transpose()?;
        Ok(Spec {
            task_definition: given.map(|definition| definition.arn.clone()).unwrap_or_default(),
            mode: LaunchMode::Type(input.text("launchType")?.unwrap_or("EC2").to_owned()),
            network: Value::Null,
            platform_version: input.text("platformVersion")?.unwrap_or("LATEST").to_owned(),
            load_balancers: Vec::new(),
            registries: json!([]),
            kept: Map::new(),
        })
    }

    /// The revision that the input of CreateService or CreateTaskSet describes.
    pub(super) fn first_spec(&self, scene: &Scene<'_>, cluster: &str, input: Input<'_>) -> Result<Spec, ApiError> {
        let definition = self.runnable(input.required("taskDefinition")?)?;
        let cluster = self.cluster(Some(cluster))?;
        let default = match &cluster.default_strategy {
            none if none.is_empty() => LaunchMode::Type("EC2".to_owned()),
            strategy => LaunchMode::Strategy(strategy.clone()),
        };
        let mode = LaunchMode::read(input, &cluster.providers)?.unwrap_or(default);
        mode.check_fits(&definition.body["compatibilities"])?;
        Ok(Spec {
            task_definition: definition.arn.clone(),
            mode,
            network: read_network(input, definition)?,
            platform_version: input.text("platformVersion")?.unwrap_or("LATEST").to_owned(),
            load_balancers: read_load_balancers(input, definition.containers(), scene)?,
            registries: json!(input.items("serviceRegistries")?),
            kept: service_kept::read_of_revision(&Map::new(), input)?,
        })
    }

    fn next_spec(&self, scene: &Scene<'_>, id: ServiceId, input: Input<'_>) -> Result<Spec, ApiError> {
        let service = &self.services[&id];
        let mut spec = service.spec().clone();
        if let Some(given) = input.text("taskDefinition")? {
            spec.task_definition = self.runnable(given)?.arn.clone();
        }
        let definition = self.task_definition(&spec.task_definition);
        let definition = definition.ok_or_else(|| client_error("TaskDefinition not found."))?;
        if input.get("networkConfiguration").is_some() {
            spec.network = read_network(input, definition)?;
        }
        if let Some(version) = input.text("platformVersion")? {
            spec.platform_version = version.to_owned();
        }
        if input.get("loadBalancers").is_some() {
            spec.load_balancers = read_load_balancers(input, definition.containers(), scene)?;
        }
        if input.get("serviceRegistries").is_some() {
            spec.registries = json!(input.items("serviceRegistries")?);
        }
        spec.kept = service_kept::read_of_revision(&spec.kept, input)?;
        if input.get("capacityProviderStrategy").is_some() {
            let providers = &self.cluster(Some(&service.cluster))?.providers;
            let given = LaunchMode::read(
                Input(&json!({
                    "capacityProviderStrategy": input.items("capacityProviderStrategy")?
                })),
                providers,
            )?;
            spec.mode = given.unwrap_or_else(|| service.original_mode.clone());
        }
        if spec.mode.same_as(&service.spec().mode) {
            spec.mode = service.spec().mode.clone();
        }
        spec.mode.check_fits(&definition.body["compatibilities"])?;
        Ok(spec)
    }
}

/// Makes what was PRIMARY an old deployment; returns the revisions that still have tasks.
fn supersede(service: &mut Service, held: &BTreeMap<String, i64>, scene: &Scene<'_>) -> Vec<String> {
    let mut sources = Vec::new();
    for deployment in service.deployments.iter_mut().filter(|d| d.status != DeploymentStatus::Inactive) {
        deployment.status = DeploymentStatus::Active;
        deployment.held = held.get(&deployment.id).copied().unwrap_or(0);
        deployment.updated_at = scene.now;
        if deployment.held > 0 {
            sources.push(deployment.revision.clone());
        }
    }
    for record in service.records.iter_mut().filter(|record| record.status.is_open()) {
        record.status = RecordStatus::Stopped;
        record.status_reason = Some("A newer service deployment was started.".to_owned());
        record.updated_at = scene.now;
        record.finished_at = Some(scene.now);
    }
    sources
}

/// A deployment that has just been made.
pub(super) fn new_deployment(scene: &Scene<'_>, id: &str, revision: String, spec: Spec) -> Deployment {
    Deployment {
        id: id.to_owned(),
        revision,
        spec,
        status: DeploymentStatus::Primary,
        rollout: Rollout::InProgress,
        reason: format!("ECS deployment {id} in progress."),
        created_at: scene.now,
        updated_at: scene.now,
        held: 0,
        failed_tasks: 0,
        proven: false,
        breaker_failures: 0,
        has_run: false,
        pinning: Pinning::Open { failures: 0 },
        pins: BTreeMap::new(),
        failed_starts: 0,
        retry_at: None,
        bake_until: None,
        is_deaf: false,
        alarms: Vec::new(),
    }
}

fn open_record(scene: &Scene<'_>, arn: String, deployment: &str, target: &str, sources: Vec<String>) -> Record {
    Record {
        arn,
        deployment: deployment.to_owned(),
        target: target.to_owned(),
        sources,
        status: RecordStatus::InProgress,
        status_reason: None,
        created_at: scene.now,
        updated_at: scene.now,
        finished_at: None,
        stopped_at: None,
        rollback: None,
        breaker_triggered: false,
    }
}

/// Whether somebody else controls the deployments. CodeDeploy is not simulated, and not silently taken for ECS.
fn read_controller(input: Input<'_>) -> Result<bool, ApiError> {
    let Some(controller) = input.get("deploymentController") else { return Ok(false) };
    match Input(controller).word("type", &["ECS", "CODE_DEPLOY", "EXTERNAL"])? {
        Some("ECS") | None => Ok(false),
        Some("EXTERNAL") => Ok(true),
        Some(other) => {
            let message = format!("The deployment controller {other} is not supported.");
            Err(ApiError::client("UnsupportedFeatureException", message))
        }
    }
}

/// The circuit breaker is for deployments that ECS controls. Documented.
fn check_breaker(settings: &Settings, external: bool) -> Result<(), ApiError> {
    if external && settings.breaker("enable").as_bool() == Some(true) {
        return Err(invalid("The deployment circuit breaker can only be used with the ECS deployment controller."));
    }
    Ok(())
}

fn desired_count(input: Input<'_>) -> Result<Option<i64>, ApiError> {
    match input.int("desiredCount")? {
        Some(count) if !(0..=5000).contains(&count) => Err(invalid("desiredCount should be between 0 and 5000.")),
        count => Ok(count),
    }
}

fn read_load_balancers(
    input: Input<'_>,
    containers: &[Value],
    scene: &Scene<'_>,
) -> Result<Vec<LoadBalancer>, ApiError> {
    let mut balancers = Vec::new();
    for item in input.items("loadBalancers")? {
        let item = Input(item);
        let (group, container) = (item.required("targetGroupArn")?, item.required("containerName")?);
        let port = item.int("containerPort")?.unwrap_or(0);
        if !scene.elb.has_target_group(group) {
            return Err(invalid(format!("Unable to find the target group with targetGroupArn {group}.")));
        }
        if !scene.elb.has_load_balancer(group) {
            return Err(invalid(format!(
                "The target group with targetGroupArn {group} does not have an associated load balancer."
            )));
        }
        let exposes = |definition: &&Value| {
            let ports = definition["portMappings"].as_array().map_or(&[][..], Vec::as_slice);
            definition["name"] == json!(container) && ports.iter().any(|mapped| mapped["containerPort"] == json!(port))
        };
        let known = u16::try_from(port).ok().filter(|_| containers.iter().any(|definition| exposes(&definition)));
        let Some(port) = known else {
            return Err(invalid(format!("The container {container} did not have a container port {port} defined.")));
        };
        balancers.push(LoadBalancer { target_group: group.to_owned(), container: container.to_owned(), port });
    }
    Ok(balancers)
}
