//! The dashboard beside the demo: what its passes see, served to whoever opens a browser.
//!
//! Shows and nothing else: nothing is asked of the demo through it.

use std::sync::Arc;

use crate::api::Server;
use crate::controller::handle::{Door, door};
use crate::model::row::ServiceTable;
use crate::reconcile::pass::PassReport;
use crate::telemetry::metrics::Metrics;

use super::context::Context;
use super::listen;

/// A window on one table; closed when this is dropped.
#[derive(Debug)]
pub(super) struct Window {
    door: Door,
    table: Arc<ServiceTable>,
    _server: Server,
}

impl Window {
    /// Opens it on a port of this machine, and says on which; `None` where there is no port to be had.
    pub(super) fn open(context: &Context<'_>, table: &ServiceTable) -> Option<Self> {
        let (handle, door) = door();
        let table = Arc::new(table.clone());
        door.show_table(&table);
        let metrics = Arc::new(Metrics::new(handle.clone()));
        let server = listen::beside()?.serve(context, handle, metrics).ok()?;
        Some(Self { door, table, _server: server })
    }

    /// Shows what a pass saw and decided.
    pub(super) fn show(&self, report: &PassReport) {
        let PassReport { at, observed, plan, outcomes: _, violations: _ } = report;
        // What the pass did is told beside it, and shows in the next one.
        let (outcomes, violations) = (Vec::new(), Vec::new());
        let seen = PassReport { at: *at, observed: observed.clone(), plan: plan.clone(), outcomes, violations };
        self.door.show_pass(&self.table, seen);
    }
}
