//! Listeners: made, changed, deleted.
//!
//! Owns ports, protocols, and what HTTPS and TLS need beside them. Actions are read in `actions`.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::elb::actions::Place;
use crate::simulator::elb::attributes;
use crate::simulator::elb::certificates;
use crate::simulator::elb::check::word;
use crate::simulator::elb::input::{invalid, items, number, required, text, texts};
use crate::simulator::elb::limits::{DEFAULT_POLICY, is_policy};
use crate::simulator::elb::render;
use crate::simulator::elb::shape::{Kind, Listener, LoadBalancer};
use crate::simulator::elb::state::Elb;
use crate::simulator::elb::tags::tags;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// Protocols in which listeners can be asked for, as AWS lists them when it refuses another.
const TOLD: &str = "HTTP, HTTPS, UDP, TCP, TLS, TCP_UDP";
const PROTOCOLS: [&str; 9] = ["HTTP", "HTTPS", "UDP", "TCP", "TLS", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];

/// A load balancer has this many listeners at most.
const MAX_LISTENERS: usize = 50;

/// Port, protocol and TLS settings of a listener.
struct Door {
    port: Option<u16>,
    protocol: Option<String>,
    ssl_policy: Option<String>,
    certificate: Option<String>,
}

impl Elb {
    pub(super) fn create_listener_op(&mut self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let load_balancer = self.load_balancer(required(input, "LoadBalancerArn")?)?;
        let (arn, kind) = (load_balancer.arn.clone(), load_balancer.kind);
        let door = read_door(input, load_balancer)?;
        if input.get("DefaultActions").is_none() {
            required(input, "DefaultActions")?;
        }
        let place = Place { load_balancer: &arn, kind, protocol: door.protocol.as_deref() };
        let actions = self.read_actions(input, "DefaultActions", place)?;
        let tags = tags(input)?;
        if let Some(there) = self.listener_at(&arn, door.port) {
            if there.protocol == door.protocol && there.actions == actions && there.certificate == door.certificate {
                return Ok(json!({"Listeners": [render::listener(there)]}));
            }
            let message = format!("A listener already exists on this port for this load balancer '{arn}'");
            return Err(ApiError::client("DuplicateListener", message));
        }
        if self.listeners.values().filter(|there| there.load_balancer == arn).count() >= MAX_LISTENERS {
            let message = format!("The maximum number of listeners has been reached on load balancer '{arn}'");
            return Err(ApiError::client("TooManyListeners", message));
        }
        let Door { port, protocol, ssl_policy, certificate } = door;
        let made = Listener {
            arn: String::new(),
            load_balancer: arn,
            port,
            attributes: attributes::of_listener(protocol.as_deref()),
            mutual: mutual(input, protocol.as_deref())?,
            protocol,
            ssl_policy,
            certificate,
            more_certificates: BTreeSet::new(),
            alpn: alpn(input)?,
            actions,
            rule_arn: String::new(),
        };
        let arn = self.add_listener(made, now, rng);
        self.tags.insert(arn.clone(), tags);
        Ok(json!({"Listeners": [render::listener(&self.listeners[&arn])]}))
    }

    pub(super) fn modify_listener(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let before = self.listener(required(input, "ListenerArn")?)?.clone();
        let load_balancer = self.load_balancers.get(&before.load_balancer).expect("listeners go with load balancers");
        let kind = load_balancer.kind;
        let mut after = before.clone();
        let wanted = with_defaults(input, &before);
        let door = read_door(&wanted, load_balancer)?;
        if self.listener_at(&before.load_balancer, door.port).is_some_and(|there| there.arn != before.arn) {
            let message =
                format!("A listener already exists on this port for this load balancer '{}'", before.load_balancer);
            return Err(ApiError::client("DuplicateListener", message));
        }
        let place = Place { load_balancer: &before.load_balancer, kind, protocol: door.protocol.as_deref() };
        if !items(input, "DefaultActions").is_empty() {
            after.actions = self.read_actions(input, "DefaultActions", place)?;
        }
        if door.protocol != before.protocol {
            after.attributes = attributes::of_listener(door.protocol.as_deref());
        }
        if input.get("MutualAuthentication").is_some() {
            after.mutual = mutual(input, door.protocol.as_deref())?;
        }
        after.alpn = alpn(input)?.or(after.alpn);
        let Door { port, protocol, ssl_policy, certificate } = door;
        (after.port, after.protocol, after.ssl_policy, after.certificate) = (port, protocol, ssl_policy, certificate);
        // First the new, then the old: what is in both is in use all the time.
        self.link(&after.load_balancer, &after.actions, now);
        self.unlink(&before.load_balancer, &before.actions, now);
        let shown = render::listener(&after);
        self.listeners.insert(after.arn.clone(), after);
        Ok(json!({ "Listeners": [shown] }))
    }

    pub(super) fn delete_listener(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let arn = self.listener(required(input, "ListenerArn")?)?.arn.clone();
        self.remove_listener(&arn, now);
        Ok(json!({}))
    }

