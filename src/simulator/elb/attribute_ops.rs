//! Reading and changing attributes.
//!
//! Owns what makes a change of several attributes right or wrong as a whole: all are changed, or none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::elb::attributes;
use crate::simulator::elb::input::{invalid, items, required, some, text};
use crate::simulator::elb::render;
use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;

/// One call changes this many attributes at most.
const MAX_ATTRIBUTES: usize = 20;

/// How targets of a gateway's groups can stick.
const GENEVE_STICKINESS: [&str; 2] = ["source_ip_dest_ip_proto", "source_ip_dest_ip"];

impl Elb {
    pub(super) fn describe_load_balancer_attributes(&self, input: &Value) -> Result<Value, ApiError> {
        let load_balancer = self.load_balancer(required(input, "LoadBalancerArn")?)?;
        Ok(json!({"Attributes": render::pairs(&load_balancer.attributes)}))
    }

    pub(super) fn modify_load_balancer_attributes(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = self.load_balancer(required(input, "LoadBalancerArn")?)?.arn.clone();
        let wanted = wanted(input)?;
        let attributes = &mut self.load_balancers.get_mut(&arn).expect("it was found above").attributes;
        known(attributes, &wanted, "Load balancer")?;
        valid(&wanted, "Load balancer")?;
        attributes.extend(wanted);
        Ok(json!({"Attributes": render::pairs(attributes)}))
    }

    pub(super) fn describe_target_group_attributes(&self, input: &Value) -> Result<Value, ApiError> {
        let group = self.target_group(required(input, "TargetGroupArn")?)?;
        Ok(json!({"Attributes": render::pairs(&group.attributes)}))
    }

    pub(super) fn modify_target_group_attributes(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = self.target_group(required(input, "TargetGroupArn")?)?.arn.clone();
        let wanted = wanted(input)?;
        let group = self.target_groups.get_mut(&arn).expect("it was found above");
        let protocol = group.protocol.as_deref().unwrap_or_default();
        if protocol == "GENEVE" {
            known(&group.attributes, &wanted, "Target group")?;
        }
        stickiness(&wanted, protocol)?;
        known(&group.attributes, &wanted, "Target group")?;
        valid(&wanted, "Target group")?;
        group.attributes.extend(wanted);
        Ok(json!({"Attributes": render::pairs(&group.attributes)}))
    }

    pub(super) fn describe_listener_attributes(&self, input: &Value) -> Result<Value, ApiError> {
        let listener = self.listener(required(input, "ListenerArn")?)?;
        Ok(json!({"Attributes": render::pairs(&listener.attributes)}))
    }

    pub(super) fn modify_listener_attributes(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = self.listener(required(input, "ListenerArn")?)?.arn.clone();
        let wanted = wanted(input)?;
        let attributes = &mut self.listeners.get_mut(&arn).expect("it was found above").attributes;
        known(attributes, &wanted, "Listener")?;
        valid(&wanted, "Listener")?;
        attributes.extend(wanted);
        Ok(json!({"Attributes": render::pairs(attributes)}))
    }
}

fn wanted(input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    some(input, "Attributes")?;
    if items(input, "Attributes").len() > MAX_ATTRIBUTES {
        return Err(invalid(format!("At most '{MAX_ATTRIBUTES}' attributes can be modified at once")));
    }
    let mut wanted = BTreeMap::new();
    for attribute in items(input, "Attributes") {
        let key = required(attribute, "Key")?.to_owned();
        wanted.insert(key, text(attribute, "Value").unwrap_or_default().to_owned());
    }
    Ok(wanted)
}

fn known(there: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>, what: &str) -> Result<(), ApiError> {
    match wanted.keys().find(|key| !there.contains_key(*key)) {
        Some(key) => Err(invalid(format!("{what} attribute key '{key}' is not recognized"))),
        None => Ok(()),
    }
}

fn valid(wanted: &BTreeMap<String, String>, what: &str) -> Result<(), ApiError> {
    for (key, value) in wanted {
        if let Some(fault) = attributes::fault(key, value) {
            let message = format!("{what} attribute '{key}' {fault}");
            return Err(ApiError::client("InvalidConfigurationRequest", message));
        }
    }
    Ok(())
}

/// How targets may stick depends on the protocol.
fn stickiness(wanted: &BTreeMap<String, String>, protocol: &str) -> Result<(), ApiError> {
    let Some(kind) = wanted.get("stickiness.type").map(String::as_str) else {
        return Ok(());
    };
    let refuse = |message: String| Err(ApiError::client("InvalidConfigurationRequest", message));
    let supported = match protocol {
        "GENEVE" if GENEVE_STICKINESS.contains(&kind) => return Ok(()),
        "GENEVE" => return refuse(format!("'{kind}' must be one of [{}]", GENEVE_STICKINESS.join(", "))),
        _ if !["app_cookie", "lb_cookie", "source_ip"].contains(&kind) => {
            return refuse("'Stickiness type' must be one of [app_cookie, lb_cookie, source_ip]".to_owned());
        }
        "HTTP" | "HTTPS" => kind != "source_ip",
        _ => kind == "source_ip",
    };
    if !supported {
        return refuse(format!(
            "Stickiness type '{kind}' is not supported for target groups with the {protocol} protocol"
        ));
    }
    if protocol == "TLS" && wanted.get("stickiness.enabled").is_some_and(|enabled| enabled == "true") {
        return refuse("You cannot enable stickiness on target groups with the TLS protocol".to_owned());
    }
    Ok(())
}
