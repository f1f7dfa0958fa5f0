//! The durable facts of a rollout, as they stand in tags on the cluster.
//!
//! | tag | says | written |
//! |---|---|---|
//! | `evenkeel:<table>:rollout` | `Record`: which rollout, how far its task is | by the controller, before and after each step of the launch |
//! | `evenkeel:<table>:launch-a`, `-b` | the same `Record`, once more | with each record of a launch; `launches` says why |
//! | `evenkeel:<table>:request` | `Request`: somebody wants a forced rollout | before the request is acknowledged |
//! | `evenkeel:<table>:change` | `Change`: which rows this program itself is about to kick | before a correction that makes new deployments |
//!
//! `command`, `withdrawal` and `past` have tags of their own: a person's words, and the rollouts that ended.
//! Everything else about a rollout is seen on AWS and not remembered. Nothing here decides.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::command::Command;
use super::ids::{ClusterArn, DeploymentId, RequestId, RowName, TableName};
use super::launches::{self, Launches};
use super::past::{self, Past};
use super::tags;
use super::time::Timestamp;
use super::withdrawal::Withdrawal;

mod counted;
mod request;
mod state;

#[cfg(test)]
mod tests;

pub use counted::Counted;
pub use request::{IdempotencyKey, Request};

/// Sixteen hex digits: the same facts give every controller the same id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RolloutId(String);

/// What is known of the newest rollout, or that there was none yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which rollout.
    pub id: RolloutId,
    /// The frontier before it: rows whose PRIMARY deployment is newer belong to this rollout.
    pub base: Timestamp,
    /// The newest PRIMARY deployment of the rows, when the record was written.
    pub frontier: Timestamp,
    /// How far it is.
    pub state: RecordState,
    /// When this state was written; for `Launching`, that is when this attempt's launch began.
    pub since: Timestamp,
    /// The request that it answers, if somebody asked for it.
    pub request: Option<RequestId>,
    /// That request is this rollout's own, though it is older than the base: a row that was added meanwhile has moved the frontier.
    pub own: bool,
    /// What ECS undid up to here was undone of the rollout before, which this one follows from the same base.
    pub undone: Option<Timestamp>,
    /// The rows that it counts: others are new in the table. `None` if they do not fit the tag.
    pub rows: Option<Counted>,
}

/// How far a rollout is, as far as AWS does not keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Rollouts in this state are not ours: they were over before this program first saw the cluster.
    Baseline,
    /// Rollouts in this state have kicks that are not clear yet.
    Open,
    /// Rollouts in this state have a RunTask that may or may not have been accepted.
    Launching(u32),
    /// Rollouts in this state have a task that AWS accepted.
    Launched(Attempt),
    /// Rollouts in this state are over, their task has done its work.
    Succeeded(Attempt),
    /// Rollouts in this state are over and need a person.
    Failed(Failure),
    /// Rollouts in this state have a task of which nobody can say whether it ran.
    Unknown(Lost),
    /// Rollouts in this state are over: a person says that this attempt's task has done its work.
    Resolved(u32),
    /// Rollouts in this state are over; the table has no task row.
    Skipped,
}

/// One accepted launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// The task's id (32 hex digits).
    pub task: String,
}

/// A launch whose end nobody can see any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Which attempt.
    pub attempt: u32,
    /// The task's id, if AWS accepted one as far as anybody knows; without it, RunTask was sent and nothing came to light.
    pub task: Option<String>,
}

/// Why a rollout failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// ECS gave up or undid the deployment of this row; the task did not run.
    Row(RowName),
    /// The task ran and ended badly.
    Task {
        /// Which attempt.
        attempt: Attempt,
        /// The exit code, if there was one.
        exit: Option<i32>,
    },
    /// The task could not be started: this attempt was the last of its launch, or AWS refused it.
    Start(u32),
    /// AWS refused this attempt to one process. Whether it did so to every one that may have asked shows minutes later.
    Refused(u32),
    /// The task ended with exit code 0, and its log says otherwise.
    Log {
        /// Which attempt.
        attempt: Attempt,
    },
    /// A person says that this attempt, of which nobody knew, has not done its work.
    Told(u32),
    /// A person took the rollout back; the task did not run.
    Aborted,
}

