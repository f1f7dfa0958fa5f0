//! What ECS gave up or undid of a row: whether it happened, and since when that is a rollout's concern.
//!
//! Only tells; what follows for the record is `rollout`'s to say, and for the gate the gate's.

use crate::model::ids::RowName;
use crate::model::observed::{DeploymentView, Fate, RolloutState};
use crate::model::rollout::{Durable, Record, RecordState};
use crate::model::time::{Span, Timestamp};

use super::command;
use super::history::LAG;
use super::rollout::{RowStand, active_request, base};

/// Comparisons with `createdAt` are strict, AWS's own filter's too.
const JUST_BEFORE: Span = Span::from_millis(-1);

/// Since when it is this table's concern if ECS undid a deployment of a row; `None` while nobody kicked it.
///
/// While a rollout is in hand, since its base. Before it is recorded, since our own kicks were intended: by a request
/// that is not answered yet, or by a change that the record has not followed; or since the frontier, if a person has the task
/// run once more.
pub fn answerable_since(durable: &Durable, row: &RowName) -> Option<Timestamp> {
    let record = durable.record.as_ref()?;
    // The clock has whole seconds: a kick may carry the very moment at which it was intended.
    let request = || active_request(durable, record).map(|request| request.at.plus(JUST_BEFORE));
    let change = || durable.change.as_ref().filter(|change| change.after == base(record) && change.covers(row));
    let again = || command::again(durable, record).map(|again| again.base);
    match &record.state {
        RecordState::Open | RecordState::Launching(_) => Some(record.base),
        RecordState::Launched(_) => None,
        // After a failure nothing is corrected before somebody asks; another attempt is still this rollout's.
        RecordState::Failed(_) | RecordState::Unknown(_) => again().or_else(request),
        RecordState::Baseline | RecordState::Succeeded(_) | RecordState::Resolved(_) | RecordState::Skipped => {
            let change = change().map(|change| change.at.plus(JUST_BEFORE));
            change.into_iter().chain(request()).chain(again()).min()
        }
    }
}

/// What ECS made of a row's newest deployment of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CameTo {
    /// Nothing bad, as far as it is shown.
    Stands,
    /// It was given up or undone, and why.
    Undone(String),
    /// It is as the rollout before left it, when ECS undid it there: this one has not kicked it yet.
    Left,
    /// There is a newer deployment than what was undone in the rollout before, and it is not listed yet: a kick that comes to
    /// be listed, or ECS's going back under an id of its own, which never is.
    Untold,
}

/// What became of a row in a record's rollout.
pub(super) fn came_to(row: &RowStand<'_>, record: &Record, now: Timestamp) -> CameTo {
    let Some((at, why)) = row_failure(row, record.base) else { return CameTo::Stands };
    let primary = row.primary.created_at;
    match record.undone {
        Some(undone) if at <= undone && primary <= undone => CameTo::Left,
        Some(undone) if at <= undone && now.since(primary) < LAG => CameTo::Untold,
        Some(_) | None => CameTo::Undone(why),
    }
}

/// Two witnesses: the service's deployments, and its service deployments, where a rollback stays visible after the
/// deployment that failed is gone. Only the newest of each counts, all of them if they are of one moment: a later kick
/// may have mended what came before it, and stops it too. With the time at which it was made.
pub(super) fn row_failure(row: &RowStand<'_>, base: Timestamp) -> Option<(Timestamp, String)> {
    let name = &row.row.name;
    let deployments = row.service.deployments.iter();
    let given_up = newest(deployments, base, |deployment| deployment.created_at);
    if let Some(it) = all(given_up, |it| it.rollout == RolloutState::Failed) {
        let DeploymentView { id, reason, .. } = it;
        return Some((it.created_at, format!("ECS gave up deployment {id} of {name}: {reason}")));
    }
    let undone = newest(row.view.history.present()?.iter(), base, |deployment| deployment.created_at);
    let undone = all(undone, |it| it.fate == Fate::Undone)?;
    let how = format!("ECS undid the deployment of {name}: {} {}", undone.status, undone.reason);
    Some((undone.created_at, how.trim_end().to_owned()))
}

/// What is newest, if it is newer than a moment; several if they were made at once.
fn newest<'a, T>(items: impl Iterator<Item = &'a T> + Clone, base: Timestamp, at: fn(&T) -> Timestamp) -> Vec<&'a T> {
    let last = items.clone().map(at).max().filter(|last| *last > base);
    items.filter(|item| Some(at(item)) == last).collect()
}

/// The first, if all are so.
fn all<T>(items: Vec<&T>, so: impl Fn(&T) -> bool) -> Option<&T> {
    items.iter().all(|item| so(item)).then(|| items.first().copied()).flatten()
}
