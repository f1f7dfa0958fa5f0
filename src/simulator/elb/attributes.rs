//! The attributes of load balancers, target groups and listeners: which there are, their defaults, and their values.
//!
//! Owns the tables, as AWS's API reference lists them by type and protocol, and the checks of single values. Changes
//! nothing.

use std::collections::BTreeMap;

use crate::simulator::elb::shape::Kind;

/// What an attribute may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Anything.
    Text,
}

/// Key, default, and what it may be.
type Row = (&'static str, &'static str, Sort);

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const YES_NO_INHERITED: Sort = Sort::Word(&["true", "false", "use_load_balancer_configuration"]);
const REBALANCE: Sort = Sort::Word(&["rebalance", "no_rebalance"]);

const OF_ALL_BALANCERS: [Row; 1] = [("deletion_protection.enabled", "false", Sort::Flag)];

const OF_APPLICATION_AND_NETWORK: [Row; 5] = [
    ("access_logs.s3.enabled", "false", Sort::Flag),
    ("access_logs.s3.bucket", "", Sort::Text),
    ("access_logs.s3.prefix", "", Sort::Text),
    ("ipv6.deny_all_igw_traffic", "false", Sort::Flag),
    ("zonal_shift.config.enabled", "false", Sort::Flag),
];

const OF_APPLICATION: [Row; 14] = [
    ("client_keep_alive.seconds", "3600", Sort::Whole(60, 604_800)),
    ("connection_logs.s3.enabled", "false", Sort::Flag),
    ("connection_logs.s3.bucket", "", Sort::Text),
    ("connection_logs.s3.prefix", "", Sort::Text),
    ("idle_timeout.timeout_seconds", "60", Sort::Whole(1, 4000)),
    (CROSS_ZONE, "true", Sort::Flag),
    ("routing.http.desync_mitigation_mode", "defensive", Sort::Word(&["monitor", "defensive", "strictest"])),
    ("routing.http.drop_invalid_header_fields.enabled", "false", Sort::Flag),
    ("routing.http.preserve_host_header.enabled", "false", Sort::Flag),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false", Sort::Flag),
    ("routing.http.xff_client_port.enabled", "false", Sort::Flag),
    ("routing.http.xff_header_processing.mode", "append", Sort::Word(&["append", "preserve", "remove"])),
    ("routing.http2.enabled", "true", Sort::Flag),
    ("waf.fail_open.enabled", "false", Sort::Flag),
];

const OF_NETWORK: [Row; 3] = [
    (CROSS_ZONE, "false", Sort::Flag),
    (
        "dns_record.client_routing_policy",
        "any_availability_zone",
        Sort::Word(&["availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"]),
    ),
    ("secondary_ips.auto_assigned.per_subnet", "0", Sort::Whole(0, 7)),
];

const OF_GATEWAY: [Row; 1] = [(CROSS_ZONE, "false", Sort::Flag)];

const GROUP_HEALTH: [Row; 4] = [
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1", Sort::Text),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off", Sort::Text),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", Sort::Whole(1, 1000)),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off", Sort::Text),
];

const OF_HTTP_GROUPS: [Row; 10] = [
    ("deregistration_delay.timeout_seconds", "300", Sort::Whole(0, 3600)),
    ("stickiness.enabled", "false", Sort::Flag),
    ("stickiness.type", "lb_cookie", Sort::Text),
    ("stickiness.lb_cookie.duration_seconds", "86400", Sort::Whole(1, 604_800)),
    ("stickiness.app_cookie.cookie_name", "", Sort::Text),
    ("stickiness.app_cookie.duration_seconds", "86400", Sort::Whole(1, 604_800)),
    ("slow_start.duration_seconds", "0", Sort::Whole(0, 900)),
    (
        "load_balancing.algorithm.type",
        "round_robin",
        Sort::Word(&["round_robin", "least_outstanding_requests", "weighted_random"]),
    ),
    ("load_balancing.algorithm.anomaly_mitigation", "off", Sort::Word(&["on", "off"])),
    (CROSS_ZONE, "use_load_balancer_configuration", YES_NO_INHERITED),
];

const OF_NETWORK_GROUPS: [Row; 9] = [
    ("deregistration_delay.timeout_seconds", "300", Sort::Whole(0, 3600)),
    ("deregistration_delay.connection_termination.enabled", "false", Sort::Flag),
    ("preserve_client_ip.enabled", "true", Sort::Flag),
    ("proxy_protocol_v2.enabled", "false", Sort::Flag),
    ("stickiness.enabled", "false", Sort::Flag),
    ("stickiness.type", "source_ip", Sort::Text),
    (CROSS_ZONE, "use_load_balancer_configuration", YES_NO_INHERITED),
    ("target_health_state.unhealthy.connection_termination.enabled", "true", Sort::Flag),
    ("target_health_state.unhealthy.draining_interval_seconds", "0", Sort::Whole(0, 360_000)),
];

const OF_GENEVE_GROUPS: [Row; 6] = [
    ("deregistration_delay.timeout_seconds", "300", Sort::Whole(0, 3600)),
    ("stickiness.enabled", "false", Sort::Flag),
    ("stickiness.type", "source_ip_dest_ip_proto", Sort::Text),
    (CROSS_ZONE, "use_load_balancer_configuration", YES_NO_INHERITED),
    ("target_failover.on_deregistration", "no_rebalance", REBALANCE),
    ("target_failover.on_unhealthy", "no_rebalance", REBALANCE),
];

const OF_FUNCTION_GROUPS: [Row; 1] = [("lambda.multi_value_headers.enabled", "false", Sort::Flag)];

