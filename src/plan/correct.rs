//! The corrections of a pass: what rows state and is not so, and the kicks that a request asks for.
//!
//! Says which of them may be made now; how a row differs is `drift`'s business.

use std::collections::BTreeSet;

use crate::model::ids::{RequestId, RowName};
use crate::model::observed::{ClusterView, RowView, Seen, ServiceView, Trouble, Why};
use crate::model::rollout::{Change, Counted, Durable, Record, RecordState};
use crate::model::row::Row;
use crate::model::time::Timestamp;

use super::action::{Action, Deployment, ServiceUpdate, Step};
use super::because::Because;
use super::command;
use super::draft::Draft;
use super::drift::{self, Correction, Field};
use super::history;
use super::hold::HoldCause;
use super::launch;
use super::rollout::{self, Stand};
use super::undone::{CameTo, came_to};

/// 5. and 6. The steps that make every row as it is stated, and as it was asked for.
pub(super) fn correct_rows(
    draft: &mut Draft<'_>,
    cluster: &ClusterView,
    stand: Option<&Stand<'_>>,
    durable: &Durable,
    record: Option<&Record>,
) {
    let kicks = may_kick(draft, stand, durable, record);
    let unasked = kicks.clone().and_then(|()| may_correct(stand, durable, record));
    let (table, observed) = (draft.input.table, draft.input.observed);
    let mut steps = Vec::new();
    for row in &table.rows {
        let Some(view) = observed.rows.get(&row.name).filter(|_| !draft.is_held(row)) else { continue };
        if let Some(service) = view.service.one() {
            let correction = drift::of_service(table, row, view, service, cluster);
            let request = request_for(row, service, durable, record);
            let kicks = if request.is_some() { &kicks } else { &unasked };
            let kicks = kicks.clone().and_then(|()| history_was_read(view));
            steps.extend(update(draft, (row, service), correction, request, &kicks));
        }
        steps.extend(register(draft, row, view));
    }
    // Kicks of our own are written down first, or they would look like somebody's that stopped half-way.
    draft.steps.extend(record.and_then(|record| own_change(draft, stand, record, durable, &steps)));
    draft.steps.extend(steps);
}

