//! A YAML document as a tree of which every part knows where it stands.
//!
//! Resolves plain scalars by YAML 1.2's core schema: `yes` is a text there and `.25` a number.
//! Judges nothing.

use std::ops::Range;

/// A value and the bytes that it was written with.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Its place in the text; of a block of fields, the place of the first one.
    pub(super) span: Range<usize>,
    /// What stands there.
    pub(super) tree: Tree,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    /// Nothing, `~` or `null`.
    Empty,
    /// `true` or `false`.
    Truth(bool),
    /// A number without a fraction.
    Whole(i64),
    /// Any other number, `.inf` and `.nan` among them.
    Real(f64),
    /// A text, and whether it stands in quotes or as a block.
    Text {
        /// With escapes and line breaks resolved.
        text: String,
        /// Whether it was written so that it can only be a text.
        quoted: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Fields by name.
    Fields(Fields),
    /// Something that was reported already; nothing more is said about it.
    Reported,
}

/// The fields of one mapping, in the order of the file, each name once.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// The fields.
    pub(super) list: Vec<Field>,
    /// Whether a part of it could not be read and was reported, so that nothing can be called missing.
    pub(super) partial: bool,
}

/// A field of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// Where its name stands.
    pub(super) name_span: Range<usize>,
    /// Its value.
    pub(super) value: Node,
}

impl Fields {
    /// The field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Field> {
        self.list.iter().find(|field| field.name == name)
    }
}

impl Tree {
    /// A scalar without quotes.
    pub(super) fn plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Empty,
            "true" | "True" | "TRUE" => Self::Truth(true),
            "false" | "False" | "FALSE" => Self::Truth(false),
            _ => Self::number(text).unwrap_or_else(|| Self::Text { text: text.to_owned(), quoted: false }),
        }
    }

    /// A number as YAML 1.2 writes them.
    pub(super) fn number(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let sign = if negative { -1.0 } else { 1.0 };
        if [".inf", ".Inf", ".INF"].contains(&digits) {
            return Some(Self::Real(sign * f64::INFINITY));
        }
        if [".nan", ".NaN", ".NAN"].contains(&text) {
            return Some(Self::Real(f64::NAN));
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8)] {
            if let Some(digits) = text.strip_prefix(prefix).filter(|digits| !digits.starts_with(['+', '-'])) {
                return i64::from_str_radix(digits, radix).ok().map(Self::Whole);
            }
        }
        let shaped = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && digits.contains(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || ".eE+-".contains(c));
        if !shaped {
            return None;
        }
        text.parse().map(Self::Whole).ok().or_else(|| text.parse().map(Self::Real).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(format!("{:?}", Tree::plain(text)), expected, "{text}");
    }

    #[test]
    fn resolves_scalars_as_yaml_1_2_does() {
        check("4", "Whole(4)");
        check("-1", "Whole(-1)");
        check("0x10", "Whole(16)");
        check(".25", "Real(0.25)");
        check("1e9", "Real(1000000000.0)");
        check("2.", "Real(2.0)");
        check("-.inf", "Real(-inf)");
        check(".nan", "Real(NaN)");
        check("~", "Empty");
        check("true", "Truth(true)");
        for text in ["yes", "1_000", "1.2.3", "-", ".", "e5", "0x", "inf", "nan", "infinity", "12-3", "2026-10-09"] {
            check(text, &format!("Text {{ text: {text:?}, quoted: false }}"));
        }
    }
}
