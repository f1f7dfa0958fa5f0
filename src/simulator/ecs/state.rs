//! The state of the simulated ECS, and what its parts see of the world around them.
//!
//! Owns the collections and the plain look-ups in them. What the resources do belongs to the files named after them;
//! nothing here decides or journals anything.
//!
//! Divergence from AWS: one account, one region, strongly consistent but for freshly made tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use fastrand::Rng;
use serde_json::Value;

use super::account_settings::AccountSettings;
use super::app::Apps;
use super::capacity_providers::CapacityProvider;
use super::cluster::Cluster;
use super::container_instance::{ContainerInstance, InstanceKey};
use super::input::invalid;
use super::output::Output;
use super::quota::LaunchRates;
use super::service::{Service, ServiceId, ServiceStatus};
use super::task::{Task, TaskId};
use super::task_definition::Family;
use super::timers::Timers;
use super::token::Launched;
use crate::simulator::arn::Place;
use crate::simulator::ecr::Ecr;
use crate::simulator::elb::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::journal::Journal;
use crate::simulator::knobs::Knobs;
use crate::simulator::time::Time;

/// What every part of ECS may use while something happens: the moment, chance, and the neighbouring services.
pub struct Scene<'a> {
    /// The moment at which it happens.
    pub now: Time,
    /// Account and region.
    pub place: &'a Place,
    /// The constants of this world.
    pub knobs: &'a Knobs,
    /// This world's chance.
    pub rng: &'a mut Rng,
    /// Load balancers, where tasks are registered.
    pub elb: &'a mut Elb,
    /// Registries, from which images are pulled.
    pub ecr: &'a Ecr,
    /// Where changes of the world are written down.
    pub journal: &'a mut Journal,
}

impl Scene<'_> {
    /// `ms`, off by at most the knob's percentage either way.
    pub(super) fn about(&mut self, ms: i64) -> i64 {
        let spread = ms * self.knobs.jitter_percent / 100;
        ms + self.rng.i64(-spread..=spread)
    }

    /// Writes a change of the world down, now.
    pub(super) fn note(&mut self, kind: &str, fields: Value) {
        self.journal.event(self.now, kind, fields);
    }
}

/// All of ECS in one account and region.
#[derive(Clone, Default, Debug)]
pub struct Ecs {
    /// `arn:aws:ecs:R:A:`, once there has been a call.
    pub(super) home: String,
    pub(super) clusters: BTreeMap<String, Cluster>,
    /// Capacity providers beside Fargate's, by name.
    pub(super) providers: BTreeMap<String, CapacityProvider>,
    /// Container instances by cluster and id.
    pub(super) instances: BTreeMap<InstanceKey, ContainerInstance>,
    pub(super) account_settings: AccountSettings,
    pub(super) families: BTreeMap<String, Family>,
    pub(super) services: BTreeMap<ServiceId, Service>,
    pub(super) tasks: BTreeMap<TaskId, Task>,
    /// Tasks short of STOPPED by service: what the scheduler looks at.
    pub(super) unstopped: BTreeMap<ServiceId, BTreeSet<TaskId>>,
    /// The same tasks by the address of their interface, which no two of them share.
    pub(super) by_address: BTreeMap<Ipv4Addr, TaskId>,
    /// What RunTask did, by cluster and client token.
    pub(super) launched: BTreeMap<(String, String), Launched>,
    pub(super) timers: Timers,
    pub(super) apps: Apps,
    pub(super) output: Output,
    /// Whether FARGATE_SPOT cannot place tasks at present.
    pub(super) spot_is_out: bool,
    /// Availability zones in which Fargate cannot place tasks at present.
    pub(super) dry_zones: BTreeSet<String>,
    /// Names of alarms that are in the state ALARM.
    pub(super) alarming: BTreeSet<String>,
    /// How fast services launch Fargate tasks.
    pub(super) launch_rates: LaunchRates,
    /// Tasks in PROVISIONING, by cluster.
    pub(super) provisioning: BTreeMap<String, usize>,
    next_service: u64,
    next_address: u32,
}

