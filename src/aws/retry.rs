//! Trying again, and how long to wait: the one file that names the `backoff` crate.
//!
//! `backoff` is unmaintained and only computes intervals here; the waiting is tokio's, so it can be virtual.
//! The SDK's own retries are off, so that every call that reaches AWS is counted and decided in one place.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;

use super::error::{AwsError, Class};

/// Which failures a call may be repeated after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Reads, and writes that have the same effect twice.
    Always,
    /// Writes that AWS must have refused before they may be sent again.
    IfRefused,
}

/// How waits are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jitter {
    /// By half, so that many processes do not come back at once.
    Half,
    /// Not at all: the same run every time.
    None,
}

/// Calls of one pass are cheap to repeat in the next: five tries ride out a burst, more would hide an outage.
const TRIES: u32 = 5;

/// Repeats a call until it succeeds, fails for good, or was tried often enough. The waits are of AWS's time, which runs
/// `speed` times as fast as the clock here.
pub(super) async fn retry<T>(
    (jitter, speed): (Jitter, f64),
    repeat: Repeat,
    mut call: impl AsyncFnMut() -> Result<T, AwsError>,
) -> Result<T, AwsError> {
    let mut waits = ExponentialBackoff {
        initial_interval: Duration::from_millis(200),
        current_interval: Duration::from_millis(200),
        multiplier: 2.0,
        max_interval: Duration::from_secs(5),
        max_elapsed_time: None,
        randomization_factor: match jitter {
            Jitter::Half => 0.5,
            Jitter::None => 0.0,
        },
        ..ExponentialBackoff::default()
    };
    let mut tries = 1;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let again = match error.class {
            Class::Throttled => true,
            Class::Transient => repeat == Repeat::Always,
            Class::Conflict | Class::NotFound | Class::Denied | Class::Invalid | Class::Unsent => false,
        };
        let wait = waits.next_backoff().filter(|_| again && tries < TRIES);
        let Some(wait) = wait else { return Err(error) };
        tracing::debug!(operation = error.operation, code = error.code, tries, ?wait, "call repeated");
        tokio::time::sleep(wait.div_f64(speed)).await;
        tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    fn error(class: Class) -> AwsError {
        let text = String::new;
        AwsError { operation: "ecs:UpdateService", class, code: text(), message: text(), request_id: text() }
    }

    /// How often a call is sent that fails in this way each time.
    async fn sent(repeat: Repeat, class: Class) -> u32 {
        let calls = Cell::new(0);
        let failed = retry((Jitter::None, 1.0), repeat, async || {
            calls.set(calls.get() + 1);
            Err::<(), _>(error(class))
        });
        assert_eq!(failed.await.unwrap_err().class, class);
        calls.get()
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_may_have_happened_is_not_sent_again() {
        assert_eq!(sent(Repeat::IfRefused, Class::Transient).await, 1);
        assert_eq!(sent(Repeat::IfRefused, Class::Throttled).await, TRIES);
        assert_eq!(sent(Repeat::Always, Class::Transient).await, TRIES);
        assert_eq!(sent(Repeat::Always, Class::Throttled).await, TRIES);
    }

    #[tokio::test(start_paused = true)]
    async fn what_aws_has_refused_for_good_is_not_sent_again() {
        for class in [Class::Conflict, Class::NotFound, Class::Denied, Class::Invalid] {
            assert_eq!(sent(Repeat::Always, class).await, 1, "{class:?}");
            assert_eq!(sent(Repeat::IfRefused, class).await, 1, "{class:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_is_longer_than_the_one_before_and_all_of_them_are_seconds() {
        let began = Instant::now();
        sent(Repeat::Always, Class::Throttled).await;
        assert_eq!(began.elapsed().as_millis(), 200 + 400 + 800 + 1600);
    }

    #[tokio::test(start_paused = true)]
    async fn what_succeeds_at_last_has_succeeded() {
        let calls = Cell::new(0);
        let answer = retry((Jitter::Half, 1.0), Repeat::IfRefused, async || {
            calls.set(calls.get() + 1);
            if calls.get() < TRIES { Err(error(Class::Throttled)) } else { Ok(calls.get()) }
        });
        assert_eq!(answer.await.unwrap(), TRIES);
    }
}
