//! Reading the members of a JSON input, with the refusals that AWS's JSON services give for wrong types.
//!
//! Owns types only: which member may be left out, and what values it may have, belongs to the operations.
//! A member that is null counts as left out, as it does for AWS.

use serde_json::Value;

use crate::simulator::error::ApiError;

/// The member `key` as a string, if it is there.
///
/// # Errors
/// `SerializationException` if it is something else.
pub(super) fn text<'a>(input: &'a Value, key: &str) -> Result<Option<&'a str>, ApiError> {
    if !input.is_object() {
        return Err(wrong_type(input, "a Structure"));
    }
    match input.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(other, "a String")),
    }
}

/// The member `key` as a whole number, if it is there.
///
/// # Errors
/// `SerializationException` if it is something else.
pub(super) fn whole(input: &Value, key: &str) -> Result<Option<i64>, ApiError> {
    match input.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong_type(value, "an Integer")),
    }
}

/// The member `key` as a boolean, if it is there.
///
/// # Errors
/// `SerializationException` if it is something else.
pub(super) fn truth(input: &Value, key: &str) -> Result<Option<bool>, ApiError> {
    match input.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_bool().map(Some).ok_or_else(|| wrong_type(value, "a Boolean")),
    }
}

/// The items of the list `key`; none if it is left out.
///
/// # Errors
/// `SerializationException` if it is something else.
pub(super) fn items<'a>(input: &'a Value, key: &str) -> Result<&'a [Value], ApiError> {
    match input.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(wrong_type(other, "a List")),
    }
}

/// The strings of the list `key`; none if it is left out.
///
/// # Errors
/// `SerializationException` if it, or an item of it, is something else.
pub(super) fn texts<'a>(input: &'a Value, key: &str) -> Result<Vec<&'a str>, ApiError> {
    let items = items(input, key)?.iter();
    items.map(|item| item.as_str().ok_or_else(|| wrong_type(item, "a String"))).collect()
}

/// The refusal of a value that is not what was `wanted`.
pub(super) fn wrong_type(value: &Value, wanted: &str) -> ApiError {
    let found = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "LIST_VALUE",
        Value::Object(_) => "STRUCTURE_VALUE",
    };
    ApiError::client("SerializationException", format!("{found} can not be converted to {wanted}"))
}

/// Leaves out, at every depth, what has no value: a member that is null was not said.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