/// Whether a new deployment may be made now: of any row, since it would belong to the table's rollout.
fn may_kick(
    draft: &Draft<'_>,
    stand: Option<&Stand<'_>>,
    durable: &Durable,
    record: Option<&Record>,
) -> Result<(), HoldCause> {
    // Without every row and a record, nothing could tell the rollout that a kick begins from another.
    let (Some(_), Some(record)) = (stand, record) else { return Err(HoldCause::OtherRows) };
    // The record may have been removed or overtaken while its task runs on.
    rollout::undisturbed(draft.input)?;
    if command::aborted(durable, record).is_some() {
        return Err(HoldCause::AbortInHand);
    }
    let asked = rollout::active_request(durable, record).is_some();
    match &record.state {
        RecordState::Launching(_) | RecordState::Launched(_) => return Err(HoldCause::TaskInHand),
        RecordState::Failed(_) | RecordState::Unknown(_) if !asked => return Err(HoldCause::AfterFailure),
        RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Baseline
        | RecordState::Open
        | RecordState::Succeeded(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => {}
    }
    // Of this rollout, or of the one before it that the kicks have followed.
    if launch::may_start_after_all(durable, draft.input.observed.at).is_some() {
        return Err(HoldCause::TaskInHand);
    }
    image_is_there(draft)
}

/// Whether a new deployment may be made that nobody asked for: after a failure a person begins, and what looks like somebody's
/// kick may be ECS, which goes back under an id of its own. What it went back from would be kicked again, for ever.
fn may_correct(stand: Option<&Stand<'_>>, durable: &Durable, record: Option<&Record>) -> Result<(), HoldCause> {
    let (Some(stand), Some(record)) = (stand, record) else { return Err(HoldCause::OtherRows) };
    let failed = |record: &Record| matches!(record.state, RecordState::Failed(_) | RecordState::Unknown(_));
    if durable.record.as_ref().is_some_and(failed) && rollout::active_request(durable, record).is_none() {
        return Err(HoldCause::AfterFailure);
    }
    match stand.rows.iter().find(|row| came_to(row, record, stand.observed.at) == CameTo::Untold) {
        Some(row) => {
            let text = "it is not listed yet".into();
            let what = format!("what became of the newest deployment of {}", row.row.name);
            Err(HoldCause::Unknown { what, why: Why { text, trouble: Trouble::Passing } })
        }
        None => Ok(()),
    }
}

/// Whether the table's image can be pulled.
fn image_is_there(draft: &Draft<'_>) -> Result<(), HoldCause> {
    let Some(image) = &draft.input.table.image else { return Ok(()) };
    match &draft.input.observed.image {
        Seen::Present(_) => Ok(()),
        Seen::Absent => Err(HoldCause::NoImage { image: image.to_string() }),
        Seen::Unknown(why) => Err(HoldCause::Unknown { what: format!("the image {image}"), why: why.clone() }),
    }
}

/// The request that asks for a kick of this row: its PRIMARY deployment is not newer than the request.
fn request_for(row: &Row, service: &ServiceView, durable: &Durable, record: Option<&Record>) -> Option<RequestId> {
    let record = record?;
    let request = rollout::active_request(durable, record)?;
    let due = row.task().is_none() && rollout::is_due(request, record, service.primary()?);
    due.then(|| request.id.clone())
}

/// A kick may only follow when it is known that ECS did not undo the one before: it would be repeated for ever.
fn history_was_read(view: &RowView) -> Result<(), HoldCause> {
    match &view.history {
        Seen::Present(_) | Seen::Absent => Ok(()),
        Seen::Unknown(why) => {
            Err(HoldCause::Unknown { what: "what became of its deployments".to_owned(), why: why.clone() })
        }
    }
}

/// One UpdateService for all that a service needs.
fn update(
    draft: &mut Draft<'_>,
    (row, service): (&Row, &ServiceView),
    mut correction: Correction,
    request: Option<RequestId>,
    kicks: &Result<(), HoldCause>,
) -> Option<Step> {
    draft.note(row, &mut correction);
    let made = draft.input.history.made.get(&service.arn);
    if made.is_some_and(|made| !history::shown(draft.input.observed, &service.arn, made)) {
        draft.hold(Some(row), HoldCause::Stale);
        return None;
    }
    let Correction { mut count, mut capacity, mut revision, differences, holds: _ } = correction;
    let (contest, now) = (&draft.input.history.contest, draft.input.observed.at);
    let back = differences.iter().filter(|difference| contest.has(&service.arn, difference, now));
    let fields: Vec<String> = back.map(|difference| difference.field.to_string()).collect();
    if !fields.is_empty() {
        draft.hold(Some(row), HoldCause::TurnedBack { fields });
        (count, capacity, revision) = (None, None, None);
    }
    // AWS demands a forced deployment for a new strategy.
    let mut deployment = match (&request, capacity) {
        (None, None) => Deployment::AsNeeded,
        (Some(_), _) | (None, Some(_)) => Deployment::Force,
    };
    if let (true, Err(cause)) = (deployment == Deployment::Force || revision.is_some(), kicks) {
        draft.hold(Some(row), cause.clone());
        (capacity, revision, deployment) = (None, None, Deployment::AsNeeded);
    }
    let (arn, name) = (service.arn.clone(), service.name.clone());
    let update = ServiceUpdate { service: arn, name, count, revision, capacity, deployment };
    if update.count.is_none() && !update.kicks() {
        return None;
    }
    let answered = differences.into_iter().filter(|difference| corrects(&update, &difference.field));
    let because = answered.map(Because::Drift).chain(request.map(Because::Requested)).collect();
    Some(Step { row: Some(row.name.clone()), action: Action::Update(update), because })
}

/// Whether an update corrects a field: what is held is no reason for it.
fn corrects(update: &ServiceUpdate, field: &Field) -> bool {
    let revision = update.revision.as_ref();
    match field {
        Field::Count => update.count.is_some(),
        Field::Capacity => update.capacity.is_some(),
        Field::Vcpu => revision.is_some_and(|revision| revision.vcpu.is_some()),
        Field::Memory => revision.is_some_and(|revision| revision.memory.is_some()),
        Field::Image(container) => revision.is_some_and(|revision| revision.images.contains_key(container)),
    }
}

/// The new revision that the one-off task needs. It is no kick: nothing runs because of it.
fn register(draft: &mut Draft<'_>, row: &Row, view: &RowView) -> Option<Step> {
    row.task()?;
    let mut correction = drift::of_task(draft.input.table, row, view);
    draft.note(row, &mut correction);
    let revision = correction.revision?;
    // A revision with an image that nobody can pull would be the one that the next rollout runs.
    if let (false, Err(cause)) = (revision.images.is_empty(), image_is_there(draft)) {
        draft.hold(Some(row), cause);
        return None;
    }
    let because = correction.differences.into_iter().map(Because::Drift).collect();
    Some(Step { row: Some(row.name.clone()), action: Action::Register(revision), because })
}

/// The change to write down, if it does not stand there already: before kicks that no request asked for; and without a kick,
/// where a rollout waits for a row that is not to be kicked any more.
fn own_change(
    draft: &Draft<'_>,
    stand: Option<&Stand<'_>>,
    record: &Record,
    durable: &Durable,
    steps: &[Step],
) -> Option<Step> {
    let asked = |step: &Step| step.because.iter().any(|because| matches!(because, Because::Requested(_)));
    let kicks = steps.iter().filter(|step| step.action.kicks() && !asked(step));
    let own: BTreeSet<RowName> = kicks.filter_map(|step| step.row.clone()).collect();
    let after = rollout::base(record);
    let written = durable.change.as_ref().filter(|change| change.after == after);
    let before = written.iter().flat_map(|change| &change.rows);
    let mut rows: BTreeSet<RowName> = before.filter(|row| is_still_meant(draft, stand, after, row)).cloned().collect();
    let waits = record.state == RecordState::Open
        && rollout::active_request(durable, record).is_none()
        && command::aborted(durable, record).is_none()
        && !rows.is_empty();
    if own.is_empty() && !waits {
        return None;
    }
    rows.extend(own);
    // A row that comes into the table meanwhile was kicked by nobody.
    let joined = |counted: &Counted| {
        let newer = stand.into_iter().flat_map(|stand| stand.kicked_since(after));
        newer.filter(|row| !counted.has(row)).collect::<Vec<_>>()
    };
    let counted = durable.record.as_ref().filter(|record| record.state == RecordState::Open);
    rows.extend(counted.and_then(|record| record.rows.as_ref()).map(joined).unwrap_or_default());
    let new = written.is_none_or(|written| written.rows != rows);
    let change = Change { after, at: draft.input.observed.at, rows };
    new.then(|| Step { row: None, action: Action::Change(change), because: vec![Because::OwnKicks] })
}

/// Whether a row that was written down is one of the rollout's: it was kicked, or is to be, or nobody can tell now. One whose
/// entry was edited back before its kick would be waited for in vain.
fn is_still_meant(draft: &Draft<'_>, stand: Option<&Stand<'_>>, after: Timestamp, row: &RowName) -> bool {
    let Some(stand) = stand else { return true };
    // Where the names did not fit, any row may be meant.
    let Some(found) = stand.rows.iter().find(|found| found.row.name == *row) else {
        return row.as_str() == Change::ALL;
    };
    let differs = draft.drift.iter().filter(|drift| drift.row == *row).flat_map(|drift| &drift.differences);
    found.kicked_since(after)
        || draft.is_held(found.row)
        || differs.into_iter().any(|difference| difference.field != Field::Count)
}
