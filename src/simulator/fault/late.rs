//! Calls that are on their way for long: sent, not answered, and not yet arrived.

use std::collections::BTreeMap;

use crate::simulator::call::Call;
use crate::simulator::time::Time;

/// Calls by the moment at which they arrive, and then in the order in which they were sent.
#[derive(Default, Debug)]
pub(in crate::simulator) struct Late {
    calls: BTreeMap<(Time, u64), Call>,
    last: u64,
}

impl Late {
    /// When the next one arrives.
    pub(in crate::simulator) fn next(&self) -> Option<Time> {
        self.calls.keys().next().map(|(time, _)| *time)
    }

    pub(super) fn insert(&mut self, arrives: Time, call: Call) {
        self.last += 1;
        self.calls.insert((arrives, self.last), call);
    }

    pub(super) fn take_due(&mut self, now: Time) -> Option<Call> {
        let next = self.calls.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(next.remove())
    }
}
