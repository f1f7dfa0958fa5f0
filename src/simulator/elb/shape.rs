//! What load balancers, listeners, rules and target groups are made of.
//!
//! Owns the data and the specs that Rust makes them from. Changes nothing, and knows nothing of requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::simulator::elb::health::{Check, Phase};
use crate::simulator::elb::target::TargetId;
use crate::simulator::time::Time;

/// Deregistration delay that AWS gives a new target group, in seconds.
pub(super) const DEFAULT_DEREGISTRATION_DELAY: i64 = 300;

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

/// The type of a load balancer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Application,
    Network,
    Gateway,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Application => "application",
            Kind::Network => "network",
            Kind::Gateway => "gateway",
        }
    }

    /// As it stands in ARNs.
    pub(super) fn short(self) -> &'static str {
        match self {
            Kind::Application => "app",
            Kind::Network => "net",
            Kind::Gateway => "gwy",
        }
    }
}

/// The type of the targets of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TargetKind {
    Instance,
    Ip,
    Lambda,
    Alb,
}

impl TargetKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            TargetKind::Instance => "instance",
            TargetKind::Ip => "ip",
            TargetKind::Lambda => "lambda",
            TargetKind::Alb => "alb",
        }
    }
}

/// A load balancer's place in a zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seat {
    pub(super) zone: String,
    pub(super) subnet: String,
    /// Elastic or private addresses that were asked for, as AWS shows them.
    pub(super) addresses: Vec<Value>,
}

#[derive(Clone, Debug)]
pub(super) struct LoadBalancer {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) scheme: String,
    pub(super) vpc: String,
    pub(super) seats: Vec<Seat>,
    pub(super) security_groups: Vec<String>,
    pub(super) ip_type: String,
    pub(super) dns_name: String,
    pub(super) created: Time,
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub(super) arn: String,
    pub(super) load_balancer: String,
    pub(super) port: Option<u16>,
    pub(super) protocol: Option<String>,
    pub(super) ssl_policy: Option<String>,
    /// The certificate that is used when no other fits.
    pub(super) certificate: Option<String>,
    pub(super) more_certificates: BTreeSet<String>,
    pub(super) alpn: Option<String>,
    /// As AWS shows it; null where there is none.
    pub(super) mutual: Value,
    /// As AWS shows them.
    pub(super) actions: Vec<Value>,
    pub(super) rule_arn: String,
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) arn: String,
    pub(super) listener: String,
    pub(super) priority: u32,
    /// As AWS shows them.
    pub(super) conditions: Vec<Value>,
    /// As AWS shows them.
    pub(super) actions: Vec<Value>,
    /// As they were given.
    pub(super) transforms: Vec<Value>,
}

#[derive(Clone, Debug)]
pub(super) struct TargetGroup {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) kind: TargetKind,
    /// None for functions, as are version, port and VPC.
    pub(super) protocol: Option<String>,
    pub(super) version: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) vpc: Option<String>,
    pub(super) ip_type: String,
    pub(super) health_protocol: Option<String>,
    pub(super) health_port: Option<String>,
    pub(super) health_path: Option<String>,
    pub(super) check: Check,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) targets: BTreeMap<(TargetId, u16), Phase>,
}

impl TargetGroup {
    pub(super) fn is_draining(&self, target: &(TargetId, u16)) -> bool {
        matches!(self.targets.get(target), Some(Phase::Draining { .. }))
    }

    pub(super) fn deregistration_delay_ms(&self) -> i64 {
        let seconds = self.attributes.get("deregistration_delay.timeout_seconds").and_then(|value| value.parse().ok());
        seconds.unwrap_or(DEFAULT_DEREGISTRATION_DELAY) * 1000
    }

    /// The port that targets get when they are registered without one; 0 for functions, which have none.
    pub(super) fn default_port(&self) -> u16 {
        self.port.unwrap_or_default()
    }
}
