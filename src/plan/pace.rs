//! When to look next. What is read then is `glance`'s to say.

use crate::model::observed::TaskStatus;
use crate::model::time::Span;

use super::gate::{self, Gate, Holding};
use super::rollout::{RowStand, Stand};

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
    /// ECS's scheduler acts about every 10 s; looking more often shows nothing new, less often is late by as much.
    pub const TICK: Span = Span::seconds(10);
    /// Something is on its way.
    pub const MOVING: Self = Self::After(Self::TICK);
    /// The last old tasks have their SIGTERM. Nothing lies between STOPPED and the launch but this and the settle time,
    /// and a task takes from a second to its stop timeout (30 s unless it says otherwise).
    pub const STOPPING: Self = Self::After(Span::seconds(4));

    /// How far apart looks may be while the gate settles: what breaks it must not be whole again between two of them, and
    /// no task is replaced in less than this.
    pub const SETTLING: Span = Span::seconds(15);

    /// The earlier of two.
    pub fn or_sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::AtOnce, _) | (_, Self::AtOnce) => Self::AtOnce,
            (Self::Idle, look) | (look, Self::Idle) => look,
            (Self::After(a), Self::After(b)) => Self::After(a.min(b)),
        }
    }
}

/// When to look again while the gate is shut.
pub(super) fn while_shut(stand: &Stand<'_>, gate: &Gate) -> NextLook {
    let missing = |numbers: &[u8]| {
        let mut shut = gate.conditions.iter().filter(|condition| condition.holding != Holding::Yes);
        shut.any(|condition| numbers.contains(&condition.number))
    };
    // What takes longer than the old tasks, or is not about them.
    if missing(&[1, 2, 3, 4, 7, 9]) || !missing(&[6]) {
        return NextLook::MOVING;
    }
    let stopping = |row: &RowStand<'_>| {
        let old = stand.observed.tasks_of(row.service).filter(|task| gate::is_old(row, task));
        old.filter(|task| task.is_alive()).all(|task| task.status == TaskStatus::Stopping)
    };
    if stand.rows.iter().all(stopping) { NextLook::STOPPING } else { NextLook::MOVING }
}
