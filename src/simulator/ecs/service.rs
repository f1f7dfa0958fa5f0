//! Services: what they are, and how AWS shows them.
//!
//! Owns the service resource, its settings with AWS's defaults, and its events. What a revision pins is in
//! `deployment`; what the scheduler does with a service is in `scheduler`.
//!
//! Divergence from AWS: no deployments by CodeDeploy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::capacity::LaunchMode;
use super::deployment::{Deployment, DeploymentStatus, Record, Spec};
use super::input::{Input, invalid};
use super::quota::RecentLaunches;
use super::service_kept;
use super::shape::DEPLOYMENT_CONFIGURATION;
use super::tags::Tags;
use super::task::TaskId;
use super::task_set::TaskSet;
use crate::simulator::error::ApiError;
use crate::simulator::knobs::Knobs;
use crate::simulator::time::Time;

/// Which service, over its whole life: a name can be used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ServiceId(pub(super) u64);

/// Where a service is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

impl ServiceStatus {
    /// AWS's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        }
    }
}

/// One line of the service's event list.
#[derive(Clone, Debug)]
pub(super) struct ServiceEvent {
    pub(super) id: String,
    pub(super) at: Time,
    pub(super) message: String,
}

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) id: ServiceId,
    pub(super) cluster: String,
    pub(super) name: String,
    pub(super) status: ServiceStatus,
    pub(super) desired: i64,
    pub(super) settings: Settings,
    /// One task on every container instance, and no count of its own.
    pub(super) daemon: bool,
    /// Somebody else controls its deployments, through task sets; its only own deployment runs nothing.
    pub(super) external: bool,
    /// Oldest first.
    pub(super) task_sets: Vec<TaskSet>,
    /// ARN of the role that the caller named for load balancing.
    pub(super) role: Option<String>,
    /// What it goes back to when its strategy is taken away.
    pub(super) original_mode: LaunchMode,
    /// Newest first, INACTIVE ones included.
    pub(super) deployments: Vec<Deployment>,
    /// Newest first.
    pub(super) records: Vec<Record>,
    /// Newest first.
    pub(super) events: VecDeque<ServiceEvent>,
    pub(super) created_at: Time,
    pub(super) tags: Tags,
    pub(super) next_tick: Option<Time>,
    /// When it reached its steady state; nothing is to be done until something changes.
    pub(super) steady_since: Option<Time>,
    /// Complaints that are still standing, and when they were last made.
    pub(super) complaints: BTreeMap<String, Time>,
    pub(super) recent_launches: RecentLaunches,
    /// Tasks that were started beyond the desired count, to even out the availability zones.
    pub(super) movers: BTreeSet<TaskId>,
    /// When zones may be evened out again.
    pub(super) rebalance_from: Option<Time>,
}

impl Service {
    /// The newest deployment. Every service has exactly one.
    pub(super) fn primary(&self) -> &Deployment {
        let primary = self.deployments.iter().find(|deployment| deployment.status == DeploymentStatus::Primary);
        primary.expect("a service is made with a PRIMARY deployment and always keeps one")
    }

    /// The same, to be changed.
    pub(super) fn primary_mut(&mut self) -> &mut Deployment {
        let primary = self.deployments.iter_mut().find(|deployment| deployment.status == DeploymentStatus::Primary);
        primary.expect("a service is made with a PRIMARY deployment and always keeps one")
    }

    /// The deployment of that id, INACTIVE ones included.
    pub(super) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }

    /// The same, to be changed.
    pub(super) fn deployment_mut(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.id == id)
    }

    /// What the service wants to be: the PRIMARY deployment's revision.
    pub(super) fn spec(&self) -> &Spec {
        &self.primary().spec
    }

    /// The record of a deployment's latest service deployment.
    pub(super) fn record_mut(&mut self, deployment: &str) -> Option<&mut Record> {
        self.records.iter_mut().find(|record| record.deployment == deployment)
    }

    /// AWS's word for its scheduling strategy.
    pub(super) fn scheduling(&self) -> &'static str {
        if self.daemon { "DAEMON" } else { "REPLICA" }
    }

    /// The fewest tasks that must count as healthy during a deployment.
    pub(super) fn fewest(&self) -> i64 {
        let percent = self.settings.percent("minimumHealthyPercent", 100);
        (self.desired * percent + 99).div_euclid(100)
    }

    /// The most tasks that may be RUNNING or pending during a deployment.
    pub(super) fn most(&self) -> i64 {
        self.desired * self.settings.percent("maximumPercent", 200) / 100
    }
}

/// Settings of a service that no revision pins: changing them starts no deployment.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Complete, with AWS's defaults.
    pub(super) deployment_configuration: Map<String, Value>,
    pub(super) grace_s: i64,
    pub(super) exec: bool,
    pub(super) managed_tags: bool,
    pub(super) propagate_tags: Option<String>,
    pub(super) zone_rebalancing: String,
    /// See `service_kept`.
    pub(super) kept: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        let defaults = json!({
            "deploymentCircuitBreaker": breaker_with(&Value::Null),
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "alarms": {"alarmNames": [], "rollback": false, "enable": false},
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        });
        Settings {
            deployment_configuration: defaults.as_object().cloned().unwrap_or_default(),
            grace_s: 0,
            exec: false,
            managed_tags: false,
            propagate_tags: None,
            zone_rebalancing: "ENABLED".to_owned(),
            kept: Map::new(),
        }
    }
}