/// Which rows this program itself is about to kick to correct them.
///
/// Without it, a correction of one row would look like a kick by somebody else that stopped half-way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The frontier of the record then: the change belongs to the rollout that comes after it.
    pub after: Timestamp,
    /// When it was intended: what ECS undid before has nothing to do with it.
    pub at: Timestamp,
    /// The rows.
    pub rows: BTreeSet<RowName>,
}

/// The durable facts that a cluster carries for one table; `Err` is a tag that this program did not write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durable {
    /// The record that counts: its tag's, or what a launch or the history knows more.
    pub record: Option<Record>,
    /// The newest launches.
    pub launches: Launches,
    /// The newest request.
    pub request: Option<Request>,
    /// The newest change.
    pub change: Option<Change>,
    /// The newest command.
    pub command: Option<Command>,
    /// The newest withdrawal of a request.
    pub withdrawn: Option<Withdrawal>,
    /// Where the newest request is withdrawn: the one whose place it had taken, which waited and so stands again.
    pub again: Option<Request>,
}

/// A tag of ours that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// The tag keys of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKeys {
    /// The record's.
    pub rollout: String,
    /// The launches'.
    pub launches: [String; 2],
    /// The request's.
    pub request: String,
    /// The change's.
    pub change: String,
    /// The command's.
    pub command: String,
    /// The withdrawal's.
    pub withdrawn: String,
    /// The entries' of rollouts that ended.
    pub past: [String; past::KEPT],
}

impl TagKeys {
    /// The keys under which a table's durable facts stand.
    pub fn of(table: &TableName) -> Self {
        let key = |what: &str| format!("evenkeel:{table}:{what}");
        Self {
            rollout: key("rollout"),
            launches: [key("launch-a"), key("launch-b")],
            request: key("request"),
            change: key("change"),
            command: key("command"),
            withdrawn: key("withdrawn"),
            past: past::keys(table),
        }
    }

    /// The keys that a rollout may have to write.
    pub fn needed(&self) -> [&str; 7] {
        let [first, second] = &self.launches;
        [&self.rollout, first, second, &self.request, &self.change, &self.command, &self.withdrawn]
    }
}

impl Durable {
    /// Reads a cluster's tags.
    ///
    /// # Errors
    /// A tag under our key that this program did not write, or that a newer version wrote.
    pub fn read<'a>(keys: &TagKeys, tag: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Unreadable> {
        fn parsed<T>(key: &str, value: Option<&str>, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Unreadable> {
            let unreadable = |value: &str| Unreadable { key: key.to_owned(), value: value.to_owned() };
            value.map(|value| parse(value).ok_or_else(|| unreadable(value))).transpose()
        }
        let launch = |key: &String| parsed(key, tag(key), Record::parse);
        let launches = [launch(&keys.launches[0])?, launch(&keys.launches[1])?];
        let record = parsed(&keys.rollout, tag(&keys.rollout), Record::parse)?;
        let ends = || keys.past.iter().filter_map(|key| Past::parse(tag(key)?));
        let record = launches::known(record, &launches).map(|record| launches::unless_ended(record, ends()));
        let command = parsed(&keys.command, tag(&keys.command), Command::parse)?;
        let request = parsed(&keys.request, tag(&keys.request), Request::parse)?;
        let withdrawn = parsed(&keys.withdrawn, tag(&keys.withdrawn), Withdrawal::parse)?;
        let again = request.as_ref().zip(withdrawn.as_ref());
        let again = again.and_then(|(request, word)| standing_again(record.as_ref(), request, word));
        Ok(Self {
            command: command.map(|command| command.unless_done(record.as_ref(), ends())),
            record,
            launches,
            request,
            change: parsed(&keys.change, tag(&keys.change), Change::parse)?,
            withdrawn,
            again,
        })
    }

    /// The newest request that nobody has withdrawn.
    pub fn wanted(&self) -> Option<&Request> {
        self.request.as_ref().filter(|request| !self.is_withdrawn(&request.id)).or(self.again.as_ref())
    }

