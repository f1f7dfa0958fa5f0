//! What the YAML parser says, in words that help.
//!
//! The parser stops at the first such fault, so there is at most one of them in a file.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::problem::Finding;

/// The parser's fault as a finding.
pub(super) fn finding(text: &str, error: &ScanError) -> Finding {
    let start = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let hint = hint(error.kind());
    let place = if hint == TAB { tab(text, start) } else { None };
    let place = place.unwrap_or_else(|| start..start + first_line(&text[start..]).trim_end().len());
    Finding::new(place, "", format!("not YAML: {}", error.info())).hint(hint)
}

/// The first tab of a line: the parser notices it only at the next word.
fn tab(text: &str, at: usize) -> Option<Range<usize>> {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let tab = start + first_line(&text[start..]).find('\t')?;
    Some(tab..tab + 1)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

const TAB: &str = "YAML is indented with spaces; replace the tab";

fn hint(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => TAB,
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a text with a colon and a space in it stands in quotes; otherwise check the indentation"
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => "close the quotes",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => "check that every { and [ is closed, and closed once",
        ErrorKind::RecursionLimitExceeded => "a table is seven levels deep",
        ErrorKind::UnknownQuotedScalarEscape => "in double quotes \\ starts an escape; use single quotes, or \\\\",
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            "a text that starts with a special character stands in quotes"
        }
        _ => "check the indentation, the colons and the quotes of this line and of the one above",
    }
}
