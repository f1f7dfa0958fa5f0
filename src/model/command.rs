//! A person's word about one rollout, as it stands in a tag on the cluster: try again, take it for ended, take it back.
//!
//! | tag | says | written |
//! |---|---|---|
//! | `evenkeel:<table>:command` | `Command`: what a person wants of which rollout and attempt | before the command is acknowledged |
//!
//! A command names what it is about, so that it is done once: the record that it leads to is another one. Whether it is
//! to be done, was done, or is about something that is over, is said here by comparing the two. Nothing here does it.

use std::fmt;

use super::ids::{CommandId, TableName};
use super::past::Past;
use super::rollout::{Failure, IdempotencyKey, Record, RecordState, RolloutId};
use super::tags;
use super::time::Timestamp;

/// What a person wants of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which rollout it is about.
    pub rollout: RolloutId,
    /// The base of the rollout that is to be aborted: its id follows kicks that join it, its base stays.
    pub base: Option<Timestamp>,
    /// What is wanted.
    pub order: Order,
    /// When it was given, in AWS's time.
    pub at: Timestamp,
    /// What it is known by again, if it was given under a key.
    pub id: Option<CommandId>,
    /// Who gave it, as far as a tag can hold the name.
    pub by: Option<String>,
    /// Why, as far as a tag can hold it.
    pub reason: Option<String>,
}

/// The commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Run the deployment task again, after this attempt, which failed or of which nobody knows.
    Retry(u32),
    /// Take this attempt, of which nobody knows, for ended in this way.
    Resolve(u32, Told),
    /// Take the rollout back where it is still going, and do not run the deployment task.
    Abort,
    /// Run the deployment task once more, though the rollout has ended, after this attempt; 0 where there was none.
    Run(u32),
}

/// How a person says that an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It has done its work.
    Succeeded,
    /// It has not.
    Failed,
}

/// How a command stands against a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is still to be done.
    Pending,
    /// It was done.
    Done,
    /// What it is about is over, and it will not be done.
    Void,
}

/// Names are for reading, not for telling people apart: forty characters are a mail address.
const BY: usize = 40;

impl Order {
    /// Its name, as on the command line, in the tag and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::Resolve(..) => "resolve",
            Self::Abort => "abort",
            Self::Run(_) => "run",
        }
    }
}

impl CommandId {
    /// The id of a command under a key: nothing else counts, so it is the same whoever gives it again, when and of whom.
    pub fn keyed(table: &TableName, key: &IdempotencyKey) -> Self {
        Self::told(key.digits(table, "command"))
    }
}

impl Told {
    /// Its name, as on the command line and in the tag.
    pub fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

impl Standing {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Done => "Done",
            Self::Void => "Void",
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(attempt) => write!(f, "retry after attempt {attempt}"),
            Self::Resolve(attempt, told) => write!(f, "resolve attempt {attempt} as {}", told.name()),
            Self::Abort => f.write_str("abort"),
            Self::Run(0) => f.write_str("run"),
            Self::Run(attempt) => write!(f, "run after attempt {attempt}"),
        }
    }
}

impl Command {
    /// The tag's value, within AWS's length.
    pub fn tag(&self) -> String {
        let Self { rollout, base, order, at, id, by, reason } = self;
        let (attempt, told) = match order {
            Order::Retry(attempt) | Order::Run(attempt) => (Some(attempt), None),
            Order::Resolve(attempt, told) => (Some(attempt), Some(told.name())),
            Order::Abort => (None, None),
        };
        let value = tags::write([
            ("do", Some(order.name().to_owned())),
            ("rollout", Some(rollout.to_string())),
            ("attempt", attempt.map(ToString::to_string)),
            ("as", told.map(str::to_owned)),
            ("base", base.map(|base| base.millis().to_string())),
            ("at", Some(at.millis().to_string())),
            ("id", id.as_ref().map(ToString::to_string)),
            // The last words, since they may have blanks in them; see `tags::last_words`.
            ("by", name_of(by.as_deref())),
        ]);
        tags::with_reason(value, reason.as_deref())
    }

    /// The command as its tag will show it: of the reason, what there is room for.
    pub fn as_kept(self) -> Self {
        Self::parse(&self.tag()).unwrap_or(self)
    }

