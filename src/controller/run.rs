//! The controller: passes over many tables, each when its turn comes, for as long as somebody lets it run.
//!
//! It may be dropped at any await: what was done so far stands on AWS, and the next process goes on from there. Decides
//! nothing about AWS; of time it decides only what the plan leaves open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet, LocalSet};
use tokio::time::{Instant, sleep_until};

use crate::aws::Aws;
use crate::model::ids::{Region, TableName};
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::plan::history::History;
use crate::reconcile::pass::{Mode, PassReport, pass};

use super::queue::{Ended, Queue};
use super::reload::{File, Reloaded, Tables};
use super::settle::{Pacing, blind, next_look};

/// How often table files are looked at. A mounted ConfigMap takes a minute by itself to change.
const RELOAD: Duration = Duration::from_secs(5);

/// Passes at the same time. One pass is mostly waiting; more would only send their calls in bursts.
const AT_ONCE: usize = 16;

/// How often a table is looked at in which nothing moves.
const IDLE: Span = Span::seconds(30);

/// What a controller tells while it runs.
#[derive(Debug)]
pub enum News<'a> {
    /// A pass has ended.
    Pass(&'a ServiceTable, &'a PassReport),
    /// A pass ended with a bug of this program; its table is looked at again later.
    Broken(&'a ServiceTable, String),
    /// Table files have changed.
    Reloaded(&'a Reloaded),
}

/// Supervises the tables of the files that `files` reads, for ever. `aws` makes the way to the AWS of a table's region.
pub async fn run(
    aws: impl AsyncFn(&ServiceTable) -> Aws,
    mut files: impl FnMut() -> BTreeMap<String, File>,
    tables: Tables,
    pacing: Pacing,
    mut told: impl FnMut(News<'_>),
) -> std::convert::Infallible {
    let mut controller = Controller::new(tables, pacing);
    // Passes that are dropped end where they are.
    let local = LocalSet::new();
    local
        .run_until(async {
            let mut reload = Instant::now() + RELOAD;
            loop {
                controller.start_what_is_due(&aws).await;
                let due = controller.due().map_or(reload, |due| due.min(reload));
                tokio::select! {
                    biased;
                    Some(ended) = controller.passes.join_next_with_id() => controller.end(ended, &mut told),
                    () = sleep_until(due) => {}
                }
                if Instant::now() >= reload {
                    reload = Instant::now() + RELOAD;
                    controller.reload(files(), &mut told);
                }
            }
        })
        .await
}

/// A pass that has ended, and what its process should know for the next.
struct Passed {
    report: PassReport,
    history: History,
}

struct Controller {
    began: Instant,
    pacing: Pacing,
    tables: Tables,
    by_name: BTreeMap<TableName, Arc<ServiceTable>>,
    queue: Queue,
    histories: BTreeMap<TableName, History>,
    ways: BTreeMap<Region, Aws>,
    passes: JoinSet<Passed>,
    /// Whose pass a task of the set is.
    whose: BTreeMap<Id, Arc<ServiceTable>>,
}

impl Controller {
    fn new(tables: Tables, pacing: Pacing) -> Self {
        let mut controller = Self {
            began: Instant::now(),
            pacing,
            by_name: BTreeMap::new(),
            queue: Queue::default(),
            histories: BTreeMap::new(),
            ways: BTreeMap::new(),
            passes: JoinSet::new(),
            whose: BTreeMap::new(),
            tables,
        };
        let all: Vec<ServiceTable> = controller.tables.in_force().cloned().collect();
        all.into_iter().for_each(|table| controller.take_in(table));
        controller
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn due(&self) -> Option<Instant> {
        let free = self.passes.len() < AT_ONCE;
        self.queue.next().filter(|_| free).map(|due| self.began + due)
    }

    fn take_in(&mut self, table: ServiceTable) {
        let now = self.now();
        self.queue.put(&table.name, now);
        self.by_name.insert(table.name.clone(), Arc::new(table));
    }

    async fn start_what_is_due(&mut self, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        while self.passes.len() < AT_ONCE {
            let Some(name) = self.queue.take(self.now()) else { return };
            let Some(table) = self.by_name.get(&name).cloned() else { continue };
            let way = match self.ways.get(&table.region) {
                Some(way) => way.clone(),
                None => {
                    let way = aws(&table).await;
                    self.ways.insert(table.region.clone(), way.clone());
                    way
                }
            };
            let mut history = self.histories.remove(&name).unwrap_or_default();
            let (fallback, subject) = (self.pacing.fallback, Arc::clone(&table));
            let task = self.passes.spawn_local(async move {
                let report = pass(&way, &subject, &mut history, Mode::Act, fallback).await;
                Passed { report, history }
            });
            self.whose.insert(task.id(), table);
        }
    }

    fn end(&mut self, ended: Result<(Id, Passed), JoinError>, told: &mut impl FnMut(News<'_>)) {
        let (id, passed) = match ended {
            Ok((id, passed)) => (id, Ok(passed)),
            Err(error) => (error.id(), Err(error.to_string())),
        };
        let Some(table) = self.whose.remove(&id) else { return };
        let ended = match passed {
            Ok(Passed { report, history }) => {
                told(News::Pass(&table, &report));
                let next = self.pacing.scaled(next_look(&report, IDLE));
                if self.by_name.contains_key(&table.name) {
                    self.histories.insert(table.name.clone(), history);
                }
                if blind(&report) { Ended::Badly } else { Ended::Well { next } }
            }
            Err(why) => {
                told(News::Broken(&table, why));
                Ended::Badly
            }
        };
        self.queue.end(&table.name, self.now(), ended);
    }

    fn reload(&mut self, files: BTreeMap<String, File>, told: &mut impl FnMut(News<'_>)) {
        let reloaded = self.tables.reload(files);
        for table in &reloaded.gone {
            self.queue.remove(&table.name);
            self.by_name.remove(&table.name);
            self.histories.remove(&table.name);
        }
        reloaded.changed.iter().cloned().for_each(|table| self.take_in(table));
        if !reloaded.is_empty() {
            told(News::Reloaded(&reloaded));
        }
    }
}
