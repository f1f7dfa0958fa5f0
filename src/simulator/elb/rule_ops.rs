//! Rules: made, changed, reordered, deleted.
//!
//! Owns priorities, of which each is taken once, and that a listener's default rule stays what and where it is.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::elb::actions::Place;
use crate::simulator::elb::conditions;
use crate::simulator::elb::create::rule_arn;
use crate::simulator::elb::input::{invalid, items, number, page, required, some, text, texts};
use crate::simulator::elb::render;
use crate::simulator::elb::shape::{Listener, Rule};
use crate::simulator::elb::state::Elb;
use crate::simulator::elb::tags::tags;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const PRIORITIES: (u32, u32) = (1, 50_000);
/// Rules of a load balancer beside the default ones.
const MAX_RULES: usize = 100;

impl Elb {
    pub(super) fn create_rule(&mut self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let listener = self.listener(required(input, "ListenerArn")?)?.clone();
        required(input, "Priority")?;
        let priority = number(input, "Priority", PRIORITIES, 1)?;
        // Each kind of condition is optional, and so are all of them together; the list itself is not.
        if input.get("Conditions").is_none() {
            required(input, "Conditions")?;
        }
        let conditions = conditions::read(input, "Conditions")?;
        let actions = self.read_actions(input, "Actions", self.place_of(&listener))?;
        let transforms = conditions::transforms(input)?;
        let tags = tags(input)?;
        if self.rules.values().any(|there| there.listener == listener.arn && there.priority == priority) {
            return Err(in_use());
        }
        if self.rules_behind(&listener.load_balancer) >= MAX_RULES {
            let message =
                format!("The maximum number of rules has been reached on load balancer '{}'", listener.load_balancer);
            return Err(ApiError::client("TooManyRules", message));
        }
        let arn = rule_arn(&listener.arn, rng);
        self.link(&listener.load_balancer, &actions, now);
        let rule = Rule { arn: arn.clone(), listener: listener.arn, priority, conditions, actions, transforms };
        let shown = render::rule(&rule);
        self.rules.insert(arn.clone(), rule);
        self.tags.insert(arn, tags);
        Ok(json!({ "Rules": [shown] }))
    }

    pub(super) fn modify_rule(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let arn = required(input, "RuleArn")?;
        self.not_default(arn, "modified")?;
        let before = self.rule(arn)?.clone();
        let listener = self.listener(&before.listener)?.clone();
        let mut after = before.clone();
        if !items(input, "Conditions").is_empty() {
            after.conditions = conditions::read(input, "Conditions")?;
        }
        if !items(input, "Actions").is_empty() {
            after.actions = self.read_actions(input, "Actions", self.place_of(&listener))?;
        }
        if !items(input, "Transforms").is_empty() {
            after.transforms = conditions::transforms(input)?;
        }
        if text(input, "ResetTransforms") == Some("true") {
            after.transforms.clear();
        }
        self.link(&listener.load_balancer, &after.actions, now);
        self.unlink(&listener.load_balancer, &before.actions, now);
        let shown = render::rule(&after);
        self.rules.insert(after.arn.clone(), after);
        Ok(json!({ "Rules": [shown] }))
    }

    pub(super) fn delete_rule(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let arn = required(input, "RuleArn")?;
        self.not_default(arn, "deleted")?;
        let rule = self.rule(arn)?.clone();
        let load_balancer = self.listener(&rule.listener)?.load_balancer.clone();
        self.remove_rule(&rule.arn, &load_balancer, now);
        Ok(json!({}))
    }

    /// All priorities change at once, so that rules can swap them.
    pub(super) fn set_rule_priorities(&mut self, input: &Value) -> Result<Value, ApiError> {
        some(input, "RulePriorities")?;
        let mut wanted: BTreeMap<String, u32> = BTreeMap::new();
        for pair in items(input, "RulePriorities") {
            let arn = required(pair, "RuleArn")?;
            self.not_default(arn, "modified")?;
            self.rule(arn)?;
            required(pair, "Priority")?;
            wanted.insert(arn.to_owned(), number(pair, "Priority", PRIORITIES, 1)?);
        }
        let listeners: BTreeSet<&str> = wanted.keys().map(|arn| self.rules[arn].listener.as_str()).collect();
        for listener in listeners {
            let rules = self.rules.values().filter(|rule| rule.listener == listener);
            let priorities: Vec<u32> = rules.map(|rule| *wanted.get(&rule.arn).unwrap_or(&rule.priority)).collect();
            let different: BTreeSet<u32> = priorities.iter().copied().collect();
            if different.len() < priorities.len() {
                return Err(in_use());
            }
        }
        let mut shown = Vec::new();
        for (arn, priority) in wanted {
            let rule = self.rules.get_mut(&arn).expect("it was found above");
            rule.priority = priority;
            shown.push(render::rule(rule));
        }
        Ok(json!({ "Rules": shown }))
    }

    pub(super) fn describe_rules(&self, input: &Value) -> Result<Value, ApiError> {
        let (listener, arns) = (text(input, "ListenerArn"), texts(input, "RuleArns"));
        if listener.is_some() != arns.is_empty() {
            return Err(invalid("You must specify either listener rule ARNs or a listener ARN"));
        }
        let mut shown = Vec::new();
        if let Some(arn) = listener {
            let listener = self.listener(arn)?;
            shown.extend(self.rules_of(arn).into_iter().map(render::rule));
            shown.push(render::default_rule(listener));
        }
        for arn in arns {
            match self.default_rule(arn) {
                Some(listener) => shown.push(render::default_rule(listener)),
                None => shown.push(render::rule(self.rule(arn)?)),
            }
        }
        page(input, "Rules", shown)
    }

    /// Removes a rule of a listener of this load balancer.
    pub(super) fn remove_rule(&mut self, arn: &str, load_balancer: &str, now: Time) {
        if let Some(rule) = self.rules.remove(arn) {
            self.unlink(load_balancer, &rule.actions, now);
        }
        self.tags.remove(arn);
    }

    /// The listener whose default rule this is.
    pub(super) fn default_rule(&self, arn: &str) -> Option<&Listener> {
        // A rule's ARN is its listener's with one more part.
        let (listener, _) = arn.rsplit_once('/')?;
        let listener = self.listeners.get(&listener.replacen(":listener-rule/", ":listener/", 1))?;
        (listener.rule_arn == arn).then_some(listener)
    }

    pub(super) fn rule(&self, arn: &str) -> Result<&Rule, ApiError> {
        self.rules.get(arn).ok_or_else(|| ApiError::client("RuleNotFound", "One or more rules not found"))
    }

    fn not_default(&self, arn: &str, what: &str) -> Result<(), ApiError> {
        match self.default_rule(arn) {
            Some(_) => Err(ApiError::client("OperationNotPermitted", format!("Default rule '{arn}' cannot be {what}"))),
            None => Ok(()),
        }
    }

    fn place_of<'a>(&self, listener: &'a Listener) -> Place<'a> {
        let load_balancer = self.load_balancers.get(&listener.load_balancer).expect("listeners go with load balancers");
        Place {
            load_balancer: &listener.load_balancer,
            kind: load_balancer.kind,
            protocol: listener.protocol.as_deref(),
        }
    }

    fn rules_behind(&self, load_balancer: &str) -> usize {
        let here = |rule: &&Rule| {
            self.listeners.get(&rule.listener).is_some_and(|listener| listener.load_balancer == load_balancer)
        };
        self.rules.values().filter(here).count()
    }
}

fn in_use() -> ApiError {
    ApiError::client("PriorityInUse", "The specified priority is in use.")
}
