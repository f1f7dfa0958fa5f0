//! Clusters: making, changing, listing, describing and deleting them, and their capacity providers.
//!
//! Owns the cluster resource. Its counts are counted from services, tasks and container instances when asked, never
//! kept. A deleted cluster is INACTIVE: it can be described, and made anew under its name.
//!
//! Divergence from AWS: `statistics` and `attachments` are always empty; settings and configurations are kept as
//! given; an INACTIVE cluster can be described for ever.

use serde_json::{Value, json};

use super::capacity::{StrategyItem, read_strategy, show_strategy};
use super::input::{Input, invalid};
use super::naming::shown_arn;
use super::paging::page;
use super::service::ServiceStatus;
use super::shape::CLUSTER;
use super::state::{Ecs, Scene, at_most};
use super::tags::{self, Tags};
use super::task::LastStatus;
use crate::simulator::arn;
use crate::simulator::error::ApiError;

/// What DescribeClusters can include.
const INCLUDES: [&str; 5] = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"];

/// What an answer to a change shows.
const WRITTEN: [&str; 3] = ["TAGS", "SETTINGS", "CONFIGURATIONS"];

/// A cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    /// Not deleted.
    pub(super) active: bool,
    pub(super) providers: Vec<String>,
    pub(super) default_strategy: Vec<StrategyItem>,
    pub(super) settings: Value,
    pub(super) configuration: Value,
    pub(super) connect_defaults: Value,
    pub(super) tags: Tags,
}

