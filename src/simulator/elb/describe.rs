//! The reading operations of ELBv2.
//!
//! Owns selection, paging and the words for what is not found. Changes nothing.

use serde_json::{Value, json};

use crate::simulator::elb::input::{invalid, items, page, required, some, target, text, texts};
use crate::simulator::elb::registration::not_found;
use crate::simulator::elb::render;
use crate::simulator::elb::state::{Elb, Listener, LoadBalancer, TargetGroup};
use crate::simulator::error::ApiError;

/// DescribeTags takes this many resources at once.
const MAX_TAGGED: usize = 20;

impl Elb {
    pub(super) fn describe_load_balancers(&self, input: &Value) -> Result<Value, ApiError> {
        let (names, arns) = (texts(input, "Names"), texts(input, "LoadBalancerArns"));
        if !names.is_empty() && !arns.is_empty() {
            return Err(invalid("Load balancer names and load balancer ARNs cannot be specified at the same time"));
        }
        for arn in &arns {
            self.load_balancer(arn)?;
        }
        let missing = names.iter().find(|name| !self.load_balancers.values().any(|there| there.spec.name == **name));
        if let Some(name) = missing {
            return Err(load_balancer_not_found(name));
        }
        let chosen = self.load_balancers.values().filter(|there| {
            (names.is_empty() || names.contains(&there.spec.name.as_str()))
                && (arns.is_empty() || arns.contains(&there.arn.as_str()))
        });
        page(input, "LoadBalancers", chosen.map(|there| self.render_load_balancer(there)).collect())
    }

    pub(super) fn describe_load_balancer_attributes(&self, input: &Value) -> Result<Value, ApiError> {
        let load_balancer = self.load_balancer(required(input, "LoadBalancerArn")?)?;
        Ok(json!({"Attributes": render::pairs(&load_balancer.attributes)}))
    }

    pub(super) fn describe_listeners(&self, input: &Value) -> Result<Value, ApiError> {
        let (load_balancer, arns) = (text(input, "LoadBalancerArn"), texts(input, "ListenerArns"));
        if load_balancer.is_none() && arns.is_empty() {
            return Err(invalid("You must specify either listener ARNs or a load balancer ARN"));
        }
        if let Some(arn) = load_balancer {
            self.load_balancer(arn)?;
        }
        for arn in &arns {
            self.listener(arn)?;
        }
        let chosen = self.listeners.values().filter(|there| {
            load_balancer.is_none_or(|arn| there.spec.load_balancer == arn)
                && (arns.is_empty() || arns.contains(&there.arn.as_str()))
        });
        page(input, "Listeners", chosen.map(render::listener).collect())
    }

    pub(super) fn describe_rules(&self, input: &Value) -> Result<Value, ApiError> {
        let (listener, arns) = (text(input, "ListenerArn"), texts(input, "RuleArns"));
        if listener.is_some() != arns.is_empty() {
            return Err(invalid("You must specify either listener rule ARNs or a listener ARN"));
        }
        if let Some(arn) = listener {
            self.listener(arn)?;
        }
        if arns.iter().any(|arn| !self.listeners.values().any(|there| there.rule_arn == **arn)) {
            return Err(ApiError::client("RuleNotFound", "One or more rules not found"));
        }
        let chosen = self.listeners.values().filter(|there| {
            listener.is_none_or(|arn| there.arn == arn) && (arns.is_empty() || arns.contains(&there.rule_arn.as_str()))
        });
        page(input, "Rules", chosen.map(render::default_rule).collect())
    }

