//! Tags of scalable targets.
//!
//! Owns their limits and the three operations on them.
//!
//! Divergence from AWS: the texts are assumed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{AutoScaling, ScalableTarget, invalid};
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts};

/// Most tags of one target.
const MOST: usize = 50;

/// The map `Tags` of an input.
pub(super) fn read(input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let given = input["Tags"].as_object().into_iter().flatten();
    let tags: BTreeMap<String, String> =
        given.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    for (key, value) in &tags {
        let sized = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if !sized || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(format!("The tag with key {key} is not valid")));
        }
    }
    Ok(tags)
}

impl AutoScaling {
    pub(super) fn list_tags(&mut self, input: &Value) -> Result<Value, ApiError> {
        Ok(json!({"Tags": self.tagged(input)?.tags}))
    }

    pub(super) fn tag(&mut self, input: &Value) -> Result<Value, ApiError> {
        let added = read(input)?;
        let target = self.tagged(input)?;
        let mut tags = target.tags.clone();
        tags.extend(added);
        if tags.len() > MOST {
            let message = format!("A scalable target can have at most {MOST} tags");
            return Err(ApiError::client("TooManyTagsException", message));
        }
        target.tags = tags;
        Ok(json!({}))
    }

    pub(super) fn untag(&mut self, input: &Value) -> Result<Value, ApiError> {
        let keys = texts(input, "TagKeys")?;
        self.tagged(input)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(json!({}))
    }

    fn tagged(&mut self, input: &Value) -> Result<&mut ScalableTarget, ApiError> {
        let arn = text(input, "ResourceARN")?.unwrap_or_default();
        self.targets.values_mut().find(|target| target.arn == arn).ok_or_else(|| {
            ApiError::client("ResourceNotFoundException", "The specified resource doesn't exist.")
                .with("ResourceName", json!(arn))
        })
    }
}
