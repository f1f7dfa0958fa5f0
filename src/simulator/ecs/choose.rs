//! Which services and tasks are meant by a part of a service's name: for scenarios, which cannot know whole names.
//!
//! Only looks. Nothing of AWS asks in this way.

use std::net::Ipv4Addr;

use super::service::{Service, ServiceStatus};
use super::state::Ecs;
use super::task::{LastStatus, Task};

impl Ecs {
    /// `(cluster, name)` of each service that is not INACTIVE and has `part` in its name.
    pub fn services_like(&self, part: &str) -> Vec<(String, String)> {
        self.like(part).map(|service| (service.cluster.clone(), service.name.clone())).collect()
    }

    /// Ids of live Spot tasks of such services, at most `most` of each.
    pub fn spot_tasks_of(&self, part: &str, most: usize) -> Vec<String> {
        let tasks = |service: &Service| {
            let spot = self.tasks_of(service.id).filter(|task| task.is_spot() && task.is_live());
            spot.take(most).map(|task| task.id.clone()).collect::<Vec<String>>()
        };
        self.like(part).flat_map(tasks).collect()
    }

    /// Addresses of running tasks of such services.
    pub fn running_addresses_of(&self, part: &str) -> Vec<Ipv4Addr> {
        let is_running = |task: &&Task| task.last_status == LastStatus::Running;
        let tasks = self.like(part).flat_map(|service| self.tasks_of(service.id));
        tasks.filter(is_running).map(|task| task.interface.ip).collect()
    }

    fn like(&self, part: &str) -> impl Iterator<Item = &Service> {
        let living = self.services.values().filter(|service| service.status != ServiceStatus::Inactive);
        living.filter(move |service| service.name.contains(part))
    }
}
