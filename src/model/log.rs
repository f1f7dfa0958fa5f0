//! Where a container's output goes, and what was found in it.
//!
//! Only as much of a log is kept as a task row asks for; logs are long, and may hold what nobody should see.

use super::ids::{ContainerName, TaskArn};
use super::row::LogProbe;
use super::text::Text;

/// A log held against what the task row asks of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogView {
    /// How many lines there are.
    pub lines: usize,
    /// The first line that has what some line must have.
    pub must: Option<String>,
    /// The first line that has what no line may have.
    pub must_not: Option<String>,
}

/// The options of the awslogs driver by which a container's log is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsLogs {
    /// `awslogs-group`.
    pub group: Text,
    /// `awslogs-stream-prefix`; Fargate demands one.
    pub prefix: Text,
}

impl AwsLogs {
    /// The log stream of a container of a task. Source: ECS, the awslogs driver: `prefix/container/task-id`.
    pub fn stream(&self, container: &ContainerName, task: &TaskArn) -> String {
        format!("{}/{container}/{}", self.prefix, task.id())
    }
}

impl LogView {
    /// Holds lines against a probe.
    pub fn of<'l>(probe: &LogProbe, lines: impl IntoIterator<Item = &'l str>) -> Self {
        let has = |text: &Option<String>, line: &str| text.as_ref().is_some_and(|text| line.contains(text.as_str()));
        let mut view = Self::default();
        for line in lines {
            view.lines += 1;
            if view.must.is_none() && has(&probe.must, line) {
                view.must = Some(line.to_owned());
            }
            if view.must_not.is_none() && has(&probe.must_not, line) {
                view.must_not = Some(line.to_owned());
            }
        }
        view
    }
}
