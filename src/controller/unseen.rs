//! Requests that were granted here and that no look has shown yet: what is known of them is that they were asked for.
//!
//! A look that began before a request was written down may end after it, and shows nothing of it. So a request is remembered
//! until a look has ended that began later; from then on the tags alone say what became of it.

use std::collections::{BTreeMap, VecDeque};

use crate::model::ids::{RequestId, TableName};
use crate::reconcile::pass::PassReport;

/// Requests of one table that are remembered. The next pass shows the newest.
const REMEMBERED: usize = 8;

/// The requests of all tables.
#[derive(Debug, Default)]
pub(super) struct Unseen(BTreeMap<TableName, VecDeque<Granted>>);

#[derive(Debug)]
struct Granted {
    id: RequestId,
    /// Whether the pass in hand began after it was written down.
    is_older: bool,
}

impl Unseen {
    /// A request was granted.
    pub(super) fn remember(&mut self, table: &TableName, id: RequestId) {
        let own = self.0.entry(table.clone()).or_default();
        own.retain(|granted| granted.id != id);
        own.push_front(Granted { id, is_older: false });
        own.truncate(REMEMBERED);
    }

    /// A pass begins.
    pub(super) fn begin(&mut self, table: &TableName) {
        let own = self.0.get_mut(table).into_iter().flatten();
        own.for_each(|granted| granted.is_older = true);
    }

    /// The pass has ended; what is still to be remembered of its table. `showed` says whether it read the tags for itself,
    /// and as they are.
    pub(super) fn end(&mut self, table: &TableName, showed: bool) -> Vec<RequestId> {
        if let Some(own) = self.0.get_mut(table) {
            own.retain(|granted| !(showed && granted.is_older));
            own.iter_mut().for_each(|granted| granted.is_older = false);
            if own.is_empty() {
                self.0.remove(table);
            }
        }
        self.of(table)
    }

    /// The requests of a table.
    pub(super) fn of(&self, table: &TableName) -> Vec<RequestId> {
        self.0.get(table).into_iter().flatten().map(|granted| granted.id.clone()).collect()
    }

    /// The table is not supervised any more.
    pub(super) fn forget(&mut self, table: &TableName) {
        self.0.remove(table);
    }
}

/// Whether a pass read everything anew and the tags were not behind. What a glance shows may have been read before it.
pub(super) fn showed(report: &PassReport, whole: bool) -> bool {
    whole && report.plan.cluster.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_remembered_until_a_look_has_ended_that_began_after_it() {
        let (mut unseen, table) = (Unseen::default(), TableName::told("cgap"));
        let id = RequestId::told;
        unseen.begin(&table);
        unseen.remember(&table, id("a"));
        assert_eq!(unseen.end(&table, true), [id("a")]);
        unseen.begin(&table);
        unseen.remember(&table, id("b"));
        assert_eq!(unseen.end(&table, true), [id("b")]);
        unseen.begin(&table);
        assert_eq!(unseen.end(&table, false), [id("b")]);
        unseen.begin(&table);
        assert_eq!(unseen.end(&table, true), []);
    }

    #[test]
    fn of_many_requests_the_newest_are_remembered_once_each() {
        let (mut unseen, table) = (Unseen::default(), TableName::told("cgap"));
        for number in (0..2 * REMEMBERED).chain(0..1) {
            unseen.remember(&table, RequestId::told(number.to_string()));
        }
        let all = unseen.of(&table);
        assert_eq!((all.len(), all[0].as_str(), all[1].as_str()), (REMEMBERED, "0", "15"));
        unseen.forget(&table);
        assert_eq!(unseen.of(&table), []);
    }
}
