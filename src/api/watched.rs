//! What this server makes of the tables that the controller shows: what it saw happen in them, and their summaries.
//!
//! Every newest pass is taken in once, in order, by whoever comes first: the server's own watcher, or an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::controller::handle::{Change, Handle, View};
use crate::model::ids::TableName;
use crate::report::json::{Sight, TableJson, TableSummaryJson};
use crate::report::subject::Subject;
use crate::report::witness::Witness;

/// For so long a summary serves all event streams. It says how long ago AWS was seen, so it must not grow old.
const FRESH: Duration = Duration::from_millis(500);

/// The tables that were seen, by name.
#[derive(Debug)]
pub(super) struct Watched {
    speed: f64,
    all: Mutex<BTreeMap<TableName, Watch>>,
}

#[derive(Debug, Default)]
struct Watch {
    view: Option<Arc<View>>,
    witness: Witness,
    summary: Option<(Instant, Arc<str>)>,
}

impl Watched {
    /// Nothing yet. AWS's time runs `speed` times as fast as the clock here.
    pub(super) fn new(speed: f64) -> Self {
        Self { speed, all: Mutex::default() }
    }

    /// Takes in every pass, as it comes; never ends while the controller runs.
    pub(super) async fn watch(&self, handle: &Handle) {
        let mut changes = handle.changes();
        loop {
            match changes.recv().await {
                Ok(Change::Seen(view)) => drop(self.take_in(&view)),
                Ok(Change::Gone(name)) => drop(self.all().remove(&name)),
                // What was missed is missed; what there is counts.
                Err(RecvError::Lagged(_)) => handle.tables().iter().for_each(|view| drop(self.take_in(view))),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Everything about a table.
    pub(super) fn table(&self, view: &Arc<View>) -> TableJson {
        let witness = self.witness(view);
        TableJson::of(&view.table, view.report.as_deref(), &self.sight(view, &witness))
    }

    /// A table at a glance.
    pub(super) fn summary(&self, view: &Arc<View>) -> TableSummaryJson {
        let witness = self.witness(view);
        TableSummaryJson::of(&view.table, view.report.as_deref(), &self.sight(view, &witness))
    }

    /// The same as one line of JSON, written once for all who ask at about the same time.
    pub(super) fn summary_line(&self, view: &Arc<View>) -> Arc<str> {
        let written = |watch: &Watch| {
            let same = watch.view.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, view));
            let (at, line) = watch.summary.as_ref().filter(|_| same)?;
            (at.elapsed() < FRESH).then(|| Arc::clone(line))
        };
        if let Some(line) = self.all().get(&view.table.name).and_then(written) {
            return line;
        }
        let line: Arc<str> = serde_json::to_string(&self.summary(view)).unwrap_or_default().into();
        if let Some(watch) = self.all().get_mut(&view.table.name) {
            watch.summary = Some((Instant::now(), Arc::clone(&line)));
        }
        line
    }

    fn witness(&self, view: &Arc<View>) -> Witness {
        let all = self.take_in(view);
        all.get(&view.table.name).map(|watch| watch.witness.clone()).unwrap_or_default()
    }

    fn sight<'a>(&self, view: &'a View, witness: &'a Witness) -> Sight<'a> {
        let View { table: _, report: _, seen, failures, broken, unseen: _ } = view;
        let ago = seen.map(|seen| seen.elapsed());
        Sight { ago, failures: *failures, broken: broken.as_deref(), speed: self.speed, witness }
    }

    fn take_in(&self, view: &Arc<View>) -> MutexGuard<'_, BTreeMap<TableName, Watch>> {
        let mut all = self.all();
        let watch = all.entry(view.table.name.clone()).or_default();
        let known = watch.view.as_ref().and_then(|view| view.report.as_ref());
        if let Some(report) = &view.report {
            // A look that is older than another is not taken in, nor is one that was.
            let (observed, plan) = (&report.observed, &report.plan);
            watch.witness.look(&Subject { table: &view.table, observed, plan });
        }
        let older = known.is_some_and(|known| view.report.as_ref().is_none_or(|report| report.at < known.at));
        if !older {
            watch.view = Some(Arc::clone(view));
        }
        all
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<TableName, Watch>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