impl Settings {
    /// AWS's defaults for the DAEMON strategy, where they differ.
    pub(super) fn of_daemon() -> Settings {
        let mut settings = Settings::default();
        settings.deployment_configuration.insert("maximumPercent".into(), json!(100));
        settings.deployment_configuration.insert("minimumHealthyPercent".into(), json!(0));
        settings
    }

    /// These settings with what the input states.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for values outside of AWS's limits, or parts of ECS that are not modelled.
    pub(super) fn with(&self, input: Input<'_>) -> Result<Settings, ApiError> {
        let mut settings = self.clone();
        let configuration = input.get("deploymentConfiguration").unwrap_or(&Value::Null);
        DEPLOYMENT_CONFIGURATION.check("deploymentConfiguration", configuration)?;
        if let Value::Object(given) = configuration {
            for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let value = if key == "deploymentCircuitBreaker" { breaker_with(value) } else { value.clone() };
                settings.deployment_configuration.insert(key.clone(), value);
            }
        }
        if let Some(grace) = input.int("healthCheckGracePeriodSeconds")? {
            if !(0..=2_147_483_647).contains(&grace) {
                return Err(invalid("healthCheckGracePeriodSeconds must be between 0 and 2147483647."));
            }
            settings.grace_s = grace;
        }
        if input.get("enableExecuteCommand").is_some() {
            settings.exec = input.flag("enableExecuteCommand")?;
        }
        if input.get("enableECSManagedTags").is_some() {
            settings.managed_tags = input.flag("enableECSManagedTags")?;
        }
        if let Some(given) = input.word("propagateTags", &["TASK_DEFINITION", "SERVICE", "NONE"])? {
            settings.propagate_tags = Some(given.to_owned());
        }
        if let Some(given) = input.word("availabilityZoneRebalancing", &["ENABLED", "DISABLED"])? {
            settings.zone_rebalancing = given.to_owned();
        }
        settings.kept = service_kept::read_of_service(&settings.kept, input)?;
        settings.check()?;
        Ok(settings)
    }

    /// How long a deployment is watched after its old tasks are gone: what `bakeTimeInMinutes` says, and with alarms
    /// some time in any case.
    pub(super) fn bake_ms(&self, knobs: &Knobs) -> i64 {
        let minutes = self.deployment_configuration.get("bakeTimeInMinutes").and_then(Value::as_i64).unwrap_or(0);
        match minutes {
            0 if self.watches_alarms() => knobs.alarm_bake_ms,
            minutes => minutes.saturating_mul(60_000),
        }
    }

    /// Whether alarms fail a deployment.
    pub(super) fn watches_alarms(&self) -> bool {
        self.alarms("enable").as_bool() == Some(true) && !self.alarm_names().is_empty()
    }

    /// A member of the configuration of deployment alarms.
    pub(super) fn alarms(&self, key: &str) -> &Value {
        &self.deployment_configuration["alarms"][key]
    }

    /// The alarms that are configured.
    pub(super) fn alarm_names(&self) -> Vec<&str> {
        let names = self.alarms("alarmNames").as_array().map_or(&[][..], Vec::as_slice);
        names.iter().filter_map(Value::as_str).collect()
    }

    /// A percentage of the deployment configuration.
    pub(super) fn percent(&self, key: &str, default: i64) -> i64 {
        self.deployment_configuration.get(key).and_then(Value::as_i64).unwrap_or(default)
    }

    /// A member of the circuit breaker's configuration.
    pub(super) fn breaker(&self, key: &str) -> &Value {
        &self.deployment_configuration["deploymentCircuitBreaker"][key]
    }

    /// Failures of one deployment at which the circuit breaker trips, for this desired count.
    pub(super) fn breaker_threshold(&self, desired: i64) -> i64 {
        let configured = self.breaker("thresholdConfiguration");
        let value = configured["value"].as_i64().unwrap_or(50);
        let share = (value * desired + 99).div_euclid(100);
        match configured["type"].as_str() {
            Some("COUNT") => value,
            Some("UNBOUNDED_PERCENT") => share.max(1),
            Some(_) | None => share.clamp(3, 200),
        }
    }

    fn check(&self) -> Result<(), ApiError> {
        let (most, fewest) = (self.percent("maximumPercent", 200), self.percent("minimumHealthyPercent", 100));
        if most < 1 || fewest < 0 || most < fewest {
            return Err(invalid(
                "Maximum percent must be greater than zero and not below the minimum healthy percent.",
            ));
        }
        match self.deployment_configuration.get("strategy").and_then(Value::as_str) {
            Some("ROLLING") | None => Ok(()),
            Some(other) => Err(invalid(format!("Deployment strategy {other} is not supported by this simulator."))),
        }
    }
}

/// A circuit breaker's configuration, completed with AWS's defaults.
fn breaker_with(given: &Value) -> Value {
    let or = |key: &str, default: Value| given.get(key).filter(|value| !value.is_null()).cloned().unwrap_or(default);
    json!({
        "enable": or("enable", json!(false)),
        "rollback": or("rollback", json!(false)),
        "resetOnHealthyTask": or("resetOnHealthyTask", json!(true)),
        "thresholdConfiguration": or("thresholdConfiguration", json!({"type": "BOUNDED_PERCENT", "value": 50})),
    })
}
