//! Exit codes: what a script learns of how it ended. docs/cli.md documents them.

use crate::controller::settle::End;
use crate::reconcile::pass::Verdict;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Converged, or nothing to do.
    Done,
    /// Failed.
    Failed,
    /// Bad input or usage.
    BadInput,
    /// The plan has changes.
    Changes,
    /// Time was up.
    TimedOut,
    /// Held for a person.
    Held,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadInput => 2,
            Self::Changes => 3,
            Self::TimedOut => 4,
            Self::Held => 5,
            Self::Interrupted => 130,
        }
    }

    /// The worse of two, for a command about several tables.
    pub fn or_worse(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// What a person must know of first.
    fn weight(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Changes => 1,
            Self::TimedOut => 2,
            Self::Held => 3,
            Self::Failed => 4,
            Self::BadInput => 5,
            Self::Interrupted => 6,
        }
    }
}

impl From<End> for Exit {
    fn from(end: End) -> Self {
        match end {
            End::Reached(verdict) => Self::from(verdict),
            End::TimedOut => Self::TimedOut,
            End::Unseen => Self::Failed,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            // Whoever did not ask to wait got what they asked for.
            Verdict::Converged | Verdict::Progressing => Self::Done,
            Verdict::Held => Self::Held,
            Verdict::Failed => Self::Failed,
        }
    }
}
