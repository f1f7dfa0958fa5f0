//! Reading the members of a decoded request.
//!
//! Owns the types of members, and AWS's answer to a member of another type. What a member means, and whether its
//! value makes sense, belongs to the operation. A JSON null is an absent member.

use serde_json::Value;

use crate::simulator::error::ApiError;

/// The input of one operation, or a structure inside of it.
#[derive(Clone, Copy)]
pub(super) struct Input<'a>(pub &'a Value);

impl<'a> Input<'a> {
    /// The member as it came, if it is there and not null.
    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// A string member.
    pub(super) fn text(self, key: &str) -> Result<Option<&'a str>, ApiError> {
        self.typed(key, "a String", Value::as_str)
    }

    /// A string member that the operation cannot do without.
    pub(super) fn required(self, key: &str) -> Result<&'a str, ApiError> {
        self.text(key)?.filter(|text| !text.is_empty()).ok_or_else(|| invalid(format!("{key} can not be blank.")))
    }

    /// An integer member.
    pub(super) fn int(self, key: &str) -> Result<Option<i64>, ApiError> {
        self.typed(key, "an Integer", Value::as_i64)
    }

    /// A boolean member; absent is false.
    pub(super) fn flag(self, key: &str) -> Result<bool, ApiError> {
        Ok(self.typed(key, "a Boolean", Value::as_bool)?.unwrap_or(false))
    }

    /// The elements of a list member; absent is empty.
    pub(super) fn items(self, key: &str) -> Result<&'a [Value], ApiError> {
        Ok(self.typed(key, "a List", |value| value.as_array().map(Vec::as_slice))?.unwrap_or(&[]))
    }

    /// The elements of a list of strings; absent is empty.
    pub(super) fn texts(self, key: &str) -> Result<Vec<&'a str>, ApiError> {
        let read = |value: &'a Value| value.as_str().ok_or_else(|| mistyped(value, "a String"));
        self.items(key)?.iter().map(read).collect()
    }

    /// Whether a list of strings (as `include`) holds `word`.
    pub(super) fn includes(self, word: &str) -> Result<bool, ApiError> {
        Ok(self.texts("include")?.contains(&word))
    }

    fn typed<T>(self, key: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ApiError> {
        self.get(key).map(|value| read(value).ok_or_else(|| mistyped(value, wanted))).transpose()
    }
}

/// `InvalidParameterException`, the refusal of nearly everything in ECS.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterException", message)
}

/// `ClientException`: the request makes sense, but not now or not on this resource.
pub(super) fn client_error(message: impl Into<String>) -> ApiError {
    ApiError::client("ClientException", message)
}

fn mistyped(value: &Value, wanted: &str) -> ApiError {
    let found = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    ApiError::client("SerializationException", format!("{found} can not be converted to {wanted}"))
}
