//! Reading inputs of the EC2 protocol: lists, flags and tags out of JSON whose leaves are all strings.
//!
//! Owns EC2's refusals for what is missing or cannot be read at all.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::simulator::error::ApiError;

/// Tags per resource.
const MAX_TAGS: usize = 50;

/// The member `key`, if it is there and not empty.
pub(super) fn text<'a>(input: &'a Value, key: &str) -> Option<&'a str> {
    input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The member `key`, which EC2 demands.
pub(super) fn required<'a>(input: &'a Value, key: &str) -> Result<&'a str, ApiError> {
    let missing =
        || ApiError::client("MissingParameter", format!("The request must contain the parameter {}", lower_camel(key)));
    text(input, key).ok_or_else(missing)
}

/// The items of the list `key`; none if it is left out or empty.
pub(super) fn items<'a>(input: &'a Value, key: &str) -> &'a [Value] {
    input.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The strings of the list `key`.
pub(super) fn texts<'a>(input: &'a Value, key: &str) -> Vec<&'a str> {
    items(input, key).iter().filter_map(Value::as_str).collect()
}

/// Whether the member `key` is true.
pub(super) fn flag(input: &Value, key: &str) -> bool {
    text(input, key).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// The member `key` as a whole number within bounds.
pub(super) fn whole(input: &Value, key: &str, bounds: (i64, i64)) -> Result<Option<i64>, ApiError> {
    let Some(text) = text(input, key) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| (bounds.0..=bounds.1).contains(number));
    number.map(Some).ok_or_else(|| invalid(format!("Value ({text}) for parameter {key} is invalid.")))
}

/// Tags that a new resource of this type is given in `TagSpecification`.
pub(super) fn tags_for(input: &Value, kind: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let mut all = BTreeMap::new();
    for specification in items(input, "TagSpecification") {
        if let Some(other) = text(specification, "ResourceType").filter(|given| *given != kind) {
            return Err(invalid(format!("'{other}' is not a valid taggable resource type for this operation.")));
        }
        all.extend(read_tags(items(specification, "Tag"))?);
    }
    Ok(all)
}

/// Tags as `{"Key", "Value"}`.
pub(super) fn read_tags(items: &[Value]) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in items {
        let key = required(tag, "Key")?;
        let value = text(tag, "Value").unwrap_or_default();
        if key.starts_with("aws:") {
            return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if key.chars().count() > 127 || value.chars().count() > 255 {
            return Err(invalid(format!("Tag key or value exceeds the maximum length: '{key}'")));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MAX_TAGS {
        let message = format!("The maximum number of Tags for a resource has been reached: {MAX_TAGS}");
        return Err(ApiError::client("TagLimitExceeded", message));
    }
    Ok(tags)
}

/// EC2's answer to a value that makes no sense.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterValue", message)
}

fn lower_camel(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}