    /// Reads a tag's value; `None` if it is not one that `tag` writes.
    pub fn parse(value: &str) -> Option<Self> {
        let (facts, by, reason) = tags::last_words(value);
        let words = tags::read(facts)?;
        let attempt = || words.get("attempt")?.parse().ok();
        let order = match *words.get("do")? {
            "retry" => Order::Retry(attempt()?),
            "resolve" => match *words.get("as")? {
                "succeeded" => Order::Resolve(attempt()?, Told::Succeeded),
                "failed" => Order::Resolve(attempt()?, Told::Failed),
                _ => return None,
            },
            "abort" => Order::Abort,
            "run" => Order::Run(attempt()?),
            _ => return None,
        };
        let moment = |text: &&str| text.parse().ok().map(Timestamp::from_millis);
        // Earlier versions wrote none.
        let base = words.get("base").map(moment);
        let base = if let Some(base) = base { Some(base?) } else { None };
        let rollout = RolloutId::told(*words.get("rollout")?);
        let id = words.get("id").map(|id| CommandId::told(*id));
        Some(Self { rollout, base, order, at: words.get("at").and_then(moment)?, id, by, reason })
    }

    /// Whether it is about this record's rollout.
    ///
    /// A retry, a run and a resolve name an attempt, and the id that its token was made from. An abort is about the rollout
    /// as a whole: a kick that joins it makes another id, and whoever looked before the command was there may write it.
    pub fn is_about(&self, record: &Record) -> bool {
        // Its end may have another base than it had, and id; the newest command that came before it has brought it about.
        let ended = record.state == RecordState::Failed(Failure::Aborted) && self.at <= record.since;
        let whole = self.order == Order::Abort && (self.base == Some(record.base) || (ended && self.base.is_some()));
        self.rollout == record.id || whole
    }

    /// The same command; an abort that is done, about its own rollout alone. A late write of an older record may bring back the base that it
    /// names, and what is kicked after its end is nobody's to take back.
    #[must_use]
    pub fn unless_done(self, record: Option<&Record>, mut ends: impl Iterator<Item = Past>) -> Self {
        let begun = record.map(|record| record.frontier);
        let done =
            |end: Past| end.state == RecordState::Failed(Failure::Aborted) && self.at <= end.at && begun > Some(end.at);
        if self.order == Order::Abort && ends.any(done) { Self { base: None, ..self } } else { self }
    }

    /// How it stands against the record.
    pub fn against(&self, record: &Record) -> Standing {
        if !self.is_about(record) {
            return Standing::Void;
        }
        match self.order {
            Order::Retry(attempt) => match &record.state {
                RecordState::Failed(
                    Failure::Task { .. }
                    | Failure::Start(_)
                    | Failure::Refused(_)
                    | Failure::Told(_)
                    | Failure::Log { .. },
                )
                | RecordState::Unknown(_)
                    if record.state.attempt() == Some(attempt) =>
                {
                    Standing::Pending
                }
                state if state.attempt().is_some_and(|number| number > attempt) => Standing::Done,
                RecordState::Baseline
                | RecordState::Open
                | RecordState::Launching(_)
                | RecordState::Launched(_)
                | RecordState::Succeeded(_)
                | RecordState::Failed(_)
                | RecordState::Unknown(_)
                | RecordState::Resolved(_)
                | RecordState::Skipped => Standing::Void,
            },
            Order::Resolve(attempt, told) => match (&record.state, told) {
                (RecordState::Unknown(lost), _) if lost.attempt == attempt => Standing::Pending,
                (RecordState::Resolved(number), Told::Succeeded)
                | (RecordState::Failed(Failure::Told(number)), Told::Failed)
                    if *number == attempt =>
                {
                    Standing::Done
                }
                _ => Standing::Void,
            },
            Order::Abort => match &record.state {
                // A launch that was written down at the same moment, and of which nothing came, is taken back too.
                RecordState::Open | RecordState::Launching(1) => Standing::Pending,
                RecordState::Failed(Failure::Aborted) => Standing::Done,
                RecordState::Baseline
                | RecordState::Launching(_)
                | RecordState::Launched(_)
                | RecordState::Succeeded(_)
                | RecordState::Failed(_)
                | RecordState::Unknown(_)
                | RecordState::Resolved(_)
                | RecordState::Skipped => Standing::Void,
            },
            Order::Run(attempt) => match &record.state {
                state if state.can_run_again() && state.attempt().unwrap_or(0) == attempt => Standing::Pending,
                state if state.attempt().is_some_and(|number| number > attempt) => Standing::Done,
                _ => Standing::Void,
            },
        }
    }
}

