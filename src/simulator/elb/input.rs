//! Reading Query inputs: lists, numbers and pages out of JSON whose leaves are all strings.
//!
//! Owns the refusals for values that cannot be read at all (`ValidationError`).

use std::str::FromStr;

use serde_json::{Value, json};

use crate::simulator::error::ApiError;

/// AWS gives and takes at most this many items per page.
const MAX_PAGE: usize = 400;

/// The member `key`, if it is there and not empty.
pub(super) fn text<'a>(input: &'a Value, key: &str) -> Option<&'a str> {
    input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The member `key`.
pub(super) fn required<'a>(input: &'a Value, key: &str) -> Result<&'a str, ApiError> {
    text(input, key).ok_or_else(|| is_null(key))
}

/// Fails if the member `key` is there, and empty or longer than `most` characters.
pub(super) fn length(input: &Value, key: &str, most: usize) -> Result<(), ApiError> {
    let Some(given) = input.get(key).and_then(Value::as_str) else {
        return Ok(());
    };
    let bound = match given.chars().count() {
        0 => "greater than or equal to 1".to_owned(),
        length if length > most => format!("less than or equal to {most}"),
        _ => return Ok(()),
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{given}' at '{key}' failed to satisfy constraint: Member must have length \
         {bound}"
    )))
}

/// The items of the list `key`; none if it is left out or empty.
pub(super) fn items<'a>(input: &'a Value, key: &str) -> &'a [Value] {
    input.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Fails if the list `key` is left out or empty.
pub(super) fn some(input: &Value, key: &str) -> Result<(), ApiError> {
    if items(input, key).is_empty() { Err(is_null(key)) } else { Ok(()) }
}

/// The strings of the list `key`.
pub(super) fn texts<'a>(input: &'a Value, key: &str) -> Vec<&'a str> {
    items(input, key).iter().filter_map(Value::as_str).collect()
}

/// The member `key` as a number within bounds, or `default` if it is left out.
pub(super) fn number<N>(input: &Value, key: &str, bounds: (N, N), default: N) -> Result<N, ApiError>
where
    N: FromStr + PartialOrd + std::fmt::Display + Copy,
{
    let Some(text) = text(input, key) else {
        return Ok(default);
    };
    let (low, high) = bounds;
    match text.parse::<N>() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        Ok(_) => Err(invalid(format!("{key} '{text}' must be between {low} and {high}"))),
        Err(_) => Err(invalid(format!("{key} '{text}' is not a number"))),
    }
}

/// The page of `all` that the input's `Marker` and `PageSize` ask for, under `key`, with `NextMarker` if there is more.
///
/// A marker is the number of items before it; AWS's are opaque too, and just as short-lived.
pub(super) fn page(input: &Value, key: &str, all: Vec<Value>) -> Result<Value, ApiError> {
    let size = number(input, "PageSize", (1, MAX_PAGE), MAX_PAGE)?;
    let start: usize = match text(input, "Marker") {
        None => 0,
        Some(marker) => marker
            .strip_prefix("after-")
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| invalid(format!("Invalid marker '{marker}'")))?,
    };
    let end = start.saturating_add(size);
    let more = all.len() > end;
    let page: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    Ok(if more { json!({ key: page, "NextMarker": format!("after-{end}") }) } else { json!({ key: page }) })
}

fn is_null(key: &str) -> ApiError {
    invalid(format!(
        "1 validation error detected: Value null at '{key}' failed to satisfy constraint: Member must not be null"
    ))
}

/// The Query services' answer to a value that makes no sense.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationError", message)
}
