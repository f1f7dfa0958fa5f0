//! What exists: load balancers, listeners, rules, target groups, their tags, and what answers behind which address.
//!
//! Owns the collections and the look-ups. It changes nothing by itself: making things is in `create`, registering and
//! draining in `registration`, AWS's operations in `ops` and below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use fastrand::Rng;

use crate::simulator::elb::health::{Answer, Phase, TargetState};
use crate::simulator::elb::registration::ElbEvent;
use crate::simulator::elb::shape::{Listener, LoadBalancer, Rule, TargetGroup};
use crate::simulator::elb::target::TargetId;
use crate::simulator::time::Time;

/// A target of a target group: target group ARN, id, port.
pub(super) type TargetKey = (String, TargetId, u16);

/// The simulated ELBv2 of one account and region.
#[derive(Clone, Debug)]
pub struct Elb {
    pub(super) account: String,
    pub(super) region: String,
    /// Chance of health check times only; names and ids come from the world's.
    pub(super) jitter: Rng,
    pub(super) load_balancers: BTreeMap<String, LoadBalancer>,
    pub(super) listeners: BTreeMap<String, Listener>,
    pub(super) rules: BTreeMap<String, Rule>,
    pub(super) target_groups: BTreeMap<String, TargetGroup>,
    /// For each target group that is forwarded to: the load balancers that do, and by how many actions.
    pub(super) forwarding: BTreeMap<String, BTreeMap<String, usize>>,
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) answers: BTreeMap<Ipv4Addr, Answer>,
    /// Every target that has a turn coming, by when; kept beside the targets so that an idle world costs nothing.
    pub(super) schedule: BTreeSet<(Time, TargetKey)>,
    /// Changes made by register and deregister, not yet told.
    pub(super) untold: Vec<ElbEvent>,
}

impl Elb {
    /// An empty ELBv2. `seed` decides when health checks fall.
    pub fn new(account: &str, region: &str, seed: u64) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            jitter: Rng::with_seed(seed),
            load_balancers: BTreeMap::new(),
            listeners: BTreeMap::new(),
            rules: BTreeMap::new(),
            target_groups: BTreeMap::new(),
            forwarding: BTreeMap::new(),
            tags: BTreeMap::new(),
            answers: BTreeMap::new(),
            schedule: BTreeSet::new(),
            untold: Vec::new(),
        }
    }

    /// Whether a target group with this ARN exists.
    pub fn has_target_group(&self, arn: &str) -> bool {
        self.target_groups.contains_key(arn)
    }

    /// Whether a load balancer forwards to this target group; ECS demands it of CreateService.
    pub fn has_load_balancer(&self, target_group: &str) -> bool {
        self.forwarding.contains_key(target_group)
    }

    /// ARNs of all target groups, sorted.
    pub fn target_group_arns(&self) -> impl Iterator<Item = &str> {
        self.target_groups.keys().map(String::as_str)
    }

    /// Milliseconds for which a deregistered target drains; 0 for an unknown target group.
    pub fn deregistration_delay_ms(&self, target_group: &str) -> i64 {
        self.target_groups.get(target_group).map_or(0, TargetGroup::deregistration_delay_ms)
    }

    /// Sets what the application behind `ip` answers to health checks from now on.
    pub fn set_answer(&mut self, ip: Ipv4Addr, answer: Answer) {
        self.answers.insert(ip, answer);
    }

    /// What answers behind a target. Whatever has a name answers well.
    pub(super) fn answer_of(&self, target: &TargetId) -> Answer {
        match target {
            TargetId::Ip(ip) => self.answers.get(ip).copied().unwrap_or_default(),
            TargetId::Named(_) => Answer::Serving,
        }
    }

    /// The state that DescribeTargetHealth shows; what is not registered is `Unused`.
    pub fn state(&self, target_group: &str, ip: Ipv4Addr, port: u16) -> TargetState {
        let group = self.target_groups.get(target_group);
        let phase = group.and_then(|group| group.targets.get(&(TargetId::Ip(ip), port)));
        phase.map_or(TargetState::Unused, Phase::state)
    }

    /// All registered and draining targets of a target group with their states, sorted.
    pub fn targets(&self, target_group: &str) -> Vec<(TargetId, u16, TargetState)> {
        let targets = self.target_groups.get(target_group).into_iter().flat_map(|group| &group.targets);
        targets.map(|((target, port), phase)| (target.clone(), *port, phase.state())).collect()
    }

    /// ARNs of the load balancers that forward to this target group, sorted.
    pub(super) fn load_balancers_of(&self, target_group: &str) -> Vec<&str> {
        self.forwarding.get(target_group).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
    }

    /// The rules of a listener but for its default rule, by priority.
    pub(super) fn rules_of(&self, listener: &str) -> Vec<&Rule> {
        let mut rules: Vec<&Rule> = self.rules.values().filter(|rule| rule.listener == listener).collect();
        rules.sort_by_key(|rule| rule.priority);
        rules
    }
}
