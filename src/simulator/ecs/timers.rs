//! What is going to happen, in the order in which it will.
//!
//! Owns the queue of timers. Timers of one moment fire in the order in which they were set. What a timer does when it
//! fires belongs to its owner; a timer whose reason is gone is found out there and not removed here.

use std::collections::BTreeMap;

use super::service::ServiceId;
use super::task::TaskId;
use crate::simulator::time::Time;

/// Something that ECS does later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Timer {
    /// The scheduler looks at a service.
    Tick(ServiceId),
    /// The steady-state event of an idle service is repeated.
    Steady(ServiceId),
    /// The running tasks of a service are registered with its target groups.
    Register(ServiceId),
    /// Tasks that were told to stop are deregistered, together.
    Drain(Vec<TaskId>),
    /// A step in the life of one task.
    Task(TaskId, Step),
}

/// A step in the life of one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The network interface is attached: PROVISIONING ends.
    Connected,
    /// The image pull begins; digests are resolved here.
    PullStarts,
    /// The image is there, or cannot be had.
    PullEnds,
    /// The containers run.
    Starts,
    /// ACTIVATING ends: the task is in all of its target groups.
    Activated,
    /// A slow app begins to answer.
    Serves,
    /// The verdict of the container health check is in.
    HealthChecked,
    /// The app ends by itself.
    AppExits,
    /// SIGTERM is due, once no target drains any more.
    Terminate,
    /// The containers have ended after SIGTERM or SIGKILL.
    Exited,
    /// The network interface is gone: STOPPED.
    Released,
    /// The task can no longer be described.
    Forgotten,
}

/// All timers, soonest first.
#[derive(Clone, Default, Debug)]
pub(super) struct Timers {
    queue: BTreeMap<(Time, u64), Timer>,
    set: u64,
}

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, at: Time, timer: Timer) {
        self.set += 1;
        self.queue.insert((at, self.set), timer);
    }

    /// When the next timer fires.
    pub(super) fn next(&self) -> Option<Time> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next timer that is due at `now`.
    pub(super) fn take_due(&mut self, now: Time) -> Option<Timer> {
        let entry = self.queue.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