impl Ecs {
    /// CreateCluster: returns the one that is there, if it is.
    pub(super) fn create_cluster(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let name = input.text("clusterName")?.unwrap_or("default");
        if name.is_empty() || name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(invalid("Cluster name must match the regex pattern ^[a-zA-Z0-9\\-_]{1,255}$."));
        }
        CLUSTER.check("cluster", input.0)?;
        let providers = self.read_providers(input)?;
        let insights = self.account_settings.effective(scene.place, "containerInsights").to_owned();
        let cluster = Cluster {
            name: name.to_owned(),
            active: true,
            default_strategy: read_strategy(input.items("defaultCapacityProviderStrategy")?, &providers)?,
            providers,
            settings: match input.items("settings")? {
                [] => json!([{"name": "containerInsights", "value": insights}]),
                given => json!(given),
            },
            configuration: input.get("configuration").cloned().unwrap_or(Value::Null),
            connect_defaults: input.get("serviceConnectDefaults").cloned().unwrap_or(Value::Null),
            tags: tags::read(input)?,
        };
        if self.clusters.get(name).is_none_or(|old| !old.active) {
            self.services.retain(|_, service| service.cluster != name);
            self.clusters.insert(name.to_owned(), cluster);
        }
        Ok(json!({ "cluster": self.show_cluster(scene, &self.clusters[name], &WRITTEN) }))
    }

    /// UpdateCluster: what is given replaces what was, setting by setting.
    pub(super) fn update_cluster(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let name = input.required("cluster")?;
        CLUSTER.check("cluster", input.0)?;
        let settings = input.items("settings")?;
        let cluster = self.cluster_mut(Some(name))?;
        set_settings(cluster, settings);
        if let Some(configuration) = input.get("configuration") {
            cluster.configuration = configuration.clone();
        }
        if let Some(defaults) = input.get("serviceConnectDefaults") {
            cluster.connect_defaults = defaults.clone();
        }
        let cluster = self.cluster(Some(name))?;
        Ok(json!({ "cluster": self.show_cluster(scene, cluster, &WRITTEN) }))
    }

    /// UpdateClusterSettings: the settings alone.
    pub(super) fn update_cluster_settings(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        input.must_have("settings")?;
        CLUSTER.check("cluster", input.0)?;
        let settings = input.items("settings")?;
        let name = input.required("cluster")?;
        set_settings(self.cluster_mut(Some(name))?, settings);
        let cluster = self.cluster(Some(name))?;
        Ok(json!({ "cluster": self.show_cluster(scene, cluster, &WRITTEN) }))
    }

    /// DeleteCluster: only when nothing lives in it.
    pub(super) fn delete_cluster(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let name = self.cluster(Some(input.required("cluster")?))?.name.clone();
        let holds = |what: &str, code: &str, state: &str| {
            ApiError::client(code, format!("The Cluster cannot be deleted while {what} are {state}."))
        };
        if self.instances.keys().any(|(cluster, _)| *cluster == name) {
            let code = "ClusterContainsContainerInstancesException";
            return Err(holds("Container Instances", code, "active or draining"));
        }
        if self.services.values().any(|s| s.cluster == name && s.status == ServiceStatus::Active) {
            return Err(holds("Services", "ClusterContainsServicesException", "active"));
        }
        if self.tasks.values().any(|task| task.cluster == name && task.last_status != LastStatus::Stopped) {
            return Err(holds("Tasks", "ClusterContainsTasksException", "active"));
        }
        self.cluster_mut(Some(&name))?.active = false;
        Ok(json!({ "cluster": self.show_cluster(scene, &self.clusters[&name], &WRITTEN) }))
    }

    /// DescribeClusters: unknown ones are failures, not errors.
    pub(super) fn describe_clusters(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let mut asked = input.texts("clusters")?;
        at_most(100, "clusters", asked.len())?;
        if asked.is_empty() {
            asked.push("default");
        }
        let include = input.words("include", &INCLUDES)?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in asked {
            let named = if given.is_empty() { Some("default") } else { self.named_alone("cluster", given) };
            match named.and_then(|name| self.clusters.get(name)) {
                Some(cluster) => found.push(self.show_cluster(scene, cluster, &include)),
                None => {
                    let arn = shown_arn(given, |name| scene.place.cluster(name));
                    failures.push(json!({"arn": arn, "reason": "MISSING"}));
                }
            }
        }
        Ok(json!({"clusters": found, "failures": failures}))
    }

    /// ListClusters.
    pub(super) fn list_clusters(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let arns: Vec<String> = {
            let active = self.clusters.values().filter(|cluster| cluster.active);
            active.map(|cluster| scene.place.cluster(&cluster.name)).collect()
        };
        page("clusterArns", &arns, input, 100)
    }

    /// PutClusterCapacityProviders: replaces both the providers and the default strategy.
    pub(super) fn put_providers(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        input.must_have("capacityProviders")?;
        input.must_have("defaultCapacityProviderStrategy")?;
        let providers = self.read_providers(input)?;
        let strategy = read_strategy(input.items("defaultCapacityProviderStrategy")?, &providers)?;
        let cluster = self.cluster_mut(Some(input.required("cluster")?))?;
        (cluster.providers, cluster.default_strategy) = (providers, strategy);
        let name = cluster.name.clone();
        Ok(json!({ "cluster": self.show_cluster(scene, &self.clusters[&name], &[]) }))
    }

    fn show_cluster(&self, scene: &Scene<'_>, cluster: &Cluster, include: &[&str]) -> Value {
        let Cluster { name, active, providers, default_strategy, settings, configuration, connect_defaults, tags } =
            cluster;
        let tasks = || self.tasks.values().filter(|task| task.cluster == *name && task.is_live());
        let running = tasks().filter(|task| task.last_status == LastStatus::Running).count();
        let services = self.services.values().filter(|s| s.cluster == *name && s.status == ServiceStatus::Active);
        let included = |word: &str| include.contains(&word);
        let mut shown = json!({
            "clusterArn": scene.place.cluster(name),
            "clusterName": name,
            "status": if *active { "ACTIVE" } else { "INACTIVE" },
            "registeredContainerInstancesCount": self.instances.keys().filter(|(cluster, _)| cluster == name).count(),
            "runningTasksCount": running,
            "pendingTasksCount": tasks().count() - running,
            "activeServicesCount": services.count(),
            "statistics": [],
            "tags": if included("TAGS") { tags::show(tags) } else { json!([]) },
            "settings": if included("SETTINGS") { settings.clone() } else { json!([]) },
            "capacityProviders": providers,
            "defaultCapacityProviderStrategy": show_strategy(default_strategy),
        });
        if included("CONFIGURATIONS") && !configuration.is_null() {
            shown["configuration"] = configuration.clone();
        }
        if !connect_defaults.is_null() {
            shown["serviceConnectDefaults"] = connect_defaults.clone();
        }
        shown
    }

    fn read_providers(&self, input: Input<'_>) -> Result<Vec<String>, ApiError> {
        let providers = input.texts("capacityProviders")?;
        if providers.iter().any(|name| !self.has_provider(name)) {
            return Err(invalid(
                "The specified capacity provider was not found. Specify a valid name or ARN and try again.",
            ));
        }
        Ok(providers.into_iter().map(|name| arn::last_part(name).to_owned()).collect())
    }
}

/// Settings that are given replace those of the same name.
fn set_settings(cluster: &mut Cluster, given: &[Value]) {
    let kept = cluster.settings.as_array().cloned().unwrap_or_default();
    let replaced = |old: &Value| given.iter().any(|new| new["name"] == old["name"]);
    let kept = kept.into_iter().filter(|old| !replaced(old));
    cluster.settings = kept.chain(given.iter().cloned()).collect();
}
