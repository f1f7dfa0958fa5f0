//! What an account may have, and the TLS policies that it can choose from.
//!
//! Owns DescribeAccountLimits and DescribeSSLPolicies. Limits are AWS's documented defaults, told and mostly not
//! counted. Divergence from AWS: the older policies and those for FIPS are missing; ciphers are the common ones.

use serde_json::{Value, json};

use crate::simulator::elb::input::{page, text, texts};
use crate::simulator::error::ApiError;

/// The policy of a secure listener that names none.
pub(super) const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

const LIMITS: [(&str, u32); 21] = [
    ("application-load-balancers", 50),
    ("certificates-per-application-load-balancer", 25),
    ("certificates-per-network-load-balancer", 25),
    ("condition-values-per-alb-rule", 5),
    ("condition-wildcards-per-alb-rule", 6),
    ("gateway-load-balancers", 100),
    ("gateway-load-balancers-per-vpc", 100),
    ("geneve-target-groups", 100),
    ("listeners-per-application-load-balancer", 50),
    ("listeners-per-network-load-balancer", 50),
    ("network-load-balancers", 50),
    ("rules-per-application-load-balancer", 100),
    ("target-groups", 3000),
    ("target-groups-per-action-on-application-load-balancer", 5),
    ("target-groups-per-action-on-network-load-balancer", 1),
    ("target-groups-per-application-load-balancer", 100),
    ("targets-per-application-load-balancer", 1000),
    ("targets-per-availability-zone-per-gateway-load-balancer", 300),
    ("targets-per-availability-zone-per-network-load-balancer", 500),
    ("targets-per-network-load-balancer", 3000),
    ("targets-per-target-group", 1000),
];

/// Ciphers of TLS 1.3.
const NEWEST: [&str; 3] = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
/// Ciphers with forward secrecy and authentication.
const STRONG: [&str; 4] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
/// Ciphers for clients that know no better.
const WEAK: [&str; 4] = ["AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"];

/// Name, and the TLS versions from the newest on; with or without weak ciphers.
const POLICIES: [(&str, &[&str], bool); 14] = [
    ("ELBSecurityPolicy-2016-08", &["TLSv1.2", "TLSv1.1", "TLSv1"], true),
    ("ELBSecurityPolicy-FS-1-1-2019-08", &["TLSv1.2", "TLSv1.1"], false),
    ("ELBSecurityPolicy-FS-1-2-2019-08", &["TLSv1.2"], false),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", &["TLSv1.2"], false),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", &["TLSv1.2"], false),
    ("ELBSecurityPolicy-FS-2018-06", &["TLSv1.2", "TLSv1.1", "TLSv1"], false),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", &["TLSv1.2", "TLSv1.1"], true),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", &["TLSv1.2"], true),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", &["TLSv1.2"], true),
    ("ELBSecurityPolicy-TLS13-1-0-2021-06", &["TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1"], true),
    ("ELBSecurityPolicy-TLS13-1-1-2021-06", &["TLSv1.3", "TLSv1.2", "TLSv1.1"], true),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", &["TLSv1.3", "TLSv1.2"], false),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", &["TLSv1.3", "TLSv1.2"], false),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", &["TLSv1.3"], false),
];

pub(super) fn is_policy(name: &str) -> bool {
    POLICIES.iter().any(|(known, _, _)| *known == name)
}

pub(super) fn describe_account_limits(input: &Value) -> Result<Value, ApiError> {
    let limits = LIMITS.iter().map(|(name, most)| json!({"Name": name, "Max": most.to_string()}));
    page(input, "Limits", limits.collect())
}

pub(super) fn describe_ssl_policies(input: &Value) -> Result<Value, ApiError> {
    let names = texts(input, "Names");
    if let Some(name) = names.iter().find(|name| !is_policy(name)) {
        return Err(ApiError::client("SSLPolicyNotFound", format!("SSL policy '{name}' not found")));
    }
    // Policies of gateways: none.
    let none = text(input, "LoadBalancerType") == Some("gateway");
    let mut chosen: Vec<_> = POLICIES.iter().filter(|(name, _, _)| names.is_empty() || names.contains(name)).collect();
    let rank = |name: &str| names.iter().position(|asked| *asked == name);
    chosen.sort_by_key(|(name, _, _)| rank(name));
    let shown = chosen.into_iter().filter(|_| !none).map(|(name, protocols, weak)| {
        let newest: &[&str] = if protocols.contains(&"TLSv1.3") { &NEWEST } else { &[] };
        let strong: &[&str] = if *protocols == ["TLSv1.3"] { &[] } else { &STRONG };
        let weak: &[&str] = if *weak { &WEAK } else { &[] };
        let ciphers = newest.iter().chain(strong).chain(weak).enumerate();
        let ciphers: Vec<Value> = ciphers.map(|(at, cipher)| json!({"Name": cipher, "Priority": at + 1})).collect();
        json!({
            "Name": name, "SslProtocols": protocols, "Ciphers": ciphers,
            "SupportedLoadBalancerTypes": ["application", "network"],
        })
    });
    page(input, "SslPolicies", shown.collect())
}
