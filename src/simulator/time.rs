//! Virtual time, and the four ways in which AWS writes a moment down.
//!
//! Owns the one time type of the simulator. Reads no clock: a moment always comes from a caller.
//! Divergence from AWS: none known; AWS too keeps milliseconds in ECS and seconds in HTTP dates.

use jiff::Timestamp;

/// A moment of virtual time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Time(pub i64);

impl Time {
    /// The moment `ms` milliseconds later (earlier, if negative). Stops at the ends of `i64`.
    pub fn plus_millis(self, ms: i64) -> Time {
        Time(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment; negative if `earlier` is in fact later.
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The timestamp of the AWS JSON protocols: epoch seconds, with milliseconds as the fraction.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The timestamp of the AWS Query protocol and of people: `2026-11-22T20:35:00.250Z`, always UTC, always milliseconds.
    pub fn rfc3339(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// The HTTP `Date` header: `Sun, 22 Nov 2026 20:35:00 GMT`.
    pub fn http_date(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Moments outside of the calendar (year 9999) are written as its nearest end, so that no caller can panic here.
    fn timestamp(self) -> Timestamp {
        let nearest_end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0).unwrap_or(nearest_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_aws_writes_it() {
        let time = Time(1_795_379_700_250);
        assert_eq!(time.rfc3339(), "2026-11-22T20:35:00.250Z");
        assert_eq!(time.http_date(), "Sun, 22 Nov 2026 20:35:00 GMT");
        assert_eq!(time.epoch_seconds(), 1_795_379_700.25);
    }

    #[test]
    fn survives_moments_outside_of_the_calendar() {
        assert!(Time(i64::MAX).rfc3339().starts_with("9999-"));
        assert!(Time(i64::MIN).http_date().ends_with("GMT"));
        assert_eq!(Time(i64::MAX).plus_millis(1), Time(i64::MAX));
    }
}
