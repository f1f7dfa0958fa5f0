//! AWS's tags of repositories, called labels here, because tags are what images have.
//!
//! Owns their limits and the three operations on them. Source: ECR's user guide, "Tag restrictions".
//!
//! Divergence from AWS: the texts about bad tags are assumed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::arn;
use crate::simulator::ecr::ops::{invalid, required};
use crate::simulator::ecr::registry::{Ecr, repository_not_found};
use crate::simulator::ecr::repository::Repository;
use crate::simulator::error::ApiError;
use crate::simulator::members::{items, text, texts};

/// Most tags of one repository.
const MOST: usize = 50;

/// The tags under `tags` of an input.
pub(super) fn read(input: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let mut labels = BTreeMap::new();
    for item in items(input, "tags")? {
        let (key, value) = (text(item, "Key")?.unwrap_or_default(), text(item, "Value")?.unwrap_or_default());
        let sized = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if !sized || key.to_ascii_lowercase().starts_with("aws:") {
            let message = format!("Invalid tag parameter: the tag with key '{key}' is not valid");
            return Err(ApiError::client("InvalidTagParameterException", message));
        }
        labels.insert(key.to_owned(), value.to_owned());
    }
    few(&labels)?;
    Ok(labels)
}

impl Ecr {
    pub(super) fn list_labels(&mut self, input: &Value) -> Result<Value, ApiError> {
        let labels = &self.labelled(input)?.labels;
        let shown: Vec<Value> = labels.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        Ok(json!({"tags": shown}))
    }

    pub(super) fn add_labels(&mut self, input: &Value) -> Result<Value, ApiError> {
        let added = read(input)?;
        let repository = self.labelled(input)?;
        let mut labels = repository.labels.clone();
        labels.extend(added);
        few(&labels)?;
        repository.labels = labels;
        Ok(json!({}))
    }

    pub(super) fn remove_labels(&mut self, input: &Value) -> Result<Value, ApiError> {
        let keys = texts(input, "tagKeys")?;
        self.labelled(input)?.labels.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(json!({}))
    }

    fn labelled(&mut self, input: &Value) -> Result<&mut Repository, ApiError> {
        let resource = arn::resource(required(input, "resourceArn")?);
        let name = resource
            .and_then(|resource| resource.strip_prefix("repository/"))
            .ok_or_else(|| invalid("Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'"))?;
        let missing = repository_not_found(name, &self.account);
        self.repositories.get_mut(name).ok_or(missing)
    }
}

fn few(labels: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if labels.len() > MOST {
        let message = format!("The list of tags has more than {MOST} tags");
        return Err(ApiError::client("TooManyTagsException", message));
    }
    Ok(())
}
