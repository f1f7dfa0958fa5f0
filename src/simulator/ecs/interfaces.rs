//! The network interfaces of tasks, as their neighbours in the network see them.
//!
//! Owns which of them are there: from PENDING until the task is DEPROVISIONING. Changes nothing.

use std::net::Ipv4Addr;

use super::state::Ecs;
use super::task::{Interface, LastStatus};

/// The interface of a task.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaskInterface {
    /// `eni-…`
    pub id: String,
    /// Id of the task's attachment.
    pub attachment: String,
    /// MAC address.
    pub mac: String,
    /// Private address.
    pub ip: Ipv4Addr,
    /// Subnet id.
    pub subnet: String,
    /// Availability zone.
    pub zone: String,
}

impl Ecs {
    /// The interfaces that are attached at this moment, sorted by id.
    pub fn interfaces(&self) -> Vec<TaskInterface> {
        let attached = self.tasks.values().filter(|task| match task.last_status {
            LastStatus::Pending
            | LastStatus::Activating
            | LastStatus::Running
            | LastStatus::Deactivating
            | LastStatus::Stopping => true,
            LastStatus::Provisioning | LastStatus::Deprovisioning | LastStatus::Stopped => false,
        });
        let shown = attached.map(|task| {
            let Interface { attachment, eni, mac, ip, subnet, zone } = task.interface.clone();
            TaskInterface { id: eni, attachment, mac, ip, subnet, zone }
        });
        let mut shown: Vec<TaskInterface> = shown.filter(|interface| !interface.subnet.is_empty()).collect();
        shown.sort_by(|one, other| one.id.cmp(&other.id));
        shown
    }
}
