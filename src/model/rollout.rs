//! The durable facts of a rollout, as they stand in tags on the cluster.
//!
//! | tag | says | written |
//! |---|---|---|
//! | `evenkeel:<table>:rollout` | `Record`: which rollout, how far its task is | by the controller, before and after each step of the launch |
//! | `evenkeel:<table>:launch-a`, `-b` | the same `Record`, once more | with each record of a launch; `launches` says why |
//! | `evenkeel:<table>:request` | `Request`: somebody wants a forced rollout | before the request is acknowledged |
//! | `evenkeel:<table>:change` | `Change`: which rows this program itself is about to kick | before a correction that makes new deployments |
//!
//! Everything else about a rollout is seen on AWS and not remembered. Nothing here decides.

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::ids::{ClusterArn, DeploymentId, RequestId, RowName, TableName};
use super::launches::{self, Launches};
use super::tags;
use super::time::Timestamp;

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
    Unknown(u32),
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
    /// The task could not be started in this many attempts, or AWS refused it.
    Start(u32),
}

/// Somebody wants a forced rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The frontier when it was made: rows whose PRIMARY deployment is not newer are to be kicked.
    /// AWS's own times are compared, so no clock of ours can kick twice.
    pub after: Timestamp,
    /// When it was made.
    pub at: Timestamp,
    /// Why, in the requester's words, as far as a tag can hold them.
    pub reason: Option<String>,
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
    /// The record that counts: its tag's, or what a launch knows more.
    pub record: Option<Record>,
    /// The newest launches.
    pub launches: Launches,
    /// The newest request.
    pub request: Option<Request>,
    /// The newest change.
    pub change: Option<Change>,
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
        }
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
        Ok(Self {
            record: launches::known(record, &launches),
            launches,
            request: parsed(&keys.request, tag(&keys.request), Request::parse)?,
            change: parsed(&keys.change, tag(&keys.change), Change::parse)?,
        })
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
            Self::Start(1) => f.write_str("the deployment task could not be started"),
            Self::Start(attempts) => write!(f, "the deployment task could not be started in {attempts} attempts"),
        }
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RequestId {
    /// The id of a request: the same facts at the same moment are the same request.
    pub fn of(table: &TableName, after: Timestamp, at: Timestamp) -> Self {
        Self::told(hex(&Sha256::digest(format!("{table} {} {}", after.millis(), at.millis())), 16))
    }
}

impl Record {
    /// The tag's value.
    pub fn tag(&self) -> String {
        let Self { id, base, frontier, state, since, request } = self;
        let (name, attempt, task, exit, row) = state.words();
        tags::write([
            ("id", Some(id.to_string())),
            ("state", Some(name.to_owned())),
            ("base", Some(base.millis().to_string())),
            ("frontier", Some(frontier.millis().to_string())),
            ("since", Some(since.millis().to_string())),
            ("attempt", attempt.map(|n| n.to_string())),
            ("task", task.map(str::to_owned)),
            ("exit", exit.map(|code| code.to_string())),
            ("row", row.map(ToString::to_string)),
            ("request", request.as_ref().map(ToString::to_string)),
        ])
    }

    /// Reads a tag's value; `None` if it is not one that `tag` writes.
    pub fn parse(value: &str) -> Option<Self> {
        let words = tags::read(value)?;
        let moment = |key: &str| words.get(key)?.parse().ok().map(Timestamp::from_millis);
        let number = || words.get("attempt")?.parse().ok();
        let attempt = || Some(Attempt { number: number()?, task: (*words.get("task")?).to_owned() });
        let exit = || words.get("exit").map(|code| code.parse()).transpose().ok();
        let state = match *words.get("state")? {
            "baseline" => RecordState::Baseline,
            "open" => RecordState::Open,
            "launching" => RecordState::Launching(number()?),
            "launched" => RecordState::Launched(attempt()?),
            "succeeded" => RecordState::Succeeded(attempt()?),
            "failed" => match (words.get("row"), words.get("task")) {
                (Some(row), _) => RecordState::Failed(Failure::Row(RowName::told(*row))),
                (None, Some(_)) => RecordState::Failed(Failure::Task { attempt: attempt()?, exit: exit()? }),
                (None, None) => RecordState::Failed(Failure::Start(number()?)),
            },
            "unknown" => RecordState::Unknown(number()?),
            "skipped" => RecordState::Skipped,
            _ => return None,
        };
        Some(Self {
            id: RolloutId((*words.get("id")?).to_owned()),
            base: moment("base")?,
            frontier: moment("frontier")?,
            state,
            since: moment("since")?,
            request: words.get("request").map(|id| RequestId::told(*id)),
        })
    }
}

type StateWords<'a> = (&'static str, Option<u32>, Option<&'a str>, Option<i32>, Option<&'a RowName>);

impl RecordState {
    /// The state's name, as in the tag and in reports.
    pub fn name(&self) -> &'static str {
        self.words().0
    }

    fn words(&self) -> StateWords<'_> {
        match self {
            Self::Baseline => ("baseline", None, None, None, None),
            Self::Open => ("open", None, None, None, None),
            Self::Launching(number) => ("launching", Some(*number), None, None, None),
            Self::Launched(attempt) => ("launched", Some(attempt.number), Some(&attempt.task), None, None),
            // A probe may one day call another exit code a success; today it is 0 by definition, so it is not kept.
            Self::Succeeded(attempt) => ("succeeded", Some(attempt.number), Some(&attempt.task), Some(0), None),
            Self::Failed(Failure::Row(row)) => ("failed", None, None, None, Some(row)),
            Self::Failed(Failure::Task { attempt, exit }) => {
                ("failed", Some(attempt.number), Some(&attempt.task), *exit, None)
            }
            Self::Failed(Failure::Start(number)) => ("failed", Some(*number), None, None, None),
            Self::Unknown(number) => ("unknown", Some(*number), None, None, None),
            Self::Skipped => ("skipped", None, None, None, None),
        }
    }
}

