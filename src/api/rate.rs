//! How often somebody may ask: a token bucket for each, as one moment. Pure; the moment is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

/// Askers that are remembered. One who is not, because so many others are, shares a bucket with all who are not.
const REMEMBERED: usize = 4096;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once, after a rest.
    pub burst: u32,
    /// One more after each of these.
    pub every: Duration,
}

/// Buckets of one rate.
#[derive(Debug)]
pub(super) struct Buckets {
    rate: Rate,
    /// When each bucket is full again, since whatever moment `now` counts from.
    full: BTreeMap<String, Duration>,
}

impl Buckets {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, full: BTreeMap::new() }
    }

    /// Takes one for `who`.
    ///
    /// # Errors
    /// There is none, and for how long.
    pub(super) fn take(&mut self, who: &str, now: Duration) -> Result<(), Duration> {
        if self.full.len() >= REMEMBERED && !self.full.contains_key(who) {
            self.full.retain(|_, full| *full > now);
        }
        let who = if self.full.len() >= REMEMBERED && !self.full.contains_key(who) { "" } else { who };
        let full = self.full.get(who).copied().unwrap_or_default().max(now);
        let filled = full + self.rate.every;
        // The bucket is empty when it takes the whole burst to fill it.
        let empty = now + self.rate.every * self.rate.burst;
        if filled > empty {
            return Err(filled - empty);
        }
        self.full.insert(who.to_owned(), filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const RATE: Rate = Rate { burst: 3, every: SECOND };

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let mut buckets = Buckets::new(RATE);
        for _ in 0..3 {
            assert_eq!(buckets.take("a", SECOND * 10), Ok(()));
        }
        assert_eq!(buckets.take("a", SECOND * 10), Err(SECOND));
        assert_eq!(buckets.take("a", SECOND * 11), Ok(()));
        assert_eq!(buckets.take("a", SECOND * 11), Err(SECOND));
    }

    #[test]
    fn asking_in_vain_costs_nothing_and_nobody_pays_for_another() {
        let mut buckets = Buckets::new(RATE);
        for _ in 0..100 {
            let _ = buckets.take("a", SECOND);
        }
        assert_eq!(buckets.take("b", SECOND), Ok(()));
        assert_eq!(buckets.take("a", SECOND * 2), Ok(()));
    }

    #[test]
    fn a_rest_gives_a_burst_and_no_more() {
        let mut buckets = Buckets::new(RATE);
        let _ = buckets.take("a", SECOND);
        let later = SECOND * 1000;
        let let_through = (0..10).filter(|_| buckets.take("a", later).is_ok()).count();
        assert_eq!(let_through, 3);
    }

    #[test]
    fn a_crowd_is_not_remembered_for_ever_and_cannot_fill_the_memory() {
        let mut buckets = Buckets::new(RATE);
        for asker in 0..REMEMBERED * 2 {
            let _ = buckets.take(&asker.to_string(), SECOND);
        }
        assert!(buckets.full.len() <= REMEMBERED + 1, "{}", buckets.full.len());
        assert!(buckets.take("one more", SECOND).is_err());
        assert!(buckets.take("one more", SECOND * 100).is_ok());
        assert_eq!(buckets.full.len(), 1);
    }
}
