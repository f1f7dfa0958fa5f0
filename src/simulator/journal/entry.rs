//! One line of the journal: what is kept of it, and how it is shown.
//!
//! Keeps answers as they were given, shared with whoever gave them: a journal that nobody reads costs next to nothing.
//! Sorting and hiding happen when a line is shown.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::simulator::arn::Place;
use crate::simulator::call::Call;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// Members whose values are secrets, in any case of their first letter.
const SECRETS: [&str; 4] = ["authorizationToken", "secretAccessKey", "sessionToken", "webIdentityToken"];

/// One line of the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Position in the journal, from 0, without gaps.
    pub seq: usize,
    /// When it happened.
    pub time: Time,
    pub(super) fact: Fact,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Fact {
    /// A call was answered.
    Api { call: Call, outcome: Result<Arc<Value>, ApiError> },
    /// A rule did something to a call.
    Fault { rule: u64, service: &'static str, operation: String, effect: Value },
    /// Something happened in the world.
    Event { kind: String, fields: Value },
}

impl Entry {
    /// `api`, `fault` or `event`.
    pub fn kind(&self) -> &'static str {
        match &self.fact {
            Fact::Api { .. } => "api",
            Fact::Fault { .. } => "fault",
            Fact::Event { .. } => "event",
        }
    }

    /// The operation that an `api` line is about.
    pub fn operation(&self) -> Option<&str> {
        match &self.fact {
            Fact::Api { call, outcome: _ } => Some(&call.operation),
            Fact::Fault { .. } | Fact::Event { .. } => None,
        }
    }

    /// The kind and the fields of an `event` line.
    pub fn event(&self) -> Option<(&str, &Value)> {
        match &self.fact {
            Fact::Event { kind, fields } => Some((kind, fields)),
            Fact::Api { .. } | Fact::Fault { .. } => None,
        }
    }

    /// The whole line as it is shown: `seq`, `time` (RFC 3339), `type` and what belongs to it.
    pub fn line(&self) -> Value {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        put("seq", json!(self.seq));
        put("time", json!(self.time.rfc3339()));
        put("type", json!(self.kind()));
        match &self.fact {
            Fact::Api { call, outcome } => show_call(&mut line, call, outcome),
            Fact::Fault { rule, service, operation, effect } => {
                put("rule", json!(rule));
                put("service", json!(service));
                put("operation", json!(operation));
                put("effect", effect.clone());
            }
            Fact::Event { kind, fields } => {
                put("event", json!(kind));
                match presentable(fields.clone()) {
                    Value::Object(fields) => line.extend(fields),
                    detail @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                        line.insert("detail".to_owned(), detail);
                    }
                }
            }
        }
        Value::Object(line)
    }
}

fn show_call(line: &mut Map<String, Value>, call: &Call, outcome: &Result<Arc<Value>, ApiError>) {
    let Call { service, operation, input, client, place } = call;
    let (status, error, result) = match outcome {
        Ok(result) => (200, Value::Null, Value::clone(result)),
        Err(ApiError { status, code, message, extra }) => {
            let mut members = extra.as_ref().clone();
            members.insert("message".to_owned(), json!(message));
            (*status, json!(code), Value::Object(members))
        }
    };
    let fields = [
        ("client", json!(client)),
        ("service", json!(service.name())),
        ("operation", json!(operation)),
        ("input", presentable(input.clone())),
        ("status", json!(status)),
        ("error", error),
        ("result", presentable(result)),
    ];
    line.extend(fields.map(|(key, value)| (key.to_owned(), value)));
    if let Some(Place { account, region }) = place {
        line.insert("account".to_owned(), json!(account));
        line.insert("region".to_owned(), json!(region));
    }
}

/// Sorted, because SDKs send maps in the order of their hashes; and without secrets.
fn presentable(mut value: Value) -> Value {
    value.sort_all_objects();
    hide_secrets(&mut value);
    value
}

fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(key)) {
                    *member = json!("…");
                } else {
                    hide_secrets(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
