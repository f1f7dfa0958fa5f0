//! What a service is told that changes nothing here, but is AWS's to show again: Service Connect, volumes, VPC
//! Lattice, placement.
//!
//! Owns reading and showing these members, and ListServicesByNamespace, which asks for one of them. A change of the
//! first three starts a deployment, as on AWS.
//!
//! Divergence from AWS: no proxies, no disks and no target groups of VPC Lattice are made; namespaces are not known
//! beyond the services that name one.

use serde_json::{Map, Value, json};

use super::input::{Input, invalid};
use super::paging::page;
use super::service::{Service, ServiceStatus};
use super::shape::{PLACEMENT, REVISION_EXTRAS};
use super::state::{Ecs, Scene};
use crate::simulator::error::ApiError;

/// Members that belong to a revision.
const OF_REVISION: [&str; 3] = ["serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"];

/// Members that belong to the service alone.
const OF_SERVICE: [&str; 2] = ["placementConstraints", "placementStrategy"];

/// The members of a revision: those that were, with those that are given.
///
/// # Errors
///
/// `SerializationException`, or `InvalidParameterException` for what is not complete.
pub(super) fn read_of_revision(old: &Map<String, Value>, input: Input<'_>) -> Result<Map<String, Value>, ApiError> {
    REVISION_EXTRAS.check("service", input.0)?;
    Ok(with(old, input, &OF_REVISION))
}

/// The members of the service: those that were, with those that are given.
///
/// # Errors
///
/// As for [`read_of_revision`].
pub(super) fn read_of_service(old: &Map<String, Value>, input: Input<'_>) -> Result<Map<String, Value>, ApiError> {
    PLACEMENT.check("service", input.0)?;
    if input.items("placementConstraints")?.len() > 10 || input.items("placementStrategy")?.len() > 5 {
        return Err(invalid("There can be at most 10 placement constraints and 5 placement strategies."));
    }
    Ok(with(old, input, &OF_SERVICE))
}

/// Writes kept members into a description.
pub(super) fn show_in(kept: &Map<String, Value>, shown: &mut Value) {
    for (key, value) in kept {
        shown[key] = value.clone();
    }
}

fn with(old: &Map<String, Value>, input: Input<'_>, keys: &[&str]) -> Map<String, Value> {
    let given = keys.iter().filter_map(|key| Some(((*key).to_owned(), input.get(key)?.clone())));
    let mut kept = old.clone();
    kept.extend(given);
    kept
}

impl Ecs {
    /// ListServicesByNamespace: ACTIVE services of all clusters that Service Connect puts into a namespace.
    pub(super) fn list_services_by_namespace(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let namespace = input.required("namespace")?;
        let is_in = |service: &&Service| {
            let connect = service.spec().kept.get("serviceConnectConfiguration");
            let enabled = connect.is_some_and(|connect| connect["enabled"] == json!(true));
            let defaults = self.clusters.get(&service.cluster).map(|cluster| &cluster.connect_defaults["namespace"]);
            let own = connect.map(|connect| &connect["namespace"]).filter(|own| !own.is_null());
            enabled && own.or(defaults) == Some(&json!(namespace))
        };
        let active = self.services.values().filter(|service| service.status == ServiceStatus::Active);
        let found = active.filter(is_in).map(|service| scene.place.service(&service.cluster, &service.name));
        let mut arns: Vec<String> = found.collect();
        arns.sort();
        page("serviceArns", &arns, input, 10)
    }
}
