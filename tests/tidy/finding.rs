//! What a rule found: where, what is wrong, and what to do about it.

use std::fmt;

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    /// The file, from the root of the repository.
    pub(super) path: String,
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong there, and what to do.
    pub(super) what: String,
}

impl Finding {
    pub(super) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what } = self;
        write!(f, "{path}:{line}: {what}")
    }
}

/// Fails with every finding at once.
#[track_caller]
pub(super) fn none(findings: impl IntoIterator<Item = Finding>) {
    let mut findings: Vec<Finding> = findings.into_iter().collect();
    findings.sort();
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} found:\n{}", lines.len(), lines.join("\n"));
}
