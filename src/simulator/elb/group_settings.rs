//! The settings of target groups: what a request may say, and what AWS fills in for the rest.
//!
//! Owns AWS's defaults by protocol and the checks of health check settings, for making a group and for changing one.

use serde_json::Value;

use crate::simulator::elb::check::word;
use crate::simulator::elb::health::Check;
use crate::simulator::elb::input::{invalid, length, number, text};
use crate::simulator::elb::shape::{TargetGroup, TargetKind};
use crate::simulator::error::ApiError;

/// Protocols of target groups.
pub(super) const PROTOCOLS: [&str; 9] = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];

/// Protocols in which health checks can be made.
const CHECKABLE: [&str; 3] = ["HTTP", "HTTPS", "TCP"];

/// How a target group checks before anything is said about it.
pub(super) fn default_check(kind: TargetKind, protocol: Option<&str>, health_protocol: Option<&str>) -> Check {
    let http = matches!(health_protocol, Some("HTTP" | "HTTPS"));
    let of_http_group = matches!(protocol, Some("HTTP" | "HTTPS"));
    let (interval, timeout) = match (kind, protocol) {
        (TargetKind::Lambda, _) => (35, 30),
        (_, Some("GENEVE")) => (10, 5),
        (_, Some("HTTP" | "HTTPS")) => (30, 5),
        (_, _) if health_protocol == Some("HTTP") => (30, 6),
        (_, _) => (30, 10),
    };
    let matcher = match (kind, of_http_group) {
        (TargetKind::Lambda, _) | (_, true) => "200",
        (_, false) => "200-399",
    };
    Check {
        interval_ms: interval * 1000,
        timeout_ms: timeout * 1000,
        healthy: 5,
        unhealthy: 2,
        matcher: matcher.to_owned(),
        http,
        enabled: kind != TargetKind::Lambda,
    }
}

/// The protocol of the checks of a group that says nothing about it.
pub(super) fn default_health_protocol(kind: TargetKind, protocol: Option<&str>) -> Option<&'static str> {
    match (kind, protocol) {
        (TargetKind::Lambda, _) => None,
        (TargetKind::Alb, _) | (_, Some("HTTP")) => Some("HTTP"),
        (_, Some("HTTPS")) => Some("HTTP"),
        (_, _) => Some("TCP"),
    }
}

/// `HealthCheckProtocol`.
pub(super) fn health_protocol(input: &Value) -> Result<Option<&str>, ApiError> {
    match text(input, "HealthCheckProtocol") {
        Some(given) if !PROTOCOLS.contains(&given) => Err(invalid(format!(
            "1 validation error detected: Value {given} at 'healthCheckProtocol' failed to satisfy constraint: Member \
             must satisfy enum value set: [{}]",
            PROTOCOLS.join(", ")
        ))),
        Some(given) if !CHECKABLE.contains(&given) => {
            Err(invalid(format!("Health check protocol '{given}' must be one of '{}'", CHECKABLE.join(", "))))
        }
        given => Ok(given),
    }
}

/// Applies what a request says about health checks to a group, which is checked as a whole afterwards.
pub(super) fn apply(input: &Value, group: &mut TargetGroup) -> Result<(), ApiError> {
    if let Some(protocol) = health_protocol(input)? {
        group.check.http = protocol != "TCP";
        group.health_protocol = Some(protocol.to_owned());
    }
    if let Some(port) = text(input, "HealthCheckPort") {
        let valid = port == "traffic-port" || port.parse::<u16>().is_ok_and(|port| port > 0);
        if !valid {
            return Err(invalid(format!("Health check port '{port}' must be 'traffic-port' or in the range 1-65535")));
        }
        group.health_port = Some(port.to_owned());
    }
    length(input, "HealthCheckPath", 1024)?;
    if let Some(path) = text(input, "HealthCheckPath") {
        if !path.starts_with('/') {
            return Err(invalid(format!("Health check path '{path}' must begin with a '/'")));
        }
        group.health_path = Some(path.to_owned());
    }
    if let Some(enabled) = word(input, "HealthCheckEnabled", &["true", "false"], "true, false")? {
        if enabled == "false" && group.kind != TargetKind::Lambda {
            return Err(ApiError::client(
                "InvalidConfigurationRequest",
                format!("Health check enabled must be true for target groups with target type '{}'", group.kind.name()),
            ));
        }
        group.check.enabled = enabled == "true";
    }
    if let Some(matcher) = input.get("Matcher") {
        apply_matcher(matcher, group)?;
    }
    let check = &mut group.check;
    let (interval, timeout) = (check.interval_ms / 1000, check.timeout_ms / 1000);
    check.interval_ms = number(input, "HealthCheckIntervalSeconds", (5, 300), interval)? * 1000;
    check.timeout_ms = number(input, "HealthCheckTimeoutSeconds", (2, 120), timeout)? * 1000;
    check.healthy = number(input, "HealthyThresholdCount", (2, 10), check.healthy)?;
    check.unhealthy = number(input, "UnhealthyThresholdCount", (2, 10), check.unhealthy)?;
    finish(group)
}

/// What does not go together is refused, and what makes no sense for the protocol is left out.
fn finish(group: &mut TargetGroup) -> Result<(), ApiError> {
    let (interval, timeout) = (group.check.interval_ms / 1000, group.check.timeout_ms / 1000);
    let of_http = matches!(group.protocol.as_deref(), Some("HTTP" | "HTTPS"));
    let (fits, than) = match of_http || group.kind == TargetKind::Lambda {
        true => (timeout < interval, "smaller than"),
        false => (timeout <= interval, "smaller than or equal to"),
    };
    if !fits {
        return Err(invalid(format!("Health check timeout '{timeout}' must be {than} the interval '{interval}'")));
    }
    match group.check.http || group.kind == TargetKind::Lambda {
        true => {
            let default = if group.version.as_deref() == Some("GRPC") { "/AWS.ALB/healthcheck" } else { "/" };
            group.health_path.get_or_insert_with(|| default.to_owned());
        }
        false => group.health_path = None,
    }
    Ok(())
}

fn apply_matcher(matcher: &Value, group: &mut TargetGroup) -> Result<(), ApiError> {
    let grpc = group.version.as_deref() == Some("GRPC");
    let Some(codes) = text(matcher, if grpc { "GrpcCode" } else { "HttpCode" }) else {
        return Ok(());
    };
    let (low, high) = if grpc { (0, 99) } else { (200, 599) };
    let valid = |part: &str| part.trim().parse::<u16>().is_ok_and(|code| (low..=high).contains(&code));
    let ranges = codes.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => valid(from) && valid(to),
        None => valid(part),
    });
    if !ranges {
        return Err(invalid(format!(
            "Health check matcher '{codes}' must be codes between {low} and {high}, as '200', '200,202' or '200-299'"
        )));
    }
    group.check.matcher = codes.to_owned();
    Ok(())
}
