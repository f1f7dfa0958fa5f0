//! What the scheduler sees when it looks at a service: its live tasks, and which of them count as healthy.
//!
//! Owns the rules of counting: the 40 seconds without load balancer, target health with one, the grace period. It
//! only looks; what follows from it is in `scheduler`.

use std::collections::BTreeMap;

use super::deployment::LoadBalancer;
use super::service::{Service, ServiceId};
use super::state::{Ecs, Scene};
use super::task::{Health, LastStatus, Task, TaskId};
use crate::simulator::elb::TargetState;

/// Why a task has to be replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Illness {
    /// It fails the health checks of a target group.
    Target { group: String, port: u16, reason: String },
    /// It fails its containers' health checks.
    Container,
}

/// A live task as the scheduler sees it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) id: TaskId,
    pub(super) deployment: String,
    /// Of the PRIMARY deployment.
    pub(super) new: bool,
    pub(super) running: bool,
    /// Counts toward the minimum.
    pub(super) healthy: bool,
    pub(super) illness: Option<Illness>,
    /// Neither a scale-in nor a deployment may stop it.
    pub(super) protected: bool,
    pub(super) zone: String,
    pub(super) provider: String,
}

/// All live tasks of a service: desiredStatus RUNNING.
#[derive(Clone, Debug)]
pub(super) struct Census {
    pub(super) seats: Vec<Seat>,
}

impl Census {
    /// Tasks of the PRIMARY deployment.
    pub(super) fn new_ones(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.new)
    }

    /// Tasks of every other deployment.
    pub(super) fn old_ones(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| !seat.new)
    }

    /// All live tasks.
    pub(super) fn live(&self) -> i64 {
        count(self.seats.iter())
    }

    /// All that count as healthy.
    pub(super) fn healthy(&self) -> i64 {
        count(self.seats.iter().filter(|seat| seat.healthy))
    }

    /// Those of the PRIMARY deployment that count as healthy.
    pub(super) fn healthy_new(&self) -> i64 {
        count(self.new_ones().filter(|seat| seat.healthy))
    }

    /// Those of the PRIMARY deployment that need no replacement.
    pub(super) fn sound_new(&self) -> i64 {
        count(self.new_ones().filter(|seat| seat.illness.is_none()))
    }

    /// Tasks by provider within one deployment.
    pub(super) fn by_provider(&self, deployment: &str) -> BTreeMap<String, i64> {
        let mut counts = BTreeMap::new();
        for seat in self.seats.iter().filter(|seat| seat.deployment == deployment) {
            *counts.entry(seat.provider.clone()).or_insert(0) += 1;
        }
        counts
    }
}

/// How many there are, in the type that ECS counts with.
pub(super) fn count<'a>(seats: impl Iterator<Item = &'a Seat>) -> i64 {
    i64::try_from(seats.count()).expect("there are fewer tasks than i64 has numbers")
}

impl Ecs {
    /// Looks at a service.
    pub(super) fn census(&self, scene: &Scene<'_>, id: ServiceId) -> Census {
        let service = &self.services[&id];
        let primary = &service.primary().id;
        let seat = |task: &Task| Seat {
            id: task.id.clone(),
            deployment: task.deployment().to_owned(),
            new: task.deployment() == primary,
            running: task.last_status == LastStatus::Running,
            healthy: counts_as_healthy(task, balancers(service, task), scene),
            illness: illness(task, service, balancers(service, task), scene),
            protected: task.is_protected(scene.now),
            zone: task.interface.zone.clone(),
            provider: task.provider.clone(),
        };
        Census { seats: self.tasks_of(id).filter(|task| task.is_live()).map(seat).collect() }
    }
}

fn balancers<'a>(service: &'a Service, task: &Task) -> &'a [LoadBalancer] {
    service.deployment(task.deployment()).map_or(&[], |deployment| &deployment.spec.load_balancers)
}

fn counts_as_healthy(task: &Task, balancers: &[LoadBalancer], scene: &Scene<'_>) -> bool {
    if !task.is_running() {
        return false;
    }
    let checked = task.containers.iter().any(|container| container.essential && container.health_check.is_some());
    if checked && task.health() != Health::Healthy {
        return false;
    }
    if balancers.is_empty() && !checked {
        let long_enough = |started| scene.now.since(started) >= scene.knobs.healthy_after_ms;
        return task.moments.started.is_some_and(long_enough);
    }
    let healthy = |balancer: &LoadBalancer| {
        scene.elb.state(&balancer.target_group, task.interface.ip, balancer.port) == TargetState::Healthy
    };
    balancers.iter().all(healthy)
}

fn illness(task: &Task, service: &Service, balancers: &[LoadBalancer], scene: &Scene<'_>) -> Option<Illness> {
    let in_grace = |started| scene.now.since(started) < service.settings.grace_s.saturating_mul(1000);
    if !task.is_running() || task.moments.started.is_some_and(in_grace) {
        return None;
    }
    if task.health() == Health::Unhealthy {
        return Some(Illness::Container);
    }
    balancers.iter().find_map(|balancer| {
        match scene.elb.state(&balancer.target_group, task.interface.ip, balancer.port) {
            TargetState::Unhealthy { description, .. } => {
                Some(Illness::Target { group: balancer.target_group.clone(), port: balancer.port, reason: description })
            }
            TargetState::Unused
            | TargetState::Initial
            | TargetState::Healthy
            | TargetState::Draining
            | TargetState::Unavailable => None,
        }
    })
}
