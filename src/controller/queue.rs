//! Whose turn it is: one entry for each table, with the moment at which it is to be looked at.
//!
//! Pure. Moments are spans since the controller began, whatever clock that is; waiting is `run`'s.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::ids::TableName;

/// After the first pass that failed; doubled for each later one.
const FIRST_BACKOFF: Duration = Duration::from_secs(10);

/// However often a table fails, it is looked at so often: somebody may have mended it.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

/// Tables that wait for their turn, or have it.
#[derive(Debug, Default)]
pub struct Queue {
    entries: BTreeMap<TableName, Entry>,
}

#[derive(Debug)]
struct Entry {
    due: Duration,
    state: State,
    /// Passes that failed since the last that did not.
    failures: u32,
}

/// A table has one pass at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    InFlight,
    /// Somebody asked for it while its pass was under way, which may have read before what it is about.
    AskedAgain,
    /// Nobody wants it any more, and its pass is still under way.
    Leaving,
}

/// How a pass ended, as far as its table's next turn follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The plan says when to look again.
    Well {
        /// After how long.
        next: Duration,
    },
    /// Nothing was seen: the table waits longer each time, and the others do not.
    Badly,
}

impl Queue {
    /// Puts a table at this moment, or earlier if it already stands earlier. One that has its pass now gets another.
    pub fn put(&mut self, table: &TableName, at: Duration) {
        let entry = self.entries.entry(table.clone()).or_insert(Entry { due: at, state: State::Waiting, failures: 0 });
        match entry.state {
            State::Waiting => entry.due = entry.due.min(at),
            State::InFlight | State::AskedAgain | State::Leaving => entry.state = State::AskedAgain,
        }
    }

    /// Forgets a table. A pass that it has now ends as it ends; if the table comes back before that, its turn is after it.
    pub fn remove(&mut self, table: &TableName) {
        let Some(entry) = self.entries.get_mut(table) else { return };
        match entry.state {
            State::Waiting => {
                self.entries.remove(table);
            }
            State::InFlight | State::AskedAgain | State::Leaving => entry.state = State::Leaving,
        }
    }

    /// The table that has waited longest of those whose moment has come, and that may be taken now; it has its pass until
    /// `end`.
    pub fn take(&mut self, now: Duration, may: impl Fn(&TableName) -> bool) -> Option<TableName> {
        let waiting = self.entries.iter().filter(|(_, entry)| entry.state == State::Waiting && entry.due <= now);
        let waiting = waiting.filter(|(table, _)| may(table));
        let table = waiting.min_by_key(|(_, entry)| entry.due).map(|(table, _)| table.clone())?;
        self.entries.get_mut(&table)?.state = State::InFlight;
        Some(table)
    }

    /// Gives a turn back.
    pub fn end(&mut self, table: &TableName, now: Duration, ended: Ended) {
        let Some(entry) = self.entries.get_mut(table) else { return };
        let again = match entry.state {
            State::Leaving => {
                self.entries.remove(table);
                return;
            }
            State::AskedAgain => true,
            State::Waiting | State::InFlight => false,
        };
        entry.state = State::Waiting;
        let wait = match ended {
            Ended::Well { next } => {
                entry.failures = 0;
                next
            }
            Ended::Badly => {
                entry.failures = entry.failures.saturating_add(1);
                backoff(entry.failures)
            }
        };
        // A request goes before back-off: whoever asks is waiting, and asks rarely.
        entry.due = if again { now } else { now.saturating_add(wait) };
    }

    /// The moment at which some table is due; `None` if all have their passes, or there are none.
    pub fn next(&self) -> Option<Duration> {
        self.entries.values().filter(|entry| entry.state == State::Waiting).map(|entry| entry.due).min()
    }

    /// How often in a row this table's passes failed.
    pub fn failures(&self, table: &TableName) -> u32 {
        self.entries.get(table).map_or(0, |entry| entry.failures)
    }

