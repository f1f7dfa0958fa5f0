//! The guards of the launch protocol, and how each is taken away from outside.
//!
//! Nothing in the product knows of this. A guard goes by showing the planner another look, another memory or another
//! policy than there is, by adding to its plan, or by an AWS that does not keep its word.

use std::collections::BTreeSet;

use evenkeel::model::rollout::{Failure, Record, RecordState};
use evenkeel::model::time::{Span, Timestamp};
use evenkeel::plan::history::History;

use super::aws::{Life, Stage};
use super::look::{Look, Taken, moment};
use super::state::Fact;

/// Something without which the task might run twice, too early, or not at all.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Guard {
    /// RunTask follows only in the pass after the intent, which has read it back.
    ReadBack,
    /// A rollout is new only if the frontier moved forward.
    Frontier,
    /// After 55 minutes without evidence RunTask is not repeated.
    TokenLife,
    /// The gate must have held in an earlier look too.
    SecondLook,
    /// The token is a function of the record.
    Token,
    /// A task is known by its `startedBy`.
    StartedBy,
    /// Condition 9: no other task of the family is alive.
    OtherTask,
    /// Tags that show less than this process wrote are not acted on.
    StaleTags,
    /// The conditions about old tasks.
    Gate,
    /// The audit.
    Audit,
    /// Tags that could not be read are not taken for none.
    UnreadTags,
    /// Tasks that could not be read are not taken for none.
    UnreadTasks,
    /// A plan that was made long ago is not carried out.
    OldPlan,
    /// What is shown older than the record's frontier opens no gate.
    StaleFrontier,
    /// The launch of a retry is written where a late word about the attempt before does not reach it.
    RetryTag,
    /// A retry launches the attempt after the one that it names.
    NextAttempt,
    /// A command is about the rollout that it names.
    NamedRollout,
    /// An abort is about the kicks too that join its rollout.
    AbortBase,
    /// A launch that meets an abort is taken back only when nothing that was sent can still come.
    TakenBackLate,
    /// The launch is written where a late write of the record does not reach it.
    LaunchTag,
    /// An intent that arrives after the end of its attempt launches nothing.
    Ended,
    /// A task counts though it is written down that it could not be started.
    StartedAfterAll,
    /// No row is kicked for a request that was withdrawn.
    Withdrawn,
    /// A refusal is the end only where a look has shown no task of the attempt.
    Confirmed,
    /// Nothing is launched while the launch of the rollout before may come to light.
    OpenedOver,
    /// The record says which rows it counts.
    CountedRows,
    /// Which rows are kicked by a correction is written down.
    Change,
}

/// The guards that are taken away.
pub(crate) type Without = BTreeSet<Guard>;

