//! All entries of one world, and how many of them are kept.
//!
//! Owns the numbers of entries and of requests. What a line shows belongs to `entry`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::entry::{Entry, Fact};
use crate::simulator::call::Call;
use crate::simulator::error::ApiError;
use crate::simulator::fault::Effect;
use crate::simulator::time::Time;

/// Everything that happened in one simulated world, or the last of it.
#[derive(Default, Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    /// How many entries there were before the first that is kept.
    forgotten: usize,
    most: Option<usize>,
    requests: u64,
    /// The newest answer to each question, by operation and input, so that the same answer is held once.
    answers: BTreeMap<(String, String), Arc<Value>>,
}

/// Questions whose answers are compared. Whoever watches an account asks the same few of them, again and again.
const QUESTIONS: usize = 4096;

impl Journal {
    /// Keeps the last `most` entries from now on; `None` keeps all.
    pub fn keep(&mut self, most: Option<usize>) {
        self.most = most;
        self.answers.clear();
        self.forget();
    }

    /// Records an API call with its outcome:
    /// `{"seq","time","type":"api","client","service","operation","input","status","error","result"}`,
    /// and, where it was sent elsewhere than to the home of the world, `account` and `region`.
    ///
    /// `error` is null on success; on refusal `result` holds the message and the extra members.
    pub fn api(&mut self, now: Time, call: &Call, outcome: &Result<Arc<Value>, ApiError>) {
        let outcome = outcome.as_ref().map(|answer| self.shared(call, answer)).map_err(ApiError::clone);
        self.record(now, Fact::Api { call: call.clone(), outcome });
    }

    /// An answer, held once with the one before if nothing has changed: of a month of looks at an account in which nothing
    /// moves, that leaves the questions.
    fn shared(&mut self, call: &Call, answer: &Arc<Value>) -> Arc<Value> {
        if self.most.is_some() {
            return Arc::clone(answer);
        }
        if self.answers.len() >= QUESTIONS {
            self.answers.clear();
        }
        let question = (call.operation.clone(), call.input.to_string());
        let before = self.answers.entry(question).or_insert_with(|| Arc::clone(answer));
        if before != answer {
            *before = Arc::clone(answer);
        }
        Arc::clone(before)
    }

    /// Records what a rule does to a call: `{"seq","time","type":"fault","rule","service","operation","effect"}`,
    /// before the call's own line if it has one.
    pub fn fault(&mut self, now: Time, rule: u64, call: &Call, effect: &Effect) {
        let (service, operation) = (call.service.name(), call.operation.clone());
        self.record(now, Fact::Fault { rule, service, operation, effect: effect.to_json() });
    }

    /// Records an event of the world: `{"seq","time","type":"event","event":kind, ...fields}`.
    ///
    /// `fields` is an object; anything else is kept under `detail`.
    pub fn event(&mut self, now: Time, kind: &str, fields: Value) {
        self.record(now, Fact::Event { kind: kind.to_owned(), fields });
    }

    /// All entries that are kept, oldest first.
    pub fn lines(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many entries there were; the `seq` of the next one.
    pub fn len(&self) -> usize {
        self.forgotten + self.entries.len()
    }

    /// Whether nothing has happened yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries from `seq` = `from` on, one JSON document per line, each line ended.
    pub fn to_json_lines(&self, from: usize) -> String {
        let mut lines = String::new();
        for entry in self.entries.iter().skip(from.saturating_sub(self.forgotten)) {
            lines.push_str(&entry.line().to_string());
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

    fn record(&mut self, time: Time, fact: Fact) {
        self.entries.push_back(Entry { seq: self.len(), time, fact });
        self.forget();
    }

    fn forget(&mut self) {
        while self.most.is_some_and(|most| self.entries.len() > most) {
            self.entries.pop_front();
            self.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::simulator::call::Service;

    fn call(input: Value) -> Call {
        Call::home(Service::Ecr, "GetAuthorizationToken", input, "test")
    }

    #[test]
    fn shows_calls_with_sorted_keys_and_without_secrets() {
        let mut journal = Journal::default();
        let data = json!({"proxyEndpoint": "https://x", "authorizationToken": "s3cret"});
        let outcome = Ok(Arc::new(json!({ "authorizationData": [data] })));
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
    fn the_same_answer_is_held_once_and_shown_each_time() {
        let (mut journal, call) = (Journal::default(), call(json!({})));
        for count in [1, 1, 2, 1] {
            journal.api(Time(0), &call, &Ok(Arc::new(json!({ "count": count }))));
        }
        let shown: Vec<Value> = journal.lines().map(|line| line.line()["result"]["count"].clone()).collect();
        assert_eq!(shown, [1, 1, 2, 1]);
        let held: Vec<*const Value> = journal
            .lines()
            .filter_map(|line| match &line.fact {
                Fact::Api { outcome, .. } => outcome.as_ref().ok().map(Arc::as_ptr),
                Fact::Fault { .. } | Fact::Event { .. } => None,
            })
            .collect();
        assert_eq!(held[0], held[1]);
        assert!(held[1] != held[2] && held[2] != held[3]);
    }

    #[test]
    fn shows_refusals_with_code_and_words() {
        let mut journal = Journal::default();
        let refusal = ApiError::client("ConflictException", "words").with("resourceIds", json!(["task"]));
        journal.api(Time(0), &call(json!({})), &Err(refusal));
        let line = journal.lines().next().unwrap().line();
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
    fn forgets_the_oldest_and_counts_on() {
        let mut journal = Journal::default();
        journal.keep(Some(2));
        (0..5).for_each(|n| journal.event(Time(n), "note", json!({ "n": n })));
        assert_eq!(journal.len(), 5);
        let seqs = |from| journal.to_json_lines(from).lines().map(|line| line[7..8].to_owned()).collect::<String>();
        assert_eq!((seqs(0), seqs(3), seqs(4), seqs(5)), ("34".into(), "34".into(), "4".into(), String::new()));
    }

    #[test]
    fn never_repeats_a_request_id() {
        let mut journal = Journal::default();
        let (first, second) = (journal.next_request_id(), journal.next_request_id());
        assert_ne!(first, second);
        assert_eq!(first.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
