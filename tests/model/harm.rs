//! What must never happen, judged by the model's AWS and not by what a controller believes.
//!
//! Each harm is told at the moment at which AWS takes the step that does it.

use std::sync::Arc;

use evenkeel::model::rollout::RecordState;
use evenkeel::plan::action::ServiceUpdate;

use super::aws::{Aws, LAG, OneOff};
use super::guards::record;
use super::look::{Look, second};
use super::people::{self, Said};
use super::state::{Over, State};

/// A harm.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Harm {
    /// I1: two attempts of one rollout ran, or two runs of one.
    RanTwice,
    /// I2: it began while an old task of its own rollout was short of STOPPED.
    RanTooEarly,
    /// I2: rows were kicked while a task was alive that had to be seen.
    KickedUnderTask,
    /// I3: two were alive at one time.
    TwoAtOnce,
    /// I5: an initial deployment was run.
    RanInitial,
    /// An attempt ran that was written down as unknown before. The next attempt follows only where somebody knows better.
    RanAfterUnknown,
    /// An attempt ran though an end was written down before, and nobody said retry.
    RanAfterEnd,
    /// RunTask on a look that shows that a person takes the rollout back.
    RanAborted,
    /// A row kicked on a look that shows that what was asked for is not wanted any more, and that is as it is stated.
    KickedUnwanted,
    /// A rollout's task though nothing was kicked since the last ran, and nobody said run: the table was edited, no more.
    RanForNothing,
    /// RunTask on a look that is older than the record.
    StaleFrontier,
    /// Faults stop, and no end follows, or one at which something that was asked for is lost.
    NoEnd,
}

/// Under this key the tags tell how many ends were written down before them. For the judge alone, who asks what a look could
/// show; no controller reads it.
pub(crate) const ENDS: &str = "ends";

/// What the `startedBy` of a task begins with that somebody ran by hand.
pub(crate) const BY_HAND: &str = "hand/";

/// The rollout of a `startedBy`: what stands before the attempt.
pub(crate) fn rollout(started_by: &str) -> &str {
    started_by.rsplit_once('/').map_or(started_by, |(id, _)| id)
}

/// The rollout's id and the attempt of a `startedBy` of ours.
pub(crate) fn launch(started_by: &str) -> (&str, u32) {
    let (id, attempt) = started_by.rsplit_once('/').unwrap_or((started_by, ""));
    (id.rsplit('/').next().unwrap_or(id), attempt.parse().unwrap_or(0))
}

/// Harms that AWS's state shows by itself.
pub(crate) fn of_tasks(tasks: &[OneOff], said: &[Arc<str>]) -> Option<Harm> {
    let said: Vec<Said> = said.iter().map(|tag| Said::of(tag)).collect();
    let ours: Vec<&OneOff> = tasks.iter().filter(|task| !task.started_by.starts_with(BY_HAND)).collect();
    let pairs = ours.iter().enumerate().flat_map(|(index, one)| ours[..index].iter().map(move |other| (*one, *other)));
    for (one, other) in pairs {
        if one.is_alive() && other.is_alive() {
            return Some(Harm::TwoAtOnce);
        }
        let same = rollout(&one.started_by) == rollout(&other.started_by);
        let (id, first) = launch(&other.started_by);
        let (_, second) = launch(&one.started_by);
        let (first, second) = (first.min(second), first.max(second));
        let told = said.iter().any(|said| said.retries(id, first, second));
        if same && one.has_run() && other.has_run() && !told {
            return Some(Harm::RanTwice);
        }
    }
    None
}

/// Harms of a RunTask that AWS took for a new one, sent because of this look, of a table with so many rows.
pub(crate) fn of_run(state: &State, listed: usize, look: &Look, started_by: &str) -> Option<Harm> {
    let State { aws, given_up, over, said, .. } = state;
    if look.initial {
        return Some(Harm::RanInitial);
    }
    if given_up.iter().any(|unknown| &**unknown == started_by) {
        return Some(Harm::RanAfterUnknown);
    }
    let (id, attempt) = launch(started_by);
    let told = |ended: u32| said.iter().any(|tag| Said::of(tag).retries(id, ended, attempt));
    // That somebody was refused after the look, or where it is too late to show it, is nobody's mistake.
    let shown: usize = look.tags.get(ENDS).map_or(0, |ends| ends.parse().expect("a number of ours"));
    let counts = |(index, over): &(usize, &Over)| *index < shown || !over.at_start;
    let mut over = over.iter().enumerate().filter(counts);
    if over.any(|(_, over)| *over.rollout == *id && !told(over.attempt)) {
        return Some(Harm::RanAfterEnd);
    }
    let open = record(look).zip(people::shown(look)).is_some_and(|(record, said)| said.aborts(&record));
    // Only the first attempt can be taken back; a later one follows from what happened before the abort.
    if open && attempt == 1 {
        return Some(Harm::RanAborted);
    }
    let frontier = record(look).map_or(i64::MIN, |record| second(record.frontier));
    if look.tasks.iter().any(OneOff::is_alive) {
        return Some(Harm::TwoAtOnce);
    }
    // Kicks that neither the record nor the look could know of are nobody's mistake.
    let known = |created: i64, index: usize| {
        created <= frontier || look.rows.get(index).is_some_and(|row| created <= row.version.created)
    };
    let early = |(index, row): (usize, &super::aws::Service)| row.has_old_tasks() && known(row.version.created, index);
    // A row that nobody has in his table is nobody's matter.
    if aws.rows.iter().take(listed).enumerate().any(early) {
        return Some(Harm::RanTooEarly);
    }
    let shown = look.rows.iter().map(|row| row.version.created).max().unwrap_or(i64::MIN);
    // Whoever has the table of before cannot see a kick of the row that has come, and nobody one of the row that has gone.
    let gone = aws.rows.iter().skip(listed).any(|row| row.version.created == frontier);
    (shown < frontier && look.rows.len() == listed && !gone).then_some(Harm::StaleFrontier)
}

/// The harm of a RunTask that AWS took for a new one, where nothing asks for it. `state` is that before it.
pub(crate) fn of_an_edit(state: &State, started_by: &str) -> Option<Harm> {
    let (id, _) = launch(started_by);
    let run = state.said.iter().map(|tag| Said::of(tag)).any(|said| said.act == "run" && said.rollout == id);
    let first = state.aws.tasks.iter().all(|task| launch(&task.started_by).0 != id);
    (state.is_only_edited() && first && !run).then_some(Harm::RanForNothing)
}

/// Harms of a kick of ours, sent because of this look.
pub(crate) fn of_kick(aws: &Aws, look: &Look, update: &ServiceUpdate) -> Option<Harm> {
    if people::is_withdrawn(look) && update.revision.is_none() {
        return Some(Harm::KickedUnwanted);
    }
    let seen = |task: &OneOff| {
        let shown = look.tasks.iter().any(|seen| seen.serial == task.serial && seen.is_alive());
        let recorded = record(look)
            .is_some_and(|record| matches!(record.state, RecordState::Launching(_) | RecordState::Launched(_)));
        shown || recorded || look.at - task.created > LAG
    };
    aws.tasks.iter().any(|task| task.is_alive() && seen(task)).then_some(Harm::KickedUnderTask)
}
