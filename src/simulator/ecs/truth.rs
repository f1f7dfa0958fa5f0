//! The world as it is: every service and task with its true state, without lags, pages or filters.
//!
//! Owns ECS's share of `GET /_sim/world`. Tests and people read it; the simulated AWS never does.

use serde_json::{Value, json};

use super::state::Ecs;
use crate::simulator::arn::Place;
use crate::simulator::elb::Elb;

impl Ecs {
    /// Clusters, services with all their deployments, and every task that can still be described.
    pub fn truth(&self, place: &Place, elb: &Elb) -> Value {
        let clusters: Vec<Value> = self
            .clusters
            .values()
            .map(|cluster| {
                json!({
                    "cluster": cluster.name,
                    "tags": cluster.tags,
                    "services": self.services_truth(place, &cluster.name),
                })
            })
            .collect();
        let tasks: Vec<Value> = self
            .tasks
            .values()
            .map(|task| {
                let mut shown = task.show(place, true);
                let group_state = |(group, port): &(String, u16)| {
                    let state = elb.state(group, task.interface.ip, *port);
                    json!({"targetGroupArn": group, "port": port, "state": state.name()})
                };
                shown["targets"] = task.targets.iter().map(group_state).collect();
                shown["privateIp"] = json!(task.interface.ip.to_string());
                shown["deployment"] = json!(task.deployment());
                shown["provider"] = json!(task.provider);
                shown
            })
            .collect();
        let families: Vec<Value> = self
            .families
            .iter()
            .map(|(name, family)| json!({"family": name, "revisions": family.revisions.len()}))
            .collect();
        json!({"clusters": clusters, "tasks": tasks, "families": families, "spotCapacity": !self.spot_is_out})
    }

    fn services_truth(&self, place: &Place, cluster: &str) -> Value {
        let services = self.services.values().filter(|service| service.cluster == cluster);
        let show = |service: &super::service::Service| {
            let mut shown = self.show_service(place, service.id, true);
            let pins = service.deployments.iter().map(|d| (d.id.clone(), json!(d.pins)));
            shown["digests"] = Value::Object(pins.collect());
            shown
        };
        services.map(show).collect()
    }
}
