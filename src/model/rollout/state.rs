//! A record's state in the words of a tag, and the facts that several states carry.
//!
//! Only words: what a state means is said where it is defined, what follows from it is `plan`'s.

use std::collections::BTreeMap;

use super::{Attempt, Failure, Lost, RecordState};
use crate::model::ids::RowName;

impl RecordState {
    /// The state's name, as in the tag and in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Open => "open",
            Self::Launching(_) => "launching",
            Self::Launched(_) => "launched",
            Self::Succeeded(_) => "succeeded",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::Resolved(_) => "resolved",
            Self::Skipped => "skipped",
        }
    }

    /// Whether its rollout goes on.
    pub fn is_in_hand(&self) -> bool {
        match self {
            Self::Open | Self::Launching(_) | Self::Launched(_) => true,
            Self::Baseline
            | Self::Succeeded(_)
            | Self::Failed(_)
            | Self::Unknown(_)
            | Self::Resolved(_)
            | Self::Skipped => false,
        }
    }

    /// The number of the newest attempt, if there was one.
    pub fn attempt(&self) -> Option<u32> {
        match self {
            Self::Baseline | Self::Open | Self::Skipped | Self::Failed(Failure::Row(_) | Failure::Aborted) => None,
            Self::Launching(number)
            | Self::Resolved(number)
            | Self::Failed(Failure::Start(number) | Failure::Refused(number) | Failure::Told(number)) => Some(*number),
            Self::Launched(attempt)
            | Self::Succeeded(attempt)
            | Self::Failed(Failure::Task { attempt, exit: _ } | Failure::Log { attempt }) => Some(attempt.number),
            Self::Unknown(lost) => Some(lost.attempt),
        }
    }

    /// The id of the newest attempt's task, if it is known.
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Baseline
            | Self::Open
            | Self::Skipped
            | Self::Launching(_)
            | Self::Resolved(_)
            | Self::Failed(
                Failure::Row(_) | Failure::Aborted | Failure::Start(_) | Failure::Refused(_) | Failure::Told(_),
            ) => None,
            Self::Launched(attempt)
            | Self::Succeeded(attempt)
            | Self::Failed(Failure::Task { attempt, exit: _ } | Failure::Log { attempt }) => Some(&attempt.task),
            Self::Unknown(lost) => lost.task.as_deref(),
        }
    }

    /// The exit code of its task, if one was seen; a success has 0 by definition.
    pub fn exit(&self) -> Option<i32> {
        match self {
            Self::Succeeded(_) | Self::Failed(Failure::Log { .. }) => Some(0),
            Self::Failed(Failure::Task { attempt: _, exit }) => *exit,
            Self::Baseline
            | Self::Open
            | Self::Skipped
            | Self::Launching(_)
            | Self::Launched(_)
            | Self::Resolved(_)
            | Self::Unknown(_)
            | Self::Failed(
                Failure::Row(_) | Failure::Aborted | Failure::Start(_) | Failure::Refused(_) | Failure::Told(_),
            ) => None,
        }
    }

    /// Whether the rollout has ended with its rows as they were wanted, and with no task of which nobody knows: then the
    /// deployment task may be run again by a person's word.
    pub fn can_run_again(&self) -> bool {
        match self {
            Self::Baseline
            | Self::Succeeded(_)
            | Self::Resolved(_)
            | Self::Skipped
            | Self::Failed(
                Failure::Task { .. } | Failure::Start(_) | Failure::Refused(_) | Failure::Log { .. } | Failure::Told(_),
            ) => true,
            Self::Open
            | Self::Launching(_)
            | Self::Launched(_)
            | Self::Unknown(_)
            | Self::Failed(Failure::Row(_) | Failure::Aborted) => false,
        }
    }

    /// The state as words of a tag, its name first.
    pub fn said(&self) -> [(&'static str, Option<String>); 6] {
        let (row, how) = match self {
            Self::Failed(Failure::Row(row)) => (Some(row.to_string()), None),
            Self::Failed(Failure::Log { .. }) => (None, Some("log")),
            Self::Failed(Failure::Refused(_)) => (None, Some("refused")),
            Self::Failed(Failure::Told(_)) => (None, Some("told")),
            Self::Failed(Failure::Aborted) => (None, Some("aborted")),
            _ => (None, None),
        };
        [
            ("state", Some(self.name().to_owned())),
            ("attempt", self.attempt().map(|number| number.to_string())),
            ("task", self.task().map(str::to_owned)),
            ("exit", self.exit().map(|code| code.to_string())),
            ("row", row),
            ("how", how.map(str::to_owned)),
        ]
    }

    /// Reads the words that `said` gives; `None` for others.
    pub fn heard(words: &BTreeMap<&str, &str>) -> Option<Self> {
        let number = || words.get("attempt")?.parse().ok();
        let task = || words.get("task").map(|task| (*task).to_owned());
        let attempt = || Some(Attempt { number: number()?, task: task()? });
        let exit = || words.get("exit").map(|code| code.parse()).transpose().ok();
        Some(match *words.get("state")? {
            "baseline" => Self::Baseline,
            "open" => Self::Open,
            "launching" => Self::Launching(number()?),
            "launched" => Self::Launched(attempt()?),
            "succeeded" => Self::Succeeded(attempt()?),
            "failed" => Self::Failed(match (words.get("how").copied(), words.get("row"), words.get("task")) {
                (Some("log"), ..) => Failure::Log { attempt: attempt()? },
                (Some("refused"), ..) => Failure::Refused(number()?),
                (Some("told"), ..) => Failure::Told(number()?),
                (Some("aborted"), ..) => Failure::Aborted,
                (Some(_), ..) => return None,
                (None, Some(row), _) => Failure::Row(RowName::told(*row)),
                (None, None, Some(_)) => Failure::Task { attempt: attempt()?, exit: exit()? },
                (None, None, None) => Failure::Start(number()?),
            }),
            "unknown" => Self::Unknown(Lost { attempt: number()?, task: task() }),
            "resolved" => Self::Resolved(number()?),
            "skipped" => Self::Skipped,
            _ => return None,
        })
    }
}