/// A person's name as far as a tag can hold it; `None` if nothing is left of it. The words of a tag are told apart by
/// `=`, so a name has none.
pub fn name_of(by: Option<&str>) -> Option<String> {
    tags::some_free(by.map(|by| by.replace('=', " ")).as_deref(), BY)
}

#[cfg(test)]
mod tests {
    use super::{Command, Order, Standing, Told, name_of};
    use crate::model::ids::{CommandId, RowName};
    use crate::model::past::Past;
    use crate::model::rollout::{Attempt, Failure, Lost, Record, RecordState, RolloutId};
    use crate::model::tags::LONGEST;
    use crate::model::time::Timestamp;

    fn command(order: Order) -> Command {
        Command {
            rollout: RolloutId::told("0123456789abcdef"),
            base: Some(Timestamp::from_millis(9_999_999_999_998)),
            order,
            at: Timestamp::from_millis(9_999_999_999_999),
            id: Some(CommandId::told("fedcba9876543210")),
            by: Some("Ada B. (on call)".to_owned()),
            reason: Some("by=hand, reason=the index was checked; ".repeat(9)),
        }
    }

    fn record(state: RecordState) -> Record {
        let moment = Timestamp::from_millis(1);
        let id = RolloutId::told("0123456789abcdef");
        Record {
            id,
            base: moment,
            frontier: moment,
            state,
            since: moment,
            request: None,
            own: false,
            undone: None,
            rows: None,
        }
    }

    #[test]
    fn every_command_fits_a_tag_and_reads_back() {
        for order in [
            Order::Retry(12),
            Order::Resolve(3, Told::Succeeded),
            Order::Resolve(3, Told::Failed),
            Order::Abort,
            Order::Run(0),
            Order::Run(12),
        ] {
            let tag = command(order).tag();
            assert!(tag.chars().count() <= LONGEST, "{} characters", tag.len());
            let read = Command::parse(&tag).unwrap();
            assert_eq!((read.order, read.by.as_deref()), (order, Some("Ada B. on call")), "{tag}");
            assert!(
                read.reason.as_deref().is_some_and(|reason| reason.starts_with("by=hand reason=the index")),
                "{tag}"
            );
            assert_eq!(read.id, command(order).id, "{tag}");
            assert_eq!(read.tag(), tag);
            assert_eq!(read, command(order).as_kept());
        }
    }

    #[test]
    fn a_name_is_what_a_tag_can_hold_of_it() {
        assert_eq!(name_of(Some("a=b")).as_deref(), Some("a b"));
        assert_eq!(name_of(Some(" ,;! ")), None);
    }

    #[test]
    fn a_command_about_another_rollout_or_attempt_is_void() {
        let lost = |attempt| RecordState::Unknown(Lost { attempt, task: None });
        let mut other = record(lost(1));
        other.id = RolloutId::told("ffffffffffffffff");
        assert_eq!(command(Order::Retry(1)).against(&other), Standing::Void);
        assert_eq!(command(Order::Retry(1)).against(&record(lost(1))), Standing::Pending);
        assert_eq!(command(Order::Retry(1)).against(&record(lost(2))), Standing::Done);
        assert_eq!(command(Order::Retry(2)).against(&record(lost(1))), Standing::Void);
        assert_eq!(command(Order::Resolve(1, Told::Failed)).against(&record(lost(2))), Standing::Void);
    }

