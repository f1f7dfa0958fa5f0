//! Makes load balancers, target groups and listeners, with the ids and defaults that AWS gives them.
//!
//! Owns ARNs, ids and DNS names. Nothing is checked here: the API does that in the `_ops` files, and callers in Rust
//! lay out accounts that they have thought about.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::elb::attributes;
use crate::simulator::elb::health::Check;
use crate::simulator::elb::shape::{
    Kind, Listener, ListenerSpec, LoadBalancer, LoadBalancerSpec, Seat, TargetGroup, TargetGroupSpec, TargetKind,
};
use crate::simulator::elb::state::Elb;
use crate::simulator::time::Time;

impl Elb {
    /// Makes an active application load balancer; returns its ARN.
    pub fn create_load_balancer(&mut self, spec: LoadBalancerSpec, now: Time, rng: &mut Rng) -> String {
        let LoadBalancerSpec { name, scheme, vpc, subnets, security_groups } = spec;
        let seat = |(subnet, letter): (String, char)| Seat {
            zone: format!("{}{letter}", self.region),
            subnet,
            addresses: Vec::new(),
        };
        let seats = subnets.into_iter().zip('a'..='z').map(seat).collect();
        self.add_load_balancer(
            LoadBalancer {
                arn: String::new(),
                name,
                kind: Kind::Application,
                scheme,
                vpc,
                seats,
                security_groups,
                ip_type: "ipv4".to_owned(),
                dns_name: String::new(),
                created: now,
                attributes: attributes::of_load_balancer(Kind::Application),
            },
            rng,
        )
    }

    /// Gives a load balancer its ARN and its DNS name; returns the ARN.
    pub(super) fn add_load_balancer(&mut self, mut made: LoadBalancer, rng: &mut Rng) -> String {
        let id = hex_id(rng);
        made.arn = self.arn(&format!("loadbalancer/{}/{}/{id}", made.kind.short(), made.name));
        let prefix = if made.scheme == "internal" { "internal-" } else { "" };
        made.dns_name = match made.kind {
            Kind::Application => {
                let number = rng.u32(100_000_000..2_000_000_000);
                format!("{prefix}{}-{number}.{}.elb.amazonaws.com", made.name, self.region)
            }
            Kind::Network => format!("{}-{id}.elb.{}.amazonaws.com", made.name, self.region),
            Kind::Gateway => String::new(),
        };
        let arn = made.arn.clone();
        self.load_balancers.insert(arn.clone(), made);
        arn
    }

    /// Makes an HTTP target group of target type `ip`; returns its ARN.
    pub fn create_target_group(&mut self, spec: TargetGroupSpec, rng: &mut Rng) -> String {
        let TargetGroupSpec { name, port, vpc, health_path, interval_s, timeout_s, .. } = spec;
        let TargetGroupSpec { healthy, unhealthy, matcher, deregistration_delay_s, tags, .. } = spec;
        let (interval_ms, timeout_ms) = (interval_s * 1000, timeout_s * 1000);
        let check = Check { interval_ms, timeout_ms, healthy, unhealthy, matcher, http: true, enabled: true };
        let mut attributes = attributes::of_target_group(Some("HTTP"));
        attributes.insert("deregistration_delay.timeout_seconds".to_owned(), deregistration_delay_s.to_string());
        let arn = self.add_target_group(
            TargetGroup {
                arn: String::new(),
                name,
                kind: TargetKind::Ip,
                protocol: Some("HTTP".to_owned()),
                version: Some("HTTP1".to_owned()),
                port: Some(port),
                vpc: Some(vpc),
                ip_type: "ipv4".to_owned(),
                health_protocol: Some("HTTP".to_owned()),
                health_port: Some("traffic-port".to_owned()),
                health_path: Some(health_path),
                check,
                attributes,
                targets: BTreeMap::new(),
            },
            rng,
        );
        self.tags.insert(arn.clone(), tags);
        arn
    }

    /// Gives a target group its ARN, and returns it.
    pub(super) fn add_target_group(&mut self, mut made: TargetGroup, rng: &mut Rng) -> String {
        made.arn = self.arn(&format!("targetgroup/{}/{}", made.name, hex_id(rng)));
        let arn = made.arn.clone();
        self.target_groups.insert(arn.clone(), made);
        arn
    }

    /// Makes a listener that forwards everything to one target group, whose targets are checked from now on;
    /// returns its ARN.
    pub fn create_listener(&mut self, spec: ListenerSpec, now: Time, rng: &mut Rng) -> String {
        let ListenerSpec { load_balancer, port, target_group } = spec;
        self.add_listener(
            Listener {
                arn: String::new(),
                load_balancer,
                port: Some(port),
                protocol: Some("HTTP".to_owned()),
                ssl_policy: None,
                certificate: None,
                more_certificates: BTreeSet::new(),
                alpn: None,
                mutual: Value::Null,
                actions: vec![forward(&target_group)],
                rule_arn: String::new(),
                attributes: attributes::of_listener(Some("HTTP")),
            },
            now,
            rng,
        )
    }

    /// Gives a listener and its default rule their ARNs, and puts it to work; returns its ARN.
    pub(super) fn add_listener(&mut self, mut made: Listener, now: Time, rng: &mut Rng) -> String {
        made.arn = format!("{}/{}", made.load_balancer.replacen(":loadbalancer/", ":listener/", 1), hex_id(rng));
        made.rule_arn = rule_arn(&made.arn, rng);
        self.link(&made.load_balancer, &made.actions, now);
        let arn = made.arn.clone();
        self.listeners.insert(arn.clone(), made);
        arn
    }

    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:elasticloadbalancing:{}:{}:{resource}", self.region, self.account)
    }
}

/// A new ARN for a rule of a listener.
pub(super) fn rule_arn(listener: &str, rng: &mut Rng) -> String {
    format!("{}/{}", listener.replacen(":listener/", ":listener-rule/", 1), hex_id(rng))
}

/// An action that forwards everything to one target group, as AWS shows it.
pub(super) fn forward(target_group: &str) -> Value {
    json!({
        "Type": "forward",
        "TargetGroupArn": target_group,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": target_group, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": false},
        },
    })
}

/// 16 hex digits, as at the end of every ELB ARN.
fn hex_id(rng: &mut Rng) -> String {
    format!("{:016x}", rng.u64(..))
}
