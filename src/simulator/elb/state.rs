//! What exists: load balancers, listeners, target groups, their tags, and what answers behind which address.
//!
//! Owns the data, the specs that it is made from and the look-ups. It changes nothing by itself: making things is in
//! `create`, registering and draining in `registration`, AWS's operations in `ops` and below.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use fastrand::Rng;

use crate::simulator::elb::health::{Answer, Check, Phase, TargetState};
use crate::simulator::elb::registration::ElbEvent;
use crate::simulator::time::Time;

/// Deregistration delay that AWS gives a new target group, in seconds.
const DEFAULT_DEREGISTRATION_DELAY: i64 = 300;

/// A target of a target group: target group ARN, address, port.
pub(super) type TargetKey = (String, Ipv4Addr, u16);

/// The simulated ELBv2 of one account and region.
#[derive(Clone, Debug)]
pub struct Elb {
    pub(super) account: String,
    pub(super) region: String,
    /// Chance of health check times only; names and ids come from the world's.
    pub(super) jitter: Rng,
    pub(super) load_balancers: BTreeMap<String, LoadBalancer>,
    pub(super) listeners: BTreeMap<String, Listener>,
    pub(super) target_groups: BTreeMap<String, TargetGroup>,
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) answers: BTreeMap<Ipv4Addr, Answer>,
    /// Every target that has a turn coming, by when; kept beside the targets so that an idle world costs nothing.
    pub(super) schedule: BTreeSet<(Time, TargetKey)>,
    /// Changes made by register and deregister, not yet told.
    pub(super) untold: Vec<ElbEvent>,
}

/// What a load balancer is made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadBalancerSpec {
    /// Name, at most 32 characters.
    pub name: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// VPC id.
    pub vpc: String,
    /// Subnet ids.
    pub subnets: Vec<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
}

/// What a target group is made from; the default is AWS's for HTTP and target type `ip`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetGroupSpec {
    /// Name, at most 32 characters.
    pub name: String,
    /// Port that targets get when they are registered without one.
    pub port: u16,
    /// VPC id.
    pub vpc: String,
    /// Path that is asked for, with its query string.
    pub health_path: String,
    /// Seconds from one check to the next, 5 to 300.
    pub interval_s: i64,
    /// Seconds without an answer after which a check failed, 2 to 120.
    pub timeout_s: i64,
    /// Passes in a row from unhealthy to healthy, 2 to 10.
    pub healthy: u32,
    /// Failures in a row to unhealthy, 2 to 10.
    pub unhealthy: u32,
    /// HTTP codes of a pass: `200`, `200,202` or `200-299`.
    pub matcher: String,
    /// Seconds for which a deregistered target is shown as draining, 0 to 3600.
    pub deregistration_delay_s: i64,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl Default for TargetGroupSpec {
    fn default() -> Self {
        Self {
            name: "targets".to_owned(),
            port: 80,
            vpc: "vpc-0000000000simulator".to_owned(),
            health_path: "/".to_owned(),
            interval_s: 30,
            timeout_s: 6,
            healthy: 5,
            unhealthy: 2,
            matcher: "200".to_owned(),
            deregistration_delay_s: DEFAULT_DEREGISTRATION_DELAY,
            tags: BTreeMap::new(),
        }
    }
}

/// What a listener is made from: plain HTTP on `port`, all of it forwarded to one target group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListenerSpec {
    /// ARN of the load balancer.
    pub load_balancer: String,
    /// Port that it listens on.
    pub port: u16,
    /// ARN of the target group that it forwards to.
    pub target_group: String,
}

#[derive(Clone, Debug)]
pub(super) struct LoadBalancer {
    pub(super) arn: String,
    pub(super) spec: LoadBalancerSpec,
    pub(super) dns_name: String,
    pub(super) created: Time,
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) spec: ListenerSpec,
    pub(super) rule_arn: String,
}

#[derive(Clone, Debug)]
pub(super) struct TargetGroup {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) vpc: String,
    pub(super) health_path: String,
    pub(super) check: Check,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) targets: BTreeMap<(Ipv4Addr, u16), Phase>,
}

impl TargetGroup {
    pub(super) fn is_draining(&self, target: &(Ipv4Addr, u16)) -> bool {
        matches!(self.targets.get(target), Some(Phase::Draining { .. }))
    }

    pub(super) fn deregistration_delay_ms(&self) -> i64 {
        let seconds = self.attributes.get("deregistration_delay.timeout_seconds").and_then(|value| value.parse().ok());
        seconds.unwrap_or(DEFAULT_DEREGISTRATION_DELAY) * 1000
    }
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
            target_groups: BTreeMap::new(),
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

    /// Whether a listener of a load balancer forwards to this target group; ECS demands it of CreateService.
    pub fn has_load_balancer(&self, target_group: &str) -> bool {
        !self.load_balancers_of(target_group).is_empty()
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

    /// The state that DescribeTargetHealth shows; what is not registered is `Unused`.
    pub fn state(&self, target_group: &str, ip: Ipv4Addr, port: u16) -> TargetState {
        let phase = self.target_groups.get(target_group).and_then(|group| group.targets.get(&(ip, port)));
        phase.map_or(TargetState::Unused, Phase::state)
    }

    /// All registered and draining targets of a target group with their states, sorted by address.
    pub fn targets(&self, target_group: &str) -> Vec<(Ipv4Addr, u16, TargetState)> {
        let targets = self.target_groups.get(target_group).into_iter().flat_map(|group| &group.targets);
        targets.map(|(&(ip, port), phase)| (ip, port, phase.state())).collect()
    }

    /// ARNs of the load balancers that forward to this target group, sorted.
    pub(super) fn load_balancers_of(&self, target_group: &str) -> Vec<&str> {
        let forwarding = self.listeners.values().filter(|listener| listener.spec.target_group == target_group);
        let arns: BTreeSet<&str> = forwarding.map(|listener| listener.spec.load_balancer.as_str()).collect();
        arns.into_iter().collect()
    }
}
