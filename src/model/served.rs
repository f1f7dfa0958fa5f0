//! What an HTTP server was asked, and how it answered: plain numbers, for those who show them.
//!
//! Counted in `api/tally`; nothing is decided by them.

use std::collections::BTreeMap;
use std::time::Duration;

/// Upper bounds by which answers are sorted, in seconds. What was seen before is told within milliseconds; a wish waits for
/// AWS, which takes a second if all is well, and is given up after 25.
pub const BOUNDS: [f64; 9] = [0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0, 30.0];

/// What a server was asked since it began, and what is open now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Served {
    /// Requests that were answered.
    pub requests: BTreeMap<Answered, u64>,
    /// How long answers took, by method.
    pub lasted: BTreeMap<&'static str, Lasted>,
    /// Problems that were told, by the last part of their type, as `too-often`.
    pub problems: BTreeMap<&'static str, u64>,
    /// Connections that are open.
    pub connections: usize,
    /// Event streams that are open.
    pub streams: usize,
    /// Files of tokens and certificates that cannot be read or used.
    pub broken_files: usize,
}

/// Requests that count as alike. Few of them exist, whatever clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answered {
    /// The path as the API describes it, as `/v1/tables/{table}`; `other` if it was not looked at.
    pub path: &'static str,
    /// The method, or `other`.
    pub method: &'static str,
    /// The class of the status, as `2xx`.
    pub status: &'static str,
}

/// How long things lasted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lasted {
    /// How many lasted at most as long as each bound, and longer than the one before; the last are beyond all.
    pub counts: [u64; BOUNDS.len() + 1],
    /// All of them together, in seconds.
    pub seconds: f64,
}

impl Lasted {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        self.counts[at] += 1;
        self.seconds += seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counts_once_below_the_first_bound_that_holds_it() {
        let mut lasted = Lasted::default();
        for millis in [0, 1, 2, 29_750, 30_250] {
            lasted.add(Duration::from_millis(millis));
        }
        assert_eq!(lasted.counts, [2, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert!((lasted.seconds - 60.003).abs() < 1e-9, "{}", lasted.seconds);
    }
}
