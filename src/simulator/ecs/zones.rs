//! Availability zones: where the next task goes, and how uneven zones are evened out.
//!
//! Owns the choice of a subnet and AZ rebalancing: a service at rest whose zones differ by more than one task starts
//! tasks in the emptier zones first, as far as `maximumPercent` allows, and stops as many in the fuller ones when
//! those are healthy. No deployment, and no other desired count. Stopping is the scheduler's usual scale-in.
//!
//! Divergence from AWS: the zone of a subnet follows from its place in the list; when rebalancing begins is assumed
//! (with the next look at a service at rest).

use std::collections::BTreeMap;

use serde_json::Value;

use super::census::{Census, count};
use super::deployment::Rollout;
use super::events::{Complaint, name_tasks};
use super::launch::Order;
use super::service::ServiceId;
use super::state::{Ecs, Scene};
use super::task::{Owner, TaskId};

/// A subnet of a network configuration: its place in the list, and its zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Subnet {
    pub(super) index: usize,
    pub(super) zone: String,
}

impl Ecs {
    /// Subnets in which Fargate can place tasks. A network without subnets counts as one in the first zone.
    pub(super) fn open_subnets(&self, scene: &Scene<'_>, network: &Value) -> Vec<Subnet> {
        subnets(scene, network).into_iter().filter(|subnet| !self.dry_zones.contains(&subnet.zone)).collect()
    }

    /// The subnet of a new task: of the zone in which its deployment has the fewest, in turns if they are equal.
    pub(super) fn subnet_for(&self, scene: &Scene<'_>, order: &Order, address: u32) -> Subnet {
        let mut open = self.open_subnets(scene, &order.network);
        if open.is_empty() {
            open = subnets(scene, &order.network);
        }
        let turn = |subnet: &Subnet| (subnet.index + open.len() - address as usize % open.len()) % open.len();
        let crowds = match &order.owner {
            Owner::Service { service, deployment } => self.crowds(*service, deployment),
            Owner::RunTask => BTreeMap::new(),
        };
        let crowd = |subnet: &Subnet| crowds.get(&subnet.zone).copied().unwrap_or(0);
        let chosen = open.iter().min_by_key(|subnet| (crowd(subnet), turn(subnet)));
        chosen.cloned().expect("there is at least one subnet")
    }

    /// Rule 5: starts tasks in zones that have too few, or says that all is even again. True if it started any.
    pub(super) fn even_out_zones(&mut self, scene: &mut Scene<'_>, id: ServiceId) -> bool {
        let census = self.census(scene, id);
        let service = self.service_mut(id);
        let enabled = service.settings.zone_rebalancing == "ENABLED";
        if !enabled || service.primary().rollout != Rollout::Completed || !is_at_rest(&census, service.desired) {
            return false;
        }
        service.movers.clear();
        let room = service.most() - census.live();
        let waits = service.rebalance_from.is_some_and(|from| from > scene.now);
        let network = service.spec().network.clone();
        let spread = spread(&census, &subnets(scene, &network));
        let open: Vec<String> = self.open_subnets(scene, &network).into_iter().map(|subnet| subnet.zone).collect();
        let moves = moves(&spread, &open).min(room);
        if moves <= 0 {
            if is_even(&spread) && self.resolve(id, Complaint::UnevenZones) {
                self.say(scene, id, &format!("is AZ balanced with {}.", describe(&spread)));
            }
            return false;
        }
        if waits {
            return false;
        }
        let what = format!("is not AZ balanced with {}. AZ Rebalancing in progress.", describe(&spread));
        self.complain(scene, id, Complaint::UnevenZones, &what);
        self.relieve(scene, id, moves)
    }

    fn relieve(&mut self, scene: &mut Scene<'_>, id: ServiceId, moves: i64) -> bool {
        let deployment = self.services[&id].primary().id.clone();
        let started = self.launch_up_to(scene, id, &deployment, moves);
        let again = scene.now.plus_millis(scene.knobs.placement_retry_ms);
        let service = self.service_mut(id);
        service.rebalance_from = Some(again);
        service.movers.extend(started.iter().cloned());
        let mut zones = BTreeMap::<String, Vec<TaskId>>::new();
        for task in &started {
            zones.entry(self.tasks[task].interface.zone.clone()).or_default().push(task.clone());
        }
        for (zone, tasks) in zones {
            let what = format!("has started {} tasks in {zone} to AZ Rebalance: {}.", tasks.len(), name_tasks(&tasks));
            self.say(scene, id, &what);
        }
        !started.is_empty()
    }

    /// Live tasks of a deployment by zone.
    fn crowds(&self, service: ServiceId, deployment: &str) -> BTreeMap<String, i64> {
        let mut crowds = BTreeMap::new();
        let live = self.tasks_of(service).filter(|task| task.is_live() && task.deployment() == deployment);
        live.for_each(|task| *crowds.entry(task.interface.zone.clone()).or_insert(0) += 1);
        crowds
    }
}

fn subnets(scene: &Scene<'_>, network: &Value) -> Vec<Subnet> {
    let given = network["awsvpcConfiguration"]["subnets"].as_array().map_or(1, Vec::len);
    let zone = |index: usize| format!("{}{}", scene.place.region, char::from(b"abcdef"[index % 6]));
    (0..given.max(1)).map(|index| Subnet { index, zone: zone(index) }).collect()
}

fn is_at_rest(census: &Census, desired: i64) -> bool {
    let sound = count(census.seats.iter().filter(|seat| seat.new && seat.healthy && seat.illness.is_none()));
    desired > 0 && sound == desired && census.live() == desired
}

/// Tasks by zone, the zones without any included.
fn spread(census: &Census, subnets: &[Subnet]) -> BTreeMap<String, i64> {
    let mut spread: BTreeMap<String, i64> = subnets.iter().map(|subnet| (subnet.zone.clone(), 0)).collect();
    census.seats.iter().for_each(|seat| *spread.entry(seat.zone.clone()).or_default() += 1);
    spread
}

fn is_even(spread: &BTreeMap<String, i64>) -> bool {
    spread.values().max().unwrap_or(&0) - spread.values().min().unwrap_or(&0) <= 1
}

/// How many tasks must go to another zone, of which only the open ones can take any.
fn moves(spread: &BTreeMap<String, i64>, open: &[String]) -> i64 {
    let mut spread = spread.clone();
    let mut moves = 0;
    loop {
        let fullest = spread.iter().max_by_key(|(_, tasks)| **tasks).map(|(zone, tasks)| (zone.clone(), *tasks));
        let takers = spread.iter().filter(|(zone, _)| open.contains(zone));
        let emptiest = takers.min_by_key(|(_, tasks)| **tasks).map(|(zone, tasks)| (zone.clone(), *tasks));
        match (fullest, emptiest) {
            (Some((full, most)), Some((empty, least))) if most - least > 1 => {
                spread.insert(full, most - 1);
                spread.insert(empty, least + 1);
                moves += 1;
            }
            (Some(_) | None, Some(_) | None) => return moves,
        }
    }
}

/// `3 tasks in us-east-1a, 1 tasks in us-east-1b`, the fullest first.
fn describe(spread: &BTreeMap<String, i64>) -> String {
    let mut zones: Vec<(&String, &i64)> = spread.iter().collect();
    zones.sort_by_key(|(_, tasks)| -**tasks);
    zones.iter().map(|(zone, tasks)| format!("{tasks} tasks in {zone}")).collect::<Vec<_>>().join(", ")
}
