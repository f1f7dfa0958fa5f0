//! Clusters: making, listing and describing them, and their capacity providers.
//!
//! Owns the cluster resource. Its counts are counted from services and tasks when asked, never kept.
//!
//! Divergence from AWS: clusters cannot be deleted; `statistics` and `attachments` are always empty; settings are
//! kept as given.

use serde_json::{Value, json};

use super::capacity::{StrategyItem, read_strategy, show_strategy};
use super::input::{Input, invalid};
use super::paging::page;
use super::service::ServiceStatus;
use super::state::{Ecs, Scene, at_most, cluster_name};
use super::tags::{self, Tags};
use super::task::LastStatus;
use crate::simulator::error::ApiError;

/// The providers that need no Auto Scaling group.
const FARGATE_PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// What DescribeClusters can include.
const INCLUDES: [&str; 5] = ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"];

/// A cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) providers: Vec<String>,
    pub(super) default_strategy: Vec<StrategyItem>,
    pub(super) settings: Value,
    pub(super) configuration: Value,
    pub(super) tags: Tags,
}

impl Ecs {
    /// CreateCluster: returns the one that is there, if it is.
    pub(super) fn create_cluster(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let name = input.text("clusterName")?.unwrap_or("default");
        if name.is_empty() || name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(invalid("Cluster name must match the regex pattern ^[a-zA-Z0-9\\-_]{1,255}$."));
        }
        let providers = read_providers(input)?;
        let cluster = Cluster {
            name: name.to_owned(),
            default_strategy: read_strategy(input.items("defaultCapacityProviderStrategy")?, &providers)?,
            providers,
            settings: match input.items("settings")? {
                [] => json!([{"name": "containerInsights", "value": "disabled"}]),
                given => json!(given),
            },
            configuration: input.get("configuration").cloned().unwrap_or(Value::Null),
            tags: tags::read(input)?,
        };
        self.clusters.entry(name.to_owned()).or_insert(cluster);
        Ok(json!({ "cluster": self.show_cluster(scene, &self.clusters[name], &["TAGS", "SETTINGS"]) }))
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
            match self.clusters.get(cluster_name(Some(given))) {
                Some(cluster) => found.push(self.show_cluster(scene, cluster, &include)),
                None => {
                    let arn = scene.place.cluster(cluster_name(Some(given)));
                    failures.push(json!({"arn": arn, "reason": "MISSING"}));
                }
            }
        }
        Ok(json!({"clusters": found, "failures": failures}))
    }

    /// ListClusters.
    pub(super) fn list_clusters(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let arns: Vec<String> = self.clusters.keys().map(|name| scene.place.cluster(name)).collect();
        page("clusterArns", &arns, input, 100)
    }

    /// PutClusterCapacityProviders: replaces both the providers and the default strategy.
    pub(super) fn put_providers(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        input.must_have("capacityProviders")?;
        input.must_have("defaultCapacityProviderStrategy")?;
        let providers = read_providers(input)?;
        let strategy = read_strategy(input.items("defaultCapacityProviderStrategy")?, &providers)?;
        let cluster = self.cluster_mut(Some(input.required("cluster")?))?;
        (cluster.providers, cluster.default_strategy) = (providers, strategy);
        let name = cluster.name.clone();
        Ok(json!({ "cluster": self.show_cluster(scene, &self.clusters[&name], &[]) }))
    }

    fn show_cluster(&self, scene: &Scene<'_>, cluster: &Cluster, include: &[&str]) -> Value {
        let Cluster { name, providers, default_strategy, settings, configuration, tags } = cluster;
        let tasks = || self.tasks.values().filter(|task| task.cluster == *name && task.is_live());
        let running = tasks().filter(|task| task.last_status == LastStatus::Running).count();
        let services = self.services.values().filter(|s| s.cluster == *name && s.status == ServiceStatus::Active);
        let included = |word: &str| include.contains(&word);
        let mut shown = json!({
            "clusterArn": scene.place.cluster(name),
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
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
        shown
    }
}

fn read_providers(input: Input<'_>) -> Result<Vec<String>, ApiError> {
    let providers = input.texts("capacityProviders")?;
    if providers.iter().any(|name| !FARGATE_PROVIDERS.contains(name)) {
        return Err(invalid(
            "The specified capacity provider was not found. Specify a valid name or ARN and try again.",
        ));
    }
    Ok(providers.into_iter().map(str::to_owned).collect())
}
