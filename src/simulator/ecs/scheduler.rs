//! The service scheduler: one look at a service, and what follows from it.
//!
//! Owns the order of decisions and when to look again. Rules, in the order in which they are applied:
//!  1. what has become healthy resets the failure counts
//!  2. new tasks are started, as far as `maximumPercent` allows
//!  3. old tasks that were lost are replaced with their own revision, if the minimum is endangered
//!  4. surplus, old and ill tasks are stopped, as far as `minimumHealthyPercent` allows
//!  5. if nothing else is to be done, availability zones are evened out (see `zones`)
//!  6. what is done is called done (see `completion`)
//!
//! Divergence from AWS: a service that is steady is not looked at until something changes, so that idle time costs
//! nothing.

use std::collections::BTreeMap;

use super::breaker::Strike;
use super::capacity::LaunchMode;
use super::capacity_providers::is_fargate;
use super::census::{Census, Seat, count};
use super::deployment::{DeploymentStatus, Pinning, Rollout};
use super::events::{Complaint, name_tasks};
use super::launch::Order;
use super::placement::Unplaced;
use super::quota::Obstacle;
use super::service::{ServiceId, ServiceStatus};
use super::state::{Ecs, Scene};
use super::tags::Tags;
use super::task::{Owner, TaskId};
use super::timers::Timer;
use crate::simulator::time::Time;

impl Ecs {
    /// The scheduler looks at a service, if this is the look that it is due for.
    pub(super) fn tick(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let Some(service) = self.services.get_mut(&id).filter(|service| service.next_tick == Some(scene.now)) else {
            return;
        };
        service.next_tick = None;
        match service.status {
            ServiceStatus::Active if service.external => self.look_at_task_sets(scene, id),
            ServiceStatus::Active => self.look(scene, id),
            ServiceStatus::Draining => self.wind_down(scene, id),
            ServiceStatus::Inactive => {}
        }
    }

    /// Something changed: the scheduler will look at the service within one tick.
    pub(super) fn wake(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let due = self.services.get(&id).map(|service| service.next_tick);
        if due == Some(None) {
            let at = scene.now.plus_millis(scene.rng.i64(1..=scene.knobs.tick_ms.max(1)));
            self.look_at(id, at);
        }
    }

    /// Something changed for everybody.
    pub(super) fn wake_all(&mut self, scene: &mut Scene<'_>) {
        let active = self.services.values().filter(|service| service.status == ServiceStatus::Active);
        let ids: Vec<ServiceId> = active.map(|service| service.id).collect();
        ids.into_iter().for_each(|id| self.wake(scene, id));
    }

    /// The scheduler will look at the service at that moment instead of any other.
    pub(super) fn look_at(&mut self, id: ServiceId, at: Time) {
        self.service_mut(id).next_tick = Some(at);
        self.timers.set(at, Timer::Tick(id));
    }

    fn look(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        self.note_recoveries(scene, id);
        self.watch_alarms(scene, id);
        let mut acted = self.start_new(scene, id);
        acted |= self.replace_lost_old(scene, id);
        acted |= self.stop_surplus(scene, id);
        acted |= self.stop_old(scene, id);
        acted |= self.stop_ill(scene, id);
        acted |= !acted && self.even_out_zones(scene, id);
        self.complain_of_deadlock(scene, id);
        self.finish(scene, id, acted);
        self.look_again(scene, id);
    }

    /// Rule 2.
    fn start_new(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let census = self.census(scene, id);
        let service = &self.services[&id];
        let primary = service.primary();
        let waits = primary.retry_at.is_some_and(|at| at > scene.now);
        if primary.rollout == Rollout::Failed || waits {
            return false;
        }
        let missing = service.desired - census.sound_new();
        let mut wanted = missing.min(service.most() - census.live());
        if matches!(primary.pinning, Pinning::Open { .. }) {
            // The first task finds the digests that all others get.
            wanted = wanted.min(1 - count(census.new_ones().filter(|seat| !seat.running)));
        }
        let replaced = wanted.min(count(census.new_ones().filter(|seat| seat.illness.is_some())));
        let deployment = primary.id.clone();
        self.start(scene, id, &deployment, wanted, replaced)
    }

