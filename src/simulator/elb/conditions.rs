//! The conditions of rules: read, checked, and completed as AWS shows them.
//!
//! Owns the fields, how many values they take and how long those may be. Nothing is ever matched against them.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::simulator::elb::input::{invalid, items, required, text, texts};
use crate::simulator::error::ApiError;

const FIELDS: [&str; 6] =
    ["path-pattern", "host-header", "http-header", "http-request-method", "query-string", "source-ip"];

/// Characters of most values.
const LONG: usize = 128;
/// Characters of header names and request methods.
const SHORT: usize = 40;
/// Values of all conditions of a rule together.
const MAX_VALUES: usize = 5;

/// The conditions under `key`, as AWS shows them.
///
/// # Errors
/// `ValidationError`, in AWS's words.
pub(super) fn read(input: &Value, key: &str) -> Result<Vec<Value>, ApiError> {
    let given = items(input, key);
    let (mut shown, mut values) = (Vec::new(), 0);
    for condition in given {
        let (condition, count) = read_one(condition)?;
        values += count;
        shown.push(condition);
    }
    if values > MAX_VALUES {
        return Err(invalid(format!("A rule can only have '{MAX_VALUES}' condition values")));
    }
    Ok(shown)
}

/// One condition, and how many values it has.
fn read_one(condition: &Value) -> Result<(Value, usize), ApiError> {
    match text(condition, "Field") {
        Some(field @ "host-header") => pattern(condition, field, "HostHeaderConfig"),
        Some(field @ "path-pattern") => pattern(condition, field, "PathPatternConfig"),
        Some(field @ "http-header") => {
            let config = config(condition, field, "HttpHeaderConfig")?;
            let name = text(config, "HttpHeaderName")
                .ok_or_else(|| invalid("A 'HttpHeaderName' must be specified in 'HttpHeaderConfig'"))?;
            fits("HttpHeaderName", name, SHORT)?;
            let values = values_of(config, field, LONG)?;
            let shown = json!({"HttpHeaderName": name, "Values": values});
            Ok((json!({"Field": field, "HttpHeaderConfig": shown}), values.len()))
        }
        Some(field @ "http-request-method") => {
            let config = config(condition, field, "HttpRequestMethodConfig")?;
            let values = values_of(config, field, SHORT)?;
            let allowed = |byte: u8| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_';
            if !values.iter().all(|value| value.bytes().all(allowed)) {
                return Err(invalid(
                    "The 'http-request-method' value is invalid; the allowed characters are A-Z, hyphen and underscore",
                ));
            }
            Ok((json!({"Field": field, "HttpRequestMethodConfig": {"Values": values}}), values.len()))
        }
        Some(field @ "query-string") => query_string(condition, field),
        Some(field @ "source-ip") => source_ip(condition, field),
        Some(other) => Err(invalid(format!("Condition field '{other}' must be one of '[{}]'", FIELDS.join(", ")))),
        None => Err(invalid("A condition field must be specified")),
    }
}

/// Host and path: the values stand at the top, or in a configuration of their own, and AWS shows both.
fn pattern(condition: &Value, field: &str, key: &str) -> Result<(Value, usize), ApiError> {
    let at_top = texts(condition, "Values");
    let regex = condition.get(key).map(|config| texts(config, "RegexValues")).unwrap_or_default();
    let configured = condition.get(key).map(|config| texts(config, "Values")).unwrap_or_default();
    if !regex.is_empty() {
        return Ok((json!({"Field": field, key: {"RegexValues": regex}}), regex.len()));
    }
    if at_top.len() > 1 {
        return Err(invalid(format!("The '{field}' field contains too many values; the limit is '1'")));
    }
    let values = if configured.is_empty() { at_top } else { configured };
    if values.is_empty() {
        return Err(invalid("A condition value must be specified"));
    }
    values.iter().try_for_each(|value| fits(field, value, LONG))?;
    Ok((json!({"Field": field, "Values": values, key: {"Values": values}}), values.len()))
}

fn query_string(condition: &Value, field: &str) -> Result<(Value, usize), ApiError> {
    let config = config(condition, field, "QueryStringConfig")?;
    let pairs = items(config, "Values");
    if pairs.is_empty() {
        return Err(invalid(format!("A '{field}' value must be specified")));
    }
    for pair in pairs {
        let value =
            text(pair, "Value").ok_or_else(|| invalid("A 'Value' must be specified in 'QueryStringKeyValuePair'"))?;
        fits("Value", value, LONG)?;
        text(pair, "Key").map_or(Ok(()), |key| fits("Key", key, LONG))?;
    }
    Ok((json!({"Field": field, "QueryStringConfig": {"Values": pairs}}), pairs.len()))
}

fn source_ip(condition: &Value, field: &str) -> Result<(Value, usize), ApiError> {
    let config = config(condition, field, "SourceIpConfig")?;
    let values = values_of(config, field, LONG)?;
    for value in &values {
        let range = value.split_once('/');
        let valid = range.is_some_and(|(address, prefix)| {
            let longest = match address.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => 32,
                Ok(IpAddr::V6(_)) => 128,
                Err(_) => return false,
            };
            prefix.parse::<u8>().is_ok_and(|prefix| prefix <= longest)
        });
        if !valid {
            return Err(invalid(format!("The '{field}' value '{value}' must be a CIDR block")));
        }
    }
    Ok((json!({"Field": field, "SourceIpConfig": {"Values": values}}), values.len()))
}

fn config<'a>(condition: &'a Value, field: &str, key: &str) -> Result<&'a Value, ApiError> {
    let missing = || invalid(format!("A '{key}' must be specified with '{field}'"));
    condition.get(key).filter(|config| config.is_object()).ok_or_else(missing)
}

fn values_of<'a>(config: &'a Value, field: &str, longest: usize) -> Result<Vec<&'a str>, ApiError> {
    let values = texts(config, "Values");
    if values.is_empty() && texts(config, "RegexValues").is_empty() {
        return Err(invalid(format!("A '{field}' value must be specified")));
    }
    values.iter().try_for_each(|value| fits(field, value, longest))?;
    Ok(values)
}

fn fits(what: &str, value: &str, longest: usize) -> Result<(), ApiError> {
    match value.chars().count() <= longest {
        true => Ok(()),
        false => Err(invalid(format!("The '{what}' value is too long; the limit is '{longest}'"))),
    }
}

/// The rewrites of requests that a rule makes, checked for their type only.
pub(super) fn transforms(input: &Value) -> Result<Vec<Value>, ApiError> {
    let given = items(input, "Transforms");
    for transform in given {
        let kind = required(transform, "Type")?;
        if !["host-header-rewrite", "url-rewrite"].contains(&kind) {
            return Err(invalid(format!(
                "1 validation error detected: Value '{kind}' at 'transforms.1.member.type' failed to satisfy \
                 constraint: Member must satisfy enum value set: [host-header-rewrite, url-rewrite]"
            )));
        }
    }
    Ok(given.to_vec())
}
