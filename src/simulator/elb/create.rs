//! Makes load balancers, target groups and listeners, with the ids and defaults that AWS gives them.
//!
//! Owns ARNs, DNS names and attribute defaults. Names are not checked here: the API does that in `change`,
//! and callers in Rust lay out accounts that they have thought about.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::simulator::elb::health::Check;
use crate::simulator::elb::state::{
    Elb, Listener, ListenerSpec, LoadBalancer, LoadBalancerSpec, TargetGroup, TargetGroupSpec,
};
use crate::simulator::time::Time;

const TARGET_GROUP_ATTRIBUTES: [(&str, &str); 12] = [
    ("stickiness.enabled", "false"),
    ("stickiness.type", "lb_cookie"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.app_cookie.cookie_name", ""),
    ("stickiness.app_cookie.duration_seconds", "86400"),
    ("slow_start.duration_seconds", "0"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
];

const LOAD_BALANCER_ATTRIBUTES: [(&str, &str); 8] = [
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http2.enabled", "true"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
];

impl Elb {
    /// Makes an active application load balancer; returns its ARN.
    pub fn create_load_balancer(&mut self, spec: LoadBalancerSpec, now: Time, rng: &mut Rng) -> String {
        let arn = self.arn(&format!("loadbalancer/app/{}/{}", spec.name, hex_id(rng)));
        let prefix = if spec.scheme == "internal" { "internal-" } else { "" };
        let number = rng.u32(100_000_000..2_000_000_000);
        let dns_name = format!("{prefix}{}-{number}.{}.elb.amazonaws.com", spec.name, self.region);
        let attributes = owned(&LOAD_BALANCER_ATTRIBUTES);
        let load_balancer = LoadBalancer { arn: arn.clone(), spec, dns_name, created: now, attributes };
        self.load_balancers.insert(arn.clone(), load_balancer);
        arn
    }

    /// Makes an HTTP target group of target type `ip`; returns its ARN.
    pub fn create_target_group(&mut self, spec: TargetGroupSpec, rng: &mut Rng) -> String {
        let TargetGroupSpec {
            name,
            port,
            vpc,
            health_path,
            interval_s,
            timeout_s,
            healthy,
            unhealthy,
            matcher,
            deregistration_delay_s,
            tags,
        } = spec;
        let arn = self.arn(&format!("targetgroup/{name}/{}", hex_id(rng)));
        let check = Check { interval_ms: interval_s * 1000, timeout_ms: timeout_s * 1000, healthy, unhealthy, matcher };
        let mut attributes = owned(&TARGET_GROUP_ATTRIBUTES);
        attributes.insert("deregistration_delay.timeout_seconds".to_owned(), deregistration_delay_s.to_string());
        let targets = BTreeMap::new();
        let group = TargetGroup { arn: arn.clone(), name, port, vpc, health_path, check, attributes, targets };
        self.target_groups.insert(arn.clone(), group);
        self.tags.insert(arn.clone(), tags);
        arn
    }

    /// Makes a listener that forwards everything to one target group, whose targets are checked from now on;
    /// returns its ARN.
    pub fn create_listener(&mut self, spec: ListenerSpec, now: Time, rng: &mut Rng) -> String {
        let arn = format!("{}/{}", spec.load_balancer.replacen(":loadbalancer/", ":listener/", 1), hex_id(rng));
        let rule_arn = format!("{}/{}", arn.replacen(":listener/", ":listener-rule/", 1), hex_id(rng));
        let target_group = spec.target_group.clone();
        self.listeners.insert(arn.clone(), Listener { arn: arn.clone(), spec, rule_arn });
        self.begin_checks(&target_group, now);
        arn
    }

    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:elasticloadbalancing:{}:{}:{resource}", self.region, self.account)
    }
}

/// 16 hex digits, as at the end of every ELB ARN.
fn hex_id(rng: &mut Rng) -> String {
    format!("{:016x}", rng.u64(..))
}

fn owned(attributes: &[(&str, &str)]) -> BTreeMap<String, String> {
    attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
