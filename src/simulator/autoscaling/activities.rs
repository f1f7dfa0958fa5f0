//! Scaling activities: what was done, why, and whether ECS has followed.
//!
//! Owns their words, which are those of AWS's user guide, and how they end: when as many tasks run as were asked for, or
//! when another activity comes first.
//!
//! Divergence from AWS: activities that changed nothing are not listed; the six weeks after which AWS forgets are not.

use fastrand::Rng;
use serde_json::{Value, json};

use super::operations::Looks;
use super::state::{Activity, AutoScaling, Effect, Key, page};
use crate::simulator::arn;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// Most activities on a page.
const PAGE: i64 = 50;

impl AutoScaling {
    pub(super) fn describe_activities(&self, input: &Value) -> Result<Value, ApiError> {
        let asked = self.activities.iter().rev().filter(|activity| activity.key.is_asked(input));
        page(input, "ScalingActivities", PAGE, asked.map(render).collect())
    }

    /// A new desired count of a service, written down.
    pub(super) fn set_desired(&mut self, key: &Key, desired: i64, cause: String, now: Time, rng: &mut Rng) -> Effect {
        for before in self.activities.iter_mut().filter(|before| before.key == *key && before.ended.is_none()) {
            (before.ended, before.overridden) = (Some(now), true);
        }
        let (cluster, service) = key.cluster_and_service().expect("only services are scaled");
        let effect = Effect::SetDesiredCount {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
            desired,
            cause: cause.clone(),
        };
        self.activities.push(Activity {
            id: arn::uuid(rng),
            key: key.clone(),
            description: format!("Setting desired count to {desired}."),
            cause,
            begun: now,
            ended: None,
            desired: Some(desired),
            overridden: false,
        });
        effect
    }

    /// New bounds of a target, written down.
    pub(super) fn note_bounds(&mut self, key: &Key, cause: String, now: Time, rng: &mut Rng) {
        let target = &self.targets[key];
        self.activities.push(Activity {
            id: arn::uuid(rng),
            key: key.clone(),
            description: format!("Setting min capacity to {} and max capacity to {}", target.min, target.max),
            cause,
            begun: now,
            ended: Some(now),
            desired: None,
            overridden: false,
        });
    }

    /// Ends the activities that ECS has followed.
    pub(super) fn end_activities(&mut self, now: Time, looks: Looks<'_>) {
        for activity in self.activities.iter_mut().filter(|activity| activity.ended.is_none()) {
            let look = activity.key.cluster_and_service().and_then(|(cluster, service)| looks(cluster, service));
            let there = look.is_none_or(|look| activity.desired.is_none_or(|desired| look.running == desired));
            if there {
                activity.ended = Some(now);
            }
        }
    }

    /// Whether ECS has something to follow yet.
    pub(super) fn is_active(&self) -> bool {
        self.activities.iter().rev().any(|activity| activity.ended.is_none())
    }
}

fn render(activity: &Activity) -> Value {
    let Activity { id, key, description, cause, begun, ended, desired, overridden } = activity;
    let (status, message) = match (desired, ended) {
        (None, _) => ("Successful", description.replacen("Setting", "Successfully set", 1)),
        (Some(desired), Some(_)) if *overridden => {
            ("Overridden", format!("Successfully set desired count to {desired}. Change was overridden by another."))
        }
        (Some(desired), Some(_)) => (
            "Successful",
            format!("Successfully set desired count to {desired}. Change successfully fulfilled by ecs."),
        ),
        (Some(desired), None) => (
            "InProgress",
            format!("Successfully set desired count to {desired}. Waiting for change to be fulfilled by ecs."),
        ),
    };
    let mut shown = key.show();
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("ActivityId", json!(id));
    put("Description", json!(description));
    put("Cause", json!(cause));
    put("StartTime", json!(begun.epoch_seconds()));
    if let Some(ended) = ended {
        put("EndTime", json!(ended.epoch_seconds()));
    }
    put("StatusCode", json!(status));
    put("StatusMessage", json!(message));
    Value::Object(shown)
}
