//! How load balancers, listeners, rules, target groups and targets look in answers.
//!
//! Owns the member names of the API model, and which members are left out.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::simulator::elb::health::Phase;
use crate::simulator::elb::state::{Elb, Listener, LoadBalancer, LoadBalancerSpec, TargetGroup};

/// The hosted zone of load balancers' DNS names in us-east-1.
const HOSTED_ZONE: &str = "Z35SXDOTRQ7X7K";

impl Elb {
    pub(super) fn render_load_balancer(&self, load_balancer: &LoadBalancer) -> Value {
        let LoadBalancer { arn, spec, dns_name, created, attributes: _ } = load_balancer;
        let LoadBalancerSpec { name, scheme, vpc, subnets, security_groups } = spec;
        let zones = subnets.iter().zip('a'..='z').map(|(subnet, letter)| {
            json!({"ZoneName": format!("{}{letter}", self.region), "SubnetId": subnet, "LoadBalancerAddresses": []})
        });
        json!({
            "LoadBalancerArn": arn,
            "DNSName": dns_name,
            "CanonicalHostedZoneId": HOSTED_ZONE,
            "CreatedTime": created.rfc3339(),
            "LoadBalancerName": name,
            "Scheme": scheme,
            "VpcId": vpc,
            "State": {"Code": "active"},
            "Type": "application",
            "AvailabilityZones": zones.collect::<Vec<Value>>(),
            "SecurityGroups": security_groups,
            "IpAddressType": "ipv4",
        })
    }

    pub(super) fn render_target_group(&self, group: &TargetGroup) -> Value {
        let TargetGroup { arn, name, port, vpc, health_path, check, attributes: _, targets: _ } = group;
        json!({
            "TargetGroupArn": arn,
            "TargetGroupName": name,
            "Protocol": "HTTP",
            "Port": port,
            "VpcId": vpc,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckEnabled": true,
            "HealthCheckIntervalSeconds": check.interval_ms / 1000,
            "HealthCheckTimeoutSeconds": check.timeout_ms / 1000,
            "HealthyThresholdCount": check.healthy,
            "UnhealthyThresholdCount": check.unhealthy,
            "HealthCheckPath": health_path,
            "Matcher": {"HttpCode": check.matcher},
            "LoadBalancerArns": self.load_balancers_of(arn),
            "TargetType": "ip",
            "ProtocolVersion": "HTTP1",
            "IpAddressType": "ipv4",
        })
    }
}

pub(super) fn listener(listener: &Listener) -> Value {
    let Listener { arn, spec, rule_arn: _ } = listener;
    json!({
        "ListenerArn": arn,
        "LoadBalancerArn": spec.load_balancer,
        "Port": spec.port,
        "Protocol": "HTTP",
        "DefaultActions": [forward(&spec.target_group)],
    })
}

/// The rule that every listener has: last of all, and forwarding what no other rule took.
pub(super) fn default_rule(listener: &Listener) -> Value {
    json!({
        "RuleArn": listener.rule_arn,
        "Priority": "default",
        "Conditions": [],
        "Actions": [forward(&listener.spec.target_group)],
        "IsDefault": true,
    })
}

/// One item of DescribeTargetHealth. A target without a phase is not registered.
pub(super) fn target_health((ip, port): (Ipv4Addr, u16), phase: Option<&Phase>) -> Value {
    let (state, reason) = match phase {
        Some(phase) => (phase.state().name(), phase.reason()),
        None => ("unused", Some(("Target.NotRegistered", "Target is not registered to the target group"))),
    };
    let health = match reason {
        Some((reason, description)) => {
            json!({"State": state, "Reason": reason, "Description": description})
        }
        None => json!({"State": state}),
    };
    let target = json!({"Id": ip.to_string(), "Port": port});
    match phase {
        Some(_) => {
            json!({"Target": target, "HealthCheckPort": port.to_string(), "TargetHealth": health})
        }
        None => json!({"Target": target, "TargetHealth": health}),
    }
}

/// Attributes or tags, as AWS lists them.
pub(super) fn pairs(pairs: &BTreeMap<String, String>) -> Value {
    pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn forward(target_group: &str) -> Value {
    json!({
        "Type": "forward",
        "Order": 1,
        "TargetGroupArn": target_group,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": target_group, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": false},
        },
    })
}