    /// Rule 3: an old deployment gets back what it lost, while the new one is not there yet.
    fn replace_lost_old(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let mut acted = false;
        let replaceable = |status: DeploymentStatus, rollout: Rollout| {
            status == DeploymentStatus::Active && rollout != Rollout::Failed
        };
        let deployments = self.services[&id].deployments.iter();
        let old: Vec<(String, i64)> = deployments
            .filter(|deployment| replaceable(deployment.status, deployment.rollout))
            .map(|deployment| (deployment.id.clone(), deployment.held))
            .collect();
        for (deployment, held) in old {
            let census = self.census(scene, id);
            let service = &self.services[&id];
            let coming = |seat: &&Seat| !seat.new && !seat.healthy && seat.illness.is_none();
            let short = service.fewest() - census.healthy() - count(census.seats.iter().filter(coming));
            let sound = |seat: &&Seat| seat.deployment == deployment && seat.illness.is_none();
            let lost = held - count(census.seats.iter().filter(sound));
            let wanted = lost.min(short).min(service.most() - census.live());
            acted |= self.start(scene, id, &deployment, wanted, 0);
        }
        acted
    }

    /// Rule 4, scale-in: sound tasks of the PRIMARY deployment beyond the desired count.
    fn stop_surplus(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let census = self.census(scene, id);
        let service = &self.services[&id];
        // A task that is to relieve another zone is no surplus before it can take over.
        let coming = census.new_ones().filter(|seat| !seat.healthy && service.movers.contains(&seat.id));
        let surplus = census.sound_new() - count(coming) - service.desired;
        let stopped = most_dispensable(&census, surplus);
        let protected = census.new_ones().any(|seat| seat.protected && seat.illness.is_none());
        let held = surplus.max(0).min(count(census.new_ones())) - stopped.len() as i64;
        let primary = service.primary().id.clone();
        self.complain_of_protection(scene, id, &primary, if protected { held } else { 0 });
        self.stop_and_say(scene, id, &stopped)
    }

    /// Rule 4, the deployment: old tasks go as new ones become healthy.
    fn stop_old(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let census = self.census(scene, id);
        self.complain_of_protected_old(scene, id, &census);
        let service = &self.services[&id];
        if service.primary().rollout == Rollout::Failed {
            return false;
        }
        let spare = census.healthy() - service.fewest();
        let complete = census.healthy_new() >= service.desired;
        let free = census.old_ones().filter(|seat| !seat.protected || seat.illness.is_some());
        let (healthy, unready): (Vec<&Seat>, Vec<&Seat>) = free.partition(|seat| seat.healthy);
        let mut stopped = Vec::new();
        if complete || spare >= 0 {
            stopped.extend(first(&unready, i64::MAX));
        } else if census.live() >= service.most() {
            // Nothing can be started while ill old tasks take the room.
            let ill: Vec<&Seat> = unready.into_iter().filter(|seat| seat.illness.is_some()).collect();
            stopped.extend(first(&ill, 1));
        }
        stopped.extend(first(&healthy, if complete { i64::MAX } else { spare }));
        for deployment in &mut self.service_mut(id).deployments {
            let gone =
                census.seats.iter().filter(|seat| stopped.contains(&seat.id) && seat.deployment == deployment.id);
            deployment.held = (deployment.held - count(gone)).max(0);
        }
        self.stop_and_say(scene, id, &stopped)
    }

