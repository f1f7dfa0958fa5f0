//! When to look next: at the moment when something can have changed. What is read then is `glance`'s to say.
//!
//! A look that comes too early costs a call and shows nothing; one that comes late delays what follows by as much. So the
//! time between looks follows what is waited for (`awaited`). Safety does not depend on any number here.

use crate::model::observed::{Observed, TaskStatus};
use crate::model::time::{Span, Timestamp};

use super::awaited::{Awaited, awaited};
use super::gate::Gate;
use super::moving::{self, Moving};

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

/// A task of Fargate takes from 20 s to a minute to run, and a row has several.
const STARTING: Span = Span::seconds(30);
const STARTED: Span = Span::seconds(15);

/// However long something has taken already, a look this often shows its end.
const SELDOM: Span = Span::seconds(60);

/// Old targets are deregistered at a tick of ECS's scheduler, which may be a little late.
const DEREGISTERING: Span = Span::seconds(12);

/// While targets drain nothing can happen but what nobody expects: a kick, a request, a command.
const DRAINING: Span = Span::seconds(150);

/// ECS asks a load balancer about every 10 s whether a target has drained, and stops its task then.
const DRAINED: Span = Span::seconds(8);

/// From the end of its containers to STOPPED, ECS has been seen to need 22 s for a task. Where no other task has shown
/// how long it takes here, the end is looked for from here on.
const UNLOADING: Span = Span::seconds(12);

/// Nothing lies between STOPPED and the launch but the settle time and one look, so the end is looked for closely. More
/// would be late by as much, less costs calls.
const CLOSELY: Span = Span::from_millis(2500);

/// When to look again while the gate is shut. `kicked` is when the youngest kick came.
pub(super) fn while_shut(observed: &Observed, gate: &Gate, moving: &Moving, kicked: Timestamp) -> NextLook {
    let now = observed.at;
    let Some(awaited) = awaited(observed, gate, moving, now) else { return NextLook::MOVING };
    NextLook::After(match awaited {
        Awaited::Rolling if now.since(kicked) < STARTING => STARTING.minus(now.since(kicked)),
        Awaited::Rolling => a_part_of(now.since(kicked)),
        // They were there before the services' counts showed them.
        Awaited::NewTasks if moving.listed.is_none_or(|listed| now.since(listed) >= NextLook::TICK) => Span::seconds(1),
        Awaited::NewTasks | Awaited::Completion => NextLook::TICK,
        Awaited::Targets(_) => DEREGISTERING,
        Awaited::Drain(until) => drained_in(until.since(now)),
        Awaited::OldTasks(_) => stopped_in(observed),
    })
}

/// When to look again at the deployment task, which runs as long as it runs.
pub(super) fn while_running(now: Timestamp, launched: Timestamp) -> NextLook {
    let half = Span::from_millis(now.since(launched).millis() / 2);
    NextLook::After(half.max(STARTING).min(SELDOM))
}

/// The longer something has taken, the less a look is late by, measured by that.
fn a_part_of(age: Span) -> Span {
    Span::from_millis(age.millis() / 4).max(STARTED).min(SELDOM)
}

/// The end of the drain, and until then a look now and then.
fn drained_in(left: Span) -> Span {
    let end = Span::from_millis(left.millis() + DRAINED.millis());
    // A look that comes shortly before the end is one too many.
    if end.minus(NextLook::TICK) > DRAINING { DRAINING } else { end }
}

/// The end of the old tasks: once the containers of all have ended, it takes as long as it took for others.
fn stopped_in(observed: &Observed) -> Span {
    if moving::leaving(observed).any(|task| task.status != TaskStatus::Stopping) {
        return NextLook::TICK;
    }
    // Its containers still run: there is time from their end on. One that never ran may go at any moment.
    if moving::leaving(observed).any(|task| task.started_at.is_some() && task.ended_at.is_none()) {
        return NextLook::TICK;
    }
    let ends: Option<Vec<Timestamp>> = moving::leaving(observed).map(|task| task.ended_at).collect();
    let Some(last) = ends.and_then(|ends| ends.into_iter().max()) else { return CLOSELY };
    let tasks = observed.tasks.present().into_iter().flatten();
    let taken = tasks.filter_map(|task| Some(task.stopped_at?.since(task.ended_at?)));
    last.plus(taken.min().unwrap_or(UNLOADING)).since(observed.at).max(CLOSELY)
}