    /// Whether somebody has withdrawn this request, as far as it is known.
    pub fn is_withdrawn(&self, request: &RequestId) -> bool {
        self.withdrawn.as_ref().is_some_and(|withdrawn| withdrawn.covers(request))
    }

    /// What a withdrawal of this request says beside it: those withdrawn before, in whose place it stood again.
    pub fn withdrawn_before(&self, request: &RequestId) -> Vec<RequestId> {
        let standing = self.request.iter().flat_map(Request::standing);
        standing.filter(|id| *id != request && self.is_withdrawn(id)).cloned().collect()
    }

    /// What a new request remembers of those before it, and how many of them, from the first, stand again if it is withdrawn.
    /// `waits` says whether the newest still waits; one that the record answers does not, nor any that is older.
    pub fn replaced(&self, waits: bool) -> (Vec<RequestId>, usize) {
        let Some(request) = &self.request else { return (Vec::new(), 0) };
        let answered = self.record.as_ref().and_then(|record| record.request.as_ref());
        let standing = request.standing().filter(|id| !self.is_withdrawn(id) && waits);
        let waiting: Vec<&RequestId> = standing.take_while(|id| answered != Some(*id)).collect();
        let before = request.and_before(&waiting);
        let also = waiting.len().min(before.len());
        (before, also)
    }
}