    /// Rule 4, ill tasks of the PRIMARY deployment: replaced first if there is room, else stopped first, one by one.
    fn stop_ill(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let census = self.census(scene, id);
        let service = &self.services[&id];
        let ill: Vec<&Seat> = census.new_ones().filter(|seat| seat.illness.is_some()).collect();
        let failed = service.primary().rollout == Rollout::Failed;
        let limit = if failed || census.healthy_new() >= service.desired {
            i64::MAX
        } else {
            i64::from(census.live() >= service.most() && census.sound_new() < service.desired)
        };
        let stopped = first(&ill, limit);
        for seat in ill.iter().filter(|seat| stopped.contains(&seat.id)) {
            if let Some(illness) = &seat.illness {
                self.stop_ill_task(scene, id, seat, illness);
            }
        }
        !stopped.is_empty()
    }

    fn complain_of_deadlock(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let census = self.census(scene, id);
        let service = &self.services[&id];
        let replacing = census.old_ones().next().is_some() && service.primary().rollout == Rollout::InProgress;
        if replacing && service.most() <= service.desired && service.fewest() >= service.desired {
            let what = "was unable to stop or start tasks during a deployment because of the service deployment \
                        configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
            self.complain(scene, id, Complaint::Deadlock, what);
        } else {
            self.resolve(id, Complaint::Deadlock);
        }
    }

    /// Starts up to `wanted` tasks of a deployment; `replaced` of them because others are ill.
    pub(super) fn start(
        &mut self,
        scene: &mut Scene<'_>,
        id: ServiceId,
        deployment: &str,
        wanted: i64,
        replaced: i64,
    ) -> bool {
        let started = self.launch_up_to(scene, id, deployment, wanted);
        if started.is_empty() {
            return false;
        }
        let mut what = format!("has started {} tasks: {}.", started.len(), name_tasks(&started));
        if replaced > 0 {
            what += &format!(" Amazon ECS replaced {replaced} tasks due to an unhealthy status.");
        }
        self.say(scene, id, &what);
        true
    }

    /// Launches up to `wanted` tasks of a deployment, until something is in the way.
    pub(super) fn launch_up_to(
        &mut self,
        scene: &mut Scene<'_>,
        id: ServiceId,
        deployment: &str,
        wanted: i64,
    ) -> Vec<TaskId> {
        let left = scene.knobs.launches_per_minute - self.service_mut(id).recent_launches.within_a_minute(scene.now);
        let wanted = usize::try_from(wanted.min(left).max(0)).unwrap_or(0).min(scene.knobs.launches_per_tick);
        let mut started = Vec::new();
        for _ in 0..wanted {
            match self.order(scene, id, deployment) {
                Ok(order) => {
                    self.service_mut(id).recent_launches.add(scene.now);
                    started.push(self.launch(scene, order));
                }
                Err(obstacle) => {
                    self.meet(scene, id, deployment, obstacle);
                    return started;
                }
            }
        }
        if !started.is_empty() {
            self.resolve(id, Complaint::CannotPlace);
            self.resolve(id, Complaint::Throttled);
        }
        started
    }

    /// Something keeps a task from being placed: the service says so, and whether it counts as a failure.
    fn meet(&mut self, scene: &mut Scene<'_>, id: ServiceId, deployment: &str, obstacle: Obstacle) {
        match obstacle {
            Obstacle::Unplaced(_) | Obstacle::NoCapacity | Obstacle::TooManyVcpus => {
                self.complain(scene, id, Complaint::CannotPlace, &obstacle.event());
                self.strike(scene, id, deployment, Strike::NotPlaced);
            }
            Obstacle::TooManyProvisioning | Obstacle::Throttled => {
                self.complain(scene, id, Complaint::Throttled, &obstacle.event());
            }
        }
    }

