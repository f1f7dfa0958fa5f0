//! Deployment alarms: CloudWatch alarms that fail a deployment.
//!
//! Owns which alarms are in ALARM, and whether a deployment heeds them: from its first running task to the end of its
//! bake time, unless one of them was in ALARM when it began. What a failed deployment leads to is in `breaker`.
//!
//! Divergence from AWS: CloudWatch is not there; the keeper of the world says which alarms are in ALARM, and an alarm
//! that nobody has made is simply not. A deployment that is rolled back to does not heed alarms.

use serde_json::json;

use super::breaker::Judge;
use super::deployment::Rollout;
use super::service::ServiceId;
use super::state::{Ecs, Scene};

impl Ecs {
    /// An alarm goes to ALARM, or back to OK.
    pub fn set_alarm(&mut self, scene: &mut Scene<'_>, name: &str, alarming: bool) {
        match alarming {
            true => self.alarming.insert(name.to_owned()),
            false => self.alarming.remove(name),
        };
        scene.note("alarm", json!({"alarm": name, "state": if alarming { "ALARM" } else { "OK" }}));
    }

    /// The alarms of a service that are in ALARM, if it watches them at all.
    pub(super) fn alarms_ringing(&self, id: ServiceId) -> Vec<String> {
        let settings = &self.services[&id].settings;
        let names = if settings.watches_alarms() { settings.alarm_names() } else { Vec::new() };
        names.into_iter().filter(|name| self.alarming.contains(*name)).map(str::to_owned).collect()
    }

    /// Fails the PRIMARY deployment if it heeds an alarm that is in ALARM.
    pub(super) fn watch_alarms(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let primary = self.services[&id].primary();
        if primary.rollout != Rollout::InProgress || primary.is_deaf || !primary.has_run {
            return;
        }
        let ringing = self.alarms_ringing(id);
        if !ringing.is_empty() {
            self.service_mut(id).primary_mut().alarms = ringing;
            self.trip(scene, id, Judge::Alarms);
        }
    }
}
