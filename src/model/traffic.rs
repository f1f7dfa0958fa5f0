//! How much a process has asked of AWS: plain numbers, for those who show them.
//!
//! Counted in `aws/meter` and `aws/budget`; nothing is decided by them.

use std::collections::BTreeMap;

use super::ids::Region;

/// Counts by operation, as `ecs:DescribeServices`, since the process began.
pub type Traffic = BTreeMap<&'static str, Counts>;

/// What one operation came to. Each attempt is one, also where a call is repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Attempts that were sent to AWS, or that found no way there.
    pub attempts: u64,
    /// Of these, refused because there were too many.
    pub throttled: u64,
    /// Of these, without an answer, or answered with a 5xx.
    pub lost: u64,
    /// Of these, refused for any other reason.
    pub refused: u64,
}

/// All attempts of all operations.
pub fn attempts(traffic: &Traffic) -> u64 {
    traffic.values().map(|counts| counts.attempts).sum()
}

/// Calls of one bucket that are slowed down, because AWS throttled them.
#[derive(Clone, Debug, PartialEq)]
pub struct Slowed {
    /// Where.
    pub region: Region,
    /// Which calls, as `ecs service read`.
    pub bucket: &'static str,
    /// The part of this process's share that is used now, below 1.
    pub pace: f64,
}