    /// Removes a listener with its rules.
    pub(super) fn remove_listener(&mut self, arn: &str, now: Time) {
        let Some(listener) = self.listeners.remove(arn) else {
            return;
        };
        self.unlink(&listener.load_balancer, &listener.actions, now);
        let rules: Vec<String> = self.rules_of(arn).into_iter().map(|rule| rule.arn.clone()).collect();
        rules.iter().for_each(|rule| self.remove_rule(rule, &listener.load_balancer, now));
        self.tags.remove(arn);
    }

    fn listener_at(&self, load_balancer: &str, port: Option<u16>) -> Option<&Listener> {
        self.listeners.values().find(|there| there.load_balancer == load_balancer && there.port == port)
    }
}

/// A change as a whole request: what it leaves out is as it was.
fn with_defaults(input: &Value, before: &Listener) -> Value {
    let mut wanted = input.clone();
    let mut fill = |key: &str, value: Value| {
        if text(input, key).is_none() && items(input, key).is_empty() && !value.is_null() {
            wanted[key] = value;
        }
    };
    fill("Port", json!(before.port.map(|port| port.to_string())));
    fill("Protocol", json!(before.protocol));
    let stays_secure = text(input, "Protocol").is_none_or(|protocol| matches!(protocol, "HTTPS" | "TLS"));
    if stays_secure {
        fill("SslPolicy", json!(before.ssl_policy));
        let given = input.get("Certificates").is_some();
        if let (Some(certificate), false) = (&before.certificate, given) {
            fill("Certificates", json!([{ "CertificateArn": certificate }]));
        }
    }
    wanted
}

fn read_door(input: &Value, load_balancer: &LoadBalancer) -> Result<Door, ApiError> {
    if load_balancer.kind == Kind::Gateway {
        for (key, what) in [("Port", "port"), ("Protocol", "protocol")] {
            if text(input, key).is_some() {
                return Err(invalid(format!("A {what} cannot be specified for gateway listeners")));
            }
        }
        return Ok(Door { port: None, protocol: None, ssl_policy: None, certificate: None });
    }
    let protocol = word(input, "Protocol", &PROTOCOLS, TOLD)?;
    if text(input, "Port").is_none() {
        return Err(invalid("A listener port must be specified"));
    }
    let port = number(input, "Port", (1, u16::MAX), 80)?;
    let Some(protocol) = protocol else {
        return Err(invalid("A listener protocol must be specified"));
    };
    let (taken, told): (&[&str], &str) = match load_balancer.kind {
        Kind::Application => (&["HTTP", "HTTPS"], "HTTP, HTTPS"),
        Kind::Network | Kind::Gateway => {
            (&["UDP", "TCP", "TLS", "TCP_UDP", "QUIC", "TCP_QUIC"], "UDP, TCP, TLS, TCP_UDP")
        }
    };
    if !taken.contains(&protocol) {
        return Err(invalid(format!("Listener protocol '{protocol}' must be one of '{told}'")));
    }
    let secure = matches!(protocol, "HTTPS" | "TLS");
    let (ssl_policy, certificate) = if secure { secure_settings(input, protocol)? } else { (None, None) };
    Ok(Door { port: Some(port), protocol: Some(protocol.to_owned()), ssl_policy, certificate })
}

/// HTTPS and TLS need exactly one certificate, and have a policy.
fn secure_settings(input: &Value, protocol: &str) -> Result<(Option<String>, Option<String>), ApiError> {
    let given = certificates::read(input)?;
    let [certificate] = given.as_slice() else {
        let message = format!(
            "You must provide a list containing exactly one certificate if the listener protocol is {protocol}."
        );
        return Err(ApiError::client("InvalidConfigurationRequest", message));
    };
    let policy = text(input, "SslPolicy").unwrap_or(DEFAULT_POLICY);
    if !is_policy(policy) {
        return Err(ApiError::client("SSLPolicyNotFound", format!("SSL policy '{policy}' not found")));
    }
    Ok((Some(policy.to_owned()), Some(certificate.clone())))
}

fn alpn(input: &Value) -> Result<Option<String>, ApiError> {
    let policies = texts(input, "AlpnPolicy");
    match policies.as_slice() {
        [] => Ok(None),
        [policy] => {
            let known = ["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];
            match known.contains(policy) {
                true => Ok(Some((*policy).to_owned())),
                false => Err(ApiError::client("ALPNPolicyNotFound", format!("ALPN policy '{policy}' not found"))),
            }
        }
        [_, _, ..] => Err(invalid("You can specify one ALPN policy only")),
    }
}

/// Who has to show a certificate: nobody, unless an HTTPS listener says otherwise.
fn mutual(input: &Value, protocol: Option<&str>) -> Result<Value, ApiError> {
    if protocol != Some("HTTPS") {
        return Ok(Value::Null);
    }
    let Some(given) = input.get("MutualAuthentication").filter(|given| given.is_object()) else {
        return Ok(json!({"Mode": "off"}));
    };
    match text(given, "Mode") {
        Some("verify") => Err(ApiError::client(
            "TrustStoreNotFound",
            format!("Trust store '{}' not found", text(given, "TrustStoreArn").unwrap_or_default()),
        )),
        Some(mode @ ("off" | "passthrough")) => Ok(json!({ "Mode": mode })),
        Some(other) => Err(invalid(format!("Mutual authentication mode '{other}' must be off, passthrough or verify"))),
        None => Ok(json!({"Mode": "off"})),
    }
}
