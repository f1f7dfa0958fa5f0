//! A call that comes over the wire, through everything that can go wrong on its way.
//!
//! Owns what each effect does. Calls from Rust (`Simulator::call`) do not come this way: they are the hand of a test.

use std::sync::Arc;

use serde_json::{Value, json};

use super::effect::{Effect, Side, TOKENS, is_read};
use super::{alter, refusal};
use crate::simulator::call::Call;
use crate::simulator::error::ApiError;
use crate::simulator::knobs::Throttling;
use crate::simulator::time::Time;
use crate::simulator::world::Simulator;

/// What a call has come to. The journal and the caller share the answer.
pub(in crate::simulator) type Outcome = Result<Arc<Value>, ApiError>;

/// What of a call comes back to its caller.
#[derive(Clone, PartialEq, Debug)]
pub enum Delivery {
    /// Nothing: the caller waits until it gives up, or its connection is closed.
    Nothing,
    /// An answer.
    Answer {
        /// AWS's answer.
        outcome: Outcome,
        /// How it gets there.
        way: Way,
        /// The moment that AWS takes it to be.
        date: Time,
    },
}

/// How an answer gets to its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Whole and at once.
    Whole,
    /// Whole, so many milliseconds of virtual time later.
    Late(i64),
    /// Not whole: the connection is cut in the middle of it.
    Cut,
    /// Half of it, as if that were all.
    Garbled,
}

impl Simulator {
    /// Answers one API call that arrives at `now` over the wire, under the rules in force, the lag of reads and the
    /// limits on calls.
    pub fn deliver(&mut self, now: Time, call: &Call) -> Delivery {
        self.advance_to(now);
        let lag = self.lag_of(call);
        let Some((rule, effect)) = self.faults.meet(self.now, call) else {
            return self.answered(Way::Whole, |sim| sim.admit(call, lag));
        };
        self.journal.fault(self.now, rule, call, &effect);
        match effect {
            Effect::LostRequest => Delivery::Nothing,
            Effect::LostAnswer => {
                // What it would have said stands in the journal.
                let _ = self.admit(call, lag);
                Delivery::Nothing
            }
            Effect::LateRequest { ms } => {
                self.late.insert(self.now.plus_millis(ms), call.clone());
                Delivery::Nothing
            }
            Effect::Duplicate => self.answered(Way::Whole, |sim| {
                let first = sim.admit(call, lag);
                let _ = sim.admit(call, lag);
                first
            }),
            Effect::Garbled => self.answered(Way::Garbled, |sim| sim.admit(call, lag)),
            Effect::Partial => self.answered(Way::Whole, |sim| sim.admit(call, lag).map(altered(alter::partial))),
            Effect::NewMembers => {
                self.answered(Way::Whole, |sim| sim.admit(call, lag).map(altered(alter::with_new_members)))
            }
            Effect::Expired => self.answered(Way::Whole, |sim| sim.refuse(call, refusal::expired(call))),
            Effect::ServerError { side: Side::Before, status } => {
                self.answered(Way::Whole, |sim| sim.refuse(call, refusal::server_error(call, status)))
            }
            Effect::ServerError { side: Side::After, status } => {
                let _ = self.admit(call, lag);
                self.answered(Way::Whole, |_| Err(refusal::server_error(call, status)))
            }
            Effect::Throttle => self.answered(Way::Whole, |sim| sim.refuse(call, refusal::throttled())),
            Effect::Slow { ms } => self.answered(Way::Late(ms), |sim| sim.admit(call, lag)),
            Effect::Cut => self.answered(Way::Cut, |sim| sim.admit(call, lag)),
            Effect::Stale { ms } => self.answered(Way::Whole, |sim| sim.admit(call, ms)),
            Effect::WrongPageToken => self.answered(Way::Whole, |sim| sim.admit(&with_wrong_token(call), lag)),
            Effect::Denied => self.answered(Way::Whole, |sim| sim.refuse(call, refusal::denied(sim.place(), call))),
            Effect::Skew { ms } => {
                let outcome = self.admit(call, lag);
                Delivery::Answer { outcome, way: Way::Whole, date: self.now.plus_millis(ms) }
            }
        }
    }

    /// How late a read of this caller is, in milliseconds: by its own amount for each caller and operation, always the
    /// same, so that a caller never sees time run backwards in one operation but may between two.
    fn lag_of(&self, call: &Call) -> i64 {
        let bound = self.knobs.read_lag_ms;
        if bound <= 0 || !is_read(call) {
            return 0;
        }
        let words = call.client.bytes().chain(call.operation.bytes());
        // FNV-1a: any hash that is the same on every machine does.
        let hash =
            words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        i64::try_from(hash % (bound.unsigned_abs() + 1)).unwrap_or(bound)
    }

    fn answered(&mut self, way: Way, act: impl FnOnce(&mut Self) -> Outcome) -> Delivery {
        let outcome = act(self);
        Delivery::Answer { outcome, way, date: self.now }
    }

    /// Answers a call that has arrived, `lag` milliseconds late if it is a read, unless there are too many.
    fn admit(&mut self, call: &Call, lag: i64) -> Outcome {
        let admitted = match self.knobs.throttling {
            Throttling::Off => true,
            Throttling::Published => self.at(call, |region, lent| region.buckets.take(lent.now, call)),
        };
        if !admitted {
            return self.refuse(call, refusal::throttled());
        }
        let outcome = if lag > 0 { self.answer_of_the_past(call, lag) } else { None };
        match outcome {
            Some(outcome) => {
                let outcome = outcome.map(Arc::new);
                self.journal.api(self.now, call, &outcome);
                outcome
            }
            None => self.answer(call),
        }
    }

    /// Applies the calls that were late and arrive now. Nobody waits for their answers; the journal has them.
    pub(in crate::simulator) fn let_late_calls_in(&mut self) {
        while let Some(call) = self.late.take_due(self.now) {
            let _ = self.admit(&call, 0);
        }
    }

    fn refuse(&mut self, call: &Call, refusal: ApiError) -> Outcome {
        let outcome = Err(refusal);
        self.journal.api(self.now, call, &outcome);
        outcome
    }
}

fn altered(alter: impl Fn(Value) -> Value) -> impl Fn(Arc<Value>) -> Arc<Value> {
    move |answer| Arc::new(alter(Arc::unwrap_or_clone(answer)))
}

fn with_wrong_token(call: &Call) -> Call {
    let mut call = call.clone();
    for name in TOKENS {
        if let Some(token) = call.input.get_mut(name) {
            *token = json!("no-token-of-this-list");
        }
    }
    call
}