impl Request {
    /// The tag's value, within AWS's length.
    pub fn tag(&self) -> String {
        let Self { id, after, at, reason } = self;
        tags::write([
            ("id", Some(id.to_string())),
            ("after", Some(after.millis().to_string())),
            ("at", Some(at.millis().to_string())),
            // The last word, since it may have blanks and `=` in it.
            ("reason", reason.as_deref().map(|text| tags::free(text, 120)).filter(|text| !text.is_empty())),
        ])
    }

    /// Reads a tag's value.
    pub fn parse(value: &str) -> Option<Self> {
        let (facts, reason) = match value.split_once(" reason=") {
            Some((facts, reason)) => (facts, Some(reason.to_owned())),
            None => (value, None),
        };
        let words = tags::read(facts)?;
        let moment = |key: &str| words.get(key)?.parse().ok().map(Timestamp::from_millis);
        Some(Self { id: RequestId::told(*words.get("id")?), after: moment("after")?, at: moment("at")?, reason })
    }
}

impl Change {
    /// The tag's value. `rows=@all` when the names do not fit: then every row counts as meant.
    pub fn tag(&self) -> String {
        let (after, at) = (self.after.millis(), self.at.millis());
        let names = self.rows.iter().map(RowName::as_str).collect::<Vec<_>>().join("+");
        let value = format!("after={after} at={at} rows={names}");
        if value.len() <= tags::LONGEST { value } else { format!("after={after} at={at} rows=@all") }
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
        self.rows.contains(row) || self.rows.iter().any(|name| name.as_str() == "@all")
    }
}

fn hex(bytes: &[u8], most: usize) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Attempt, Change, Failure, Record, RecordState, Request, RolloutId};
    use crate::model::ids::{ClusterArn, DeploymentId, RequestId, RowName, TableName};
    use crate::model::tags::LONGEST;
    use crate::model::time::Timestamp;

    fn id(deployment: &str) -> RolloutId {
        let row = RowName::told("portal");
        let deployment = DeploymentId::told(deployment);
        RolloutId::of(&TableName::told("cgap"), &ClusterArn::told("arn"), [(&row, &deployment)])
    }

    #[track_caller]
    fn reads_back(state: RecordState) {
        let moment = Timestamp::from_millis(9_999_999_999_999);
        let request = Some(RequestId::told("0123456789abcdef"));
        let record = Record { id: id("ecs-svc/1"), base: moment, frontier: moment, state, since: moment, request };
        let tag = record.tag();
        assert!(tag.len() <= LONGEST, "{} characters", tag.len());
        assert_eq!(Record::parse(&tag), Some(record), "{tag}");
    }

    #[test]
    fn every_state_fits_a_tag_and_reads_back() {
        let attempt = Attempt { number: 10, task: "f".repeat(32) };
        reads_back(RecordState::Baseline);
        reads_back(RecordState::Open);
        reads_back(RecordState::Launching(1));
        reads_back(RecordState::Launched(attempt.clone()));
        reads_back(RecordState::Succeeded(attempt.clone()));
        reads_back(RecordState::Failed(Failure::Row(RowName::told("p".repeat(24)))));
        reads_back(RecordState::Failed(Failure::Task { attempt: attempt.clone(), exit: Some(137) }));
        reads_back(RecordState::Failed(Failure::Task { attempt, exit: None }));
        reads_back(RecordState::Failed(Failure::Start(3)));
        reads_back(RecordState::Unknown(2));
        reads_back(RecordState::Skipped);
    }

    #[test]
    fn does_not_read_what_it_did_not_write() {
        assert_eq!(Record::parse("state=paused id=1 base=0 frontier=0 since=0"), None);
        assert_eq!(Record::parse(""), None);
    }

    #[test]
    fn the_same_facts_give_the_same_id_and_token() {
        assert_eq!(id("ecs-svc/1"), id("ecs-svc/1"));
        assert_ne!(id("ecs-svc/1"), id("ecs-svc/2"));
        assert_eq!(id("ecs-svc/1").client_token(1).len(), 64);
        assert_ne!(id("ecs-svc/1").client_token(1), id("ecs-svc/1").client_token(2));
    }

    #[test]
    fn a_long_change_still_fits_and_covers_every_row() {
        let rows: BTreeSet<_> = (0..40).map(|n| RowName::told(format!("a-rather-long-row-{n}"))).collect();
        let change = Change { after: Timestamp::from_millis(1), at: Timestamp::from_millis(2), rows };
        assert!(change.tag().len() <= LONGEST);
        assert!(Change::parse(&change.tag()).unwrap().covers(&RowName::told("a-rather-long-row-7")));
    }

    #[test]
    fn a_reason_is_kept_as_far_as_a_tag_can_hold_it() {
        let moment = Timestamp::from_millis(5);
        let id = RequestId::of(&TableName::told("cgap"), moment, moment);
        let request = Request { id, after: moment, at: moment, reason: Some("new <schema>, 3".repeat(40)) };
        assert!(request.tag().len() <= LONGEST);
        assert!(Request::parse(&request.tag()).unwrap().reason.unwrap().starts_with("new schema 3new schema"));
    }
}
