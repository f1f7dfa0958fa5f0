//! Schedules: `at(…)`, `rate(…)` and `cron(…)`, and when they come next.
//!
//! Owns their grammar. Source: Application Auto Scaling's user guide, "Schedule recurring scaling actions".
//!
//! Divergence from AWS: all in UTC; of cron's letters, `L`, `W` and `#` are refused.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::simulator::time::Time;

const MINUTE_MS: i64 = 60_000;

/// A cron expression that does not come within so many days never comes.
const HORIZON_DAYS: usize = 5 * 366;

/// When something is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Schedule {
    /// Once.
    At(Time),
    /// Every so many milliseconds, counted from when it was put.
    Rate(i64),
    Cron(Box<Cron>),
}

/// The fields of a cron expression, each as the numbers that it admits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cron {
    minutes: Vec<i16>,
    hours: Vec<i16>,
    days: Vec<i16>,
    months: Vec<i16>,
    /// From 1, which is Sunday.
    weekdays: Vec<i16>,
    years: Vec<i16>,
}

impl Schedule {
    /// `None` for what is no schedule.
    pub(super) fn parse(text: &str) -> Option<Schedule> {
        let (kind, rest) = text.trim().split_once('(')?;
        let inner = rest.strip_suffix(')')?.trim();
        match kind {
            "at" => {
                let moment: DateTime = inner.trim_end_matches('Z').parse().ok()?;
                Some(Schedule::At(utc(moment)?))
            }
            "rate" => {
                let (value, unit) = inner.split_once(' ')?;
                let value: i64 = value.parse().ok().filter(|value| *value >= 1)?;
                let unit = match unit.trim() {
                    "minute" | "minutes" => MINUTE_MS,
                    "hour" | "hours" => 60 * MINUTE_MS,
                    "day" | "days" => 24 * 60 * MINUTE_MS,
                    _ => return None,
                };
                Some(Schedule::Rate(value.checked_mul(unit)?))
            }
            "cron" => Cron::parse(inner).map(|cron| Schedule::Cron(Box::new(cron))),
            _ => None,
        }
    }

    /// The first moment after `after`; `anchor` is when the schedule was put.
    pub(super) fn next(&self, anchor: Time, after: Time) -> Option<Time> {
        match self {
            Schedule::At(moment) => (*moment > after).then_some(*moment),
            Schedule::Rate(ms) => {
                let passed = after.since(anchor).max(0) / ms;
                Some(anchor.plus_millis((passed + 1).saturating_mul(*ms)))
            }
            Schedule::Cron(cron) => cron.next(after),
        }
    }
}

impl Cron {
    fn parse(text: &str) -> Option<Cron> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields[..] else { return None };
        // One of the two ways to name a day must be open.
        if days != "?" && weekdays != "?" && days != "*" && weekdays != "*" {
            return None;
        }
        let months_named = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
        Some(Cron {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &months_named)?,
            weekdays: field(weekdays, 1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])?,
            years: field(years, 1970, 2199, &[])?,
        })
    }

    fn next(&self, after: Time) -> Option<Time> {
        let now = Timestamp::from_millisecond(after.0).ok()?.to_zoned(TimeZone::UTC).datetime();
        let today = now.date();
        for day in today.series(1.day()).take(HORIZON_DAYS).filter(|day| self.admits(*day)) {
            for hour in &self.hours {
                for minute in &self.minutes {
                    let moment = utc(day.at(i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?, 0, 0))?;
                    if moment > after {
                        return Some(moment);
                    }
                }
            }
        }
        None
    }

    fn admits(&self, day: Date) -> bool {
        let weekday = match day.weekday() {
            Weekday::Sunday => 1,
            Weekday::Monday => 2,
            Weekday::Tuesday => 3,
            Weekday::Wednesday => 4,
            Weekday::Thursday => 5,
            Weekday::Friday => 6,
            Weekday::Saturday => 7,
        };
        self.years.contains(&day.year())
            && self.months.contains(&i16::from(day.month()))
            && self.days.contains(&i16::from(day.day()))
            && self.weekdays.contains(&weekday)
    }
}

/// The numbers of a field: `*`, `?`, or a list of numbers, names, ranges and steps.
fn field(text: &str, least: i16, most: i16, names: &[&str]) -> Option<Vec<i16>> {
    let number = |word: &str| -> Option<i16> {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(word));
        let number = match named {
            Some(at) => i16::try_from(at).ok()? + 1,
            None => word.parse().ok()?,
        };
        (least..=most).contains(&number).then_some(number)
    };
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step >= 1)?)),
            None => (part, None),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*" | "?", _) => (least, most),
            (_, Some((from, to))) => (number(from)?, number(to)?),
            (one, None) => (number(one)?, if step.is_some() { most } else { number(one)? }),
        };
        numbers.extend((from..=to).step_by(step.unwrap_or(1)));
    }
    numbers.sort_unstable();
    numbers.dedup();
    (!numbers.is_empty()).then_some(numbers)
}

fn utc(moment: DateTime) -> Option<Time> {
    let moment = moment.to_zoned(TimeZone::UTC).ok()?;
    Some(Time(moment.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday, 22 November 2026, 20:00 UTC.
    const NOW: Time = Time(1_795_377_600_000);

    #[track_caller]
    fn next(schedule: &str, expect: &str) {
        let schedule = Schedule::parse(schedule).unwrap();
        assert_eq!(schedule.next(NOW, NOW).map(Time::rfc3339).unwrap_or_default(), expect);
    }

    #[test]
    fn comes_when_it_says() {
        next("at(2026-12-24T18:30:00)", "2026-12-24T18:30:00.000Z");
        next("at(2026-11-22T20:00:00)", "");
        next("rate(5 minutes)", "2026-11-22T20:05:00.000Z");
        next("rate(1 day)", "2026-11-23T20:00:00.000Z");
        next("cron(0 9 * * ? *)", "2026-11-23T09:00:00.000Z");
        next("cron(0/15 * * * ? *)", "2026-11-22T20:15:00.000Z");
        next("cron(30 8 ? * MON-FRI *)", "2026-11-23T08:30:00.000Z");
        next("cron(0 0 29 2 ? *)", "2028-02-29T00:00:00.000Z");
        next("cron(0 12 1,15 JAN ? 2027)", "2027-01-01T12:00:00.000Z");
        next("cron(0 0 31 2 ? *)", "");
    }

    #[test]
    fn refuses_what_is_no_schedule() {
        for wrong in [
            "",
            "every day",
            "rate(0 minutes)",
            "rate(5)",
            "at(tomorrow)",
            "cron(0 9 * * *)",
            "cron(60 9 * * ? *)",
            "cron(0 9 1 * MON *)",
            "cron(0 9 L * ? *)",
        ] {
            assert_eq!(Schedule::parse(wrong), None, "{wrong}");
        }
    }
}