const OF_TCP_LISTENERS: [Row; 1] = [("tcp.idle_timeout.seconds", "350", Sort::Whole(60, 6000))];

const OF_HTTP_LISTENERS: [Row; 10] = [
    ("routing.http.response.server.enabled", "true", Sort::Flag),
    ("routing.http.response.strict_transport_security.header_value", "", Sort::Text),
    ("routing.http.response.access_control_allow_origin.header_value", "", Sort::Text),
    ("routing.http.response.access_control_allow_methods.header_value", "", Sort::Text),
    ("routing.http.response.access_control_allow_headers.header_value", "", Sort::Text),
    ("routing.http.response.access_control_allow_credentials.header_value", "", Sort::Text),
    ("routing.http.response.access_control_expose_headers.header_value", "", Sort::Text),
    ("routing.http.response.access_control_max_age.header_value", "", Sort::Text),
    ("routing.http.response.content_security_policy.header_value", "", Sort::Text),
    ("routing.http.response.x_content_type_options.header_value", "", Sort::Text),
];

const OF_HTTPS_LISTENERS: [Row; 8] = [
    ("routing.http.response.x_frame_options.header_value", "", Sort::Text),
    (
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        "X-Amzn-Mtls-Clientcert-Serial-Number",
        Sort::Text,
    ),
    ("routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", "X-Amzn-Mtls-Clientcert-Issuer", Sort::Text),
    ("routing.http.request.x_amzn_mtls_clientcert_subject.header_name", "X-Amzn-Mtls-Clientcert-Subject", Sort::Text),
    ("routing.http.request.x_amzn_mtls_clientcert_validity.header_name", "X-Amzn-Mtls-Clientcert-Validity", Sort::Text),
    ("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", "X-Amzn-Mtls-Clientcert-Leaf", Sort::Text),
    ("routing.http.request.x_amzn_tls_version.header_name", "X-Amzn-Tls-Version", Sort::Text),
    ("routing.http.request.x_amzn_tls_cipher_suite.header_name", "X-Amzn-Tls-Cipher-Suite", Sort::Text),
];

/// All tables, to look up what a key may be.
const TABLES: [&[Row]; 12] = [
    &OF_ALL_BALANCERS,
    &OF_APPLICATION_AND_NETWORK,
    &OF_APPLICATION,
    &OF_NETWORK,
    &OF_GATEWAY,
    &GROUP_HEALTH,
    &OF_NETWORK_GROUPS,
    &OF_HTTP_GROUPS,
    &OF_GENEVE_GROUPS,
    &OF_FUNCTION_GROUPS,
    &OF_TCP_LISTENERS,
    &OF_HTTP_LISTENERS,
];

/// The attributes of a new load balancer.
pub(super) fn of_load_balancer(kind: Kind) -> BTreeMap<String, String> {
    match kind {
        Kind::Application => defaults(&[&OF_ALL_BALANCERS, &OF_APPLICATION_AND_NETWORK, &OF_APPLICATION]),
        Kind::Network => defaults(&[&OF_ALL_BALANCERS, &OF_APPLICATION_AND_NETWORK, &OF_NETWORK]),
        Kind::Gateway => defaults(&[&OF_ALL_BALANCERS, &OF_GATEWAY]),
    }
}

/// The attributes of a new target group of this protocol; of a function's, without one.
pub(super) fn of_target_group(protocol: Option<&str>) -> BTreeMap<String, String> {
    match protocol {
        Some("HTTP" | "HTTPS") => defaults(&[&OF_HTTP_GROUPS, &GROUP_HEALTH]),
        Some("GENEVE") => defaults(&[&OF_GENEVE_GROUPS]),
        Some(_) => defaults(&[&OF_NETWORK_GROUPS, &GROUP_HEALTH]),
        None => defaults(&[&OF_FUNCTION_GROUPS, &GROUP_HEALTH]),
    }
}

/// The attributes of a new listener of this protocol; of a gateway's, without one.
pub(super) fn of_listener(protocol: Option<&str>) -> BTreeMap<String, String> {
    match protocol {
        Some("HTTP") => defaults(&[&OF_HTTP_LISTENERS, &OF_HTTPS_LISTENERS[..1]]),
        Some("HTTPS") => defaults(&[&OF_HTTP_LISTENERS, &OF_HTTPS_LISTENERS]),
        Some("TCP") | None => defaults(&[&OF_TCP_LISTENERS]),
        Some(_) => BTreeMap::new(),
    }
}

/// What is wrong with a value of a known key.
pub(super) fn fault(key: &str, value: &str) -> Option<String> {
    let (_, _, sort) = TABLES.into_iter().flatten().find(|(known, _, _)| *known == key)?;
    match sort {
        Sort::Text => None,
        Sort::Flag if key == CROSS_ZONE && value == "use_load_balancer_configuration" => None,
        Sort::Flag if matches!(value, "true" | "false") => None,
        Sort::Flag => Some(format!("must be 'true' or 'false', not '{value}'")),
        Sort::Whole(low, high) => match value.parse::<i64>() {
            Ok(number) if (*low..=*high).contains(&number) => None,
            Ok(_) | Err(_) => Some(format!("must be a number between {low} and {high}, not '{value}'")),
        },
        Sort::Word(words) if words.contains(&value) => None,
        Sort::Word(words) => Some(format!("must be one of [{}], not '{value}'", words.join(", "))),
    }
}

fn defaults(tables: &[&[Row]]) -> BTreeMap<String, String> {
    let rows = tables.iter().flat_map(|table| table.iter());
    rows.map(|(key, default, _)| ((*key).to_owned(), (*default).to_owned())).collect()
}
