//! Problems: what is wrong in a table, where, and what to write instead.
//!
//! Owns their order and their shape as data; how they look is `render`.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// One thing that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The field, as `spec.rows[2].vcpu`; empty where the file as a whole is meant.
    pub path: String,
    /// The offending text as it stands in the file; only its first line, and at most 640 characters.
    pub text: String,
    /// What is wrong: lowercase, no period.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
    /// The offending text's bytes in [`Problems::source`].
    pub span: Range<usize>,
}

/// Everything that is wrong in one file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file's name as it is shown.
    pub file: String,
    /// Its text, without a byte order mark and with bytes that are not UTF-8 replaced; empty if it was too large.
    pub source: String,
    /// The problems in the order of the file.
    pub list: Vec<Problem>,
}

/// A problem as JSON output carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProblemJson<'a> {
    /// The file's name as it is shown.
    pub file: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The field, as `spec.rows[2].vcpu`.
    pub path: &'a str,
    /// The offending text.
    pub text: &'a str,
    /// What is wrong.
    pub problem: &'a str,
    /// What to write instead.
    pub hint: &'a str,
}

/// A problem that knows its bytes, and not yet its line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    start: usize,
    end: usize,
    path: String,
    problem: String,
    hint: String,
}

impl Finding {
    /// What is wrong at a place.
    pub(super) fn new(span: Range<usize>, path: impl Into<String>, problem: impl Into<String>) -> Self {
        let Range { start, end } = span;
        Self { start, end, path: path.into(), problem: problem.into(), hint: String::new() }
    }

    /// What to write instead.
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

impl Problems {
    /// Findings in the order of the file, each once, with their lines.
    pub(super) fn new(file: &str, source: String, mut findings: Vec<Finding>) -> Self {
        findings.sort();
        // A fault in a value with several aliases is found at each of them and stands at one place.
        findings.dedup_by(|a, b| (a.start, a.end, &a.problem) == (b.start, b.end, &b.problem));
        let mut place = Place { offset: 0, line: 1, column: 1 };
        let list = findings
            .into_iter()
            .map(|finding| {
                place = place.moved(&source, finding.start);
                let Finding { start, end, path, problem, hint } = finding;
                let text = clipped(source.get(start..end).and_then(|text| text.lines().next()).unwrap_or_default());
                let (problem, hint) = (clipped(&problem), clipped(&hint));
                Problem { line: place.line, column: place.column, path, text, problem, hint, span: start..end }
            })
            .collect();
        Self { file: file.to_owned(), source, list }
    }

    /// The problems as JSON output carries them.
    pub fn json(&self) -> Vec<ProblemJson<'_>> {
        let Self { file, source: _, list } = self;
        list.iter()
            .map(|Problem { line, column, path, text, problem, hint, span: _ }| ProblemJson {
                file,
                line: *line,
                column: *column,
                path,
                text,
                problem,
                hint,
            })
            .collect()
    }
}

/// A sentence, even if the text that it quotes is a megabyte long. ECS's longest name, twice, still fits.
fn clipped(text: &str) -> String {
    const MOST: usize = 640;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Problems {
    /// One line each, for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, column, problem, hint, .. }) in self.list.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{}:{line}:{column}: {problem}; {hint}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A place in a text. It only moves forward, so that the places of all problems cost one look at the text.
#[derive(Clone, Copy)]
struct Place {
    offset: usize,
    line: usize,
    column: usize,
}

impl Place {
    fn moved(self, source: &str, to: usize) -> Self {
        let Self { offset, mut line, mut column } = self;
        for letter in source.get(offset..to).unwrap_or_default().chars() {
            if letter == '\n' {
                (line, column) = (line + 1, 1);
            } else {
                column += 1;
            }
        }
        Self { offset: to.max(offset), line, column }
    }
}
