//! The writing operations of ELBv2.
//!
//! Owns checking what a caller asks for. What then happens is done by `create` and `registration`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::elb::input::{invalid, items, number, required, some, target, text, texts};
use crate::simulator::elb::registration::still_draining;
use crate::simulator::elb::render;
use crate::simulator::elb::state::{Elb, ListenerSpec, LoadBalancerSpec, TargetGroupSpec};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// The attributes that ELBv2 checks before it keeps them: key, least and greatest value.
const BOUNDED: [(&str, i64, i64); 2] =
    [("deregistration_delay.timeout_seconds", 0, 3600), ("slow_start.duration_seconds", 0, 900)];

/// Tags per resource, and characters of their keys and values.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;
/// A target group takes this many targets.
const MAX_TARGETS: usize = 1000;

impl Elb {
    pub(super) fn create_load_balancer_op(
        &mut self,
        input: &Value,
        now: Time,
        rng: &mut Rng,
    ) -> Result<Value, ApiError> {
        let name = valid_name(required(input, "Name")?, "Load balancer")?;
        if self.load_balancers.values().any(|there| there.spec.name == name) {
            return Err(duplicate("DuplicateLoadBalancerName", "load balancer", name));
        }
        let spec = LoadBalancerSpec {
            name: name.to_owned(),
            scheme: text(input, "Scheme").unwrap_or("internet-facing").to_owned(),
            vpc: TargetGroupSpec::default().vpc,
            subnets: texts(input, "Subnets").into_iter().map(str::to_owned).collect(),
            security_groups: texts(input, "SecurityGroups").into_iter().map(str::to_owned).collect(),
        };
        let arn = self.create_load_balancer(spec, now, rng);
        self.tags.insert(arn.clone(), tags(input)?);
        Ok(json!({"LoadBalancers": [self.render_load_balancer(&self.load_balancers[&arn])]}))
    }

    pub(super) fn create_target_group_op(&mut self, input: &Value, rng: &mut Rng) -> Result<Value, ApiError> {
        let name = valid_name(required(input, "Name")?, "Target group")?;
        if self.target_groups.values().any(|there| there.name == name) {
            return Err(duplicate("DuplicateTargetGroupName", "target group", name));
        }
        only(input, "Protocol", "HTTP")?;
        only(input, "TargetType", "ip")?;
        let default = TargetGroupSpec::default();
        let matcher = input.get("Matcher").and_then(|matcher| text(matcher, "HttpCode"));
        let spec = TargetGroupSpec {
            name: name.to_owned(),
            port: number(input, "Port", (1, u16::MAX), default.port)?,
            vpc: text(input, "VpcId").map_or(default.vpc, str::to_owned),
            health_path: text(input, "HealthCheckPath").map_or(default.health_path, str::to_owned),
            interval_s: number(input, "HealthCheckIntervalSeconds", (5, 300), default.interval_s)?,
            timeout_s: number(input, "HealthCheckTimeoutSeconds", (2, 120), default.timeout_s)?,
            healthy: number(input, "HealthyThresholdCount", (2, 10), default.healthy)?,
            unhealthy: number(input, "UnhealthyThresholdCount", (2, 10), default.unhealthy)?,
            matcher: matcher.map_or(default.matcher, str::to_owned),
            deregistration_delay_s: default.deregistration_delay_s,
            tags: tags(input)?,
        };
        if spec.timeout_s >= spec.interval_s {
            return Err(invalid("Health check timeout must be smaller than the interval"));
        }
        let arn = self.create_target_group(spec, rng);
        Ok(json!({"TargetGroups": [self.render_target_group(&self.target_groups[&arn])]}))
    }

    pub(super) fn create_listener_op(&mut self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let load_balancer = self.load_balancer(required(input, "LoadBalancerArn")?)?.arn.clone();
        only(input, "Protocol", "HTTP")?;
        let port = number(input, "Port", (1, u16::MAX), 80)?;
        let [action] = items(input, "DefaultActions") else {
            return Err(invalid("A listener needs exactly one default action"));
        };
        only(action, "Type", "forward")?;
        let target_group = self.target_group(required(action, "TargetGroupArn")?)?.arn.clone();
        let taken = |spec: &ListenerSpec| spec.load_balancer == load_balancer && spec.port == port;
        if self.listeners.values().any(|there| taken(&there.spec)) {
            let message = format!("A listener already exists on this port for this load balancer '{load_balancer}'");
            return Err(ApiError::client("DuplicateListener", message));
        }
        // One load balancer per target group is a quota that cannot be raised.
        if self.load_balancers_of(&target_group).into_iter().any(|other| other != load_balancer) {
            let message = format!(
                "The following target groups cannot be associated with more than one load balancer: {target_group}"
            );
            return Err(ApiError::client("TargetGroupAssociationLimit", message));
        }
        let spec = ListenerSpec { load_balancer, port, target_group };
        let arn = self.create_listener(spec, now, rng);
        self.tags.insert(arn.clone(), tags(input)?);
        Ok(json!({"Listeners": [render::listener(&self.listeners[&arn])]}))
    }

    pub(super) fn modify_target_group_attributes(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = self.target_group(required(input, "TargetGroupArn")?)?.arn.clone();
        some(input, "Attributes")?;
        let mut wanted = Vec::new();
        for attribute in items(input, "Attributes") {
            let (key, value) = (required(attribute, "Key")?, text(attribute, "Value").unwrap_or_default());
            check_attribute(key, value)?;
            wanted.push((key, value));
        }
        let group = self.target_groups.get_mut(&arn).expect("it was found above");
        if let Some((key, _)) = wanted.iter().find(|(key, _)| !group.attributes.contains_key(*key)) {
            return Err(invalid(format!("Target group attribute key '{key}' is not recognized")));
        }
        for (key, value) in wanted {
            group.attributes.insert(key.to_owned(), value.to_owned());
        }
        Ok(json!({"Attributes": render::pairs(&group.attributes)}))
    }

