//! How load balancers, listeners, rules, target groups and targets look in answers.
//!
//! Owns the member names of the API model, and which members are left out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::elb::health::Phase;
use crate::simulator::elb::shape::{Kind, Listener, LoadBalancer, Rule, Seat, TargetGroup, TargetKind};
use crate::simulator::elb::state::Elb;
use crate::simulator::elb::target::TargetId;

/// The hosted zones of the DNS names of application and network load balancers by region, as AWS publishes them.
const HOSTED_ZONES: [(&str, &str, &str); 9] = [
    ("ap-northeast-1", "Z14GRHDCWA56QT", "Z31USIVHYNEOWT"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5", "ZKVM4W9LS7TM"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD"),
    ("eu-central-1", "Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"),
    ("eu-west-1", "Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"),
    ("us-east-1", "Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"),
    ("us-east-2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP"),
    ("us-west-1", "Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"),
    ("us-west-2", "Z1H1FL5HABSF5", "Z18D5FSROUN65G"),
];

impl Elb {
    /// `state` is `provisioning` in the answer that makes it, and `active` in all others.
    pub(super) fn render_load_balancer(&self, load_balancer: &LoadBalancer, state: &str) -> Value {
        let LoadBalancer { arn, name, kind, scheme, vpc, seats, security_groups, .. } = load_balancer;
        let LoadBalancer { ip_type, dns_name, created, .. } = load_balancer;
        let mut shown = json!({
            "LoadBalancerArn": arn,
            "CreatedTime": created.rfc3339(),
            "LoadBalancerName": name,
            "VpcId": vpc,
            "State": {"Code": state},
            "Type": kind.name(),
            "AvailabilityZones": render_seats(seats),
            "IpAddressType": ip_type,
        });
        match kind {
            Kind::Application | Kind::Network => {
                shown["DNSName"] = json!(dns_name);
                shown["CanonicalHostedZoneId"] = json!(hosted_zone(&self.region, *kind));
                shown["Scheme"] = json!(scheme);
            }
            Kind::Gateway => {}
        }
        if *kind == Kind::Application || !security_groups.is_empty() {
            shown["SecurityGroups"] = json!(security_groups);
        }
        shown
    }

    pub(super) fn render_target_group(&self, group: &TargetGroup) -> Value {
        let TargetGroup { arn, name, kind, protocol, version, port, vpc, ip_type, .. } = group;
        let TargetGroup { health_protocol, health_port, health_path, check, .. } = group;
        let code = if version.as_deref() == Some("GRPC") { "GrpcCode" } else { "HttpCode" };
        let http = check.http || *kind == TargetKind::Lambda;
        json!({
            "TargetGroupArn": arn,
            "TargetGroupName": name,
            "Protocol": protocol,
            "Port": port,
            "VpcId": vpc,
            "HealthCheckProtocol": health_protocol,
            "HealthCheckPort": health_port,
            "HealthCheckEnabled": check.enabled,
            "HealthCheckIntervalSeconds": check.interval_ms / 1000,
            "HealthCheckTimeoutSeconds": check.timeout_ms / 1000,
            "HealthyThresholdCount": check.healthy,
            "UnhealthyThresholdCount": check.unhealthy,
            "HealthCheckPath": health_path,
            "Matcher": http.then(|| json!({ code: check.matcher })),
            "LoadBalancerArns": self.load_balancers_of(arn),
            "TargetType": kind.name(),
            "ProtocolVersion": version,
            "IpAddressType": (*kind != TargetKind::Lambda).then_some(ip_type),
        })
    }
}

pub(super) fn render_seats(seats: &[Seat]) -> Value {
    let show = |Seat { zone, subnet, addresses }: &Seat| {
        // AWS's documented answers have the member where an address was chosen only.
        let addresses = (!addresses.is_empty()).then_some(addresses);
        json!({"ZoneName": zone, "SubnetId": subnet, "LoadBalancerAddresses": addresses})
    };
    seats.iter().map(show).collect()
}

pub(super) fn listener(listener: &Listener) -> Value {
    let Listener { arn, load_balancer, port, protocol, ssl_policy, certificate, alpn, mutual, actions, .. } = listener;
    let certificates = certificate.as_ref().map(|certificate| json!([{"CertificateArn": certificate}]));
    json!({
        "ListenerArn": arn,
        "LoadBalancerArn": load_balancer,
        "Port": port,
        "Protocol": protocol,
        "Certificates": certificates,
        "SslPolicy": ssl_policy,
        "DefaultActions": actions,
        "AlpnPolicy": alpn.as_ref().map(|policy| json!([policy])),
        "MutualAuthentication": mutual,
    })
}

/// The rule that every listener has: last of all, and doing what no other rule did.
pub(super) fn default_rule(listener: &Listener) -> Value {
    json!({
        "RuleArn": listener.rule_arn,
        "Priority": "default",
        "Conditions": [],
        "Actions": listener.actions,
        "IsDefault": true,
    })
}

pub(super) fn rule(rule: &Rule) -> Value {
    let Rule { arn, listener: _, priority, conditions, actions, transforms } = rule;
    json!({
        "RuleArn": arn,
        "Priority": priority.to_string(),
        "Conditions": conditions,
        "Actions": actions,
        "IsDefault": false,
        "Transforms": (!transforms.is_empty()).then_some(transforms),
    })
}

/// One item of DescribeTargetHealth. A target without a phase is not registered.
pub(super) fn target_health(group: &TargetGroup, (target, port): &(TargetId, u16), phase: Option<&Phase>) -> Value {
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
    let port = (group.kind != TargetKind::Lambda).then_some(*port);
    let shown = json!({"Id": target.to_string(), "Port": port});
    let check_port = match group.health_port.as_deref() {
        Some("traffic-port") => port.map(|port| port.to_string()),
        fixed => fixed.map(str::to_owned),
    };
    json!({"Target": shown, "HealthCheckPort": check_port, "TargetHealth": health})
}

/// Attributes or tags, as AWS lists them.
pub(super) fn pairs(pairs: &BTreeMap<String, String>) -> Value {
    pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn hosted_zone(region: &str, kind: Kind) -> &'static str {
    let (_, application, network) = HOSTED_ZONES.into_iter().find(|(known, _, _)| *known == region).unwrap_or((
        "",
        "Z35SXDOTRQ7X7K",
        "Z26RNL4JYFTOTI",
    ));
    if kind == Kind::Application { application } else { network }
}
