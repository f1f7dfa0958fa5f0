//! Whether a forced rollout can be asked for, whether it was asked for before, and what must be written down for it.
//!
//! A request says "after this frontier", in AWS's time: rows whose PRIMARY deployment is not newer get a new one.
//! So a repeated request, or a second controller, does not kick twice. A request with a key is found again by its id:
//! in its tag, in the record that answers it, in the history, or as one that a newer request remembers.
//!
//! That is sound where the services were read before the tags: a look that shows no such request shows the services from
//! before any kick for it, so that what is written down on it asks for nothing that was done.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::command::name_of;
use crate::model::ids::{ClusterArn, RequestId};
use crate::model::kickoff::{self, Build};
use crate::model::observed::ClusterView;
use crate::model::past::{self, MOST_TAGS, Origin, Past};
use crate::model::rollout::{Durable, IdempotencyKey, Record, RecordState, Request, RolloutId, TagKeys};
use crate::model::tags;

use super::command;
use super::draft::Draft;
use super::guard;
use super::hold::{Hold, HoldCause, Urgency};
use super::planner::PlanInput;
use super::rollout::{self, RowStand, Stand};

/// A forced rollout as somebody asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What makes asking again the same wish; without it, each asking is another.
    pub key: Option<IdempotencyKey>,
    /// Who asks.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the image was built from, for Foursight's page.
    pub build: Build,
}

/// What is to be done about somebody's asking.
#[derive(Clone, Debug)]
pub enum Judged {
    /// It is to be written down.
    New(Box<Accepted>),
    /// It was there already; nothing is to be written.
    Known(RequestId, Stands),
}

/// How a request that was there already stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It is written down, and no rollout has taken it up yet.
    Pending,
    /// This rollout has taken it up, and goes on.
    InHand(RolloutId),
    /// This rollout had taken it up, and has ended so.
    Ended(RolloutId, RecordState),
    /// A newer request or rollout took its place; what became of it is not kept any more.
    Over,
    /// Somebody has withdrawn it before anything was done.
    Withdrawn,
}

/// A request that can be written down.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The cluster that carries it.
    pub cluster: ClusterArn,
    /// Under which keys.
    pub keys: TagKeys,
    /// The baseline to write with it, where the cluster carries no record yet.
    pub baseline: Option<Record>,
    /// The request.
    pub request: Request,
    /// Foursight's own tags, where the cluster carries them: key and value.
    pub kickoff: Vec<(&'static str, String)>,
}

impl Stands {
    /// Its name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InHand(_) => "InHand",
            Self::Ended(..) => "Ended",
            Self::Over => "Over",
            Self::Withdrawn => "Withdrawn",
        }
    }
}

impl fmt::Display for Stands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("it is written down, and not taken up yet"),
            Self::InHand(rollout) => write!(f, "rollout {rollout} has taken it up, and goes on"),
            Self::Ended(rollout, state) => {
                write!(f, "rollout {rollout} had taken it up, and has ended as {}", state.name())
            }
            Self::Over => f.write_str("a newer one took its place, and what became of it is not kept any more"),
            Self::Withdrawn => f.write_str("it was withdrawn before a row was kicked for it"),
        }
    }
}

impl Accepted {
    /// What is to be written, in one call: key and value.
    pub fn tags(&self) -> Vec<(&str, String)> {
        let Self { cluster: _, keys, baseline, request, kickoff } = self;
        let baseline = baseline.iter().map(|record| (keys.rollout.as_str(), record.tag()));
        let kickoff = kickoff.iter().map(|(key, value)| (*key, value.clone()));
        std::iter::once((keys.request.as_str(), request.tag())).chain(baseline).chain(kickoff).collect()
    }
}

/// Judges a request by one look.
///
/// # Errors
/// What stands against it, as holds: the account, the cluster, a tag, or a row that was not found. Nothing stands against
/// a request that was there already.
pub fn request(input: &PlanInput<'_>, wanted: &Wanted) -> Result<Judged, Vec<Hold>> {
    let mut draft = Draft::new(input);
    let keyed = wanted.key.as_ref().map(|key| RequestId::keyed(&input.table.name, key));
    let Some((cluster, durable)) = guard::find_table(&mut draft) else {
        return keyed.filter(|id| is_own(input, &draft, id)).map(known_by_memory).ok_or(draft.holds);
    };
    if let Some((id, stands)) = keyed.as_ref().and_then(|id| Some((id, stands(past(input, cluster), &durable, id)?))) {
        return Ok(Judged::Known(id.clone(), stands));
    }
    guard::hold_missing_rows(&mut draft);
    let against = draft.holds.iter().any(|hold| hold.cause.urgency() >= Urgency::Wait);
    let stand = Stand::of(input.table, cluster, input.observed).filter(|_| !against);
    let Some(stand) = stand else { return Err(draft.holds) };
    if stand.rows.iter().all(RowStand::is_empty) {
        draft.hold(None, HoldCause::AllEmpty);
        return Err(draft.holds);
    }
    Ok(Judged::New(Box::new(accepted(&stand, &durable, keyed, wanted))))
}