    /// What the next task of a deployment is made from, or why there can be none. Takes what the launch costs.
    fn order(&mut self, scene: &Scene<'_>, id: ServiceId, deployment: &str) -> Result<Order, Obstacle> {
        let running = self.census(scene, id).by_provider(deployment);
        let service = &self.services[&id];
        let spec = &service.deployment(deployment).expect("the scheduler starts tasks of deployments that exist").spec;
        let provider = spec.mode.next_provider(&running).ok_or(Obstacle::Unplaced(Unplaced::NoInstances))?;
        let zones = self.open_subnets(scene, &spec.network).len();
        if let Some(obstacle) = self.obstacle(scene, &service.cluster, &provider, &spec.task_definition, zones) {
            return Err(obstacle);
        }
        let definition = self.task_definition(&spec.task_definition).expect("a service runs a revision that exists");
        let host = match is_fargate(&provider) {
            true => None,
            false if service.daemon => {
                Some(self.place_daemon(id, &service.cluster, definition).map_err(Obstacle::Unplaced)?)
            }
            false => Some(self.place(&service.cluster, definition).map_err(Obstacle::Unplaced)?),
        };
        if host.is_none() && !self.may_launch_now(scene, &provider, 1) {
            return Err(Obstacle::Throttled);
        }
        let service = &self.services[&id];
        let spec = &service.deployment(deployment).expect("it was there a moment ago").spec;
        Ok(Order {
            cluster: service.cluster.clone(),
            task_definition: spec.task_definition.clone(),
            owner: Owner::Service { service: id, deployment: deployment.to_owned() },
            group: format!("service:{}", service.name),
            started_by: Some(deployment.to_owned()),
            provider,
            by_strategy: matches!(spec.mode, LaunchMode::Strategy(_)),
            network: spec.network.clone(),
            platform_version: spec.platform_version.clone(),
            exec: service.settings.exec,
            overrides: serde_json::json!({"containerOverrides": [], "inferenceAcceleratorOverrides": []}),
            tags: self.propagated_tags(id, &spec.task_definition),
            host,
        })
    }

    fn propagated_tags(&self, id: ServiceId, task_definition: &str) -> Tags {
        let service = &self.services[&id];
        match service.settings.propagate_tags.as_deref() {
            Some("SERVICE") => service.tags.clone(),
            Some("TASK_DEFINITION") => {
                self.task_definition(task_definition).map(|definition| definition.tags.clone()).unwrap_or_default()
            }
            Some(_) | None => Tags::new(),
        }
    }

    fn look_again(&mut self, scene: &mut Scene<'_>, id: ServiceId) {
        let service = &self.services[&id];
        if service.status == ServiceStatus::Inactive || service.steady_since.is_some() {
            return;
        }
        let spread = scene.knobs.tick_jitter_ms;
        let period = (scene.knobs.tick_ms + scene.rng.i64(-spread..=spread)).max(1);
        let next = scene.now.plus_millis(period);
        let gone = self.tasks_of(id).filter_map(|task| task.gone_at);
        let sooner = gone.chain(service.primary().bake_until).filter(|at| *at > scene.now).min();
        self.look_at(id, sooner.map_or(next, |at| at.min(next)));
    }
}

/// The tasks of the PRIMARY deployment that scale-in takes: unready ones first, each from the fullest zone.
fn most_dispensable(census: &Census, surplus: i64) -> Vec<TaskId> {
    let mut candidates: Vec<&Seat> =
        census.new_ones().filter(|seat| seat.illness.is_none() && !seat.protected).collect();
    let mut crowds = BTreeMap::<&str, i64>::new();
    census.new_ones().for_each(|seat| *crowds.entry(&seat.zone).or_default() += 1);
    let mut taken = Vec::new();
    for _ in 0..surplus.max(0) {
        let crowd = |seat: &Seat| crowds.get(seat.zone.as_str()).copied().unwrap_or(0);
        let place = (0..candidates.len()).min_by_key(|place| {
            let seat = candidates[*place];
            (seat.healthy, seat.running, -crowd(seat))
        });
        let Some(seat) = place.map(|place| candidates.remove(place)) else { break };
        *crowds.entry(&seat.zone).or_default() -= 1;
        taken.push(seat.id.clone());
    }
    taken
}

/// The first `limit` of them, none if it is negative.
fn first(seats: &[&Seat], limit: i64) -> Vec<TaskId> {
    let limit = usize::try_from(limit.max(0)).unwrap_or(usize::MAX);
    seats.iter().take(limit).map(|seat| seat.id.clone()).collect()
}
