//! Describing load balancers, listeners and target groups, and finding them by their ARNs.
//!
//! Owns selection, paging and the words for what is not found. Changes nothing.

use serde_json::Value;

use crate::simulator::elb::input::{invalid, page, text, texts};
use crate::simulator::elb::registration::not_found;
use crate::simulator::elb::render;
use crate::simulator::elb::shape::{Listener, LoadBalancer, TargetGroup};
use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;

impl Elb {
    pub(super) fn describe_load_balancers(&self, input: &Value) -> Result<Value, ApiError> {
        let (names, arns) = (texts(input, "Names"), texts(input, "LoadBalancerArns"));
        if !names.is_empty() && !arns.is_empty() {
            return Err(invalid("Load balancer names and load balancer ARNs cannot be specified at the same time"));
        }
        for arn in &arns {
            self.load_balancer(arn)?;
        }
        let missing = names.iter().find(|name| !self.load_balancers.values().any(|there| there.name == **name));
        if let Some(name) = missing {
            return Err(load_balancer_not_found(name));
        }
        let chosen = self.load_balancers.values().filter(|there| {
            (names.is_empty() || names.contains(&there.name.as_str()))
                && (arns.is_empty() || arns.contains(&there.arn.as_str()))
        });
        page(input, "LoadBalancers", chosen.map(|there| self.render_load_balancer(there, "active")).collect())
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
            load_balancer.is_none_or(|arn| there.load_balancer == arn)
                && (arns.is_empty() || arns.contains(&there.arn.as_str()))
        });
        page(input, "Listeners", chosen.map(render::listener).collect())
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
        let chosen: Vec<&TargetGroup> = chosen.collect();
        if load_balancer.is_some() && chosen.is_empty() {
            return Err(ApiError::client("TargetGroupNotFound", "One or more target groups not found"));
        }
        page(input, "TargetGroups", chosen.into_iter().map(|there| self.render_target_group(there)).collect())
    }

    pub(super) fn load_balancer(&self, arn: &str) -> Result<&LoadBalancer, ApiError> {
        let here = format!("arn:aws:elasticloadbalancing:{}:", self.region);
        if !arn.starts_with(&here) || !arn.contains(":loadbalancer/") {
            return Err(invalid(format!("'{arn}' is not a valid load balancer ARN")));
        }
        self.load_balancers.get(arn).ok_or_else(|| load_balancer_not_found(arn))
    }

    pub(super) fn target_group(&self, arn: &str) -> Result<&TargetGroup, ApiError> {
        is_target_group_arn(arn)?;
        self.target_groups.get(arn).ok_or_else(|| not_found(arn))
    }

    pub(super) fn listener(&self, arn: &str) -> Result<&Listener, ApiError> {
        if !arn.contains(":listener/") {
            return Err(invalid(format!("'{arn}' is not a valid listener ARN")));
        }
        let missing = || ApiError::client("ListenerNotFound", "One or more listeners not found");
        self.listeners.get(arn).ok_or_else(missing)
    }
}

fn is_target_group_arn(arn: &str) -> Result<(), ApiError> {
    let valid = arn.starts_with("arn:") && arn.contains(":targetgroup/");
    if valid { Ok(()) } else { Err(invalid(format!("'{arn}' is not a valid target group ARN"))) }
}

fn load_balancer_not_found(name_or_arn: &str) -> ApiError {
    ApiError::client("LoadBalancerNotFound", format!("Load balancers '[{name_or_arn}]' not found"))
}
