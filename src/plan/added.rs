//! Rows that come new into the table: their deployments are no kicks, and their first kick is one.
//!
//! Between rollouts alone; a row that is added while one is open belongs to it (docs/decisions/0005).

use crate::model::ids::RowName;
use crate::model::rollout::Record;

use super::because::Because;
use super::rollout::{Stand, id_of};

/// Rows that the table did not have when the record was written: that they are newer is no kick. They are written down even where
/// they are not, or their first kick would be taken for that.
pub(super) fn rows_added(stand: &Stand<'_>, record: &Record) -> Option<(Record, Because)> {
    let newer = stand.kicked_since(record.frontier);
    let Some(counted) = &record.rows else { return rows_added_to(stand, record, newer) };
    let names = stand.rows.iter().map(|row| &row.row.name);
    let added: Vec<RowName> = names.filter(|row| !counted.has(row)).cloned().collect();
    if added.is_empty() || !newer.iter().all(|row| added.contains(row)) {
        return None;
    }
    let rows = Some(counted.and(&stand.counted()));
    let moved = if newer.is_empty() { record.id.clone() } else { stand.id.clone() };
    let next = Record { id: moved, frontier: stand.frontier.max(record.frontier), rows, ..record.clone() };
    Some((next, Because::RowsAdded(added)))
}

/// The same, where the record does not say which rows it counts: without those that were added, the id is the same.
fn rows_added_to(stand: &Stand<'_>, record: &Record, newer: Vec<RowName>) -> Option<(Record, Because)> {
    let without = id_of(stand.table, stand.cluster, &stand.rows, |row| !row.kicked_since(record.frontier));
    let added = !newer.is_empty() && without == record.id;
    let next = || Record { id: stand.id.clone(), frontier: stand.frontier, ..record.clone() };
    added.then(|| (next(), Because::RowsAdded(newer)))
}
