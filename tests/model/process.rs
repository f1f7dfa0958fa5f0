//! A controller of the model: its memory, the plan that it is carrying out, and the real functions that make both.
//!
//! Decides nothing. `plan::planner::plan`, `plan::audit::audit` and `reconcile::pass::remember` do.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use evenkeel::aws::{RunAnswer, Updated};
use evenkeel::model::observed::Observed;
use evenkeel::model::rollout::{Record, RecordState};
use evenkeel::model::row::{RolloutPolicy, ServiceTable};
use evenkeel::model::time::{Span, Timestamp};
use evenkeel::plan::action::{Action, Plan, Step};
use evenkeel::plan::audit::audit;
use evenkeel::plan::history::History;
use evenkeel::plan::planner::{PlanInput, plan};
use evenkeel::reconcile::execute::{Done, Outcome, StepResult};
use evenkeel::reconcile::pass::{PassReport, remember};

use super::guards::{self, Guard, Without};
use super::look::{LARGE, Look, deployment_id, moment, table, task_id};
use super::state::Scenario;
use super::tables::Edit;

/// What a process remembers; the same memory has the same key.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) history: Arc<History>,
    key: u64,
}

/// A controller.
#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Process {
    pub(crate) memory: Memory,
    pub(crate) acting: Option<Acting>,
    /// Whether it has read the edited table.
    pub(crate) edited: bool,
}

/// A plan that is being carried out.
#[derive(Clone)]
pub(crate) struct Acting {
    pub(crate) decision: Arc<Decision>,
    /// What the steps so far came to.
    pub(crate) answers: Vec<Answered>,
    /// Whether its look was fresh, where somebody asks.
    pub(crate) fresh: bool,
}

/// What a look led to.
pub(crate) struct Decision {
    pub(crate) look: Look,
    pub(crate) observed: Observed,
    pub(crate) plan: Plan,
    key: u64,
}

/// What AWS answered to a step.
#[derive(Clone, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answered {
    /// A tag is written.
    Written,
    /// This row has this deployment now, made at this second.
    Kicked(usize, u8, i64),
    /// A task.
    Task(u8),
    /// `failures[]`.
    NotStarted,
    /// A 4xx.
    Refused,
}

pub(crate) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Memory {
    /// Without `watched`, which guards more than the model needs, and without what is too old to count.
    fn after(mut history: History, now: Timestamp) -> Self {
        history.watched.clear();
        let counts = |at: Timestamp| now.since(at) < Span::minutes(5);
        history.written.record.take_if(|(_, at)| !counts(*at));
        history.written.change.take_if(|(_, at)| !counts(*at));
        history.written.request.take_if(|(_, at)| !counts(*at));
        history.written.command.take_if(|(_, at)| !counts(*at));
        history.written.withdrawn.take_if(|(_, at)| !counts(*at));
        Self::of(history)
    }

    pub(crate) fn of(history: History) -> Self {
        let key = hash_of(&format!("{history:?}"));
        Self { history: Arc::new(history), key }
    }

    /// The key.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }
}

impl Process {
    /// A process that was just started, with the table from before its edit or after it.
    pub(crate) fn fresh(edited: bool) -> Self {
        Self { memory: Memory::of(History::default()), acting: None, edited }
    }
}

/// The table that a model's controllers keep, before its edit or after it.
pub(crate) fn wanted(scenario: &Scenario, edited: bool) -> ServiceTable {
    let mut policy = RolloutPolicy::default();
    if scenario.without.contains(&Guard::SecondLook) {
        policy.settle = Span::ZERO;
    }
    let mut table = table(scenario.listed(edited), policy);
    if edited && scenario.edit == Edit::Grows {
        table.rows[0].vcpu = Some(LARGE);
    }
    table
}

