//! Tags of load balancers, listeners, rules and target groups.
//!
//! Owns their limits, and that a call about several resources changes all of them or none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::elb::input::{invalid, items, required, some, text, texts};
use crate::simulator::elb::render;
use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;

/// Tags per resource, and characters of their keys and values.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;
/// DescribeTags takes this many resources at once.
const MAX_TAGGED: usize = 20;

impl Elb {
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
            return Err(too_many());
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

    pub(super) fn describe_tags(&self, input: &Value) -> Result<Value, ApiError> {
        some(input, "ResourceArns")?;
        let arns = texts(input, "ResourceArns");
        if arns.len() > MAX_TAGGED {
            return Err(invalid(format!("Up to {MAX_TAGGED} resources can be described at once")));
        }
        let descriptions: Result<Vec<Value>, ApiError> = arns.iter().map(|arn| self.tags_of(arn)).collect();
        Ok(json!({"TagDescriptions": descriptions?}))
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

    fn tags_of(&self, arn: &str) -> Result<Value, ApiError> {
        if arn.contains(":targetgroup/") {
            self.target_group(arn).map_err(|refusal| match refusal.code.as_str() {
                "TargetGroupNotFound" => ApiError::client(&refusal.code, "One or more target groups not found"),
                _ => refusal,
            })?;
        } else if arn.contains(":listener-rule/") {
            if self.default_rule(arn).is_none() && !self.rules.contains_key(arn) {
                return Err(ApiError::client("RuleNotFound", "The specified rule does not exist."));
            }
        } else if arn.contains(":listener/") {
            if !self.listeners.contains_key(arn) {
                return Err(ApiError::client("ListenerNotFound", "The specified listener does not exist."));
            }
        } else {
            self.load_balancer(arn)?;
        }
        let tags = self.tags.get(arn).map_or_else(|| json!([]), render::pairs);
        Ok(json!({"ResourceArn": arn, "Tags": tags}))
    }
}

/// The tags of a request.
pub(super) fn tags(input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
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
    if tags.len() > MAX_TAGS { Err(too_many()) } else { Ok(tags) }
}

fn check_tag(key: &str, value: &str) -> Result<(), ApiError> {
    if (1..=MAX_KEY).contains(&key.chars().count()) && value.chars().count() <= MAX_VALUE {
        return Ok(());
    }
    Err(invalid(format!("Tag keys have between 1 and {MAX_KEY} characters, and tag values at most {MAX_VALUE}")))
}

fn too_many() -> ApiError {
    ApiError::client("TooManyTags", "You've reached the limit on the number of tags per resource")
}
