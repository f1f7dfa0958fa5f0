//! The last rollouts that ended, as they stand in a few tags on the cluster.
//!
//! | tag | says | written |
//! |---|---|---|
//! | `evenkeel:<table>:past-0` … `past-7` | `Past`: one rollout that ended | in the call that writes the record's end |
//!
//! For people, and for one thing besides: an attempt that has ended here is not launched (`launches`). A tag that cannot be
//! read is as good as none. The tags of a cluster are few (fifty), so an entry takes the place of the oldest where there is
//! no room.

use std::collections::BTreeMap;

use super::command::name_of;
use super::ids::{CommandId, RequestId, RowName};
use super::rollout::{Failure, Record, RecordState, RolloutId};
use super::tags;
use super::time::Timestamp;

/// How many are kept.
pub const KEPT: usize = 8;

/// Most tags that a cluster can have. Source: ECS, TagResource.
pub const MOST_TAGS: usize = 50;

/// A rollout that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Which.
    pub rollout: RolloutId,
    /// When its end was written down, in AWS's time.
    pub at: Timestamp,
    /// How it ended: a state of a record.
    pub state: RecordState,
    /// What began it.
    pub origin: Origin,
    /// The digests that its new tasks ran, short; empty where they were not seen.
    pub digests: Vec<String>,
    /// What the person's command is known by again that ended it or had its task run again, if it was given under a key.
    pub command: Option<CommandId>,
    /// Who ended it or had its task run again, if a person's command did; or else who asked for it.
    pub by: Option<String>,
    /// Why: the person's words, or else the request's.
    pub reason: Option<String>,
}

/// What began a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody asked for it.
    Request(RequestId),
    /// Corrections by this program.
    Change,
    /// Kicks by others.
    Kick,
    /// A person's word: the task alone was run, once more or for the first time.
    Run,
}

impl Origin {
    /// Its name, as in the tag and in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Change => "change",
            Self::Kick => "kick",
            Self::Run => "run",
        }
    }
}

impl Past {
    /// The tag's value, within AWS's length: what does not fit is cut from the reason.
    pub fn tag(&self) -> String {
        let Self { rollout, at, state, origin, digests, command, by, reason } = self;
        let request = match origin {
            Origin::Request(id) => Some(id.to_string()),
            Origin::Change | Origin::Kick | Origin::Run => None,
        };
        let facts = [("id", Some(rollout.to_string())), ("at", Some(at.millis().to_string()))];
        let rest = [
            ("from", Some(origin.name().to_owned())),
            ("request", request),
            // Two images are what fits; most tables have one.
            ("images", Some(digests.iter().take(2).cloned().collect::<Vec<_>>().join("+")).filter(|it| !it.is_empty())),
            ("command", command.as_ref().map(ToString::to_string)),
            ("by", name_of(by.as_deref())),
        ];
        let value = tags::write(facts.into_iter().chain(state.said()).chain(rest));
        tags::with_reason(value, reason.as_deref())
    }

    /// Reads a tag's value.
    pub fn parse(value: &str) -> Option<Self> {
        let (facts, by, reason) = tags::last_words(value);
        let words = tags::read(facts)?;
        let origin = match *words.get("from")? {
            "request" => Origin::Request(RequestId::told(*words.get("request")?)),
            "change" => Origin::Change,
            "kick" => Origin::Kick,
            "run" => Origin::Run,
            _ => return None,
        };
        let digests = words.get("images").map(|images| images.split('+').map(str::to_owned).collect());
        Some(Self {
            rollout: RolloutId::told(*words.get("id")?),
            at: Timestamp::from_millis(words.get("at")?.parse().ok()?),
            state: RecordState::heard(&words)?,
            origin,
            digests: digests.unwrap_or_default(),
            command: words.get("command").map(|id| CommandId::told(*id)),
            by,
            reason,
        })
    }

    /// Whether a record's state is an end that is worth an entry.
    pub fn is_an_end(state: &RecordState) -> bool {
        match state {
            RecordState::Baseline | RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => false,
            RecordState::Succeeded(_)
            | RecordState::Failed(_)
            | RecordState::Unknown(_)
            | RecordState::Resolved(_)
            | RecordState::Skipped => true,
        }
    }

    /// The row whose deployment failed, if that ended it.
    pub fn failed_row(&self) -> Option<&RowName> {
        match &self.state {
            RecordState::Failed(Failure::Row(row)) => Some(row),
            _ => None,
        }
    }
}

/// The tag keys of a table's entries.
pub fn keys(table: &super::ids::TableName) -> [String; KEPT] {
    std::array::from_fn(|slot| format!("evenkeel:{table}:past-{slot}"))
}

/// A table's entries, newest first.
pub fn entries(keys: &[String; KEPT], tags: &BTreeMap<String, String>) -> Vec<Past> {
    let mut found: Vec<Past> = keys.iter().filter_map(|key| Past::parse(tags.get(key)?)).collect();
    found.sort_by_key(|past| std::cmp::Reverse(past.at));
    found
}