impl RolloutId {
    /// The id of the rollout that these PRIMARY deployments are.
    pub fn of<'a>(
        table: &TableName,
        cluster: &ClusterArn,
        primaries: impl IntoIterator<Item = (&'a RowName, &'a DeploymentId)>,
    ) -> Self {
        let mut rows: Vec<_> = primaries.into_iter().collect();
        rows.sort();
        let mut hash = Sha256::new();
        hash.update(format!("{table}\n{cluster}\n"));
        for (row, deployment) in rows {
            hash.update(format!("{row} {deployment}\n"));
        }
        Self(hex(&hash.finalize(), 16))
    }

    /// As a tag of this program has it; not checked again.
    pub fn told(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the `startedBy` of every task begins with that this program ever started.
    pub const STARTED_BY: &'static str = "evenkeel/";

    /// What RunTask is told in `startedBy`, and how the task is found again.
    pub fn started_by(&self, attempt: u32) -> String {
        format!("{}{attempt}", self.started_by_any())
    }

    /// What the `startedBy` of each of its attempts begins with.
    pub fn started_by_any(&self) -> String {
        format!("{}{}/", Self::STARTED_BY, self.0)
    }

    /// Which of its attempts a task is that was started by this.
    pub fn attempt_of(&self, started_by: &str) -> Option<u32> {
        started_by.strip_prefix(&self.started_by_any())?.parse().ok()
    }

    /// RunTask's `clientToken`: the same attempt gives the same token, so ECS runs it once. 64 characters, ECS's limit.
    pub fn client_token(&self, attempt: u32) -> String {
        hex(&Sha256::digest(format!("evenkeel {} {attempt}", self.0)), 64)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => {
                write!(f, "ECS gave up or undid the deployment of {row}; the deployment task did not run")
            }
            Self::Task { attempt, exit: Some(code) } => {
                write!(f, "the deployment task {} ended with exit code {code}", attempt.task)
            }
            Self::Task { attempt, exit: None } => {
                write!(f, "the deployment task {} ended without an exit code", attempt.task)
            }
            Self::Start(_) => f.write_str("the deployment task could not be started"),
            Self::Refused(_) => f.write_str(
                "AWS refused to start the deployment task; whether a second controller has it started shows within 13 minutes",
            ),
            Self::Log { attempt } => {
                write!(f, "the deployment task {} ended with exit code 0, but its log says otherwise", attempt.task)
            }
            Self::Told(attempt) => write!(f, "a person says that attempt {attempt} has not done its work"),
            Self::Aborted => f.write_str("a person aborted it; the deployment task did not run"),
        }
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Record {
    /// The `startedBy` of the attempt that is in hand; `None` where none is launched or about to be.
    pub fn started_by(&self) -> Option<String> {
        match &self.state {
            RecordState::Launching(attempt) => Some(self.id.started_by(*attempt)),
            RecordState::Launched(attempt) => Some(self.id.started_by(attempt.number)),
            RecordState::Baseline
            | RecordState::Open
            | RecordState::Succeeded(_)
            | RecordState::Failed(_)
            | RecordState::Unknown(_)
            | RecordState::Resolved(_)
            | RecordState::Skipped => None,
        }
    }

    /// Whether a request has begun this rollout. A record keeps the one that a rollout before it answered, too.
    pub fn is_begun_by(&self, request: &Request) -> bool {
        // After a rollout that failed, the base lies before what was asked for then, too.
        let since = self.undone.is_none() && request.after >= self.base;
        self.request.as_ref() == Some(&request.id) && (self.own || since)
    }

    /// The tag's value.
    pub fn tag(&self) -> String {
        let Self { id, base, frontier, state, since, request, own, undone, rows } = self;
        let [name, rest @ ..] = state.said();
        let moments = [("base", base), ("frontier", frontier), ("since", since)];
        let moments = moments.map(|(key, moment)| (key, Some(moment.millis().to_string())));
        let first = [("id", Some(id.to_string())), name];
        let undone = undone.map(|undone| undone.millis().to_string());
        let own = own.then(|| "1".to_owned());
        let last = [("request", request.as_ref().map(ToString::to_string)), ("own", own), ("undone", undone)];
        let tag = tags::write(first.into_iter().chain(moments).chain(rest).chain(last));
        let whole = rows.as_ref().map(|rows| format!("{tag} rows={}", rows.said()));
        whole.filter(|whole| whole.len() <= tags::LONGEST).unwrap_or(tag)
    }

    /// Reads a tag's value; `None` if it is not one that `tag` writes.
    pub fn parse(value: &str) -> Option<Self> {
        let words = tags::read(value)?;
        let moment = |key: &str| words.get(key)?.parse().ok().map(Timestamp::from_millis);
        Some(Self {
            id: RolloutId((*words.get("id")?).to_owned()),
            base: moment("base")?,
            frontier: moment("frontier")?,
            state: RecordState::heard(&words)?,
            since: moment("since")?,
            request: words.get("request").map(|id| RequestId::told(*id)),
            own: words.contains_key("own"),
            undone: if words.contains_key("undone") { Some(moment("undone")?) } else { None },
            rows: match words.get("rows") {
                Some(rows) => Some(Counted::heard(rows)?),
                None => None,
            },
        })
    }
}

impl Change {
    /// What stands for every row.
    pub const ALL: &'static str = "@all";

    /// The tag's value. `rows=@all` when the names do not fit: then every row counts as meant.
    pub fn tag(&self) -> String {
        let (after, at) = (self.after.millis(), self.at.millis());
        let names = self.rows.iter().map(RowName::as_str).collect::<Vec<_>>().join("+");
        let value = format!("after={after} at={at} rows={names}");
        if value.len() <= tags::LONGEST { value } else { format!("after={after} at={at} rows={}", Self::ALL) }
    }

    /// Reads a tag's value.
    pub fn parse(value: &str) -> Option<Self> {
        let words = tags::read(value)?;
        let moment = |key: &str| words.get(key)?.parse().ok().map(Timestamp::from_millis);
        let rows = words.get("rows")?.split('+').map(RowName::told).collect();
        Some(Self { after: moment("after")?, at: moment("at")?, rows })
    }

    /// Whether this row was meant.
    pub fn covers(&self, row: &RowName) -> bool {
        self.rows.contains(row) || self.rows.iter().any(|name| name.as_str() == Self::ALL)
    }
}

/// The request that stands again where a newer one is withdrawn. What was done for one was done for those whose place it had
/// taken, though its withdrawal came late.
fn standing_again(record: Option<&Record>, request: &Request, withdrawn: &Withdrawal) -> Option<Request> {
    let again = request.standing_again(withdrawn)?;
    let ended = record.filter(|record| record.state != RecordState::Open);
    let done = ended.and_then(|record| record.request.as_ref());
    let mut newer = request.standing().take_while(|id| **id != again.id);
    newer.all(|id| done != Some(id)).then_some(again)
}

fn hex(bytes: &[u8], most: usize) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chars().take(most).collect()
}
