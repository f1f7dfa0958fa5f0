//! What an AWS API answers when it refuses: a status, a code, a message, and sometimes more members.
//!
//! Owns the shape only. Which code and which words belong to the operation that refuses; how they are
//! put on the wire belongs to `wire/`. Divergence from AWS: request ids are not part of the error.

use serde_json::{Map, Value};

/// A refusal, before it is written in the protocol of its service.
///
/// `code` is the shape name without namespace (`ClusterNotFoundException`), or for the Query services the
/// modelled code (`TargetGroupNotFound`).
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// HTTP status: 400 when the caller is at fault, 500 when AWS is.
    pub status: u16,
    /// Error code as clients match on it.
    pub code: String,
    /// AWS's words.
    pub message: String,
    /// Further modelled members, for example `resourceIds` of ECS's ConflictException.
    /// Boxed, because most refusals have none and every answer carries room for one.
    pub extra: Box<Map<String, Value>>,
}

impl ApiError {
    /// A refusal with HTTP status 400.
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message.into())
    }

    /// A failure on AWS's side, with HTTP status 500.
    pub fn server(code: &str, message: impl Into<String>) -> Self {
        Self::new(500, code, message.into())
    }

    /// The answer of the JSON services to an operation that they do not have.
    pub fn unknown_operation() -> Self {
        Self::client("UnknownOperationException", "The requested operation is not recognized by the service.")
    }

    /// The answer of the Query services to an action that they do not have.
    pub fn invalid_action(action: &str, version: &str) -> Self {
        let message = format!("Could not find operation {action} for version {version}");
        Self::client("InvalidAction", message)
    }

    /// The same refusal with one more member.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.extra.insert(key.to_owned(), value);
        self
    }

    fn new(status: u16, code: &str, message: String) -> Self {
        Self { status, code: code.to_owned(), message, extra: Box::default() }
    }
}
