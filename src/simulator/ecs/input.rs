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

    /// A number member.
    pub(super) fn number(self, key: &str) -> Result<Option<f64>, ApiError> {
        self.typed(key, "a Double", Value::as_f64)
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

    /// A word, which must be among those that AWS has.
    pub(super) fn word(self, key: &str, known: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.text(key)? {
            Some(word) if !known.contains(&word) => Err(no_word(key, word, known)),
            word => Ok(word),
        }
    }

    /// The elements of a list of words, all of which must be among those that AWS has.
    pub(super) fn words(self, key: &str, known: &[&str]) -> Result<Vec<&'a str>, ApiError> {
        let words = self.texts(key)?;
        match words.iter().find(|word| !known.contains(word)) {
            Some(word) => Err(no_word(key, word, known)),
            None => Ok(words),
        }
    }

    /// Whether the answer is to have tags: TAGS is all that `include` can say of most resources.
    pub(super) fn includes_tags(self) -> Result<bool, ApiError> {
        Ok(!self.words("include", &["TAGS"])?.is_empty())
    }

    /// Fails unless the member is there; it may be empty.
    pub(super) fn must_have(self, key: &str) -> Result<(), ApiError> {
        self.get(key).map(|_| ()).ok_or_else(|| invalid(format!("{key} can not be null.")))
    }

    fn typed<T>(self, key: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ApiError> {
        if !self.0.is_object() {
            return Err(mistyped(self.0, "a Structure"));
        }
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

/// The refusal of a word that is none of AWS's. The text is assumed.
pub(super) fn no_word(key: &str, word: &str, known: &[&str]) -> ApiError {
    invalid(format!("{key} {word} is not valid. Valid values are {}.", known.join(", ")))
}

/// The refusal of a value of another type than `wanted`.
pub(super) fn mistyped(value: &Value, wanted: &str) -> ApiError {
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