    /// The tables.
    pub fn tables(&self) -> impl Iterator<Item = &TableName> {
        self.entries.iter().filter(|(_, entry)| entry.state != State::Leaving).map(|(table, _)| table)
    }
}

fn backoff(failures: u32) -> Duration {
    FIRST_BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(5)).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TableName {
        TableName::told(text)
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn queue(tables: &[(&str, u64)]) -> Queue {
        let mut queue = Queue::default();
        tables.iter().for_each(|(table, at)| queue.put(&name(table), s(*at)));
        queue
    }

    #[test]
    fn a_table_that_is_put_twice_is_taken_once_at_the_earlier_moment() {
        let mut queue = queue(&[("a", 9), ("a", 3), ("a", 7)]);
        assert_eq!(queue.next(), Some(s(3)));
        assert_eq!(queue.take(s(3), |_| true), Some(name("a")));
        assert_eq!((queue.take(s(100), |_| true), queue.next()), (None, None));
    }

    #[test]
    fn who_has_waited_longest_goes_first() {
        let mut queue = queue(&[("a", 5), ("b", 2), ("c", 9)]);
        let order: Vec<_> = std::iter::from_fn(|| queue.take(s(6), |_| true)).collect();
        assert_eq!(order, [name("b"), name("a")]);
    }

    #[test]
    fn a_table_has_one_pass_at_a_time_and_another_if_it_was_asked_for_meanwhile() {
        let mut queue = queue(&[("a", 0)]);
        queue.take(s(0), |_| true);
        queue.put(&name("a"), s(1));
        assert_eq!(queue.take(s(1), |_| true), None);
        queue.end(&name("a"), s(2), Ended::Well { next: s(60) });
        assert_eq!(queue.take(s(2), |_| true), Some(name("a")));
    }

    #[test]
    fn a_failing_table_waits_longer_each_time_and_no_other_does() {
        let mut queue = queue(&[("bad", 0), ("good", 0)]);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let now = queue.entries[&name("bad")].due;
            queue.entries.get_mut(&name("bad")).unwrap().state = State::InFlight;
            queue.end(&name("bad"), now, Ended::Badly);
            waits.push((queue.entries[&name("bad")].due - now).as_secs());
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(queue.take(s(0), |_| true), Some(name("good")));
    }

    #[test]
    fn a_good_pass_ends_the_back_off() {
        let mut queue = queue(&[("a", 0)]);
        for ended in [Ended::Badly, Ended::Badly, Ended::Well { next: s(1) }, Ended::Badly] {
            let now = queue.next().unwrap();
            queue.take(now, |_| true);
            queue.end(&name("a"), now, ended);
        }
        assert_eq!(queue.failures(&name("a")), 1);
    }

    #[test]
    fn a_request_goes_before_the_back_off() {
        let mut queue = queue(&[("a", 0)]);
        queue.take(s(0), |_| true);
        queue.end(&name("a"), s(0), Ended::Badly);
        queue.put(&name("a"), s(1));
        assert_eq!(queue.take(s(1), |_| true), Some(name("a")));
    }

    #[test]
    fn a_table_that_is_gone_does_not_come_back_with_the_end_of_its_pass() {
        let mut queue = queue(&[("a", 0)]);
        queue.take(s(0), |_| true);
        queue.remove(&name("a"));
        assert_eq!((queue.next(), queue.tables().count()), (None, 0));
        queue.end(&name("a"), s(1), Ended::Well { next: s(1) });
        assert_eq!((queue.next(), queue.tables().count(), queue.entries.len()), (None, 0, 0));
    }

    #[test]
    fn a_table_that_comes_back_during_its_pass_has_the_next_one_after_it() {
        let mut queue = queue(&[("a", 0)]);
        queue.take(s(0), |_| true);
        queue.remove(&name("a"));
        queue.put(&name("a"), s(1));
        assert_eq!((queue.take(s(2), |_| true), queue.tables().count()), (None, 1));
        queue.end(&name("a"), s(3), Ended::Badly);
        assert_eq!(queue.take(s(3), |_| true), Some(name("a")));
    }
}
