//! Tags: their limits, and the operations on the tags of a resource.
//!
//! Owns what a legal tag is, and TagResource, UntagResource and ListTagsForResource. Where the tags are kept belongs
//! to the resource.
//!
//! Divergence from AWS: the exact texts of the refusals are assumed; reserved keys other than `aws:` are not known.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::input::{Input, client_error, invalid};
use super::state::{Ecs, Scene};
use crate::simulator::arn;
use crate::simulator::error::ApiError;

/// Tags of one resource, by key.
pub(super) type Tags = BTreeMap<String, String>;

/// Most tags that one resource can have.
const MOST: usize = 50;

/// The tags under `tags` of an input.
///
/// # Errors
///
/// `InvalidParameterException` for more than 50, or a key or value outside of AWS's limits.
pub(super) fn read(input: Input<'_>) -> Result<Tags, ApiError> {
    let mut tags = Tags::new();
    for item in input.items("tags")? {
        let tag = Input(item);
        let (key, value) = (tag.text("key")?.unwrap_or(""), tag.text("value")?.unwrap_or(""));
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid("Tag keys must be unique."));
        }
    }
    check_count(&tags)?;
    Ok(tags)
}

/// `[{"key", "value"}]`, sorted by key.
pub(super) fn show(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

impl Ecs {
    /// TagResource.
    pub(super) fn tag_resource(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        input.must_have("tags")?;
        let added = read(input)?;
        let tags = self.tags_of(scene, input.required("resourceArn")?)?;
        let mut merged = tags.clone();
        merged.extend(added);
        check_count(&merged)?;
        *tags = merged;
        Ok(json!({}))
    }

    /// UntagResource.
    pub(super) fn untag_resource(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        input.must_have("tagKeys")?;
        let keys = input.texts("tagKeys")?;
        keys.iter().try_for_each(|key| check(key, ""))?;
        let tags = self.tags_of(scene, input.required("resourceArn")?)?;
        tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(json!({}))
    }

    /// ListTagsForResource.
    pub(super) fn list_tags(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let tags = self.tags_of(scene, input.required("resourceArn")?)?;
        Ok(json!({ "tags": show(tags) }))
    }

    fn tags_of(&mut self, scene: &Scene<'_>, resource_arn: &str) -> Result<&mut Tags, ApiError> {
        let malformed = || invalid("The ARN is not valid.");
        let resource = resource_arn.strip_prefix(self.home.as_str()).ok_or_else(malformed)?;
        let (kind, rest) = resource.split_once('/').ok_or_else(malformed)?;
        match kind {
            "cluster" => Ok(&mut self.cluster_mut(Some(resource_arn))?.tags),
            "service" => {
                let (cluster, name) = rest.split_once('/').ok_or_else(malformed)?;
                let id =
                    self.find_service(cluster, name).ok_or_else(|| invalid("The specified service is not found."))?;
                Ok(&mut self.service_mut(id).tags)
            }
            "task" => {
                let task = self.tasks.get_mut(arn::last_part(rest)).filter(|task| task.visible_at <= scene.now);
                Ok(&mut task.ok_or_else(|| invalid("The specified task is not found."))?.tags)
            }
            "task-definition" => {
                let found = self.task_definition_mut(rest);
                Ok(&mut found.ok_or_else(|| client_error("Unable to describe task definition."))?.tags)
            }
            "task-set" => {
                let mut sets = self.services.values_mut().flat_map(|service| &mut service.task_sets);
                let found = sets.find(|set| rest.ends_with(&format!("/{}", set.id)));
                Ok(&mut found.ok_or_else(|| invalid("The specified task set is not found."))?.tags)
            }
            "capacity-provider" => {
                let found = self.providers.get_mut(rest);
                Ok(&mut found.ok_or_else(|| invalid("The specified capacity provider is not found."))?.tags)
            }
            "container-instance" => {
                let (cluster, id) = rest.split_once('/').ok_or_else(malformed)?;
                let found = self.instances.get_mut(&(cluster.to_owned(), id.to_owned()));
                Ok(&mut found.ok_or_else(|| invalid("The specified container instance is not found."))?.tags)
            }
            _ => Err(malformed()),
        }
    }
}

fn check_count(tags: &Tags) -> Result<(), ApiError> {
    if tags.len() > MOST { Err(invalid(format!("Too many tags: a resource can have at most {MOST}."))) } else { Ok(()) }
}

fn check(key: &str, value: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c);
    if key.is_empty() || key.chars().count() > 128 {
        return Err(invalid("Tag keys must have between 1 and 128 characters."));
    }
    if value.chars().count() > 256 {
        return Err(invalid("Tag values can have at most 256 characters."));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(invalid("Tag keys must not begin with aws:, which is reserved for AWS use."));
    }
    if !key.chars().all(legal) || !value.chars().all(legal) {
        return Err(invalid(
            "Some tags contain invalid characters. Valid characters: UTF-8 letters, spaces, numbers and _ . / = + - : @.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_read(tags: Value, legal: bool) {
        assert_eq!(read(Input(&json!({ "tags": tags }))).is_ok(), legal, "{tags}");
    }

    #[test]
    fn takes_what_aws_takes() {
        check_read(json!([{"key": "last_redeploy_kickoff_at", "value": "2026-11-22 20:00:00 UTC"}]), true);
        check_read(json!([{"key": "evenkeel:cgap:rollout", "value": "id=1/2@3.4+5-6_7"}]), true);
        check_read(json!([{"key": "é", "value": ""}]), true);
    }

    #[test]
    fn refuses_what_aws_refuses() {
        check_read(json!([{"key": "", "value": "v"}]), false);
        check_read(json!([{"key": "k".repeat(129), "value": "v"}]), false);
        check_read(json!([{"key": "k", "value": "v".repeat(257)}]), false);
        check_read(json!([{"key": "aws:x", "value": "v"}]), false);
        check_read(json!([{"key": "k", "value": "{\"a\":1}"}]), false);
        check_read(json!([{"key": "k", "value": "a,b"}]), false);
        let many: Vec<Value> = (0..51).map(|n| json!({"key": n.to_string(), "value": ""})).collect();
        check_read(json!(many), false);
    }
}
