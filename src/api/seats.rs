//! A bounded number of places, in all and for each who takes one: connections by address, event streams by reader.
//!
//! A place is given back when its `Seat` is dropped, however its holder ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places.
#[derive(Debug)]
pub(super) struct Seats {
    all: usize,
    each: usize,
    taken: Mutex<BTreeMap<String, usize>>,
}

/// A place that is taken.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    whose: String,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    All,
    /// Whoever asks has as many as one may have.
    Own,
}

impl Seats {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { all, each, taken: Mutex::default() }
    }

    /// A place for `whose`.
    pub(super) fn take(self: &Arc<Self>, whose: &str) -> Result<Seat, Full> {
        let mut taken = self.taken();
        if taken.values().sum::<usize>() >= self.all {
            return Err(Full::All);
        }
        let own = taken.entry(whose.to_owned()).or_default();
        if *own >= self.each {
            return Err(Full::Own);
        }
        *own += 1;
        Ok(Seat { seats: Arc::clone(self), whose: whose.to_owned() })
    }

    /// How many are taken.
    pub(super) fn count(&self) -> usize {
        self.taken().values().sum()
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(own) = taken.get_mut(&self.whose) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_one_may_have_and_a_seat_that_is_left_is_free_again() {
        let seats = Arc::new(Seats::new(3, 2));
        let first = seats.take("a").unwrap();
        let _second = seats.take("a").unwrap();
        assert_eq!(seats.take("a").unwrap_err(), Full::Own);
        let _other = seats.take("b").unwrap();
        assert_eq!(seats.take("c").unwrap_err(), Full::All);
        drop(first);
        assert!(seats.take("c").is_ok());
    }

    #[test]
    fn nothing_is_kept_of_those_who_have_left() {
        let seats = Arc::new(Seats::new(3, 2));
        drop(seats.take("a").unwrap());
        assert!(seats.taken().is_empty());
    }
}
