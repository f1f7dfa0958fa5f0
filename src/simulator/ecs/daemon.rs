//! The DAEMON scheduling strategy: one task on every container instance of a cluster.
//!
//! Owns how many tasks such a service wants, and which instance the next one goes to. What the scheduler does with
//! that is the same as for any service, with 100 and 0 percent as AWS has them for daemons.
//!
//! Divergence from AWS: a `desiredCount` in a request is overlooked; a daemon is not started before other tasks.

use super::capacity::LaunchMode;
use super::container_instance::{ContainerInstance, InstanceStatus};
use super::input::{Input, invalid};
use super::placement::Unplaced;
use super::service::{ServiceId, ServiceStatus};
use super::state::{Ecs, Scene};
use super::task::Host;
use super::task_definition::TaskDefinition;
use crate::simulator::error::ApiError;

/// Whether a new service is a daemon.
///
/// # Errors
///
/// `InvalidParameterException` for a word that is none, and for a daemon on Fargate.
pub(super) fn read_strategy(input: Input<'_>, mode: &LaunchMode) -> Result<bool, ApiError> {
    let daemon = input.word("schedulingStrategy", &["REPLICA", "DAEMON"])? == Some("DAEMON");
    match mode {
        // These words were observed; those about Fargate are assumed.
        LaunchMode::Strategy(_) if daemon => Err(invalid(
            "Specifying a capacity provider strategy is not supported when you create a service using the DAEMON \
             scheduling strategy.",
        )),
        LaunchMode::Type(_) if daemon && mode.is_fargate() => {
            Err(invalid("The daemon scheduling strategy is not supported for the FARGATE launch type."))
        }
        LaunchMode::Strategy(_) | LaunchMode::Type(_) => Ok(daemon),
    }
}

impl Ecs {
    /// How many tasks a daemon of this cluster wants.
    pub(super) fn daemon_count(&self, cluster: &str) -> i64 {
        let takes =
            |instance: &&ContainerInstance| instance.cluster == cluster && instance.status == InstanceStatus::Active;
        i64::try_from(self.instances.values().filter(takes).count()).expect("there are fewer instances than numbers")
    }

    /// The instances of a cluster have changed: its daemons follow, and who waits for room looks again.
    pub(super) fn follow_instances(&mut self, scene: &mut Scene<'_>, cluster: &str) {
        let count = self.daemon_count(cluster);
        let here = self.services.values().filter(|s| s.cluster == cluster && s.status == ServiceStatus::Active);
        let daemons: Vec<ServiceId> = here.filter(|service| service.daemon).map(|service| service.id).collect();
        for id in daemons {
            let service = self.service_mut(id);
            (service.desired, service.steady_since) = (count, None);
            self.wake(scene, id);
        }
    }

    /// A place for the next task of a daemon: an instance that has none of its tasks.
    pub(super) fn place_daemon(
        &self,
        id: ServiceId,
        cluster: &str,
        definition: &TaskDefinition,
    ) -> Result<Host, Unplaced> {
        let is_free = |instance: &&ContainerInstance| {
            let has_one = |host: &Host| host.instance == instance.id;
            instance.cluster == cluster
                && instance.status == InstanceStatus::Active
                && !self.tasks_of(id).filter(|task| task.is_live()).any(|task| task.host.as_ref().is_some_and(has_one))
        };
        let Some(instance) = self.instances.values().find(is_free) else { return Err(Unplaced::NoInstances) };
        self.place_on(instance, definition).map_err(|lacks| Unplaced::NoRoom { instance: instance.id.clone(), lacks })
    }
}
