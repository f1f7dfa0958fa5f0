//! What the YAML parser says, in words that help.
//!
//! The parser stops at the first such fault, so there is at most one of them in a file.

use granit_parser::{ErrorKind, ScanError};

use super::problem::Finding;

/// The line, from 1, of a place.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count() + 1
}

/// The parser's fault as a finding.
pub(super) fn finding(text: &str, error: &ScanError) -> Finding {
    let start = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let word = rest.find(['\n', '\r']).map_or(rest, |end| &rest[..end]);
    let end = start + word.trim_end().len();
    let finding = Finding::new(start..end, "", format!("not YAML: {}", error.info()));
    finding.hint(hint(error.kind(), rest))
}

fn hint(kind: &ErrorKind, rest: &str) -> &'static str {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => "YAML is indented with spaces; replace the tab",
        _ if rest.starts_with('\t') => "YAML is indented with spaces; replace the tab",
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a text with a colon and a space in it stands in quotes; otherwise check the indentation"
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => "close the quotes",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
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
