//! Whether the log of a task that exited with 0 says that it has done its work.
//!
//! | in the log | complete | judged |
//! |---|---|---|
//! | a line that must not be there | yes or no | failed |
//! | the line that must be there, and none is forbidden | yes or no | succeeded |
//! | otherwise | no | waited for |
//! | the line that must be there is missing | yes | failed |
//! | nothing forbidden, and what must be there is | yes | succeeded |
//! | not read | | waited for, then held for a person; never succeeded |

use crate::model::observed::{Observed, Seen, TaskView, Trouble, Why};
use crate::model::rollout::Attempt;
use crate::model::row::LogProbe;
use crate::model::time::Span;

use super::hold::HoldCause;

/// How long after a task has STOPPED its log counts as complete. The awslogs driver hands over what it holds before the
/// task is STOPPED, and CloudWatch Logs shows it within seconds; a minute is several times that. Shorter risks a line
/// that comes late and says that it failed, longer only delays.
const COMPLETE: Span = Span::seconds(60);

/// How long a log that cannot be read is waited for, before a person is asked. ECS shows the stopped task for about an
/// hour, after which its exit code is lost too.
const PATIENCE: Span = Span::minutes(10);

/// What a log says.
#[derive(Debug)]
pub(super) enum Probed {
    /// The task has done its work.
    Good,
    /// It has not, in these words.
    Bad(String),
    /// It cannot be told yet.
    Untold(HoldCause),
}

/// Judges the log of a task that is STOPPED with exit code 0.
pub(super) fn judge(probe: &LogProbe, observed: &Observed, attempt: &Attempt, ended: &TaskView) -> Probed {
    let age = ended.stopped_at.map_or(Span::ZERO, |stopped| observed.at.since(stopped));
    let log = match &observed.log {
        Seen::Present(log) => log,
        // The task was not yet known to have stopped when the log would have been read.
        Seen::Absent => return Probed::Untold(HoldCause::LogIncomplete { task: attempt.task.clone() }),
        Seen::Unknown(why) => return Probed::Untold(unread(attempt, why, age)),
    };
    let task = &attempt.task;
    if let Some(line) = &log.must_not {
        return Probed::Bad(format!("task {task} ended with exit code 0, but wrote: {}", shortened(line)));
    }
    match (&probe.must, &log.must, &probe.must_not) {
        (Some(_), Some(_), None) => Probed::Good,
        _ if age < COMPLETE => Probed::Untold(HoldCause::LogIncomplete { task: task.clone() }),
        (Some(must), None, _) => {
            let lines = log.lines;
            Probed::Bad(format!("task {task} ended with exit code 0, but none of its {lines} lines has `{must}`"))
        }
        (None, _, _) | (Some(_), Some(_), Some(_)) => Probed::Good,
    }
}

fn unread(attempt: &Attempt, why: &Why, age: Span) -> HoldCause {
    if age < COMPLETE {
        return HoldCause::LogIncomplete { task: attempt.task.clone() };
    }
    let trouble = if age < PATIENCE { why.trouble } else { Trouble::Lasting };
    let what = format!("the log of task {}", attempt.task);
    HoldCause::Unknown { what, why: Why { text: why.text.clone(), trouble } }
}

fn shortened(line: &str) -> String {
    const ENOUGH: usize = 120;
    let line = line.trim();
    match line.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
