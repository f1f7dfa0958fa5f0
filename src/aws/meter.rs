//! Counts what a process asks of AWS.
//!
//! One meter for all ways of a process, over all regions; each attempt counts, as AWS counts it. The SDK repeats nothing
//! by itself (`retry`), so what is counted here is what is sent. What the SDK asks in order to get credentials is not in it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::traffic::Traffic;

use super::error::{AwsError, Class};

/// The counts of a process; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Traffic>>);

impl Meter {
    /// What was counted so far.
    pub fn traffic(&self) -> Traffic {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts an attempt and what it came to.
    pub(super) fn count<T>(&self, operation: &'static str, answer: &Result<T, AwsError>) {
        let mut traffic = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = traffic.entry(operation).or_default();
        counts.attempts += 1;
        match answer.as_ref().map_err(|error| error.class) {
            Ok(_) => {}
            Err(Class::Throttled) => counts.throttled += 1,
            Err(Class::Transient) => counts.lost += 1,
            Err(Class::Conflict | Class::NotFound | Class::Denied | Class::Invalid | Class::Unsent) => {
                counts.refused += 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::traffic::{Counts, attempts};

    fn error(class: Class) -> Result<(), AwsError> {
        let text = String::new;
        Err(AwsError { operation: "ecs:RunTask", class, code: text(), message: text(), request_id: text() })
    }

    #[test]
    fn clones_count_together_and_tell_failures_apart() {
        let meter = Meter::default();
        let other = meter.clone();
        meter.count("ecs:RunTask", &Ok(()));
        other.count("ecs:RunTask", &error(Class::Throttled));
        other.count("ecs:RunTask", &error(Class::Transient));
        other.count("ecs:RunTask", &error(Class::Denied));
        meter.count("ecs:ListTasks", &Ok(()));
        let traffic = meter.traffic();
        assert_eq!(traffic["ecs:RunTask"], Counts { attempts: 4, throttled: 1, lost: 1, refused: 1 });
        assert_eq!(attempts(&traffic), 5);
    }
}