    pub(super) fn describe_target_groups(&self, input: &Value) -> Result<Value, ApiError> {
        let (names, arns) = (texts(input, "Names"), texts(input, "TargetGroupArns"));
        let load_balancer = text(input, "LoadBalancerArn");
        let ways = [!names.is_empty(), !arns.is_empty(), load_balancer.is_some()];
        if ways.iter().filter(|given| **given).count() > 1 {
            return Err(invalid(
                "Target group names, target group ARNs, and a load balancer ARN cannot be specified at the same time",
            ));
        }
        if let Some(arn) = load_balancer {
            self.load_balancer(arn)?;
        }
        arns.iter().try_for_each(|arn| is_target_group_arn(arn))?;
        let named = names.iter().all(|name| self.target_groups.values().any(|there| there.name == **name));
        if !named || !arns.iter().all(|arn| self.has_target_group(arn)) {
            return Err(ApiError::client("TargetGroupNotFound", "One or more target groups not found"));
        }
        let chosen = self.target_groups.values().filter(|there| {
            (names.is_empty() || names.contains(&there.name.as_str()))
                && (arns.is_empty() || arns.contains(&there.arn.as_str()))
                && load_balancer.is_none_or(|arn| self.load_balancers_of(&there.arn).contains(&arn))
        });
        page(input, "TargetGroups", chosen.map(|there| self.render_target_group(there)).collect())
    }

    pub(super) fn describe_target_group_attributes(&self, input: &Value) -> Result<Value, ApiError> {
        let group = self.target_group(required(input, "TargetGroupArn")?)?;
        Ok(json!({"Attributes": render::pairs(&group.attributes)}))
    }

    /// Without `Targets`: all that are registered or draining. With: exactly those, registered or not.
    pub(super) fn describe_target_health(&self, input: &Value) -> Result<Value, ApiError> {
        let group = self.target_group(required(input, "TargetGroupArn")?)?;
        let asked = items(input, "Targets");
        let descriptions: Vec<Value> = if asked.is_empty() {
            group.targets.iter().map(|(key, phase)| render::target_health(*key, Some(phase))).collect()
        } else {
            let keys: Result<Vec<_>, ApiError> = asked.iter().map(|item| target(item, group.port)).collect();
            keys?.into_iter().map(|key| render::target_health(key, group.targets.get(&key))).collect()
        };
        Ok(json!({"TargetHealthDescriptions": descriptions}))
    }

    pub(super) fn describe_tags(&self, input: &Value) -> Result<Value, ApiError> {
        some(input, "ResourceArns")?;
        let arns = texts(input, "ResourceArns");
        if arns.len() > MAX_TAGGED {
            return Err(invalid(format!("Up to {MAX_TAGGED} resources can be described at once")));
        }
        let descriptions: Result<Vec<Value>, ApiError> = arns.iter().map(|arn| self.tags_of(arn)).collect();
        Ok(json!({"TagDescriptions": descriptions?}))
    }

    pub(super) fn load_balancer(&self, arn: &str) -> Result<&LoadBalancer, ApiError> {
        if !arn.contains(":loadbalancer/") {
            return Err(invalid(format!("'{arn}' is not a valid load balancer ARN")));
        }
        self.load_balancers.get(arn).ok_or_else(|| load_balancer_not_found(arn))
    }

    pub(super) fn target_group(&self, arn: &str) -> Result<&TargetGroup, ApiError> {
        is_target_group_arn(arn)?;
        self.target_groups.get(arn).ok_or_else(|| not_found(arn))
    }

    fn listener(&self, arn: &str) -> Result<&Listener, ApiError> {
        if !arn.contains(":listener/") {
            return Err(invalid(format!("'{arn}' is not a valid listener ARN")));
        }
        let missing = || ApiError::client("ListenerNotFound", "One or more listeners not found");
        self.listeners.get(arn).ok_or_else(missing)
    }

    pub(super) fn tags_of(&self, arn: &str) -> Result<Value, ApiError> {
        if arn.contains(":targetgroup/") {
            self.target_group(arn)?;
        } else if arn.contains(":listener/") {
            self.listener(arn)?;
        } else {
            self.load_balancer(arn)?;
        }
        let tags = self.tags.get(arn).map_or_else(|| json!([]), render::pairs);
        Ok(json!({"ResourceArn": arn, "Tags": tags}))
    }
}

fn is_target_group_arn(arn: &str) -> Result<(), ApiError> {
    let valid = arn.starts_with("arn:") && arn.contains(":targetgroup/");
    if valid { Ok(()) } else { Err(invalid(format!("'{arn}' is not a valid target group ARN"))) }
}

fn load_balancer_not_found(name_or_arn: &str) -> ApiError {
    ApiError::client("LoadBalancerNotFound", format!("Load balancers '[{name_or_arn}]' not found"))
}
