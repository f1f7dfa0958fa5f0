//! Why a text is not what it should be, and how to mend it.
//!
//! Knows nothing of files and positions: `table/` adds those.

use std::fmt;

/// A text that cannot be read as the thing it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong, as a sentence fragment: lowercase, no period.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl Invalid {
    /// A problem and the way out of it.
    pub fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { problem: problem.into(), hint: hint.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, hint } = self;
        write!(f, "{problem}; {hint}")
    }
}

impl std::error::Error for Invalid {}
