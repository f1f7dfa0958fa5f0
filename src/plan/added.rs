//! Rows that come new into the table: their deployments are no kicks, and their first kick is one (docs/decisions/0005).

use crate::model::ids::RowName;
use crate::model::rollout::{Counted, Record};
use crate::model::time::Timestamp;

use super::because::Because;
use super::rollout::{Stand, id_of};

/// Rows that the table did not have when the record was written: that they are newer is no kick. They are written down even where
/// they are not, or their first kick would be taken for that.
pub(super) fn rows_added(stand: &Stand<'_>, record: &Record) -> Option<(Record, Because)> {
    let newer = stand.kicked_since(record.frontier);
    let Some(counted) = &record.rows else { return rows_added_to(stand, record, newer) };
    let names = stand.rows.iter().map(|row| &row.row.name);
    let added: Vec<RowName> = names.filter(|row| !counted.has(row)).cloned().collect();
    if added.is_empty() || renamed(stand, counted) || !newer.iter().all(|row| added.contains(row)) {
        return None;
    }
    let rows = Some(counted.and(&stand.counted()));
    // The id stays: by it the tasks of its attempts are found.
    let frontier = stand.frontier.max(record.frontier);
    Some((Record { base: base_with(record, frontier), frontier, rows, ..record.clone() }, Because::RowsAdded(added)))
}

/// Where no row is left that was counted, rows were renamed: a service that was kicked looks like one that came.
fn renamed(stand: &Stand<'_>, counted: &Counted) -> bool {
    !stand.rows.iter().any(|row| !row.is_empty() && counted.has(&row.row.name))
}

/// The next record of a launch, with the rows that came into the table since its rollout was opened: what is kicked of them from now
/// on is a kick. Of one that is newer than the record nobody can tell whether that is it already.
pub(super) fn counting(stand: Option<&Stand<'_>>, next: Record) -> Record {
    let rows = next.rows.as_ref().zip(stand).map(|(counted, stand)| counted.and(&stand.counted_until(next.frontier)));
    Record { rows: rows.or(next.rows.clone()), ..next }
}

/// The same record, where it counts fewer: a task may run for an hour, in which rows are added and kicked.
pub(super) fn joined(stand: &Stand<'_>, record: &Record) -> Option<(Record, Because)> {
    let (before, next) = (record.rows.as_ref()?, counting(Some(stand), record.clone()));
    let now = next.rows.as_ref()?;
    let rows = stand.rows.iter().map(|row| &row.row.name);
    let added: Vec<RowName> = rows.filter(|row| now.has(row) && !before.has(row)).cloned().collect();
    (!added.is_empty()).then_some((next, Because::RowsAdded(added)))
}

/// The same, where the record does not say which rows it counts: without those that were added, the id is the same. It moves with
/// them, or those that are added later would not be told; not where an attempt was made under it.
fn rows_added_to(stand: &Stand<'_>, record: &Record, newer: Vec<RowName>) -> Option<(Record, Because)> {
    let without = id_of(stand.table, stand.cluster, &stand.rows, |row| !row.kicked_since(record.frontier));
    let added = !newer.is_empty() && without == record.id;
    let id = if record.state.attempt().is_some() { &record.id } else { &stand.id };
    let (base, frontier, rows) = (base_with(record, stand.frontier), stand.frontier, Some(stand.counted()));
    let next = || Record { id: id.clone(), base, frontier, rows, ..record.clone() };
    added.then(|| (next(), Because::RowsAdded(newer)))
}

/// The base that goes with a frontier: no kicks belong to a run, and rows that are added are none.
fn base_with(record: &Record, frontier: Timestamp) -> Timestamp {
    if record.base >= record.frontier && record.state.attempt().is_some() { frontier } else { record.base }
}

/// The newest PRIMARY deployment that may be a kick since the record was written.
pub(super) fn newest_kick(stand: &Stand<'_>, record: &Record) -> Timestamp {
    let Some(counted) = &record.rows else { return stand.frontier };
    let all = renamed(stand, counted);
    let rows = stand.rows.iter().filter(|row| all || counted.has(&row.row.name));
    rows.map(|row| row.primary.created_at).max().unwrap_or(stand.frontier)
}