/// Under which key the end of a record's rollout is kept; `None` where the cluster's tags leave no room.
///
/// The entry of the same rollout and attempt is written over, as when a person resolves it. Room is left for the
/// `reserved` tags that a rollout may still have to write: no history is worth a launch that cannot be recorded.
pub fn place<'k>(
    keys: &'k [String; KEPT],
    reserved: &[&str],
    tags: &BTreeMap<String, String>,
    record: &Record,
) -> Option<&'k String> {
    let read = |key: &String| tags.get(key).map(|value| Past::parse(value));
    let same = |past: &Past| past.rollout == record.id && past.state.attempt() == record.state.attempt();
    if let Some(same) = keys.iter().find(|key| read(key).flatten().as_ref().is_some_and(same)) {
        return Some(same);
    }
    let missing = reserved.iter().filter(|key| !tags.contains_key(**key)).count();
    if tags.len() + missing < MOST_TAGS
        && let Some(free) = keys.iter().find(|key| !tags.contains_key(*key))
    {
        return Some(free);
    }
    // An entry that cannot be read is older than any.
    let age = |key: &&String| read(key).map(|past| past.map(|past| past.at));
    keys.iter().filter(|key| tags.contains_key(*key)).min_by_key(age)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{KEPT, Origin, Past, entries, keys, place};
    use crate::model::ids::{CommandId, RequestId, RowName, TableName};
    use crate::model::rollout::{Attempt, Failure, Lost, Record, RecordState, RolloutId};
    use crate::model::tags::LONGEST;
    use crate::model::time::Timestamp;

    fn past(number: i64, state: RecordState) -> Past {
        Past {
            rollout: RolloutId::told(format!("{number:016x}")),
            at: Timestamp::from_millis(9_000_000_000_000 + number),
            state,
            origin: Origin::Request(RequestId::told("0123456789abcdef")),
            digests: vec!["0123456789ab".to_owned(), "ba9876543210".to_owned()],
            command: Some(CommandId::told("fedcba9876543210")),
            by: Some("somebody with a long name, on call today".to_owned()),
            reason: Some("the log says that it is done. ".repeat(20)),
        }
    }

    fn record(number: i64, state: RecordState) -> Record {
        let moment = Timestamp::from_millis(number);
        let id = RolloutId::told(format!("{number:016x}"));
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

    fn table() -> [String; KEPT] {
        keys(&TableName::told("cgap"))
    }

    #[test]
    fn every_end_fits_a_tag_and_reads_back() {
        let attempt = Attempt { number: 10, task: "f".repeat(32) };
        let ends = [
            RecordState::Succeeded(attempt.clone()),
            RecordState::Resolved(2),
            RecordState::Failed(Failure::Row(RowName::told("p".repeat(24)))),
            RecordState::Failed(Failure::Task { attempt: attempt.clone(), exit: Some(137) }),
            RecordState::Failed(Failure::Start(3)),
            RecordState::Failed(Failure::Told(3)),
            RecordState::Failed(Failure::Log { attempt: attempt.clone() }),
            RecordState::Failed(Failure::Aborted),
            RecordState::Unknown(Lost { attempt: 2, task: Some(attempt.task) }),
            RecordState::Skipped,
        ];
        for state in ends {
            let entry = past(1, state.clone());
            let tag = entry.tag();
            assert!(tag.chars().count() <= LONGEST, "{} characters: {tag}", tag.len());
            let read = Past::parse(&tag).unwrap();
            assert_eq!((read.rollout, read.at, read.state), (entry.rollout, entry.at, state), "{tag}");
            assert_eq!((read.origin, read.digests.len()), (entry.origin, 2), "{tag}");
            assert_eq!(read.command, entry.command, "{tag}");
        }
    }

    #[test]
    fn the_ninth_end_takes_the_place_of_the_oldest() {
        let keys = table();
        let mut tags = BTreeMap::new();
        for number in 1..=9 {
            let state = RecordState::Failed(Failure::Aborted);
            let key = place(&keys, &[], &tags, &record(number, state.clone())).unwrap();
            tags.insert(key.clone(), past(number, state).tag());
        }
        let ids: Vec<String> = entries(&keys, &tags).iter().map(|past| past.rollout.to_string()).collect();
        assert_eq!(ids.len(), KEPT);
        assert_eq!((ids[0].as_str(), ids[7].as_str()), ("0000000000000009", "0000000000000002"));
    }

    #[test]
    fn an_end_that_a_person_changes_keeps_its_place() {
        let keys = table();
        let lost = RecordState::Unknown(Lost { attempt: 1, task: None });
        let tags = BTreeMap::from([(keys[3].clone(), past(5, lost).tag())]);
        assert_eq!(place(&keys, &[], &tags, &record(5, RecordState::Resolved(1))), Some(&keys[3]));
        assert_eq!(place(&keys, &[], &tags, &record(5, RecordState::Resolved(2))), Some(&keys[0]));
    }

    #[test]
    fn history_never_takes_the_last_tag_that_a_launch_may_need() {
        let keys = table();
        let mut tags: BTreeMap<String, String> = (0..48).map(|n| (format!("theirs-{n}"), String::new())).collect();
        let ended = record(1, RecordState::Skipped);
        assert_eq!(place(&keys, &["record", "command"], &tags, &ended), None);
        tags.remove("theirs-0");
        assert_eq!(place(&keys, &["record", "command"], &tags, &ended), Some(&keys[0]));
        tags.insert(keys[0].clone(), past(7, RecordState::Skipped).tag());
        assert_eq!(place(&keys, &["record", "command"], &tags, &ended), Some(&keys[0]), "the oldest is written over");
    }
}
