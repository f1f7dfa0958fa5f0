//! The journal: every API call and every event of the world, in order, in virtual time.
//!
//! Owns entries, their numbers and their JSON lines, and the numbering of requests. It only records; nothing in the
//! simulator may read it to decide. Keys are sorted and secrets left out, so one seed gives one journal, byte for byte.
//!
//! Divergence from AWS: there is no such thing; CloudTrail is the nearest, and it is late and incomplete.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::simulator::arn::Place;
use crate::simulator::call::Call;
use crate::simulator::error::ApiError;
use crate::simulator::fault::Effect;
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
    /// The whole line as it is shown: `seq`, `time` (RFC 3339), `type` (`api`, `fault` or `event`) and what belongs to it.
    pub line: Value,
}

/// Everything that happened in one simulated world.
#[derive(Default, Debug)]
pub struct Journal {
    entries: Vec<Entry>,
    requests: u64,
}

impl Journal {
    /// Records an API call with its outcome:
    /// `{"seq","time","type":"api","client","service","operation","input","status","error","result"}`.
    ///
    /// and, where it was sent elsewhere than to the home of the world, `account` and `region`.
    /// `error` is null on success; on refusal `result` holds the message and the extra members.
    pub fn api(&mut self, now: Time, call: &Call, outcome: &Result<Value, ApiError>) {
        let Call { service, operation, input, client, place } = call;
        let (status, error, result) = match outcome {
            Ok(result) => (200, Value::Null, result.clone()),
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
        let elsewhere = place.iter().flat_map(|Place { account, region }| [("account", account), ("region", region)]);
        let fields = fields.into_iter().chain(elsewhere.map(|(key, value)| (key, json!(value))));
        self.record(now, "api", fields.map(|(key, value)| (key.to_owned(), value)));
    }

    /// Records what a rule does to a call: `{"seq","time","type":"fault","rule","service","operation","effect"}`,
    /// before the call's own line if it has one.
    pub fn fault(&mut self, now: Time, rule: u64, call: &Call, effect: &Effect) {
        let Call { service, operation, input: _, client: _, place: _ } = call;
        let fields = [
            ("rule", json!(rule)),
            ("service", json!(service.name())),
            ("operation", json!(operation)),
            ("effect", effect.to_json()),
        ];
        self.record(now, "fault", fields.map(|(key, value)| (key.to_owned(), value)));
    }

    /// Records an event of the world: `{"seq","time","type":"event","event":kind, ...fields}`.
    ///
    /// `fields` is an object; anything else is kept under `detail`.
    pub fn event(&mut self, now: Time, kind: &str, fields: Value) {
        let fields = match presentable(fields) {
            Value::Object(fields) => fields,
            detail @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Map::from_iter([("detail".to_owned(), detail)])
            }
        };
        let kind = ("event".to_owned(), json!(kind));
        self.record(now, "event", std::iter::once(kind).chain(fields));
    }

    /// All entries, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many entries there are; the `seq` of the next one.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has happened yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries from `seq` = `from` on, one JSON document per line, each line ended.
    pub fn to_json_lines(&self, from: usize) -> String {
        let mut lines = String::new();
        for entry in self.entries.iter().skip(from) {
            lines.push_str(&entry.line.to_string());
            lines.push('\n');
        }
        lines
    }

    /// The id of the next request, shaped like AWS's (a UUID).
    ///
    /// Derived from a count and not from the world's chance: one more look at the world must not change its future.
    pub fn next_request_id(&mut self) -> String {
        self.requests += 1;
        let hash = Sha256::digest(format!("request {}", self.requests));
        let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    fn record(&mut self, time: Time, kind: &str, fields: impl IntoIterator<Item = (String, Value)>) {
        let seq = self.entries.len();
        let mut line = Map::new();
        line.insert("seq".to_owned(), json!(seq));
        line.insert("time".to_owned(), json!(time.rfc3339()));
        line.insert("type".to_owned(), json!(kind));
        line.extend(fields);
        self.entries.push(Entry { seq, time, line: Value::Object(line) });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::call::Service;

    fn call(input: Value) -> Call {
        Call::home(Service::Ecr, "GetAuthorizationToken", input, "test")
    }

    #[test]
    fn shows_calls_with_sorted_keys_and_without_secrets() {
        let mut journal = Journal::default();
        let outcome =
            Ok(json!({"authorizationData": [{"proxyEndpoint": "https://x", "authorizationToken": "s3cret"}]}));
        journal.api(Time(0), &call(json!({"b": 1, "a": {"d": 1, "c": 2}})), &outcome);
        assert_eq!(
            journal.to_json_lines(0),
            concat!(
                r#"{"seq":0,"time":"1970-01-01T00:00:00.000Z","type":"api","client":"test","service":"ecr","#,
                r#""operation":"GetAuthorizationToken","input":{"a":{"c":2,"d":1},"b":1},"status":200,"error":null,"#,
                r#""result":{"authorizationData":[{"authorizationToken":"…","proxyEndpoint":"https://x"}]}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn shows_refusals_with_code_and_words() {
        let mut journal = Journal::default();
        let refusal = ApiError::client("ConflictException", "words").with("resourceIds", json!(["task"]));
        journal.api(Time(0), &call(json!({})), &Err(refusal));
        let line = &journal.lines().next().unwrap().line;
        assert_eq!((&line["status"], &line["error"]), (&json!(400), &json!("ConflictException")));
        assert_eq!(line["result"], json!({"message": "words", "resourceIds": ["task"]}));
    }

    #[test]
    fn continues_where_a_reader_stopped() {
        let mut journal = Journal::default();
        journal.event(Time(0), "task.status", json!({"from": null, "to": "PROVISIONING"}));
        journal.event(Time(1), "note", json!("bare"));
        assert_eq!(journal.to_json_lines(1).lines().count(), 1);
        assert!(journal.to_json_lines(1).contains(r#""event":"note","detail":"bare""#));
        assert_eq!(journal.to_json_lines(2), "");
    }

    #[test]
    fn never_repeats_a_request_id() {
        let mut journal = Journal::default();
        let (first, second) = (journal.next_request_id(), journal.next_request_id());
        assert_ne!(first, second);
        assert_eq!(first.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