fn accepted(stand: &Stand<'_>, durable: &Durable, keyed: Option<RequestId>, wanted: &Wanted) -> Accepted {
    let (table, at) = (&stand.table.name, stand.observed.at);
    let baseline = match &durable.record {
        Some(_) => None,
        None => rollout::next_record(stand, durable).map(|(record, _)| record),
    };
    // A look may be older than what the record knows, as after a rollback or from a stale read.
    let after = durable.record.as_ref().map_or(stand.frontier, |record| stand.frontier.max(record.frontier));
    let by = name_of(wanted.by.as_deref());
    let keys = TagKeys::of(table);
    let kickoff = kickoff::tags(at, by.as_deref(), &wanted.build);
    let kickoff = told_to_foursight(&stand.cluster.tags, &keys, kickoff);
    let (before, also) = durable.replaced(still_waits(durable));
    let request = Request {
        id: keyed.unwrap_or_else(|| RequestId::of(table, after, at)),
        after,
        at,
        before,
        also,
        by,
        reason: tags::some_free(wanted.reason.as_deref(), tags::LONGEST),
    };
    Accepted { cluster: stand.cluster.arn.clone(), keys, baseline, request, kickoff }
}

/// Whether the newest request is still to have its rollout: then it stands again if the one that takes its place is withdrawn.
/// An abort takes back with its rollout what was asked for before.
fn still_waits(durable: &Durable) -> bool {
    let (Some(request), record) = (durable.wanted(), durable.record.as_ref()) else { return false };
    let answered = record.is_some_and(|record| record.request.as_ref() == Some(&request.id));
    let aborted = record.and_then(|record| command::aborted(durable, record));
    !answered && aborted.is_none_or(|command| request.at > command.at)
}

/// Whether this process wrote that very request a moment ago, and the read is only too late to show it.
fn is_own(input: &PlanInput<'_>, draft: &Draft<'_>, id: &RequestId) -> bool {
    let own = input.history.written.request.as_ref().is_some_and(|(request, _)| request.id == *id);
    own && draft.holds.iter().all(|hold| hold.cause == HoldCause::Stale)
}

fn known_by_memory(id: RequestId) -> Judged {
    Judged::Known(id, Stands::Pending)
}

fn past(input: &PlanInput<'_>, cluster: &ClusterView) -> Vec<Past> {
    past::entries(&past::keys(&input.table.name), &cluster.tags)
}

/// How the request of this id stands, if it was ever made as far as the cluster knows: by the rollouts that ended, and the
/// other durable facts.
pub fn stands(past: Vec<Past>, durable: &Durable, id: &RequestId) -> Option<Stands> {
    let ended = past.into_iter().find(|past| past.origin == Origin::Request(id.clone()));
    let wanted = durable.wanted().filter(|request| request.id == *id);
    let tag = wanted.or(durable.request.as_ref().filter(|request| request.id == *id));
    let answers = |record: &&Record| record.request.as_ref() == Some(id);
    // A record keeps the request that the rollout before it answered. Where the history says which that was, or the
    // request is older than the rollout, this one is another.
    let own = |record: &&Record| match (&ended, tag) {
        (Some(past), _) => past.rollout == record.id,
        (None, Some(request)) => record.is_begun_by(request),
        (None, None) => true,
    };
    let answered = durable.record.as_ref().filter(answers);
    match (answered.filter(own), &ended, answered.is_some()) {
        (Some(record), _, _) => Some(stands_by(record)),
        (None, Some(Past { rollout, state, .. }), _) => Some(Stands::Ended(rollout.clone(), state.clone())),
        (None, None, true) => Some(Stands::Over),
        (None, None, false) if wanted.is_some() => Some(Stands::Pending),
        (None, None, false) if durable.is_withdrawn(id) => Some(Stands::Withdrawn),
        (None, None, false) => {
            let remembered = durable.request.as_ref().is_some_and(|request| request.before.contains(id));
            remembered.then_some(Stands::Over)
        }
    }
}

/// How a request or a command stands that this record answers.
pub(super) fn stands_by(record: &Record) -> Stands {
    match &record.state {
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => Stands::InHand(record.id.clone()),
        RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => Stands::Ended(record.id.clone(), record.state.clone()),
        RecordState::Baseline => Stands::Over,
    }
}

/// Those of Foursight's tags that are to be written: all of them where the cluster carries one, so that nobody who has
/// no Foursight gets tags of it. Where fifty tags leave no room, those that are there already: a kick is worth more than a
/// line on a page.
fn told_to_foursight(
    tags: &BTreeMap<String, String>,
    keys: &TagKeys,
    kickoff: [(&'static str, String); 5],
) -> Vec<(&'static str, String)> {
    let there = |(key, _): &(&'static str, String)| tags.contains_key(*key);
    let known = kickoff.iter().filter(|tag| there(tag)).count();
    let missing = keys.needed().iter().filter(|key| !tags.contains_key(**key)).count();
    let room = tags.len() + missing + kickoff.len() - known <= MOST_TAGS;
    kickoff.into_iter().filter(|tag| known > 0 && (room || there(tag))).collect()
}
