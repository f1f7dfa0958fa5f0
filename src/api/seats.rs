//! A bounded number of places, in all and for each who takes one: connections by address, event streams by reader.
//!
//! A place is given back when its `Seat` is dropped, however its holder ended. One that only waits for its client, which has
//! shown nothing, can be taken away for a newcomer: who holds places for nothing does not shut out the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// The places.
#[derive(Debug)]
pub(super) struct Seats {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

/// Who has them, in the order in which they came.
#[derive(Debug, Default)]
struct Taken {
    came: u64,
    holders: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    whose: Arc<str>,
    /// A good token was shown here.
    known: bool,
    /// Whoever takes the place away drops it.
    stage: watch::Sender<Stage>,
}

/// What the holder of a place waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The rest of a request's head, or its first.
    Head(Instant),
    /// Another request, since its last answer.
    Request(Instant),
    /// Nothing: a request is answered.
    Answer,
}

/// A place that is taken.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    stage: watch::Receiver<Stage>,
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

    /// A free place for `whose`.
    pub(super) fn take(self: &Arc<Self>, whose: &str) -> Result<Seat, Full> {
        let mut taken = self.taken();
        match taken.full(self, whose) {
            Some(full) => Err(full),
            None => Ok(self.seat(&mut taken, whose)),
        }
    }

    /// A free place for `whose`, or that of whoever waits for its client longest.
    pub(super) fn take_or_free(self: &Arc<Self>, whose: &str) -> Result<Seat, Full> {
        let mut taken = self.taken();
        if let Some(full) = taken.full(self, whose) {
            let idlest = taken.idlest(|holder| full == Full::All || *holder.whose == *whose).ok_or(full)?;
            taken.holders.remove(&idlest);
        }
        Ok(self.seat(&mut taken, whose))
    }

    /// How many are taken.
    pub(super) fn count(&self) -> usize {
        self.taken().holders.len()
    }

    fn seat(self: &Arc<Self>, taken: &mut Taken, whose: &str) -> Seat {
        let (number, (stage, told)) = (taken.came, watch::channel(Stage::Head(Instant::now())));
        taken.came += 1;
        taken.holders.insert(number, Holder { whose: whose.into(), known: false, stage });
        Seat { seats: Arc::clone(self), number, stage: told }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn full(&self, seats: &Seats, whose: &str) -> Option<Full> {
        if self.holders.len() >= seats.all {
            return Some(Full::All);
        }
        let own = self.holders.values().filter(|holder| *holder.whose == *whose).count();
        (own >= seats.each).then_some(Full::Own)
    }

    /// Who waits longest of those, and has shown no token.
    fn idlest(&self, of: impl Fn(&Holder) -> bool) -> Option<u64> {
        let waits = self.holders.iter().filter(|(_, holder)| !holder.known && of(holder));
        let since = waits.filter_map(|(number, holder)| match *holder.stage.borrow() {
            Stage::Head(since) | Stage::Request(since) => Some((since, *number)),
            Stage::Answer => None,
        });
        since.min().map(|(_, number)| number)
    }
}

impl Seat {
    /// The client has been greeted, and its first request is waited for.
    pub(super) fn greeted(&self) {
        self.tell(|_| Some(Stage::Head(Instant::now())));
    }

    /// Something of a request has come.
    pub(super) fn heard(&self) {
        self.tell(|stage| matches!(stage, Stage::Request(_)).then(|| Stage::Head(Instant::now())));
    }

    /// A request is there, and is answered.
    pub(super) fn asked(&self) {
        self.tell(|_| Some(Stage::Answer));
    }

    /// It was answered.
    pub(super) fn answered(&self) {
        self.tell(|_| Some(Stage::Request(Instant::now())));
    }

    /// It is not taken away any more, also where its holder only waits.
    pub(super) fn keep(&self) {
        if let Some(holder) = self.seats.taken().holders.get_mut(&self.number) {
            holder.known = true;
        }
    }

    /// Waits until the place is another's.
    pub(super) async fn lost(&self) {
        let mut stage = self.stage.clone();
        while stage.changed().await.is_ok() {}
    }

    /// Waits until a request's head has been on its way for too long.
    pub(super) async fn too_slow(&self, limit: Duration) {
        let mut stage = self.stage.clone();
        loop {
            let now = *stage.borrow_and_update();
            let changed = match now {
                Stage::Head(since) => match timeout_at(since + limit, stage.changed()).await {
                    Ok(changed) => changed,
                    Err(_) => return,
                },
                Stage::Request(_) | Stage::Answer => stage.changed().await,
            };
            if changed.is_err() {
                // `lost` says it.
                std::future::pending::<()>().await;
            }
        }
    }

    fn tell(&self, next: impl Fn(Stage) -> Option<Stage>) {
        if let Some(holder) = self.seats.taken().holders.get(&self.number) {
            holder.stage.send_if_modified(|stage| next(*stage).map(|next| *stage = next).is_some());
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().holders.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

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
        assert_eq!(seats.count(), 0);
        assert!(seats.taken().holders.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_longest_gives_its_seat_to_a_newcomer() {
        let seats = Arc::new(Seats::new(3, 3));
        let mut held = Vec::new();
        for whose in ["asks", "known", "idle"] {
            held.push(seats.take(whose).unwrap());
            advance(Duration::from_secs(1)).await;
        }
        held[0].asked();
        held[1].keep();
        let newcomer = seats.take_or_free("new").unwrap();
        held[2].lost().await;
        assert_eq!(seats.count(), 3);
        // Its end takes nobody else's.
        drop(held.pop());
        assert_eq!(seats.count(), 3);
        newcomer.asked();
        assert_eq!(seats.take_or_free("more").unwrap_err(), Full::All);
        // An answer was given: it waits again, and for less long than the newcomer by now.
        newcomer.answered();
        advance(Duration::from_secs(1)).await;
        held[0].answered();
        let _more = seats.take_or_free("more").unwrap();
        newcomer.lost().await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_its_share_frees_a_seat_of_its_own() {
        let seats = Arc::new(Seats::new(9, 1));
        let (other, own) = (seats.take("b").unwrap(), seats.take("a").unwrap());
        let _newer = seats.take_or_free("a").unwrap();
        own.lost().await;
        other.asked();
        assert_eq!(seats.count(), 2, "the other's seat is older, and stays");
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_head_that_has_begun_is_too_slow() {
        let seats = Arc::new(Seats::new(1, 1));
        let seat = seats.take("a").unwrap();
        let (began, limit) = (Instant::now(), Duration::from_secs(10));
        seat.too_slow(limit).await;
        assert_eq!(began.elapsed(), limit, "the first request has to come");
        seat.asked();
        seat.answered();
        let an_hour = Duration::from_secs(3600);
        assert!(tokio::time::timeout(an_hour, seat.too_slow(limit)).await.is_err(), "none has to follow");
        seat.heard();
        let began = Instant::now();
        advance(Duration::from_secs(4)).await;
        // More of the same head.
        seat.heard();
        seat.too_slow(limit).await;
        assert_eq!(began.elapsed(), limit);
    }
}
