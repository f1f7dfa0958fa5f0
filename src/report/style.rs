//! Colour, as roles: what a word means, not how it looks.
//!
//! Decides nothing about terminals; the caller does. Every text is whole without colour.

use std::fmt;

use anstyle::{AnsiColor, Style as Ansi};

/// Whether a text is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether there is colour.
    pub color: bool,
}

/// What a painted word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// New, or as it should be.
    Good,
    /// Changing, or waited for.
    Change,
    /// Failed, or asking for a person.
    Bad,
    /// Names and headings.
    Strong,
    /// What explains the rest.
    Faint,
}

impl Style {
    /// Without colour, as in a log or a file.
    pub const PLAIN: Self = Self { color: false };

    /// A text in its role. Padding belongs into `text`: escapes have no width.
    pub fn paint(self, role: Role, text: impl fmt::Display) -> String {
        if !self.color {
            return text.to_string();
        }
        let ansi = role.ansi();
        format!("{ansi}{text}{ansi:#}")
    }
}

impl Role {
    fn ansi(self) -> Ansi {
        let colored = |color: AnsiColor| color.on_default();
        match self {
            Self::Good => colored(AnsiColor::Green),
            Self::Change => colored(AnsiColor::Yellow),
            Self::Bad => colored(AnsiColor::Red),
            Self::Strong => Ansi::new().bold(),
            Self::Faint => Ansi::new().dimmed(),
        }
    }
}
