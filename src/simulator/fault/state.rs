//! The rules that are in force: counting, chance, and which of them a call meets.
//!
//! Each rule has a chance of its own, from the world's seed and its id, so that a further rule changes neither what
//! the others do nor what happens in the world.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use super::effect::Effect;
use super::rule::Rule;
use crate::simulator::call::Call;
use crate::simulator::time::Time;

/// Keeps the chance of rules apart from the world's, which is seeded with the bare seed.
const STREAM: u64 = 0x6661_756c_7473_0000;

/// A rule that is in force.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The rule.
    pub rule: Rule,
    /// When it was added.
    pub added: Time,
    /// Calls so far that it is about, whether or not anything became of them.
    pub seen: u64,
    /// Calls so far that it did something to.
    pub fired: u64,
    rng: Rng,
}

/// All rules in force, by id; ids begin at 1 and are never used twice.
#[derive(Clone, Debug)]
pub struct Faults {
    faults: BTreeMap<u64, Fault>,
    last: u64,
    seed: u64,
    now: Time,
}

impl Faults {
    pub(in crate::simulator) fn new(seed: u64, now: Time) -> Self {
        Faults { faults: BTreeMap::new(), last: 0, seed, now }
    }

    /// Tells the moment at which rules are added from now on.
    pub(in crate::simulator) fn look_at(&mut self, now: Time) {
        self.now = now;
    }

    /// Puts a rule in force and returns its id.
    pub fn add(&mut self, rule: Rule) -> u64 {
        self.last += 1;
        let rng = Rng::with_seed(self.seed ^ STREAM ^ self.last);
        self.faults.insert(self.last, Fault { rule, added: self.now, seen: 0, fired: 0, rng });
        self.last
    }

    /// Takes a rule out of force. False if there is none of this id.
    pub fn remove(&mut self, id: u64) -> bool {
        self.faults.remove(&id).is_some()
    }

    /// Takes all rules out of force.
    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// The rules in force, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Fault)> {
        self.faults.iter().map(|(id, fault)| (*id, fault))
    }

    /// `[{"id", "rule", "added", "seen", "fired"}]`, oldest first.
    pub fn to_json(&self) -> Value {
        let one = |(id, fault): (u64, &Fault)| {
            let Fault { rule, added, seen, fired, rng: _ } = fault;
            json!({"id": id, "rule": rule.to_json(), "added": added.rfc3339(), "seen": seen, "fired": fired})
        };
        self.iter().map(one).collect()
    }

    /// How far into the past reads may be answered from, in milliseconds.
    pub(in crate::simulator) fn longest_lag(&self) -> i64 {
        let lag = |fault: &Fault| match fault.rule.then {
            Effect::Stale { ms } => ms,
            Effect::LostRequest
            | Effect::LostAnswer
            | Effect::LateRequest { .. }
            | Effect::Duplicate
            | Effect::ServerError { .. }
            | Effect::Throttle
            | Effect::Slow { .. }
            | Effect::Cut
            | Effect::Garbled
            | Effect::Partial
            | Effect::NewMembers
            | Effect::WrongPageToken
            | Effect::Denied
            | Effect::Expired
            | Effect::Skew { .. } => 0,
        };
        self.faults.values().map(lag).max().unwrap_or(0)
    }

    /// What becomes of a call: the oldest rule that fires decides alone. All that are about it count it.
    pub(super) fn meet(&mut self, now: Time, call: &Call) -> Option<(u64, Effect)> {
        let mut met = None;
        for (id, fault) in &mut self.faults {
            if fault.wants(now, call) && met.is_none() {
                fault.fired += 1;
                met = Some((*id, fault.rule.then.clone()));
            }
        }
        met
    }
}

impl Fault {
    /// Counts a call, and says whether the rule would do something to it.
    fn wants(&mut self, now: Time, call: &Call) -> bool {
        let Rule { when, then } = &self.rule;
        if !then.concerns(call) || !when.is_about(call, now, self.added) {
            return false;
        }
        self.seen += 1;
        let chosen = when.nth.is_none_or(|nth| self.seen == nth)
            && self.seen > when.after
            && when.count.is_none_or(|count| self.fired < count);
        chosen && when.probability.is_none_or(|probability| self.rng.f64() < probability)
    }
}
