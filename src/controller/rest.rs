//! Tables at rest whose turn has come: they wait for each other, are read together, and have their passes then.
//!
//! Pure: reading is `reconcile/rest`'s, when is `run`'s. One read at a time in each region: what comes due meanwhile is in
//! the next.

use std::collections::{BTreeMap, VecDeque};

use tokio::task::Id;

use crate::model::ids::{Region, TableName};
use crate::plan::rest::Resting;
use crate::reconcile::rest::Fresh;

/// Where tables at rest stand.
#[derive(Debug, Default)]
pub(super) struct Rest {
    waiting: BTreeMap<Region, BTreeMap<TableName, Resting>>,
    reading: BTreeMap<Id, (Region, Vec<TableName>)>,
    ready: VecDeque<(TableName, Option<Fresh>)>,
}

impl Rest {
    /// A table's turn has come.
    pub(super) fn put(&mut self, region: &Region, table: TableName, resting: Resting) {
        self.waiting.entry(region.clone()).or_default().insert(table, resting);
    }

    /// The tables of a region that are to be read now.
    pub(super) fn take(&mut self) -> Option<(Region, BTreeMap<TableName, Resting>)> {
        let is_read = |region: &Region| self.reading.values().any(|(reading, _)| reading == region);
        let region = self.waiting.keys().find(|region| !is_read(region)).cloned()?;
        let tables = self.waiting.remove(&region)?;
        Some((region, tables))
    }

    /// They are being read.
    pub(super) fn reads(&mut self, task: Id, region: Region, tables: Vec<TableName>) {
        self.reading.insert(task, (region, tables));
    }

    /// They were read. What nothing was read of has its pass without.
    pub(super) fn read(&mut self, task: Id, mut fresh: BTreeMap<TableName, Fresh>) {
        let Some((_, tables)) = self.reading.remove(&task) else { return };
        self.ready.extend(tables.into_iter().map(|table| {
            let fresh = fresh.remove(&table);
            (table, fresh)
        }));
    }

    /// A table is not supervised any more. Whether it was here: its turn ends then without a pass.
    pub(super) fn forget(&mut self, table: &TableName) -> bool {
        let count = |rest: &Self| {
            let waiting: usize = rest.waiting.values().map(BTreeMap::len).sum();
            let reading: usize = rest.reading.values().map(|(_, tables)| tables.len()).sum();
            waiting + reading + rest.ready.len()
        };
        let before = count(self);
        self.waiting.values_mut().for_each(|tables| drop(tables.remove(table)));
        self.reading.values_mut().for_each(|(_, tables)| tables.retain(|reading| reading != table));
        self.ready.retain(|(ready, _)| ready != table);
        count(self) < before
    }

    /// A table that may have its pass now.
    pub(super) fn next(&mut self) -> Option<(TableName, Option<Fresh>)> {
        self.ready.pop_front()
    }

    /// Whether a table waits for a pass.
    pub(super) fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}
