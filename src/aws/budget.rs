//! Holds a process to its share of what AWS lets an account ask: calls wait for their turn on tokio's clock.
//!
//! One budget for each region, shared by all ways to it. When AWS throttles all the same, others have taken theirs: the
//! process slows down, says so, and comes back to its share by and by. How much may be taken when is `bucket`'s to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::model::ids::Region;
use crate::model::traffic::Slowed;

use super::bucket::{Buckets, Haste};
use super::error::{AwsError, Class};

/// The part of each bucket that a process takes unless it is told otherwise.
pub const SHARE: f64 = 0.5;

/// What a look and what follows from it may take on the clock here, however fast AWS's time runs: a busy machine needs as
/// much. Only a simulator's time runs so fast that this is longer than what is asked for.
const LEAST: Duration = Duration::from_secs(2);

/// The budgets of a process; clones are the same.
#[derive(Clone, Debug)]
pub struct Budgets {
    share: f64,
    speed: f64,
    regions: Arc<Mutex<BTreeMap<Region, Budget>>>,
}

/// The budget of one region.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    began: Instant,
    speed: f64,
    buckets: Arc<Mutex<Buckets>>,
}

impl Budgets {
    /// Budgets that take this share of each bucket, above 0 and at most 1, of an AWS whose time runs so much faster than
    /// the clock here: 1, but for a simulator.
    pub fn new(share: f64, speed: f64) -> Self {
        Self { share, speed, regions: Arc::default() }
    }

    /// How much faster than the clock here AWS's time runs.
    pub(super) fn speed(&self) -> f64 {
        self.speed
    }

    /// How long a span of AWS's time takes on the clock here, and [`LEAST`] at least.
    pub(super) fn here(&self, span: Duration) -> Duration {
        span.div_f64(self.speed).max(LEAST)
    }

    /// How long a span on the clock here is in AWS's time.
    pub(super) fn there(&self, span: Duration) -> Duration {
        span.mul_f64(self.speed)
    }

    /// What is slowed down after throttling.
    pub fn slowed(&self) -> Vec<Slowed> {
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let slowed = regions.iter().flat_map(|(region, budget)| {
            let slowed = budget.buckets().slowed(budget.now());
            slowed.into_iter().map(|(bucket, pace)| Slowed { region: region.clone(), bucket, pace })
        });
        slowed.collect()
    }

    pub(super) fn of(&self, region: &Region) -> Budget {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let full = || Budget {
            began: Instant::now(),
            speed: self.speed,
            buckets: Arc::new(Mutex::new(Buckets::new(self.share))),
        };
        regions.entry(region.clone()).or_insert_with(full).clone()
    }
}

impl Default for Budgets {
    fn default() -> Self {
        Self::new(SHARE, 1.0)
    }
}

impl Budget {
    /// Returns when the call may be sent.
    pub(super) async fn turn(&self, operation: &'static str, haste: Haste) {
        loop {
            let taken = self.buckets().take(self.now(), operation, haste);
            let Err(wait) = taken else { return };
            tracing::debug!(operation, ?wait, "call waits for its turn");
            sleep(wait.div_f64(self.speed)).await;
        }
    }

    /// Learns from what became of a call.
    pub(super) fn learn<T>(&self, operation: &'static str, answer: &Result<T, AwsError>) {
        if answer.as_ref().is_err_and(|error| error.class == Class::Throttled) {
            for bucket in self.buckets().throttled(self.now(), operation) {
                tracing::warn!(operation, bucket, "calls slowed down: AWS throttles the account");
            }
        }
    }

    /// AWS's time since the budget began.
    fn now(&self) -> Duration {
        self.began.elapsed().mul_f64(self.speed)
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
