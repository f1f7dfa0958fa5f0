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
use crate::plan::history::{History, Written};
use crate::plan::pace::NextLook;
use crate::plan::rest::{Resting, resting};
use crate::reconcile::pass::{Mode, PassReport, pass_on};
use crate::reconcile::rest::{self, Fresh};

use super::handle::{Asked, Door, Refused};
use super::queue::{Ended, Queue};
use super::reload::{File, Reloaded, Tables};
use super::rest::Rest;
use super::settle::{Pacing, blind, next_look, saw_aws};
use super::unseen::{Unseen, showed};
use super::wishes::{Answered, Means, Wishes};

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
    /// `granted`, `known` (it was there already), `held`, `another`, `too-late` or `not-written`.
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
            let mut reload = Instant::now() + pacing.reload;
            loop {
                controller.start_what_is_due(&aws).await;
                let due = controller.due().map_or(reload, |due| due.min(reload));
                tokio::select! {
                    biased;
                    Some(ended) = controller.passes.join_next_with_id() => controller.end(ended, &mut told),
                    Some(ended) = controller.reads.join_next_with_id() => controller.end_read(ended),
                    Some(answered) = controller.wishes.answered() => controller.learn(answered, &aws, &mut told).await,
                    asked = controller.door.asked() => controller.answer(asked, &aws).await,
                    () = sleep_until(due) => {}
                }
                if Instant::now() >= reload {
                    reload = Instant::now() + pacing.reload;
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

struct Controller {
    door: Door,
    wishes: Wishes,
    /// What was written down beside the passes; the next pass of its table takes it over.
    learned: BTreeMap<TableName, Written>,
    unseen: Unseen,
    began: Instant,
    pacing: Pacing,
    tables: Tables,
    by_name: BTreeMap<TableName, Arc<ServiceTable>>,
    queue: Queue,
    histories: BTreeMap<TableName, History>,
    /// What was known of a table when the pass began that it has now: what a wish is judged by meanwhile.
    in_hand: BTreeMap<TableName, History>,
    ways: BTreeMap<Region, Aws>,
    passes: JoinSet<Passed>,
    /// Tables in which nothing moves, which are read together.
    rest: Rest,
    reads: JoinSet<BTreeMap<TableName, Fresh>>,
    /// Whose pass a task of the set is.
    whose: BTreeMap<Id, Arc<ServiceTable>>,
}

impl Controller {
    fn new(tables: Tables, pacing: Pacing, door: Door) -> Self {
        let mut controller = Self {
            door,
            wishes: Wishes::default(),
            learned: BTreeMap::new(),
            unseen: Unseen::default(),
            began: Instant::now(),
            pacing,
            by_name: BTreeMap::new(),
            queue: Queue::default(),
            histories: BTreeMap::new(),
            in_hand: BTreeMap::new(),
            ways: BTreeMap::new(),
            passes: JoinSet::new(),
            rest: Rest::default(),
            reads: JoinSet::new(),
            whose: BTreeMap::new(),
            tables,
        };
        let all: Vec<Arc<ServiceTable>> = controller.tables.in_force().cloned().collect();
        all.into_iter().for_each(|table| controller.take_in(table));
        controller
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn due(&self) -> Option<Instant> {
        let free = self.passes.len() < AT_ONCE;
        let next = if self.rest.is_ready() { Some(self.now()) } else { self.queue.next() };
        next.filter(|_| free).map(|due| self.began + due)
    }

    fn take_in(&mut self, table: Arc<ServiceTable>) {
        let now = self.now();
        self.queue.put(&table.name, now);
        self.door.show(&table, |_| {});
        self.by_name.insert(table.name.clone(), table);
    }

    /// The way to the AWS of a table's region.
    async fn way(&mut self, table: &ServiceTable, aws: &impl AsyncFn(&ServiceTable) -> Aws) -> Aws {
        if let Some(way) = self.ways.get(&table.region) {
            return way.clone();
        }
        let way = aws(table).await;
        self.door.spends(way.meter(), way.budgets());
        self.ways.insert(table.region.clone(), way.clone());
        way
    }

    async fn start_what_is_due(&mut self, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        while self.passes.len() < AT_ONCE {
            let Some((name, fresh)) = self.rest.next() else { break };
            self.begin_pass(name, fresh, aws).await;
        }
        let now = self.now();
        loop {
            let free = self.passes.len() < AT_ONCE;
            let (histories, tables) = (&self.histories, &self.by_name);
            let rests = |name: &TableName| resting_at(tables.get(name)?, histories.get(name)?);
            let Some(name) = self.queue.take(now, |name| free || rests(name).is_some()) else { break };
            match (rests(&name), self.by_name.get(&name)) {
                (Some(resting), Some(table)) => self.rest.put(&table.region, name, resting),
                (None, _) | (_, None) => self.begin_pass(name, None, aws).await,
            }
        }
        while let Some((region, tables)) = self.rest.take() {
            let Some(way) = self.ways.get(&region).map(Aws::at_leisure) else { continue };
            let names = tables.keys().cloned().collect();
            let task = self.reads.spawn_local(async move { rest::read(&way, &tables).await });
            self.rest.reads(task.id(), region, names);
        }
    }

    async fn begin_pass(&mut self, name: TableName, fresh: Option<Fresh>, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        let Some(table) = self.by_name.get(&name).cloned() else { return };
        let way = self.way(&table, aws).await;
        let known = self.known(&name);
        let mut history = self.histories.remove(&name).unwrap_or_default();
        self.in_hand.insert(name.clone(), known);
        let at_rest = history.latest.as_ref().is_some_and(|latest| latest.plan.next_look == NextLook::Idle);
        if let Some(written) = self.learned.remove(&name) {
            history.written.learn(written);
            // A glance may be at something else.
            history.latest = None;
        }
        self.unseen.begin(&name);
        // Where nothing moved, what moves elsewhere comes first; a wish is work.
        let way = if at_rest && history.latest.is_some() { way.at_leisure() } else { way };
        let (fallback, subject) = (self.pacing.fallback, Arc::clone(&table));
        let task = self.passes.spawn_local(async move {
            let began = Instant::now();
            let report = pass_on(&way, &subject, &mut history, Mode::Act, fresh.as_ref(), fallback).await;
            Passed { took: began.elapsed(), report, history }
        });
        self.whose.insert(task.id(), table);
    }

    fn end_read(&mut self, ended: Result<(Id, BTreeMap<TableName, Fresh>), JoinError>) {
        match ended {
            Ok((id, fresh)) => self.rest.read(id, fresh),
            Err(error) => {
                tracing::error!(%error, "a read of tables at rest broke off; each is read by itself");
                self.rest.read(error.id(), BTreeMap::new());
            }
        }
    }

    fn end(&mut self, ended: Result<(Id, Passed), JoinError>, told: &mut impl FnMut(News<'_>)) {
        let (id, passed) = match ended {
            Ok((id, passed)) => (id, Ok(passed)),
            Err(error) => (error.id(), Err(error.to_string())),
        };
        let Some(table) = self.whose.remove(&id) else { return };
        self.in_hand.remove(&table.name);
        let (ended, report, broken, showed) = match passed {
            Ok(Passed { took, report, history }) => {
                let showed = showed(&report, history.latest.as_ref().is_some_and(|latest| latest.whole == report.at));
                told(News::Pass(&table, &report, took));
                let next = match next_look(&report) {
                    Some(span) => self.pacing.scaled(span),
                    None => self.until_all_look(),
                };
                if self.by_name.contains_key(&table.name) {
                    self.histories.insert(table.name.clone(), history);
                }
                let ended = if blind(&report) { Ended::Badly } else { Ended::Well { next } };
                (ended, Some(Arc::new(report)), None, showed)
            }
            Err(why) => {
                told(News::Broken(&table, why.clone()));
                (Ended::Badly, None, Some(why), false)
            }
        };
        self.queue.end(&table.name, self.now(), ended);
        let failures = self.queue.failures(&table.name);
        let unseen = self.unseen.end(&table.name, showed);
        let Some(table) = self.by_name.get(&table.name) else { return };
        self.door.show(table, |view| {
            // A refusal is a person's matter and no reason to look sooner; AWS was not seen for all that.
            let saw = report.as_deref().is_some_and(saw_aws);
            view.seen = if saw { Some(Instant::now()) } else { view.seen };
            view.report = report.or(view.report.take());
            view.failures = failures;
            view.broken = broken;
            view.unseen = unseen;
        });
    }

    /// Tables at rest look at the same moments, so that they are read together.
    fn until_all_look(&self) -> Duration {
        let (now, apart) = (self.now().as_millis(), self.pacing.scaled(IDLE).as_millis().max(1));
        Duration::from_millis(u64::try_from(apart - now % apart).unwrap_or(u64::MAX))
    }

    /// What a wish about a table is judged by: the newest look, what was written, and what was kicked.
    fn known(&self, table: &TableName) -> History {
        let known = self.histories.get(table).or_else(|| self.in_hand.get(table));
        let (latest, mut written, made) =
            known.map(|known| (known.latest.clone(), known.written.clone(), known.made.clone())).unwrap_or_default();
        written.learn(self.learned.get(table).cloned().unwrap_or_default());
        History { latest, written, made, ..History::default() }
    }

    /// Has a wish written down, beside the passes, when those before it are.
    async fn answer(&mut self, asked: Asked, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        let turn = self.wishes.turn(asked);
        self.start(turn, aws).await;
    }

    /// Begins with the wish whose turn it is. Those whose table was taken away meanwhile give theirs to the next.
    async fn start(&mut self, mut turn: Option<Asked>, aws: &impl AsyncFn(&ServiceTable) -> Aws) {
        while let Some(asked) = turn {
            let Some(table) = self.by_name.get(&asked.table).cloned() else {
                turn = self.wishes.next(&asked.table);
                // An error says that whoever asked has gone.
                let _ = asked.answer.send(Err(Refused::NoTable));
                continue;
            };
            let aws = self.way(&table, aws).await;
            let means = Means { aws, known: self.known(&table.name), table, fallback: self.pacing.fallback };
            self.wishes.start(asked, means);
            return;
        }
    }

    /// The next pass of a table with a new wish knows of it, and comes at once.
    async fn learn(
        &mut self,
        answered: Result<(Id, Answered), JoinError>,
        aws: &impl AsyncFn(&ServiceTable) -> Aws,
        told: &mut impl FnMut(News<'_>),
    ) {
        let id = answered.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        if let Ok((_, mut answered)) = answered {
            let table = answered.wished.table.clone();
            told(News::Asked(&answered.wished));
            let is_supervised = self.by_name.contains_key(&table);
            if let Some(written) = answered.written.take().filter(|_| is_supervised) {
                self.learned.entry(table.clone()).or_default().learn(written);
                self.queue.put(&table, self.now());
            }
            if let Some(id) = answered.unseen.take().filter(|_| is_supervised) {
                self.unseen.remember(&table, id);
                self.door.note(&table, self.unseen.of(&table));
            }
            // Whoever hears the answer finds what it tells of.
            answered.tell();
        }
        let next = self.wishes.end(id);
        self.start(next, aws).await;
    }

    fn reload(&mut self, files: BTreeMap<String, File>, told: &mut impl FnMut(News<'_>)) {
        let reloaded = self.tables.reload(files);
        for table in &reloaded.gone {
            self.queue.remove(&table.name);
            self.by_name.remove(&table.name);
            self.histories.remove(&table.name);
            self.in_hand.remove(&table.name);
            if self.rest.forget(&table.name) {
                self.queue.end(&table.name, self.now(), Ended::Badly);
            }
            self.learned.remove(&table.name);
            self.unseen.forget(&table.name);
            self.door.forget(&table.name);
        }
        reloaded.changed.iter().cloned().for_each(|table| self.take_in(table));
        if !reloaded.is_empty() {
            told(News::Reloaded(&reloaded));
        }
    }
}

/// What is read of a table beside others, as things stood after its newest pass. What has come up since is seen by the pass
/// itself.
fn resting_at(table: &ServiceTable, history: &History) -> Option<Resting> {
    let at = history.latest.as_ref()?.observed.at.plus(IDLE);
    resting(table, history, at)
}
