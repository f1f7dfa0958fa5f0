//! What Application Auto Scaling knows: targets, policies, scheduled actions, activities, and the load of services.
//!
//! Owns the collections, the keys, and the texts about what is not in them. What happens to them is in the files that
//! are named after them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::load::Load;
use super::schedule::Schedule;
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, whole};
use crate::simulator::time::Time;

/// The simulated Application Auto Scaling of one account and region.
#[derive(Debug)]
pub struct AutoScaling {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) targets: BTreeMap<Key, ScalableTarget>,
    /// By target and name.
    pub(super) policies: BTreeMap<(Key, String), Policy>,
    /// By target and name.
    pub(super) scheduled: BTreeMap<(Key, String), ScheduledAction>,
    /// Oldest first.
    pub(super) activities: Vec<Activity>,
    /// By cluster and service.
    pub(super) loads: BTreeMap<(String, String), Load>,
}

/// What an ECS service looks like to Application Auto Scaling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Its desired count.
    pub desired: i64,
    /// How many of its tasks are RUNNING.
    pub running: i64,
    /// Whether a deployment is in progress.
    pub deploying: bool,
}

/// What Application Auto Scaling does to ECS, for the world to carry out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The service's desired count must change.
    SetDesiredCount {
        /// Cluster name.
        cluster: String,
        /// Service name.
        service: String,
        /// What it must become.
        desired: i64,
        /// Why, in AWS's words.
        cause: String,
    },
}

/// Which property of which resource is scaled.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) resource: String,
    pub(super) dimension: String,
}

#[derive(Clone, Debug)]
pub(super) struct ScalableTarget {
    pub(super) arn: String,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) role: String,
    /// Scaling in, scaling out, schedules.
    pub(super) suspended: [bool; 3],
    pub(super) created: Time,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) last_in: Option<Time>,
    /// When it was scaled out last, and by how much.
    pub(super) last_out: Option<(Time, i64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) arn: String,
    pub(super) kind: String,
    /// The member that holds the configuration, and the configuration as it was given.
    pub(super) configuration: (&'static str, Value),
    pub(super) alarms: Vec<String>,
    pub(super) created: Time,
    /// For how many minutes in a row the metric has been above the target.
    pub(super) above: u32,
    /// For how many minutes in a row it has been below nine tenths of it.
    pub(super) below: u32,
}

#[derive(Clone, Debug)]
pub(super) struct ScheduledAction {
    pub(super) arn: String,
    pub(super) schedule: (String, Schedule),
    pub(super) timezone: Option<String>,
    pub(super) begins: Option<Time>,
    pub(super) ends: Option<Time>,
    /// New minimum and maximum.
    pub(super) bounds: (Option<i64>, Option<i64>),
    pub(super) created: Time,
    /// When it acts next.
    pub(super) next: Option<Time>,
}

#[derive(Clone, Debug)]
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) key: Key,
    pub(super) description: String,
    pub(super) cause: String,
    pub(super) begun: Time,
    pub(super) ended: Option<Time>,
    /// The desired count that it asked for; none if it was about bounds only.
    pub(super) desired: Option<i64>,
    pub(super) overridden: bool,
}

impl AutoScaling {
    /// No scalable targets yet.
    pub fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            targets: BTreeMap::new(),
            policies: BTreeMap::new(),
            scheduled: BTreeMap::new(),
            activities: Vec::new(),
            loads: BTreeMap::new(),
        }
    }

    /// The bounds of a service, if it is scaled: minimum and maximum desired count.
    pub fn bounds(&self, cluster: &str, service: &str) -> Option<(i64, i64)> {
        self.targets.get(&Key::service(cluster, service)).map(|target| (target.min, target.max))
    }

    /// What a service has to carry from now on.
    pub fn set_load(&mut self, cluster: &str, service: &str, load: Load) {
        self.loads.insert((cluster.to_owned(), service.to_owned()), load);
    }

    /// `arn:aws:autoscaling:…`, of policies and scheduled actions.
    pub(super) fn arn(&self, kind: &str, id: &str, key: &Key, named: &str) -> String {
        let Self { account, region, .. } = self;
        format!(
            "arn:aws:autoscaling:{region}:{account}:{kind}:{id}:resource/{}/{}:{named}",
            key.namespace, key.resource
        )
    }
}

