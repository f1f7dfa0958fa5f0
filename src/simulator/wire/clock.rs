//! The clock behind a TCP server: virtual time that follows real time at some speed, and can be pushed ahead.
//!
//! The only place in the simulator where real time is read, through tokio, so that a paused runtime pauses it too.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::simulator::time::Time;

/// Where a server takes its `now` from.
pub trait Clock: Send + Sync {
    /// The present moment of virtual time. Never goes back.
    fn now(&self) -> Time;

    /// Pushes virtual time ahead by `ms` milliseconds.
    fn advance(&self, ms: i64);

    /// How long `ms` milliseconds of virtual time take. Where time stands, nothing is waited for.
    fn wait_for(&self, ms: i64) -> Duration;
}

/// Virtual time = start + real time × speed + everything it was pushed ahead by.
#[derive(Debug)]
pub struct SpeedClock {
    start: Time,
    speed: f64,
    origin: Instant,
    advanced_ms: AtomicI64,
}

impl SpeedClock {
    /// A clock that shows `start` now. `speed` is virtual seconds per real second; 0 is a clock that only moves when
    /// it is pushed, and negative or non-finite speeds count as 0.
    pub fn new(start: Time, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.max(0.0) } else { 0.0 };
        Self { start, speed, origin: Instant::now(), advanced_ms: AtomicI64::new(0) }
    }
}

impl Clock for SpeedClock {
    fn now(&self) -> Time {
        let elapsed_ms = (self.origin.elapsed().as_secs_f64() * self.speed * 1000.0) as i64;
        self.start.plus_millis(elapsed_ms).plus_millis(self.advanced_ms.load(Ordering::SeqCst))
    }

    fn advance(&self, ms: i64) {
        self.advanced_ms.fetch_add(ms.max(0), Ordering::SeqCst);
    }

    fn wait_for(&self, ms: i64) -> Duration {
        let seconds = ms.max(0) as f64 / 1000.0 / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn runs_at_its_speed_and_can_be_pushed_ahead() {
        let clock = SpeedClock::new(Time(1_000), 60.0);
        assert_eq!(clock.now(), Time(1_000));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.now(), Time(121_000));
        clock.advance(5_000);
        assert_eq!(clock.now(), Time(126_000));
        clock.advance(-5_000);
        assert_eq!(clock.now(), Time(126_000));
    }

    #[tokio::test(start_paused = true)]
    async fn stands_still_at_speeds_that_make_no_sense() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let clock = SpeedClock::new(Time(7), speed);
            tokio::time::advance(Duration::from_secs(3600)).await;
            assert_eq!(clock.now(), Time(7), "speed {speed}");
        }
    }
}
