//! Target groups: made, changed, deleted.
//!
//! Owns what a group may be by its type and protocol. Settings of health checks are in `group_settings`, targets in
//! `target_ops`.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::ec2::Ec2;
use crate::simulator::elb::attributes;
use crate::simulator::elb::check::{duplicate, target_group_name, word};
use crate::simulator::elb::group_settings::{
    PROTOCOLS, apply, default_check, default_health_protocol, health_protocol,
};
use crate::simulator::elb::input::{invalid, number, required, text};
use crate::simulator::elb::shape::{TargetGroup, TargetKind};
use crate::simulator::elb::state::Elb;
use crate::simulator::elb::tags::tags;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

impl Elb {
    pub(super) fn create_target_group_op(
        &mut self,
        input: &Value,
        rng: &mut Rng,
        ec2: &Ec2,
    ) -> Result<Value, ApiError> {
        let name = target_group_name(required(input, "Name")?)?;
        let kinds = ["instance", "ip", "lambda", "alb"];
        let kind = match word(input, "TargetType", &kinds, "instance, ip, lambda, alb")? {
            Some("ip") => TargetKind::Ip,
            Some("lambda") => TargetKind::Lambda,
            Some("alb") => TargetKind::Alb,
            Some(_) | None => TargetKind::Instance,
        };
        let mut made = match kind {
            TargetKind::Lambda => function_group(input, name)?,
            TargetKind::Instance | TargetKind::Ip | TargetKind::Alb => network_group(input, name, kind, ec2)?,
        };
        timeouts(input, &mut made)?;
        apply(input, &mut made)?;
        let tags = tags(input)?;
        if let Some(there) = self.target_groups.values().find(|there| there.name == name) {
            return match is_same(there, &made) {
                true => Ok(json!({"TargetGroups": [self.render_target_group(there)]})),
                false => Err(duplicate("DuplicateTargetGroupName", "target group", name)),
            };
        }
        let arn = self.add_target_group(made, rng);
        self.tags.insert(arn.clone(), tags);
        Ok(json!({"TargetGroups": [self.render_target_group(&self.target_groups[&arn])]}))
    }

    pub(super) fn modify_target_group(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let mut group = self.target_group(required(input, "TargetGroupArn")?)?.clone();
        let was_enabled = group.check.enabled;
        apply(input, &mut group)?;
        let (arn, enabled) = (group.arn.clone(), group.check.enabled);
        self.target_groups.insert(arn.clone(), group);
        if was_enabled != enabled {
            self.restart_checks(&arn, now);
        }
        Ok(json!({"TargetGroups": [self.render_target_group(&self.target_groups[&arn])]}))
    }

    pub(super) fn delete_target_group(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let arn = required(input, "TargetGroupArn")?;
        // AWS declares no error for a group that is not there: it is deleted already.
        if self.has_load_balancer(arn) {
            let message = format!("The target group '{arn}' is currently in use by a listener or a rule");
            return Err(ApiError::client("ResourceInUse", message));
        }
        if !arn.contains(":targetgroup/") {
            return Err(invalid(format!("'{arn}' is not a valid target group ARN")));
        }
        self.forget_targets(arn, now);
        self.target_groups.remove(arn);
        self.tags.remove(arn);
        Ok(json!({}))
    }
}

fn network_group(input: &Value, name: &str, kind: TargetKind, ec2: &Ec2) -> Result<TargetGroup, ApiError> {
    let protocol = word(input, "Protocol", &PROTOCOLS, &PROTOCOLS.join(", "))?;
    let Some(protocol) = protocol else {
        return Err(invalid("A protocol must be specified"));
    };
    if text(input, "Port").is_none() {
        return Err(invalid("A port must be specified"));
    }
    let port = number(input, "Port", (1, u16::MAX), 80)?;
    let Some(vpc) = text(input, "VpcId") else {
        return Err(invalid("A VPC ID must be specified"));
    };
    if !ec2.has_vpc(vpc) && !vpc.starts_with("vpc-") {
        return Err(invalid(format!("The VPC ID '{vpc}' is not found")));
    }
    let versions = ["HTTP1", "HTTP2", "GRPC"];
    let version = word(input, "ProtocolVersion", &versions, "HTTP1, HTTP2, GRPC")?;
    let http = matches!(protocol, "HTTP" | "HTTPS");
    if version.is_some() && !http {
        return Err(invalid(format!(
            "Protocol version cannot be specified for target groups with protocol '{protocol}'"
        )));
    }
    let ip_type = word(input, "IpAddressType", &["ipv4", "ipv6"], "ipv4, ipv6")?.unwrap_or("ipv4");
    let health = health_protocol(input)?.or_else(|| default_health_protocol(kind, Some(protocol)));
    let mut check = default_check(kind, Some(protocol), health);
    if version == Some("GRPC") {
        check.matcher = "12".to_owned();
    }
    Ok(TargetGroup {
        arn: String::new(),
        name: name.to_owned(),
        kind,
        protocol: Some(protocol.to_owned()),
        version: http.then(|| version.unwrap_or("HTTP1").to_owned()),
        port: Some(port),
        vpc: Some(vpc.to_owned()),
        ip_type: ip_type.to_owned(),
        health_protocol: health.map(str::to_owned),
        health_port: Some(if protocol == "GENEVE" { "80" } else { "traffic-port" }.to_owned()),
        health_path: None,
        check,
        attributes: attributes::of_target_group(Some(protocol)),
        targets: BTreeMap::new(),
    })
}

fn function_group(input: &Value, name: &str) -> Result<TargetGroup, ApiError> {
    for (key, what) in [("Port", "Port"), ("VpcId", "VPC ID"), ("Protocol", "Protocol")] {
        if text(input, key).is_some() {
            return Err(invalid(format!("{what} cannot be specified for target groups with target type 'lambda'")));
        }
    }
    Ok(TargetGroup {
        arn: String::new(),
        name: name.to_owned(),
        kind: TargetKind::Lambda,
        protocol: None,
        version: None,
        port: None,
        vpc: None,
        ip_type: "ipv4".to_owned(),
        health_protocol: None,
        health_port: None,
        health_path: None,
        check: default_check(TargetKind::Lambda, None, None),
        attributes: attributes::of_target_group(None),
        targets: BTreeMap::new(),
    })
}

/// Where only one of interval and timeout is given, the other makes room for it as far as it is a default.
fn timeouts(input: &Value, group: &mut TargetGroup) -> Result<(), ApiError> {
    let check = &mut group.check;
    let of_http = matches!(group.protocol.as_deref(), Some("HTTP" | "HTTPS") | None);
    let given = [text(input, "HealthCheckIntervalSeconds"), text(input, "HealthCheckTimeoutSeconds")];
    if let [Some(_), None] = given {
        let interval = number(input, "HealthCheckIntervalSeconds", (5, 300), 30)?;
        let room: i64 = if of_http { interval - 1 } else { interval };
        check.timeout_ms = check.timeout_ms.min(room * 1000);
    }
    Ok(())
}

fn is_same(there: &TargetGroup, made: &TargetGroup) -> bool {
    there.kind == made.kind
        && there.protocol == made.protocol
        && there.version == made.version
        && there.port == made.port
        && there.vpc == made.vpc
        && there.ip_type == made.ip_type
        && there.health_protocol == made.health_protocol
        && there.health_port == made.health_port
        && there.health_path == made.health_path
        && there.check == made.check
}
