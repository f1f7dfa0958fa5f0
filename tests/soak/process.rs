//! Controllers as processes: they look again and again, die where their wire says so, and begin anew with an empty memory.
//!
//! The controller's own code makes the passes; only when the next one comes is decided here.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use evenkeel::aws::Aws;
use evenkeel::lab::bench::Lab;
use evenkeel::plan::history::History;
use evenkeel::plan::hold::HoldCause;
use evenkeel::plan::pace::NextLook;
use evenkeel::reconcile::pass::{Mode, PassReport, Verdict, pass};
use tokio::time::sleep;

use super::judge::Judge;
use super::people::Order;
use super::story::Story;
use super::wire::Wire;

/// Everything that a history needs while it happens.
pub(super) struct Stage {
    pub(super) story: Story,
    pub(super) lab: Lab,
    pub(super) wires: Vec<Wire>,
    /// What people use for their commands.
    pub(super) hand: Wire,
    judge: Mutex<Judge>,
    /// Commands that people mean to give.
    orders: Mutex<Vec<Order>>,
    /// How many rollouts people have wished for.
    wishes: AtomicU32,
    /// Whether a person wants the table to settle for good, and nobody gives other commands any more.
    ending: AtomicBool,
    seen: Vec<Mutex<Seen>>,
}

/// What one controller came to, as those who wait for the end see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) passes: usize,
    pub(super) verdict: Option<Verdict>,
    /// The causes of its holds, for a person.
    pub(super) holds: Vec<String>,
    /// Whether each hold that asks for a person says what the person can do.
    pub(super) hinted: bool,
    /// Whether it says that the rollout has failed, or that nobody knows.
    pub(super) ended: bool,
    pub(super) unanswered: bool,
    pub(super) violations: Vec<String>,
    /// Whether it died and nobody has begun it anew yet.
    pub(super) away: bool,
}

impl Stage {
    pub(super) fn new(story: Story, lab: Lab, wires: Vec<Wire>, hand: Wire, judge: Judge) -> Self {
        let seen = wires.iter().map(|_| Mutex::default()).collect();
        Self {
            story,
            lab,
            wires,
            hand,
            judge: Mutex::new(judge),
            orders: Mutex::default(),
            wishes: AtomicU32::new(0),
            ending: AtomicBool::new(false),
            seen,
        }
    }

    pub(super) fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a controller's last passes came to.
    pub(super) fn seen(&self, controller: usize) -> Seen {
        self.seen_mut(controller).clone()
    }

    /// Whether some controller has died and is not there again.
    pub(super) fn is_away(&self) -> bool {
        (0..self.seen.len()).any(|controller| self.seen_mut(controller).away)
    }

    fn seen_mut(&self, controller: usize) -> MutexGuard<'_, Seen> {
        self.seen[controller].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process of its own for a person's command.
    pub(super) fn person(&self) -> Aws {
        Aws::over(SharedHttpClient::new(self.hand.clone()), &self.lab.table.region)
    }

    /// A person means to give a command.
    pub(super) fn gives(&self, order: Order) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
    }

    /// How many rollouts people have wished for, this one included.
    pub(super) fn wishes(&self) -> u32 {
        self.wishes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// From now on nobody gives commands.
    pub(super) fn ends(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether nobody gives commands any more.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// What people mean to give since this was last asked.
    pub(super) fn take_orders(&self) -> Vec<Order> {
        std::mem::take(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads what has happened since the last time, line by line.
    pub(super) fn catch_up(&self) {
        let world = self.lab.world();
        self.judge().read(world.journal());
    }

    fn told(&self, controller: usize, report: &PassReport) {
        let verdict = report.verdict();
        let asking = report.plan.holds.iter().filter(|hold| hold.cause.urgency() >= URGENT);
        let is_end =
            |cause: &HoldCause| matches!(cause, HoldCause::RolloutFailed { .. } | HoldCause::RolloutUnknown { .. });
        let mut seen = self.seen_mut(controller);
        let mut violations = std::mem::take(&mut seen.violations);
        violations.extend(report.violations.iter().map(ToString::to_string));
        *seen = Seen {
            passes: seen.passes + 1,
            away: false,
            violations,
            verdict: Some(verdict),
            hinted: asking.clone().all(|hold| hold.cause.hint().is_some()),
            ended: report.plan.holds.iter().any(|hold| is_end(&hold.cause)),
            holds: report.plan.holds.iter().map(|hold| hold.cause.to_string()).collect(),
            unanswered: report.plan.rollout.is_unanswered(),
        };
    }
}

const URGENT: evenkeel::plan::hold::Urgency = evenkeel::plan::hold::Urgency::Person;

/// One controller for as long as the history lasts.
pub(super) async fn controller(stage: &Arc<Stage>, number: usize) {
    loop {
        let wire = &stage.wires[number];
        let away = tokio::select! {
            biased;
            away = wire.died() => away,
            () = life(stage, number) => return,
        };
        stage.seen_mut(number).away = true;
        sleep(Duration::from_millis(away.unsigned_abs())).await;
    }
}

/// One process from its start: it remembers nothing of the one before. It ends with its death only.
async fn life(stage: &Stage, number: usize) {
    let wire = &stage.wires[number];
    let aws = Aws::over(SharedHttpClient::new(wire.clone()), &stage.lab.table.region);
    let mut history = History::default();
    loop {
        stage.catch_up();
        stage.judge().begins_pass(wire.name(), stage.lab.now());
        let report = pass(&aws, &stage.lab.table, &mut history, Mode::Act, stage.lab.now()).await;
        stage.told(number, &report);
        sleep(until_next(stage, number, &report)).await;
    }
}

/// As the controller wants it, made longer by its pace and by chance: a real one shares its machine.
fn until_next(stage: &Stage, number: usize, report: &PassReport) -> Duration {
    let (pace, chance) = (stage.story.paces[number], stage.wires[number].chance());
    let failed = report.verdict() == Verdict::Failed;
    let wanted = match report.plan.next_look {
        NextLook::AtOnce if failed => NextLook::TICK.as_duration(),
        NextLook::AtOnce => Duration::from_secs(1),
        NextLook::After(span) => span.as_duration().max(Duration::from_secs(1)),
        NextLook::Idle => Duration::from_secs(45),
    };
    wanted.mul_f64(pace * (0.7 + 0.6 * chance))
}