/// What the planner is shown instead of a look.
pub(crate) fn shown(look: &Look, without: &Without) -> Look {
    let mut look = look.clone();
    for guard in without {
        match guard {
            Guard::Frontier => edit(&mut look, |record, _| {
                if ended(&record.state) {
                    record.frontier = Timestamp::from_millis(0);
                }
            }),
            Guard::TokenLife => edit(&mut look, |record, now| {
                if matches!(record.state, RecordState::Launching(_)) {
                    record.since = now;
                }
            }),
            Guard::StartedBy => look.tasks.iter_mut().for_each(|task| task.started_by = "somebody".into()),
            Guard::OtherTask => {
                let id = record(&look).map(|record| record.id.started_by_any());
                let own = |by: &str| id.as_deref().is_some_and(|id| by.starts_with(id));
                look.tasks.retain(|task| own(&task.started_by) || task.life != Life::Alive);
            }
            Guard::Gate => {
                for row in &mut look.rows {
                    (row.stage, row.oldest) = (Stage::Done, row.version.serial);
                }
            }
            // The record does not know of the newest kick.
            Guard::StaleFrontier => {
                let shown = look.rows.iter().map(|row| moment(row.version.created)).max();
                edit(&mut look, |record, _| record.frontier = record.frontier.min(shown.unwrap_or(record.frontier)));
            }
            Guard::NamedRollout => {
                let newest = record(&look).map(|record| record.id.to_string());
                let named = |word: &str| newest.clone().filter(|_| word.starts_with("rollout="));
                say(&mut look, |word| Some(named(word).map_or(word.to_owned(), |id| format!("rollout={id}"))));
            }
            Guard::AbortBase => say(&mut look, |word| (!word.starts_with("base=")).then(|| word.to_owned())),
            Guard::TakenBackLate if look.tags.get("command").is_some_and(|tag| tag.starts_with("do=abort")) => {
                say(&mut look, |word| Some(if word.starts_with("at=") { "at=0".to_owned() } else { word.to_owned() }));
                edit(&mut look, |record, now| {
                    if matches!(record.state, RecordState::Launching(_)) && now.since(record.since) >= Span::minutes(5)
                    {
                        record.since = now.plus(Span::minutes(-20));
                    }
                });
            }
            Guard::RetryTag => {
                let first = |tag: &str| Record::parse(tag).is_none_or(|it| it.state.attempt().is_none_or(|it| it == 1));
                look.tags.retain(|key, tag| !key.starts_with("launch") || first(tag));
            }
            Guard::UnreadTags => take_for_none(&mut look, Fact::Cluster),
            Guard::UnreadTasks => take_for_none(&mut look, Fact::Tasks),
            Guard::LaunchTag => {
                look.tags.retain(|key, _| !key.starts_with("launch"));
            }
            Guard::Ended => look.tags.retain(|key, _| !key.starts_with("past")),
            Guard::Withdrawn => look.tags.retain(|key, _| key != "withdrawn"),
            Guard::Confirmed => edit(&mut look, |record, _| {
                if let RecordState::Failed(Failure::Refused(attempt)) = record.state {
                    record.state = RecordState::Failed(Failure::Start(attempt));
                }
            }),
            Guard::OpenedOver => forget_other_launches(&mut look),
            Guard::Change => look.tags.retain(|key, _| key != "change"),
            Guard::CountedRows => edit(&mut look, |record, _| record.rows = None),
            Guard::StartedAfterAll => {
                let refused = record(&look)
                    .filter(|it| matches!(it.state, RecordState::Failed(Failure::Start(_) | Failure::Refused(_))));
                let own = refused.map(|record| record.id.started_by_any());
                look.tasks.retain(|task| own.as_ref().is_none_or(|own| !task.started_by.starts_with(own)));
            }
            Guard::ReadBack
            | Guard::SecondLook
            | Guard::Token
            | Guard::StaleTags
            | Guard::Audit
            | Guard::OldPlan
            | Guard::NextAttempt
            | Guard::TakenBackLate => {}
        }
    }
    look
}

/// What the planner is told that its process remembers.
pub(crate) fn remembered(history: &History, without: &Without) -> History {
    let mut history = history.clone();
    if without.contains(&Guard::StaleTags) {
        history.written = evenkeel::plan::history::Written::default();
    }
    history
}

/// The record that a look shows.
pub(crate) fn record(look: &Look) -> Option<Record> {
    look.tags.get("rollout").and_then(|tag| Record::parse(tag))
}

/// Another command than there is: each of its words, or what stands in its place.
fn say(look: &mut Look, word: impl Fn(&str) -> Option<String>) {
    if let Some(tag) = look.tags.get_mut("command") {
        *tag = tag.split(' ').filter_map(word).collect::<Vec<_>>().join(" ").into();
    }
}

fn take_for_none(look: &mut Look, which: Fact) {
    let unread = look.unread.iter_mut().filter(|(fact, _)| *fact == which);
    unread.for_each(|(_, taken)| *taken = Taken::Nothing);
}

fn edit(look: &mut Look, change: impl Fn(&mut Record, Timestamp)) {
    let now = moment(look.at);
    for tag in look.tags.values_mut() {
        if let Some(mut record) = Record::parse(tag) {
            change(&mut record, now);
            *tag = record.tag().into();
        }
    }
}

/// Only the launches of the record's own rollout are left.
fn forget_other_launches(look: &mut Look) {
    let newest = record(look).map(|record| record.id);
    let own = |tag: &str| Record::parse(tag).map(|launch| launch.id) == newest;
    look.tags.retain(|key, tag| !key.starts_with("launch") || own(tag));
}

fn ended(state: &RecordState) -> bool {
    match state {
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => false,
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => true,
    }
}
