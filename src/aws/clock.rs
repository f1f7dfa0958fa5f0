//! AWS's time.
//!
//! Every answer of AWS carries a `Date`. Ages (of kicks, of launches) are differences between AWS's own times, so a
//! wrong local clock cannot open the gate early, and a simulator may run as fast as it likes.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use tokio::time::Instant;

use crate::model::time::Timestamp;

/// The time that AWS last told, and what has passed since.
#[derive(Clone, Debug, Default)]
pub struct AwsClock(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    /// AWS's time and the local moment at which it came.
    last: Option<(Timestamp, Instant)>,
}

impl AwsClock {
    /// AWS's time now; `None` before AWS answered anything.
    ///
    /// # Caveats
    /// `Date` has whole seconds, so this may be up to a second behind; it never runs backwards.
    pub fn now(&self) -> Option<Timestamp> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.last.map(|(time, at)| later(time, at))
    }

    fn hear(&self, date: Option<Timestamp>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(date) = date else { return };
        let now = told.last.map_or(date, |(time, at)| later(time, at));
        told.last = Some((date.max(now), Instant::now()));
    }
}

fn later(time: Timestamp, at: Instant) -> Timestamp {
    let passed = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(time.millis().saturating_add(passed))
}

#[dyn_dispatch_hint]
impl Intercept for AwsClock {
    fn name(&self) -> &'static str {
        "AwsClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| aws_smithy_types::DateTime::from_str(text, Format::HttpDate).ok());
        self.hear(date.and_then(|date| date.to_millis().ok()).map(Timestamp::from_millis));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn at(millis: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millis(millis))
    }

    #[tokio::test(start_paused = true)]
    async fn time_goes_on_between_two_answers_and_never_back() {
        let clock = AwsClock::default();
        assert_eq!(clock.now(), None);
        clock.hear(at(10_000));
        advance(Duration::from_millis(1_500)).await;
        assert_eq!(clock.now(), at(11_500));
        // An answer that was long on its way, and one without a date.
        clock.hear(at(11_000));
        clock.hear(None);
        assert_eq!(clock.now(), at(11_500));
        clock.hear(at(9_000));
        advance(Duration::from_millis(500)).await;
        assert_eq!(clock.now(), at(12_000));
        clock.hear(at(13_000));
        assert_eq!(clock.now(), at(13_000));
    }

    #[tokio::test(start_paused = true)]
    async fn clones_hear_the_same() {
        let clock = AwsClock::default();
        clock.clone().hear(at(10_000));
        assert_eq!(clock.now(), at(10_000));
    }
}