impl Key {
    /// The desired count of an ECS service.
    pub(super) fn service(cluster: &str, service: &str) -> Key {
        Key {
            namespace: "ecs".to_owned(),
            resource: format!("service/{cluster}/{service}"),
            dimension: "ecs:service:DesiredCount".to_owned(),
        }
    }

    /// The key that an input names.
    ///
    /// # Errors
    /// `ValidationException` for a dimension of another namespace.
    pub(super) fn read(input: &Value) -> Result<Key, ApiError> {
        let part = |name: &str| text(input, name).map(|part| part.unwrap_or_default().to_owned());
        let key = Key {
            namespace: part("ServiceNamespace")?,
            resource: part("ResourceId")?,
            dimension: part("ScalableDimension")?,
        };
        let fits = key.dimension.split(':').next() == Some(&key.namespace);
        if !fits || (key.namespace == "ecs" && key.cluster_and_service().is_none()) {
            return Err(invalid("Unsupported service namespace, resource type or scalable dimension"));
        }
        Ok(key)
    }

    /// The names in `service/<cluster>/<service>`.
    pub(super) fn cluster_and_service(&self) -> Option<(&str, &str)> {
        let parts = self.resource.strip_prefix("service/")?.split_once('/')?;
        let named = self.namespace == "ecs" && !parts.0.is_empty() && !parts.1.is_empty() && !parts.1.contains('/');
        named.then_some(parts)
    }

    /// Whether this is among what a describing input asks for.
    pub(super) fn is_asked(&self, input: &Value) -> bool {
        let is = |name: &str, own: &str| input[name].as_str().is_none_or(|asked| asked == own);
        is("ServiceNamespace", &self.namespace)
            && is("ResourceId", &self.resource)
            && is("ScalableDimension", &self.dimension)
    }

    /// The members that say it.
    pub(super) fn show(&self) -> Map<String, Value> {
        let Key { namespace, resource, dimension } = self;
        let members = [("ServiceNamespace", namespace), ("ResourceId", resource), ("ScalableDimension", dimension)];
        members.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
    }

    /// `service namespace: ecs, resource ID: …, scalable dimension: …`, as refusals say it.
    pub(super) fn said(&self) -> String {
        let Key { namespace, resource, dimension } = self;
        format!("service namespace: {namespace}, resource ID: {resource}, scalable dimension: {dimension}")
    }
}

/// A page of `all` under `key`; `most` items unless the input wants fewer.
///
/// # Errors
/// `ValidationException` for a size out of bounds, `InvalidNextTokenException`.
pub(super) fn page(input: &Value, key: &str, most: i64, all: Vec<Value>) -> Result<Value, ApiError> {
    let size = whole(input, "MaxResults")?.unwrap_or(most);
    if !(1..=most).contains(&size) {
        return Err(invalid(format!("MaxResults must be between 1 and {most}")));
    }
    let start: usize = match text(input, "NextToken")? {
        None => 0,
        Some(token) => {
            token.parse().map_err(|_| ApiError::client("InvalidNextTokenException", "The next token is not valid."))?
        }
    };
    let end = start.saturating_add(usize::try_from(size).expect("the size was checked to be positive"));
    let more = all.len() > end;
    let page: Vec<Value> = all.into_iter().skip(start).take(end - start).collect();
    Ok(if more { json!({key: page, "NextToken": end.to_string()}) } else { json!({ key: page }) })
}

/// 400 `ObjectNotFoundException`.
pub(super) fn not_found(message: String) -> ApiError {
    ApiError::client("ObjectNotFoundException", message)
}

/// 400 `ValidationException`.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationException", message)
}
