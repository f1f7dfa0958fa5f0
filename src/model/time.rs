//! Moments and lengths of time, in milliseconds.
//!
//! There is no `now()` here: time is an argument everywhere below `cli/` and `lab/`. Moments come out of tags that
//! anybody may edit, so arithmetic stops at the ends of the calendar instead of overflowing.

use std::fmt;
use std::time::Duration;

/// A moment: milliseconds since the Unix epoch, as AWS tells time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of time, in milliseconds; negative when clocks disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Timestamp {
    /// A moment from milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; negative if it is before.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The moment `span` later.
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.0}"),
            // A moment outside of the calendar can only come from a broken clock; show it raw.
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds * 1000)
    }

    /// A span of whole minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes * 60)
    }

    /// A span of milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// As a duration; a negative span is none.
    pub fn as_duration(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// What is left of this span after `spent`, never below zero.
    pub fn minus(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0).max(0))
    }
}

impl fmt::Display for Span {
    /// As people say it: `45s`, `6m 1s`, `2h 5m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.max(0) / 1000;
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        match (hours, minutes, rest) {
            (0, 0, s) => write!(f, "{s}s"),
            (0, m, 0) => write!(f, "{m}m"),
            (0, m, s) => write!(f, "{m}m {s}s"),
            (h, 0, _) => write!(f, "{h}h"),
            (h, m, _) => write!(f, "{h}h {m}m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, Timestamp};

    #[test]
    fn says_spans_as_people_do() {
        assert_eq!(Span::seconds(45).to_string(), "45s");
        assert_eq!(Span::seconds(361).to_string(), "6m 1s");
        assert_eq!(Span::minutes(125).to_string(), "2h 5m");
    }

    #[test]
    fn shows_moments_as_rfc_3339() {
        assert_eq!(Timestamp::from_millis(1_791_547_200_000).to_string(), "2026-10-09T12:00:00Z");
    }
}
