//! Capacity providers: Fargate's two, which are always there, and those of Auto Scaling groups.
//!
//! Owns the resource and its operations. Which provider the next task goes to is in `capacity`; where a task finds room
//! on container instances is in `placement`.
//!
//! Divergence from AWS: no Auto Scaling group is looked at, and none is scaled; the container instances of a cluster
//! count as those of any such provider. A deleted provider is gone at once. Managed instances are refused.

use serde_json::{Map, Value, json};

use super::capacity::{ON_DEMAND, SPOT};
use super::input::{Input, client_error, invalid};
use super::naming::shown_arn;
use super::paging::page;
use super::state::{Ecs, Scene};
use super::tags::{self, Tags};
use crate::simulator::arn::{self, Place};
use crate::simulator::error::ApiError;

/// The providers that need no Auto Scaling group.
const FARGATE_PROVIDERS: [&str; 2] = [ON_DEMAND, SPOT];

/// A provider of an Auto Scaling group.
#[derive(Clone, Debug)]
pub(super) struct CapacityProvider {
    /// `autoScalingGroupProvider` as AWS shows it, with its defaults.
    group: Map<String, Value>,
    pub(super) tags: Tags,
}

/// Whether a provider is one of Fargate's.
pub(super) fn is_fargate(name: &str) -> bool {
    FARGATE_PROVIDERS.contains(&name)
}

impl Ecs {
    /// Whether there is a provider of that name or ARN.
    pub(super) fn has_provider(&self, given: &str) -> bool {
        let name = self.named_alone("capacity-provider", given);
        name.is_some_and(|name| is_fargate(name) || self.providers.contains_key(name))
    }

    /// CreateCapacityProvider.
    pub(super) fn create_capacity_provider(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let name = input.required("name")?;
        if name.len() > 255 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(invalid("The capacity provider name must match the regex pattern ^[a-zA-Z0-9\\-_]{1,255}$."));
        }
        let lower = name.to_ascii_lowercase();
        if ["aws", "ecs", "fargate"].iter().any(|reserved| lower.starts_with(reserved)) {
            return Err(invalid(
                "The specified capacity provider name is invalid. Up to 255 characters are allowed, and the name cannot \
                 be prefixed with aws, ecs, or fargate.",
            ));
        }
        if self.providers.contains_key(name) {
            return Err(client_error(
                "The specified capacity provider already exists. To change the configuration of an existing capacity \
                 provider, update the capacity provider.",
            ));
        }
        if input.get("managedInstancesProvider").is_some() {
            let message = "Capacity providers of managed instances are not supported.";
            return Err(ApiError::client("UnsupportedFeatureException", message));
        }
        let Some(given) = input.get("autoScalingGroupProvider") else {
            return Err(invalid("autoScalingGroupProvider can not be null."));
        };
        Input(given).required("autoScalingGroupArn")?;
        let provider = CapacityProvider { group: complete(&Map::new(), given)?, tags: tags::read(input)? };
        self.providers.insert(name.to_owned(), provider);
        Ok(json!({ "capacityProvider": self.show_provider(scene.place, name, true) }))
    }

    /// DescribeCapacityProviders: those that are named, or all.
    pub(super) fn describe_capacity_providers(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let with_tags = input.includes_tags()?;
        let asked = input.texts("capacityProviders")?;
        let mut names: Vec<String> = match asked.is_empty() {
            true => {
                let own = self.providers.keys().map(String::as_str);
                FARGATE_PROVIDERS.into_iter().chain(own).map(str::to_owned).collect()
            }
            false => {
                let known = asked.iter().filter(|given| self.has_provider(given));
                known.map(|given| arn::last_part(given).to_owned()).collect()
            }
        };
        let missing = asked.iter().filter(|given| !self.has_provider(given));
        let failure = |given: &&str| {
            let arn = shown_arn(given, |name| scene.place.capacity_provider(name));
            json!({"arn": arn, "reason": "MISSING"})
        };
        let failures: Value = missing.map(failure).collect();
        names.sort();
        names.dedup();
        let mut answer = page("capacityProviders", &names, input, 10)?;
        if let Some(given) = answer["capacityProviders"].as_array_mut() {
            for name in given {
                *name = self.show_provider(scene.place, name.as_str().unwrap_or_default(), with_tags);
            }
        }
        answer["failures"] = failures;
        Ok(answer)
    }

    /// UpdateCapacityProvider: what is given replaces what was, member by member.
    pub(super) fn update_capacity_provider(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let given = input.required("name")?;
        let name = self.named_alone("capacity-provider", given).unwrap_or_default().to_owned();
        let provider = self.providers.get_mut(&name).ok_or_else(unknown)?;
        if let Some(given) = input.get("autoScalingGroupProvider") {
            provider.group = complete(&provider.group, given)?;
        }
        let mut shown = self.show_provider(scene.place, &name, true);
        shown["updateStatus"] = json!("UPDATE_COMPLETE");
        Ok(json!({ "capacityProvider": shown }))
    }

    /// DeleteCapacityProvider: not while a cluster has it.
    pub(super) fn delete_capacity_provider(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let given = input.required("capacityProvider")?;
        let name = self.named_alone("capacity-provider", given).unwrap_or_default().to_owned();
        if is_fargate(&name) {
            return Err(invalid("The specified capacity provider is reserved and cannot be deleted."));
        }
        if !self.providers.contains_key(&name) {
            return Err(unknown());
        }
        let user = self.clusters.values().find(|cluster| cluster.active && cluster.providers.contains(&name));
        if let Some(cluster) = user {
            return Err(client_error(format!(
                "The capacity provider cannot be deleted because it is associated with cluster: {}. Remove the capacity \
                 provider from the cluster and try again.",
                cluster.name
            )));
        }
        let mut shown = self.show_provider(scene.place, &name, true);
        shown["updateStatus"] = json!("DELETE_IN_PROGRESS");
        self.providers.remove(&name);
        Ok(json!({ "capacityProvider": shown }))
    }

    fn show_provider(&self, place: &Place, name: &str, with_tags: bool) -> Value {
        let mut shown = json!({
            "capacityProviderArn": place.capacity_provider(name),
            "name": name,
            "status": "ACTIVE",
            "type": name,
            "tags": [],
        });
        if let Some(provider) = self.providers.get(name) {
            shown["type"] = json!("EC2_AUTOSCALING");
            shown["autoScalingGroupProvider"] = json!(provider.group);
            if with_tags {
                shown["tags"] = tags::show(&provider.tags);
            }
        }
        shown
    }
}

