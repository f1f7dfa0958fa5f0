//! Problems as people read them: one block each, with the line and the offending text marked.
//!
//! miette draws the block; this file only cuts lines that are too long to read and adds the hint and the count.
//! The result is a function of the problems, the width and whether there is colour.

use std::fmt::{self, Write};
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::problem::{Problem, Problems};

/// Longer lines are cut around the mark, so that a file of one line still shows what is meant.
const MOST_LETTERS: usize = 160;

impl Problems {
    /// All problems for a terminal of `width` columns, and a line that counts them.
    pub fn render(&self, color: bool, width: usize) -> String {
        let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width.max(40))
            .with_context_lines(0)
            .with_links(false)
            .with_cause_chain()
            .tab_width(4);
        let hint = if color { AnsiColor::Cyan.on_default() } else { Style::new() };
        let mut out = String::new();
        for problem in &self.list {
            let shown = Shown::new(self, problem);
            handler.render_report(&mut out, &shown).expect("writing to a string cannot fail");
            writeln!(out, "  {hint}hint:{hint:#} {}\n", problem.hint).expect("writing to a string cannot fail");
        }
        let count = self.list.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        writeln!(out, "{count} {noun} in {}", self.file).expect("writing to a string cannot fail");
        out
    }
}

/// One problem and the one line that it is on.
#[derive(Debug)]
struct Shown {
    message: String,
    file: String,
    line: usize,
    column: usize,
    /// The line as it is shown; `None` if the file has no text to show.
    text: Option<String>,
    mark: Range<usize>,
}

impl Shown {
    fn new(problems: &Problems, problem: &Problem) -> Self {
        let Problems { file, source, list: _ } = problems;
        let Problem { line, column, problem, span, path: _, text: _, hint: _ } = problem;
        let start = source[..span.start].rfind('\n').map_or(0, |end| end + 1);
        let text = source[start..].lines().next().unwrap_or_default();
        let (text, mark) = cut(text, span.start - start..span.end - start);
        let (message, text) =
            if source.is_empty() { (format!("{file}: {problem}"), None) } else { (problem.clone(), Some(text)) };
        Self { message, file: file.clone(), line: *line, column: *column, text, mark }
    }
}

/// A line short enough to read, and where the mark is in it.
fn cut(line: &str, mark: Range<usize>) -> (String, Range<usize>) {
    let (start, end) = (mark.start.min(line.len()), mark.end.min(line.len()));
    let (before, marked, after) = (&line[..start], &line[start..end], &line[end..]);
    let [before, marked, after] = if line.len() > MOST_LETTERS {
        [last(before, MOST_LETTERS / 4), first(marked, MOST_LETTERS / 2), first(after, MOST_LETTERS / 4)]
    } else {
        [before, marked, after].map(str::to_owned)
    };
    // Control characters would move the mark, or the terminal's cursor.
    let printable = |c: char| if c.is_control() && c != '\t' { '\u{b7}' } else { c };
    let [before, marked, after] = [before, marked, after].map(|text| text.chars().map(printable).collect::<String>());
    let mark = before.len()..before.len() + marked.len();
    (before + &marked + &after, mark)
}

fn first(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn last(text: &str, most: usize) -> String {
    match text.char_indices().rev().nth(most) {
        Some((start, letter)) => format!("…{}", &text[start + letter.len_utf8()..]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|_| self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = (self.mark.start, self.mark.len());
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(None, span))))
    }
}

impl SourceCode for Shown {
    /// Always the one line: miette then counts from its number and not from the start of the file.
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text.as_deref().unwrap_or_default();
        let span = SourceSpan::from((0, text.len()));
        let (line, column) = (self.line - 1, self.column - 1);
        Ok(Box::new(MietteSpanContents::new_named(self.file.clone(), text.as_bytes(), span, line, column, 1)))
    }
}
