//! What ECS and the load balancers looked like, for reads that are answered late.
//!
//! Keeps whole copies, one for each moment at which something changed, so that an answer from the past is what was
//! true then and not a mixture. Only while somebody may ask for it: copies cost memory in proportion to the world.
//!
//! Divergence from AWS: a read is late as a whole, where AWS's may be late in parts.

use std::collections::VecDeque;

use crate::simulator::ecs::Ecs;
use crate::simulator::elb::Elb;
use crate::simulator::time::Time;

/// Copies at most. Two minutes of a rollout have about 200 moments; with more, the past begins later than asked for.
const MOST: usize = 512;

/// The world from one moment on, until the next.
#[derive(Debug)]
pub(in crate::simulator) struct Scenery {
    from: Time,
    pub(in crate::simulator) ecs: Ecs,
    pub(in crate::simulator) elb: Elb,
}

/// The kept moments, oldest first.
#[derive(Default, Debug)]
pub(in crate::simulator) struct Past(VecDeque<Scenery>);

impl Past {
    /// Begins with the world as it is, which stands for all that was before: nothing better is known of it.
    pub(in crate::simulator) fn begin(&mut self, ecs: &Ecs, elb: &Elb) {
        if self.0.is_empty() {
            self.0.push_back(Scenery { from: Time(i64::MIN), ecs: ecs.clone(), elb: elb.clone() });
        }
    }

    /// Keeps the world as it is from `now` on, and forgets what lies more than `depth` milliseconds back.
    pub(in crate::simulator) fn keep(&mut self, now: Time, depth: i64, ecs: &Ecs, elb: &Elb) {
        if self.0.back().is_some_and(|last| last.from == now) {
            self.0.pop_back();
        }
        self.0.push_back(Scenery { from: now, ecs: ecs.clone(), elb: elb.clone() });
        let oldest = now.plus_millis(-depth);
        // The one that `oldest` itself falls into is still needed.
        while self.0.len() > MOST || self.0.get(1).is_some_and(|second| second.from <= oldest) {
            self.0.pop_front();
        }
    }

    /// Forgets everything.
    pub(in crate::simulator) fn forget(&mut self) {
        self.0.clear();
    }

    /// The world as it was at a moment, or as long ago as is known.
    pub(in crate::simulator) fn at(&mut self, moment: Time) -> Option<&mut Scenery> {
        let after = self.0.partition_point(|scenery| scenery.from <= moment);
        self.0.get_mut(after.saturating_sub(1))
    }
}
