//! Questions to the journal: what was written by whom, and what became of tasks and targets in which order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::seen;

/// Names of operations that change nothing.
const READS: [&str; 4] = ["Describe", "List", "Get", "BatchGet"];

/// A part of the journal, from one entry to its end.
pub(super) struct Journal {
    entries: Vec<Value>,
    end: usize,
}

impl Journal {
    /// Reads JSON lines, the first of which is entry `from`.
    pub(super) fn read(lines: &str, from: usize) -> Self {
        let entries: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("the journal has JSON lines")).collect();
        seen::keep(&entries);
        let end = from + entries.len();
        Self { entries, end }
    }

    /// The place from which the next part begins.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Its entries, in order.
    pub(super) fn entries(&self) -> &[Value] {
        &self.entries
    }

    /// Every API call of the program, as operations.
    pub(super) fn calls(&self) -> Vec<&str> {
        self.of_us().map(operation).collect()
    }

    /// Every API call of the program that asks AWS for a change, refused or not.
    pub(super) fn writes(&self) -> Vec<&Value> {
        self.of_us().filter(|entry| !READS.iter().any(|read| operation(entry).starts_with(read))).collect()
    }

    /// Fails unless the program wrote nothing.
    #[track_caller]
    pub(super) fn has_no_write(&self) {
        let operations: Vec<&str> = self.writes().into_iter().map(operation).collect();
        assert!(operations.is_empty(), "the program wrote: {operations:?}");
    }

    /// The writes of one operation, as inputs.
    pub(super) fn inputs(&self, wanted: &str) -> Vec<&Value> {
        self.writes().into_iter().filter(|entry| operation(entry) == wanted).map(|entry| &entry["input"]).collect()
    }

    /// The tasks that the program started by RunTask.
    pub(super) fn one_off_tasks(&self) -> BTreeSet<&str> {
        self.births().filter(|entry| words(entry, "startedBy").starts_with("evenkeel/")).map(task).collect()
    }

    /// Fails unless exactly one one-off task was started, and only after the last old task was STOPPED and the last
    /// old target was gone. Old is what does not belong to the newest deployment of its service.
    ///
    /// `before` are the tasks that ran when this part of the journal began.
    #[track_caller]
    pub(super) fn ran_one_task_after_everything_old_was_gone(&self, before: &BTreeSet<String>) {
        let tasks = self.one_off_tasks();
        assert_eq!(tasks.len(), 1, "one-off tasks: {tasks:?}");
        let launched = self.births().find(|entry| tasks.contains(task(entry))).map(sequence).expect("it was born");
        let newest = self.newest_deployments();
        let born_old = self
            .births()
            .filter(|entry| entry["service"].is_string())
            .filter(|entry| newest.get(words(entry, "service")).is_some_and(|id| *id != words(entry, "deployment")))
            .map(|entry| task(entry).to_owned());
        let old: BTreeSet<String> = before.iter().cloned().chain(born_old).collect();
        assert!(!old.is_empty(), "nothing old: there was no rollout");
        for arn in &old {
            let stopped = self.last(arn, "task.status", "STOPPED");
            assert!(stopped.is_some_and(|at| at < launched), "{arn} stopped at {stopped:?}, launched at {launched}");
            if self.about(arn, "target.state").next().is_some() {
                let gone = self.last(arn, "target.state", "unused");
                assert!(gone.is_some_and(|at| at < launched), "{arn}'s target went at {gone:?}, launch at {launched}");
            }
        }
    }

    /// The newest deployment of each service that got one.
    fn newest_deployments(&self) -> BTreeMap<&str, &str> {
        let created = self.entries.iter().filter(|entry| entry["event"] == "deployment.created");
        created.map(|entry| (words(entry, "service"), words(entry, "deployment"))).collect()
    }

    /// Where the last such event of a task is, if it is the last of its kind for this task.
    fn last(&self, arn: &str, event: &str, to: &str) -> Option<u64> {
        self.about(arn, event).last().filter(|entry| entry["to"] == to).map(sequence)
    }

    fn about<'a>(&'a self, arn: &'a str, event: &'a str) -> impl Iterator<Item = &'a Value> {
        self.entries.iter().filter(move |entry| entry["event"] == event && task(entry) == arn)
    }

    fn births(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().filter(|entry| entry["event"] == "task.status" && entry["from"].is_null())
    }

    fn of_us(&self) -> impl Iterator<Item = &Value> {
        let api = self.entries().iter().filter(|entry| entry["type"] == "api");
        api.filter(|entry| !words(entry, "client").starts_with("a-stranger"))
    }
}

/// The operation of an API call.
pub(super) fn operation(entry: &Value) -> &str {
    words(entry, "operation")
}

fn task(entry: &Value) -> &str {
    words(entry, "task")
}

fn words<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_default()
}

fn sequence(entry: &Value) -> u64 {
    entry["seq"].as_u64().expect("entries are numbered")
}
