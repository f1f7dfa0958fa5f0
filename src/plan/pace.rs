//! When to look next.
//!
//! Only when; a look always reads what its table needs.

use crate::model::time::Span;

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextLook {
    /// As soon as the steps are done: they decide what comes next.
    AtOnce,
    /// After this long.
    After(Span),
    /// Nothing moves: whenever one likes.
    Idle,
}

impl NextLook {
    /// The longest sleep while somebody watches.
    pub const TICK: Span = Span::seconds(10);
    /// ECS's scheduler acts about every 10 s; looking more often shows nothing new, less often is late by as much.
    pub const MOVING: Self = Self::After(Self::TICK);

    /// The earlier of two.
    pub fn or_sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::AtOnce, _) | (_, Self::AtOnce) => Self::AtOnce,
            (Self::Idle, look) | (look, Self::Idle) => look,
            (Self::After(a), Self::After(b)) => Self::After(a.min(b)),
        }
    }
}
