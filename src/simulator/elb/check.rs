//! Checks of names and words that several operations share.
//!
//! Owns AWS's refusals for values out of a fixed set, and for names of load balancers and target groups.

use crate::simulator::elb::input::{invalid, text};
use crate::simulator::error::ApiError;
use serde_json::Value;

/// The member `key` if it is one of the words that AWS takes.
///
/// # Errors
/// `ValidationError`, with the words in `told`.
pub(super) fn word<'a>(input: &'a Value, key: &str, taken: &[&str], told: &str) -> Result<Option<&'a str>, ApiError> {
    match text(input, key) {
        None => Ok(None),
        Some(given) if taken.contains(&given) => Ok(Some(given)),
        Some(given) => Err(invalid(format!(
            "1 validation error detected: Value '{given}' at '{}' failed to satisfy constraint: Member must satisfy \
             enum value set: [{told}]",
            lower_camel(key)
        ))),
    }
}

/// The name of a load balancer.
pub(super) fn load_balancer_name(name: &str) -> Result<&str, ApiError> {
    if name.chars().count() > 32 {
        return Err(invalid(format!("Load balancer name '{name}' cannot be longer than '32' characters")));
    }
    if !alphanumeric(name) {
        return Err(invalid(format!(
            "Load balancer name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(invalid(format!("Load balancer name '{name}' cannot begin or end with a hyphen(-)")));
    }
    if name.starts_with("internal-") {
        return Err(invalid("The load balancer name cannot begin with 'internal-'"));
    }
    Ok(name)
}

/// The name of a target group.
pub(super) fn target_group_name(name: &str) -> Result<&str, ApiError> {
    if name.chars().count() > 32 {
        return Err(invalid(format!("Target group name '{name}' cannot be longer than '32' characters")));
    }
    if !alphanumeric(name) {
        return Err(invalid(format!(
            "Target group name '{name}' can only contain characters that are alphanumeric characters or hyphens(-)"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'targetGroup.targetGroupArn.targetGroupName' failed to \
             satisfy constraint: Member must satisfy regular expression pattern: \
             (?!.*--)(?!^-)(?!.*-$)^[A-Za-z0-9-]+$"
        )));
    }
    Ok(name)
}

/// A name that is taken, by something made otherwise.
pub(super) fn duplicate(code: &str, what: &str, name: &str) -> ApiError {
    ApiError::client(code, format!("A {what} with the same name '{name}' exists, but with different settings"))
}

fn alphanumeric(name: &str) -> bool {
    name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

fn lower_camel(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}
