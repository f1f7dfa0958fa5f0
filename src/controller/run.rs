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
use crate::model::time::{Span, Timestamp};
use crate::plan::history::{History, Written};
use crate::reconcile::pass::{Mode, PassReport, pass};

use super::handle::{Ask, Asked, Door, Granted, Refused};
use super::queue::{Ended, Queue};
use super::reload::{File, Reloaded, Tables};
use super::settle::{Pacing, blind, next_look};
use super::{command, request};

/// How often table files are looked at. A mounted ConfigMap takes a minute by itself to change.
const RELOAD: Duration = Duration::from_secs(5);

/// Passes at the same time. One pass is mostly waiting; more would only send their calls in bursts.
const AT_ONCE: usize = 16;

/// How often a table is looked at in which nothing moves.
const IDLE: Span = Span::seconds(30);

/// What a controller tells while it runs.
#[derive(Debug)]
pub enum News<'a> {
    /// A pass has ended, after so long.
    Pass(&'a ServiceTable, &'a PassReport, Duration),
    /// A pass ended with a bug of this program; its table is looked at again later.
    Broken(&'a ServiceTable, String),
    /// Table files have changed.
    Reloaded(&'a Reloaded),
    /// Somebody asked for something through the door.
    Asked(&'a Wished),
}

/// What became of a wish.
#[derive(Debug)]
pub struct Wished {
    /// Of which table.
    pub table: TableName,
    /// What was wanted: `rollout`, `retry`, `resolve` or `abort`.
    pub wish: &'static str,
    /// `granted`, `held`, `too-late` or `not-written`.
    pub outcome: &'static str,
}

/// Supervises the tables of the files that `files` reads, for ever. `aws` makes the way to the AWS of a table's region;
/// through `door` others watch and ask.
pub async fn run(
    aws: impl AsyncFn(&ServiceTable) -> Aws,
    mut files: impl FnMut() -> BTreeMap<String, File>,
    tables: Tables,
    pacing: Pacing,
    door: Door,
    mut told: impl FnMut(News<'_>),
) -> std::convert::Infallible {
    let mut controller = Controller::new(tables, pacing, door);
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
                    Some(answered) = controller.answers.join_next() => controller.learn(answered, &mut told),
                    asked = controller.door.asked() => controller.answer(asked, &aws).await,
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
    took: Duration,
    report: PassReport,
    history: History,
}

/// What became of a wish, and what the passes of its table should know from now on.
struct Answered {
    wished: Wished,
    written: Option<Written>,
}

struct Controller {
    door: Door,
    /// Wishes that are being written down.
    answers: JoinSet<Answered>,
    /// What was written down beside the passes; the next pass of its table takes it over.
    learned: BTreeMap<TableName, Written>,
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
    fn new(tables: Tables, pacing: Pacing, door: Door) -> Self {
        let mut controller = Self {
            door,
            answers: JoinSet::new(),
            learned: BTreeMap::new(),
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
        let table = Arc::new(table);
        self.door.show(&table, |_| {});
        self.by_name.insert(table.name.clone(), table);
    }

    /// The way to the AWS of a table's region.
    async fn way(&mut self, table: &ServiceTable, aws: &impl AsyncFn(&ServiceTable) -> Aws) -> Aws {
        if let Some(way) = self.ways.get(&table.region) {
            return way.clone();
        }
        let way = aws(table).await;
        self.door.metered(way.meter());
        self.ways.insert(table.region.clone(), way.clone());
        way
    }

    async fn start_what_is_due(&mut self, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        while self.passes.len() < AT_ONCE {
            let Some(name) = self.queue.take(self.now()) else { return };
            let Some(table) = self.by_name.get(&name).cloned() else { continue };
            let way = self.way(&table, aws).await;
            let mut history = self.histories.remove(&name).unwrap_or_default();
            if let Some(written) = self.learned.remove(&name) {
                history.written.learn(written);
                // A glance may be at something else.
                history.latest = None;
            }
            let (fallback, subject) = (self.pacing.fallback, Arc::clone(&table));
            let task = self.passes.spawn_local(async move {
                let began = Instant::now();
                let report = pass(&way, &subject, &mut history, Mode::Act, fallback).await;
                Passed { took: began.elapsed(), report, history }
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
        let (ended, report, broken) = match passed {
            Ok(Passed { took, report, history }) => {
                told(News::Pass(&table, &report, took));
                let next = self.pacing.scaled(next_look(&report, IDLE));
                if self.by_name.contains_key(&table.name) {
                    self.histories.insert(table.name.clone(), history);
                }
                let ended = if blind(&report) { Ended::Badly } else { Ended::Well { next } };
                (ended, Some(Arc::new(report)), None)
            }
            Err(why) => {
                told(News::Broken(&table, why.clone()));
                (Ended::Badly, None, Some(why))
            }
        };
        self.queue.end(&table.name, self.now(), ended);
        let failures = self.queue.failures(&table.name);
        let Some(table) = self.by_name.get(&table.name) else { return };
        self.door.show(table, |view| {
            view.report = report.or(view.report.take());
            view.seen = if ended == Ended::Badly { view.seen } else { Some(Instant::now()) };
            view.failures = failures;
            view.broken = broken;
        });
    }

    /// Has a wish written down, beside the passes.
    async fn answer(&mut self, asked: Asked, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        let Asked { table, ask, answer } = asked;
        let Some(table) = self.by_name.get(&table).cloned() else {
            // An error says that whoever asked has gone.
            let _ = answer.send(Err(Refused::NoTable));
            return;
        };
        let way = self.way(&table, aws).await;
        let fallback = self.pacing.fallback;
        self.answers.spawn_local(async move {
            let wish = ask.name();
            let granted = grant(&way, &table, ask, fallback).await;
            let outcome = granted.as_ref().map_or_else(Refused::name, |_| "granted");
            let (granted, written) = match granted {
                Ok((granted, history)) => (Ok(granted), Some(history.written)),
                Err(refused) => (Err(refused), None),
            };
            let _ = answer.send(granted);
            Answered { wished: Wished { table: table.name.clone(), wish, outcome }, written }
        });
    }

    /// The next pass of a table with a new wish knows of it, and comes at once.
    fn learn(&mut self, answered: Result<Answered, JoinError>, told: &mut impl FnMut(News<'_>)) {
        let Ok(Answered { wished, written }) = answered else { return };
        told(News::Asked(&wished));
        let Some(written) = written.filter(|_| self.by_name.contains_key(&wished.table)) else { return };
        self.learned.entry(wished.table.clone()).or_default().learn(written);
        self.queue.put(&wished.table, self.now());
    }

    fn reload(&mut self, files: BTreeMap<String, File>, told: &mut impl FnMut(News<'_>)) {
        let reloaded = self.tables.reload(files);
        for table in &reloaded.gone {
            self.queue.remove(&table.name);
            self.by_name.remove(&table.name);
            self.histories.remove(&table.name);
            self.learned.remove(&table.name);
            self.door.forget(&table.name);
        }
        reloaded.changed.iter().cloned().for_each(|table| self.take_in(table));
        if !reloaded.is_empty() {
            told(News::Reloaded(&reloaded));
        }
    }
}

/// Has a wish written down; with what the passes of this process should know then.
async fn grant(aws: &Aws, table: &ServiceTable, ask: Ask, fallback: Timestamp) -> Result<(Granted, History), Refused> {
    match ask {
        Ask::Rollout { reason } => match request::accept(aws, table, reason, fallback).await {
            Ok(request::Acknowledged { request, history }) => Ok((Granted::Rollout(request), history)),
            Err(request::Refused::Held(holds)) => Err(Refused::Held(holds)),
            Err(request::Refused::NotWritten(error)) => Err(Refused::NotWritten(Box::new(error))),
        },
        Ask::Command(wish) => match command::accept(aws, table, &wish, fallback).await {
            Ok(command::Acknowledged { command, history }) => Ok((Granted::Command(command), history)),
            Err(command::Refused::Held(holds)) => Err(Refused::Held(holds)),
            Err(command::Refused::TooLate) => Err(Refused::TooLate),
            Err(command::Refused::NotWritten(error)) => Err(Refused::NotWritten(Box::new(error))),
        },
    }
}
