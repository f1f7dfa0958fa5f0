//! Tags on everything that EC2 has.
//!
//! Owns adding, removing and describing them, and which type a resource is of. Limits are read in `input`.

use serde_json::{Value, json};

use crate::simulator::ec2::filter::Filters;
use crate::simulator::ec2::input::{items, read_tags, text, texts};
use crate::simulator::ec2::state::Ec2;
use crate::simulator::error::ApiError;

/// Tags per resource.
const MAX_TAGS: usize = 50;

impl Ec2 {
    pub(super) fn create_tags(&mut self, input: &Value) -> Result<Value, ApiError> {
        let ids = self.tagged(input)?;
        let wanted = read_tags(items(input, "Tag"))?;
        for id in &ids {
            let mut tags = self.tags.get(id).cloned().unwrap_or_default();
            tags.extend(wanted.clone());
            if tags.len() > MAX_TAGS {
                let message = format!("The maximum number of Tags for a resource has been reached: {MAX_TAGS}");
                return Err(ApiError::client("TagLimitExceeded", message));
            }
        }
        for id in ids {
            self.tags.entry(id).or_default().extend(wanted.clone());
        }
        Ok(json!({"return": true}))
    }

    /// A tag with a value is removed only if it has this value; without tags, all of them are.
    pub(super) fn delete_tags(&mut self, input: &Value) -> Result<Value, ApiError> {
        let ids = self.tagged(input)?;
        let gone = items(input, "Tag");
        let goes = |key: &str, value: &str| {
            gone.is_empty()
                || gone.iter().any(|tag| {
                    text(tag, "Key") == Some(key) && tag.get("Value").is_none_or(|given| given.as_str() == Some(value))
                })
        };
        for id in ids {
            self.tags.entry(id).or_default().retain(|key, value| !goes(key, value));
        }
        Ok(json!({"return": true}))
    }

    pub(super) fn describe_tags(&self, input: &Value) -> Result<Value, ApiError> {
        let filters = Filters::of(input);
        let mut shown = Vec::new();
        for (id, tags) in &self.tags {
            for (key, value) in tags {
                let kind = kind_of(id).unwrap_or_default();
                let rendered = json!({"resourceId": id, "resourceType": kind, "key": key, "value": value});
                let named = |filter: &str| match filter {
                    "resource-id" => Some(vec![id.clone()]),
                    "resource-type" => Some(vec![kind.to_owned()]),
                    "key" => Some(vec![key.clone()]),
                    "value" => Some(vec![value.clone()]),
                    _ => None,
                };
                if filters.pass(&rendered, named)? {
                    shown.push(rendered);
                }
            }
        }
        Ok(json!({ "tagSet": shown }))
    }

    pub(super) fn render_tags(&self, id: &str) -> Value {
        let tags = self.tags.get(id).into_iter().flatten();
        tags.map(|(key, value)| json!({"key": key, "value": value})).collect()
    }

    /// The resources that a tagging call is about, all of which are there.
    fn tagged(&self, input: &Value) -> Result<Vec<String>, ApiError> {
        let ids = texts(input, "ResourceId");
        if ids.is_empty() {
            let message = "The request must contain the parameter resourceIdSet";
            return Err(ApiError::client("MissingParameter", message));
        }
        for id in &ids {
            let Some(kind) = kind_of(id) else {
                return Err(ApiError::client("InvalidID", format!("The ID '{id}' is not valid")));
            };
            let there = match kind {
                "vpc" => self.vpcs.contains_key(*id),
                "subnet" => self.subnets.contains_key(*id),
                "security-group" => self.groups.contains_key(*id),
                "internet-gateway" => self.gateways.contains_key(*id),
                _ => self.instances.contains_key(*id),
            };
            if !there {
                return Err(ApiError::client("InvalidID", format!("The ID '{id}' is not valid")));
            }
        }
        Ok(ids.into_iter().map(str::to_owned).collect())
    }
}

/// The type of a resource by its id.
fn kind_of(id: &str) -> Option<&'static str> {
    let kinds = [
        ("vpc-", "vpc"),
        ("subnet-", "subnet"),
        ("sg-", "security-group"),
        ("igw-", "internet-gateway"),
        ("i-", "instance"),
    ];
    kinds.into_iter().find(|(prefix, _)| id.starts_with(prefix)).map(|(_, kind)| kind)
}