impl Ecs {
    /// The cluster that a name or ARN means; `default` if there is none given.
    ///
    /// # Errors
    ///
    /// `ClusterNotFoundException`.
    pub(super) fn cluster(&self, given: Option<&str>) -> Result<&Cluster, ApiError> {
        let cluster = self.cluster_name(given).and_then(|name| self.clusters.get(name)).ok_or_else(no_cluster)?;
        if cluster.active { Ok(cluster) } else { Err(inactive_cluster()) }
    }

    /// The same, to be changed.
    pub(super) fn cluster_mut(&mut self, given: Option<&str>) -> Result<&mut Cluster, ApiError> {
        let name = self.cluster_name(given).ok_or_else(no_cluster)?.to_owned();
        let cluster = self.clusters.get_mut(&name).ok_or_else(no_cluster)?;
        if cluster.active { Ok(cluster) } else { Err(inactive_cluster()) }
    }

    fn cluster_name<'a>(&self, given: Option<&'a str>) -> Option<&'a str> {
        match given.filter(|name| !name.is_empty()) {
            Some(given) => self.named_alone("cluster", given),
            None => Some("default"),
        }
    }

    /// The service of that name, whatever its status.
    pub(super) fn find_service(&self, cluster: &str, name: &str) -> Option<ServiceId> {
        let found = self.services.iter().rev().find(|(_, service)| service.cluster == cluster && service.name == name);
        found.map(|(id, _)| *id)
    }

    /// The service that a name or ARN means in a cluster, whatever its status.
    ///
    /// # Errors
    ///
    /// `ServiceNotFoundException`.
    pub(super) fn known_service(&self, cluster: &str, given: &str) -> Result<ServiceId, ApiError> {
        let name = self.named_in("service", cluster, given);
        let found = name.and_then(|name| self.find_service(cluster, name));
        found.ok_or_else(|| ApiError::client("ServiceNotFoundException", "Service not found."))
    }

    /// The service that a name or ARN means in a cluster, not INACTIVE.
    ///
    /// # Errors
    ///
    /// `ServiceNotFoundException`.
    pub(super) fn living_service(&self, cluster: &str, given: &str) -> Result<ServiceId, ApiError> {
        let known = self.known_service(cluster, given).ok();
        let living = known.filter(|id| self.services[id].status != ServiceStatus::Inactive);
        living.ok_or_else(|| ApiError::client("ServiceNotFoundException", "Service not found."))
    }

    /// A service that is known to exist: services are never removed while something refers to them.
    pub(super) fn service_mut(&mut self, id: ServiceId) -> &mut Service {
        self.services.get_mut(&id).expect("service ids come from the map and stay in it")
    }

    /// Tasks of a service that are short of STOPPED.
    pub(super) fn tasks_of(&self, id: ServiceId) -> impl Iterator<Item = &Task> {
        self.unstopped.get(&id).into_iter().flatten().filter_map(|task| self.tasks.get(task))
    }

    /// The id of the next service.
    pub(super) fn new_service_id(&mut self) -> ServiceId {
        self.next_service += 1;
        ServiceId(self.next_service)
    }

    /// A number for the next network interface, never used twice: AWS refuses to register an address that still
    /// drains.
    pub(super) fn new_address(&mut self) -> u32 {
        self.next_address += 1;
        self.next_address
    }
}

/// Refuses lists that are longer than the operation takes.
pub(super) fn at_most(limit: usize, what: &str, given: usize) -> Result<(), ApiError> {
    if given > limit { Err(invalid(format!("{what} can have at most {limit} items."))) } else { Ok(()) }
}

fn no_cluster() -> ApiError {
    ApiError::client("ClusterNotFoundException", "Cluster not found.")
}

fn inactive_cluster() -> ApiError {
    ApiError::client("ClusterNotFoundException", "The referenced cluster was inactive.")
}