impl Decision {
    /// Looks, decides, audits: as `reconcile::pass` does.
    pub(crate) fn of(table: &ServiceTable, look: &Look, memory: &Memory, without: &Without) -> Self {
        let key = hash_of(&(look, memory.key));
        let observed = look.observed();
        let history = guards::remembered(&memory.history, without);
        let told = guards::shown(look, without).observed();
        let mut decided = plan(&PlanInput { table, observed: &told, history: &history });
        // A guard that lies to the planner is to be found out by the world, so the audit is told the same lie;
        // but for the gate's, which is there to show what the audit is for.
        let judged = if without.contains(&Guard::Gate) { &observed } else { &told };
        let fine = audit(decided.clone(), &PlanInput { table, observed: judged, history: &history }).is_ok();
        if !fine && !without.contains(&Guard::Audit) {
            decided.steps.clear();
        }
        if without.contains(&Guard::NextAttempt) {
            decided.steps.iter_mut().for_each(same_attempt);
        }
        if without.contains(&Guard::ReadBack) {
            let run = run_unread(table, look, &decided, &history);
            decided.steps.extend(run);
        }
        Self { look: look.clone(), observed, plan: decided, key }
    }

    /// What the process remembers when nothing, or no more, is to be done.
    pub(crate) fn remembered(&self, memory: &Memory, answers: &[Answered]) -> Memory {
        let outcomes = self.plan.steps.iter().zip(answers).map(|(step, answer)| {
            let result = StepResult::Done(answer.done());
            Outcome { step: step.clone(), result }
        });
        let report = PassReport {
            at: self.observed.at,
            observed: Arc::new(self.observed.clone()),
            plan: self.plan.clone(),
            outcomes: outcomes.collect(),
            violations: Vec::new(),
        };
        Memory::after(remember(History::clone(&memory.history), &report), self.observed.at)
    }
}

/// A retry that launches the attempt that it follows once more.
fn same_attempt(step: &mut Step) {
    if let Action::Record(Record { state: RecordState::Launching(attempt @ 2..), .. }) = &mut step.action {
        *attempt -= 1;
    }
}

/// The launch that follows from a plan's own intent, as if it had been read back.
fn run_unread(table: &ServiceTable, look: &Look, decided: &Plan, history: &History) -> Vec<Step> {
    let intent = decided.steps.iter().find_map(|step| match &step.action {
        Action::Record(record) if matches!(record.state, RecordState::Launching(_)) => Some(record.tag()),
        Action::Record(_)
        | Action::Change(_)
        | Action::RollBack(_)
        | Action::Update(_)
        | Action::Register(_)
        | Action::Run(_) => None,
    });
    let Some(intent) = intent else { return Vec::new() };
    let mut unread = look.clone();
    unread.tags.insert("rollout".to_owned(), intent.into());
    plan(&PlanInput { table, observed: &unread.observed(), history }).steps
}

impl Answered {
    fn done(&self) -> Done {
        match self {
            Self::Written => Done::Written,
            Self::Kicked(row, serial, created) => Done::Updated {
                now: Updated { deployment: deployment_id(*row, *serial), created_at: moment(*created) },
                revision: None,
            },
            Self::Task(serial) => Done::Ran(RunAnswer::Task(task_id(*serial))),
            Self::NotStarted => Done::Ran(RunAnswer::NotStarted("RESOURCE:ENI".to_owned())),
            Self::Refused => Done::Ran(RunAnswer::Refused("AccessDeniedException".to_owned())),
        }
    }
}

impl Acting {
    /// The step that is next.
    pub(crate) fn step(&self) -> Option<&Step> {
        self.decision.plan.steps.get(self.answers.len())
    }

    /// Whether its plan runs the task.
    pub(crate) fn runs(&self) -> bool {
        self.decision.plan.steps.iter().any(|step| matches!(step.action, Action::Run(_)))
    }

    fn key(&self) -> (u64, &[Answered], bool) {
        (self.decision.key, &self.answers, self.fresh)
    }
}

macro_rules! same_key_same_value {
    ($type:ty) => {
        impl Hash for $type {
            fn hash<H: Hasher>(&self, hasher: &mut H) {
                self.key().hash(hasher);
            }
        }
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.key() == other.key()
            }
        }
        impl Eq for $type {}
        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $type {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.key().cmp(&other.key())
            }
        }
    };
}

same_key_same_value!(Memory);
same_key_same_value!(Acting);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory {:04x}", self.key & 0xffff)
    }
}

impl fmt::Debug for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.decision.plan.steps.iter().map(|step| step.action.name()).collect();
        write!(f, "{names:?} at step {}", self.answers.len())
    }
}
