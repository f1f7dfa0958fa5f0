//! The two things between ECS and Application Auto Scaling: what it sees of a service, and what it sets.
//!
//! Owns neither bounds nor reasons; those are Application Auto Scaling's. No deployment follows from a new count.

use super::deployment::{Deployment, DeploymentStatus, Rollout};
use super::service::ServiceStatus;
use super::state::{Ecs, Scene};
use super::task::LastStatus;
use crate::simulator::autoscaling::Look;

impl Ecs {
    /// What Application Auto Scaling sees of a service that is ACTIVE.
    pub fn scaling_look(&self, cluster: &str, service: &str) -> Option<Look> {
        let id = self.find_service(cluster, service)?;
        let service = &self.services[&id];
        let running = self.tasks_of(id).filter(|task| task.last_status == LastStatus::Running).count();
        let underway = |deployment: &Deployment| {
            deployment.status != DeploymentStatus::Inactive && deployment.rollout == Rollout::InProgress
        };
        (service.status == ServiceStatus::Active).then(|| Look {
            desired: service.desired,
            running: i64::try_from(running).expect("there are fewer tasks than i64 has numbers"),
            deploying: service.deployments.iter().any(underway),
        })
    }

    /// Sets a desired count as Application Auto Scaling does: no deployment follows.
    pub fn scale(&mut self, scene: &mut Scene<'_>, cluster: &str, service: &str, desired: i64) {
        self.set_desired(scene, cluster, service, desired);
    }
}