    /// Tags are added to all resources or to none.
    pub(super) fn add_tags(&mut self, input: &Value) -> Result<Value, ApiError> {
        some(input, "Tags")?;
        let wanted = tags(input)?;
        let arns = self.tagged(input)?;
        let full = |arn: &String| {
            let tags = self.tags.get(arn);
            let new = wanted.keys().filter(|key| tags.is_none_or(|tags| !tags.contains_key(*key))).count();
            tags.map_or(0, BTreeMap::len) + new > MAX_TAGS
        };
        if arns.iter().any(full) {
            return Err(ApiError::client("TooManyTags", "You've reached the limit on the number of tags per resource"));
        }
        for arn in arns {
            self.tags.entry(arn).or_default().extend(wanted.clone());
        }
        Ok(json!({}))
    }

    pub(super) fn remove_tags(&mut self, input: &Value) -> Result<Value, ApiError> {
        some(input, "TagKeys")?;
        let keys = texts(input, "TagKeys");
        keys.iter().try_for_each(|key| check_tag(key, ""))?;
        for arn in self.tagged(input)? {
            if let Some(tags) = self.tags.get_mut(&arn) {
                tags.retain(|key, _| !keys.contains(&key.as_str()));
            }
        }
        Ok(json!({}))
    }

    /// The resources of a tagging call, all of which are there.
    fn tagged(&self, input: &Value) -> Result<Vec<String>, ApiError> {
        some(input, "ResourceArns")?;
        let arns = texts(input, "ResourceArns");
        for arn in &arns {
            self.tags_of(arn)?;
        }
        Ok(arns.into_iter().map(str::to_owned).collect())
    }

    pub(super) fn register_targets(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let (arn, targets) = self.group_and_targets(input)?;
        let group = &self.target_groups[&arn];
        let new = targets.iter().filter(|target| !group.targets.contains_key(target)).count();
        if group.targets.len() + new > MAX_TARGETS {
            let message = format!("The maximum number of targets per target group has been reached on '{arn}'");
            return Err(ApiError::client("TooManyTargets", message));
        }
        // All or none: a target that is still draining must not leave half of the others registered.
        if let Some((ip, port)) = targets.iter().find(|target| group.is_draining(target)) {
            return Err(still_draining(&arn, *ip, *port));
        }
        for (ip, port) in targets {
            self.register(&arn, ip, port, now)?;
        }
        Ok(json!({}))
    }

    /// Targets that are not registered are no error.
    pub(super) fn deregister_targets(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let (arn, targets) = self.group_and_targets(input)?;
        for (ip, port) in targets {
            self.deregister(&arn, ip, port, now);
        }
        Ok(json!({}))
    }

    fn group_and_targets(&self, input: &Value) -> Result<(String, Vec<(Ipv4Addr, u16)>), ApiError> {
        let group = self.target_group(required(input, "TargetGroupArn")?)?;
        let targets: Result<Vec<_>, ApiError> =
            items(input, "Targets").iter().map(|description| target(description, group.port)).collect();
        match targets? {
            targets if targets.is_empty() => Err(invalid("At least one target must be specified")),
            targets => Ok((group.arn.clone(), targets)),
        }
    }
}

fn check_attribute(key: &str, value: &str) -> Result<(), ApiError> {
    let Some((_, low, high)) = BOUNDED.iter().find(|(bounded, _, _)| *bounded == key) else {
        return Ok(());
    };
    match value.parse::<i64>() {
        Ok(number) if (*low..=*high).contains(&number) => Ok(()),
        Ok(_) | Err(_) => Err(ApiError::client(
            "InvalidConfigurationRequest",
            format!("Target group attribute '{key}' must be a number between {low} and {high}, not '{value}'"),
        )),
    }
}

fn valid_name<'a>(name: &'a str, what: &str) -> Result<&'a str, ApiError> {
    if name.len() > 32 {
        return Err(invalid(format!("{what} name '{name}' cannot be longer than '32' characters")));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(invalid(format!(
            "{what} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    Ok(name)
}

/// Refuses what AWS has and the simulator has not, instead of making something else of it.
fn only(input: &Value, key: &str, value: &str) -> Result<(), ApiError> {
    match text(input, key) {
        None => Ok(()),
        Some(given) if given == value => Ok(()),
        Some(given) => Err(invalid(format!("{key} '{given}' is not simulated, only '{value}' is"))),
    }
}

fn duplicate(code: &str, what: &str, name: &str) -> ApiError {
    ApiError::client(code, format!("A {what} with the same name '{name}' exists, but with different settings"))
}

fn check_tag(key: &str, value: &str) -> Result<(), ApiError> {
    if (1..=MAX_KEY).contains(&key.chars().count()) && value.chars().count() <= MAX_VALUE {
        return Ok(());
    }
    Err(invalid(format!("Tag keys have between 1 and {MAX_KEY} characters, and tag values at most {MAX_VALUE}")))
}

fn tags(input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in items(input, "Tags") {
        let (key, value) = (required(tag, "Key")?, text(tag, "Value").unwrap_or_default());
        check_tag(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(ApiError::client(
                "DuplicateTagKeys",
                format!("The tag key '{key}' was specified more than once"),
            ));
        }
    }
    Ok(tags)
}