/// What was, with what is given, and AWS's defaults for what neither says.
fn complete(old: &Map<String, Value>, given: &Value) -> Result<Map<String, Value>, ApiError> {
    let input = Input(given);
    input.word("managedTerminationProtection", &["ENABLED", "DISABLED"])?;
    input.word("managedDraining", &["ENABLED", "DISABLED"])?;
    let mut scaling = match old.get("managedScaling") {
        Some(Value::Object(scaling)) => scaling.clone(),
        Some(_) | None => Map::new(),
    };
    if let Some(given) = input.get("managedScaling") {
        check_scaling(Input(given))?;
        scaling.extend(given.as_object().cloned().unwrap_or_default());
        scaling.entry("status").or_insert(json!("ENABLED"));
    }
    let defaults = [
        ("status", json!("DISABLED")),
        ("targetCapacity", json!(100)),
        ("minimumScalingStepSize", json!(1)),
        ("maximumScalingStepSize", json!(10_000)),
        ("instanceWarmupPeriod", json!(300)),
    ];
    for (key, default) in defaults {
        scaling.entry(key).or_insert(default);
    }
    let mut group = old.clone();
    group.extend(given.as_object().cloned().unwrap_or_default());
    group.insert("managedScaling".into(), json!(scaling));
    group.entry("managedTerminationProtection").or_insert(json!("DISABLED"));
    group.entry("managedDraining").or_insert(json!("ENABLED"));
    Ok(group)
}

fn check_scaling(scaling: Input<'_>) -> Result<(), ApiError> {
    scaling.word("status", &["ENABLED", "DISABLED"])?;
    let bounds = [
        ("targetCapacity", 1, 100),
        ("minimumScalingStepSize", 1, 10_000),
        ("maximumScalingStepSize", 1, 10_000),
        ("instanceWarmupPeriod", 0, 10_000),
    ];
    for (key, least, most) in bounds {
        if scaling.int(key)?.is_some_and(|value| !(least..=most).contains(&value)) {
            return Err(invalid(format!("{key} must be between {least} and {most}.")));
        }
    }
    Ok(())
}

fn unknown() -> ApiError {
    invalid("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")
}