    #[test]
    fn a_run_is_about_the_attempt_after_which_it_was_given_and_about_no_rollout_that_goes_on() {
        let attempt = |number| Attempt { number, task: "cafe".to_owned() };
        let stands = |order, state| command(order).against(&record(state));
        for state in [RecordState::Baseline, RecordState::Skipped] {
            assert_eq!(stands(Order::Run(0), state.clone()), Standing::Pending);
            assert_eq!(stands(Order::Run(1), state), Standing::Void);
        }
        for ended in [
            RecordState::Succeeded(attempt(2)),
            RecordState::Resolved(2),
            RecordState::Failed(Failure::Task { attempt: attempt(2), exit: Some(3) }),
            RecordState::Failed(Failure::Start(2)),
            RecordState::Failed(Failure::Log { attempt: attempt(2) }),
            RecordState::Failed(Failure::Told(2)),
        ] {
            assert_eq!(stands(Order::Run(2), ended.clone()), Standing::Pending, "{ended:?}");
            assert_eq!(stands(Order::Run(1), ended.clone()), Standing::Done, "{ended:?}");
            assert_eq!(stands(Order::Run(3), ended.clone()), Standing::Void, "{ended:?}");
        }
        for other in [
            RecordState::Open,
            RecordState::Failed(Failure::Aborted),
            RecordState::Failed(Failure::Row(RowName::told("portal"))),
        ] {
            assert_eq!(stands(Order::Run(0), other.clone()), Standing::Void, "{other:?}");
        }
        let lost = RecordState::Unknown(Lost { attempt: 1, task: None });
        assert_eq!(stands(Order::Run(1), lost), Standing::Void);
        assert_eq!(stands(Order::Run(1), RecordState::Launching(1)), Standing::Void);
        assert_eq!(stands(Order::Run(1), RecordState::Launching(2)), Standing::Done);
    }

    #[test]
    fn an_abort_is_about_the_rollout_and_the_kicks_that_joined_it() {
        let joined = |base| Record {
            id: RolloutId::told("ffffffffffffffff"),
            base: Timestamp::from_millis(base),
            ..record(RecordState::Open)
        };
        assert_eq!(command(Order::Abort).against(&joined(9_999_999_999_998)), Standing::Pending);
        assert_eq!(command(Order::Abort).against(&joined(9_999_999_999_999)), Standing::Void);
        assert_eq!(command(Order::Retry(1)).against(&joined(9_999_999_999_998)), Standing::Void);
    }

    #[test]
    fn an_abort_that_is_done_is_not_about_what_is_kicked_later() {
        let began = Timestamp::from_millis(9_999_999_999_998);
        let moment = |after: i64| Timestamp::from_millis(9_999_999_999_999 + after);
        let open = |after| Record {
            id: RolloutId::told("ffffffffffffffff"),
            base: began,
            frontier: moment(after),
            ..record(RecordState::Open)
        };
        let end = |after| {
            let text = format!("id=fffffffffffffff0 at={} state=failed how=aborted from=kick", moment(after).millis());
            Past::parse(&text).expect("an end as it is written")
        };
        let stands = |end: Option<Past>, record: Record| {
            command(Order::Abort).unless_done(Some(&record), end.into_iter()).against(&record)
        };
        assert_eq!(stands(Some(end(5)), open(6)), Standing::Void);
        assert_eq!(stands(Some(end(5)), open(5)), Standing::Pending, "a late write of what is taken back");
        assert_eq!(stands(Some(end(-1)), open(6)), Standing::Pending, "another abort, before this one");
        assert_eq!(stands(None, open(6)), Standing::Pending, "a kick that joins");
    }

    #[test]
    fn an_abort_of_an_earlier_version_is_read() {
        let told = Command::parse("do=abort rollout=0123456789abcdef at=5").unwrap();
        assert_eq!((told.base, told.against(&record(RecordState::Open))), (None, Standing::Pending));
        assert_eq!(Command::parse("do=abort rollout=0123456789abcdef base=x at=5"), None);
    }

    #[test]
    fn a_command_is_done_when_the_record_shows_it() {
        let failed = |failure| record(RecordState::Failed(failure));
        assert_eq!(command(Order::Abort).against(&record(RecordState::Open)), Standing::Pending);
        assert_eq!(command(Order::Abort).against(&failed(Failure::Aborted)), Standing::Done);
        let launched = RecordState::Launched(Attempt { number: 1, task: "cafe".to_owned() });
        assert_eq!(command(Order::Abort).against(&record(launched)), Standing::Void);
        let resolve = command(Order::Resolve(1, Told::Succeeded));
        assert_eq!(resolve.against(&record(RecordState::Resolved(1))), Standing::Done);
        assert_eq!(resolve.against(&failed(Failure::Told(1))), Standing::Void);
        assert_eq!(command(Order::Retry(1)).against(&record(RecordState::Launching(2))), Standing::Done);
    }
}
