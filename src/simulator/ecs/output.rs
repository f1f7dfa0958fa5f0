//! What containers write: lines by subject, and the log streams of those with the awslogs driver.
//!
//! Owns who writes what and when. Where it is kept is CloudWatch Logs' business, which takes it from here.
//!
//! Divergence from AWS: apps say nothing unless they are told to; only the awslogs driver is known.

use std::collections::BTreeMap;

use super::state::{Ecs, Scene};
use crate::simulator::logs::Written;

/// A line that a container writes: milliseconds after RUNNING, and what.
pub type LogLine = (i64, String);

/// Lines by subject, and what was written and is not taken in yet.
#[derive(Clone, Default, Debug)]
pub(super) struct Output {
    lines: BTreeMap<String, Vec<LogLine>>,
    written: Vec<Written>,
}

impl Ecs {
    /// From now on, containers of a subject (a task definition family) that start write these lines.
    pub fn set_log(&mut self, family: &str, lines: Vec<LogLine>) {
        self.output.lines.insert(family.to_owned(), lines);
    }

    /// What was written since this was last asked.
    pub(in crate::simulator) fn take_output(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.output.written)
    }

    /// The containers of a task run: their streams begin.
    pub(super) fn begin_output(&mut self, scene: &Scene<'_>, id: &str) {
        let family = self.tasks.get(id).map(|task| task.family.clone()).unwrap_or_default();
        let lines = self.output.lines.get(&family).cloned().unwrap_or_default();
        for (group, stream) in self.streams_of(id) {
            self.output.written.push(Written::Begin { group: group.clone(), stream: stream.clone() });
            self.output.written.extend(lines.iter().map(|(ms, message)| Written::Line {
                group: group.clone(),
                stream: stream.clone(),
                at: scene.now.plus_millis(*ms),
                message: message.clone(),
            }));
        }
    }

    /// The containers of a task have ended.
    pub(super) fn end_output(&mut self, id: &str) {
        for (group, stream) in self.streams_of(id) {
            self.output.written.push(Written::End { group, stream });
        }
    }

    /// Group and stream of each container of a task that has the awslogs driver.
    fn streams_of(&self, id: &str) -> Vec<(String, String)> {
        let Some(task) = self.tasks.get(id) else { return Vec::new() };
        let Some(definition) = self.task_definition(&task.task_definition) else { return Vec::new() };
        let mut streams = Vec::new();
        for container in definition.containers() {
            let log = &container["logConfiguration"];
            let option = |key: &str| log["options"][key].as_str();
            if let (Some("awslogs"), Some(group)) = (log["logDriver"].as_str(), option("awslogs-group")) {
                let name = container["name"].as_str().unwrap_or_default();
                let prefix = option("awslogs-stream-prefix").map(|prefix| format!("{prefix}/{name}/"));
                streams.push((group.to_owned(), format!("{}{id}", prefix.unwrap_or_default())));
            }
        }
        streams
    }
}
