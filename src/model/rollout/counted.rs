//! Which rows a record counts, small enough for a tag.
//!
//! Only tells a row that is new in the table from one that is not; what follows from that is `plan`'s.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::model::ids::RowName;

/// Rows of a table, each by sixteen bits of its name's hash. Two names that share them are taken for one row, which is then
/// not new: its first deployment counts as a kick, and a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted(BTreeSet<u16>);

impl Counted {
    /// These rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a RowName>) -> Self {
        Self(rows.into_iter().map(mark).collect())
    }

    /// Whether a row is one of them.
    pub fn has(&self, row: &RowName) -> bool {
        self.0.contains(&mark(row))
    }

    /// These and others.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self(self.0.union(&others.0).copied().collect())
    }

    /// The word of a tag: four hex digits a row.
    pub(super) fn said(&self) -> String {
        self.0.iter().map(|mark| format!("{mark:04x}")).collect()
    }

    /// Reads the word that `said` gives; `None` for another.
    pub(super) fn heard(word: &str) -> Option<Self> {
        let digits: Vec<char> = word.chars().collect();
        let marks = digits.chunks(4).map(|four| {
            let four: String = four.iter().collect();
            u16::from_str_radix(&four, 16).ok().filter(|mark| format!("{mark:04x}") == four)
        });
        marks.collect::<Option<_>>().map(Self)
    }
}

fn mark(row: &RowName) -> u16 {
    let hash = Sha256::digest(row.as_str());
    u16::from_be_bytes([hash[0], hash[1]])
}
