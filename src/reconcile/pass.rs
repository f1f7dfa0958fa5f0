//! One pass over one table, and what it amounts to.
//!
//! Look, decide, audit, do, remember. Where the plan before waits for one thing, a glance at that thing may be all
//! that a pass does: nothing follows from it but a whole look. The only thing that a pass keeps for the next is `History`, without which a
//! fresh process only waits longer.

use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

use crate::aws::{Aws, Class};
use crate::model::observed::{Observed, Seen};
use crate::model::rollout::{Record, RecordState};
use crate::model::row::ServiceTable;
use crate::model::selector::Selection;
use crate::model::time::Timestamp;
use crate::plan::action::{Action, Plan, Standing, Step};
use crate::plan::audit::{Violation, audit};
use crate::plan::glance::{self, Latest};
use crate::plan::history::{Answer, History, LaunchAnswer, Made};
use crate::plan::moving::Renewed;
use crate::plan::pace::NextLook;
use crate::plan::planner::{PlanInput, plan};

use super::execute::{Done, Looked, Outcome, StepResult, execute, record_tags};
use super::glance::renew;
use super::observe::{Before, observe_again};
use super::rest::Fresh;

/// What a pass saw, decided and did.
#[derive(Debug)]
pub struct PassReport {
    /// When it looked, in AWS's time.
    pub at: Timestamp,
    /// What it saw. Shared with the memory of the process: of a large account it is most of both.
    pub observed: Arc<Observed>,
    /// What it decided.
    pub plan: Plan,
    /// What it did, in the order of the plan's steps; nothing in a dry run.
    pub outcomes: Vec<Outcome>,
    /// What the audit refused; then nothing was done. Always empty but for a mistake of this program.
    pub violations: Vec<Violation>,
}

/// What a pass amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as it should be.
    Converged,
    /// Something is on its way.
    Progressing,
    /// Something needs a person.
    Held,
    /// The rollout failed, or AWS refused a step for good.
    Failed,
}

impl Verdict {
    /// The verdict's name, as in JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Converged => "Converged",
            Self::Progressing => "Progressing",
            Self::Held => "Held",
            Self::Failed => "Failed",
        }
    }
}

/// Whether a pass may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It does what it decides.
    Act,
    /// It only decides.
    DryRun,
}

/// A look without its type: it is a deep future, and the compiler bounds how deep those are that await it.
type Look<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// One pass. `fallback` is the time that stands until AWS tells its own.
pub async fn pass(
    aws: &Aws,
    table: &ServiceTable,
    history: &mut History,
    mode: Mode,
    fallback: Timestamp,
) -> PassReport {
    pass_on(aws, &Arc::new(table.clone()), history, mode, None, fallback).await
}

/// One pass on what was read of the table beside others, as far as that goes.
pub async fn pass_on(
    aws: &Aws,
    table: &Arc<ServiceTable>,
    history: &mut History,
    mode: Mode,
    fresh: Option<&Fresh>,
    fallback: Timestamp,
) -> PassReport {
    let glance: Look<'_, Option<PassReport>> = Box::pin(glanced(aws, table, history, fresh, fallback));
    let report = match glance.await {
        Some(report) => report,
        None => {
            let look: Look<'_, PassReport> = Box::pin(whole(aws, table, history, mode, fallback));
            look.await
        }
    };
    log(table, &report);
    report
}

/// Reads everything, decides, and does it.
async fn whole(
    aws: &Aws,
    table: &Arc<ServiceTable>,
    history: &mut History,
    mode: Mode,
    fallback: Timestamp,
) -> PassReport {
    let looked = Instant::now();
    let known = glance::known(table, history, aws.clock().now().unwrap_or(fallback));
    let made = &history.made;
    let before = known.map(|Latest { observed, plan, whole, .. }| Before { observed, at: *whole, made, plan });
    let (observed, renewed) = observe_again(aws, table, before, fallback).await;
    let names = known.map_or(observed.at, |latest| latest.names);
    history.moving = history.moving.after(&observed, renewed);
    let mut report = decided_and_done(aws, table, history, mode, (Arc::new(observed), looked)).await;
    let mut decided = report.plan.clone();
    // RunTask's answer is evidence like a look, so what follows from it is written down at once, if it is just that.
    let follows = plan(&PlanInput { table, observed: &report.observed, history });
    if report.has_launched() && glance::only_writes_down(&follows) {
        let more = decided_and_done(aws, table, history, mode, (Arc::clone(&report.observed), looked)).await;
        decided = more.plan;
        report.outcomes.extend(more.outcomes);
        report.violations.extend(more.violations);
    }
    let at = report.observed.at;
    let (observed, plan) = thereafter(table, history, &report, decided);
    report.plan.next_look = match plan.next_look {
        // The end of what was in hand is confirmed by a look.
        NextLook::Idle if !report.plan.steps.is_empty() => NextLook::AtOnce,
        look => look,
    };
    let table = Arc::clone(table);
    let latest = Latest { table, observed, plan, whole: at, names, cluster: at, services: at };
    history.latest = Some(Arc::new(latest));
    report
}

/// Decides on a look that began at `began`, does what is decided, and remembers it.
async fn decided_and_done(
    aws: &Aws,
    table: &ServiceTable,
    history: &mut History,
    mode: Mode,
    (observed, began): (Arc<Observed>, Instant),
) -> PassReport {
    let looked = Looked { began, lasted: observed.until.since(observed.at) };
    let input = PlanInput { table, observed: &observed, history };
    let plan = plan(&input);
    let (outcomes, violations) = match (mode, audit(plan.clone(), &input)) {
        (Mode::DryRun, Ok(_)) => (Vec::new(), Vec::new()),
        (Mode::Act, Ok(audited)) => (execute(aws, &audited, looked).await, Vec::new()),
        (Mode::DryRun | Mode::Act, Err(violations)) => (Vec::new(), violations),
    };
    let report = PassReport { at: observed.at, observed, plan, outcomes, violations };
    *history = remember(std::mem::take(history), &report);
    report
}

/// What was seen and what follows from it, once what was only to be written down is written: the next look need not be a
/// whole one for that. `decided` is what was decided last.
fn thereafter(table: &ServiceTable, history: &History, report: &PassReport, decided: Plan) -> (Arc<Observed>, Plan) {
    let done = |outcome: &Outcome| matches!(outcome.result, StepResult::Done(_));
    let as_seen = Arc::clone(&report.observed);
    if !glance::only_writes_down(&decided) || report.outcomes.is_empty() || !report.outcomes.iter().all(done) {
        return (as_seen, decided);
    }
    let mut observed = Observed::clone(&as_seen);
    let Seen::Present(Selection::One(cluster)) = &mut observed.cluster else { return (as_seen, decided) };
    for step in &decided.steps {
        if let Action::Record(record) = &step.action {
            cluster.tags.extend(record_tags(&decided, record));
        }
    }
    if !glance::is_told(table, &observed) {
        return (as_seen, decided);
    }
    let plan = plan(&PlanInput { table, observed: &observed, history });
    if plan.steps.is_empty() { (Arc::new(observed), plan) } else { (as_seen, decided) }
}

/// Reads again what the newest plan waits for; `None` if there is more to it, and everything has to be read.
async fn glanced(
    aws: &Aws,
    table: &ServiceTable,
    history: &mut History,
    fresh: Option<&Fresh>,
    fallback: Timestamp,
) -> Option<PassReport> {
    let glance = glance::glance(table, history, aws.clock().now().unwrap_or(fallback))?;
    let latest = Arc::clone(history.latest.as_ref()?);
    let observed = renew(aws, &latest.observed, &glance, fresh, fallback).await?;
    let renewed = Renewed { targets: !glance.targets.is_empty(), tasks: glance.list };
    history.moving = history.moving.after(&observed, renewed);
    let plan = plan(&PlanInput { table, observed: &observed, history });
    if !glance::is_enough(&latest.plan, &plan) && !glance::has_failed(&plan) {
        return None;
    }
    let (at, observed) = (observed.at, Arc::new(observed));
    let cluster = if glance.cluster { at } else { latest.cluster };
    let services = glance.services && fresh.is_none_or(|fresh| fresh.services.is_some());
    let services = if services { at } else { latest.services };
    let Latest { table, whole, names, .. } = &*latest;
    let (table, whole, names, seen) = (Arc::clone(table), *whole, *names, Arc::clone(&observed));
    let latest = Latest { table, observed: seen, plan: plan.clone(), whole, names, cluster, services };
    history.latest = Some(Arc::new(latest));
    Some(PassReport { at, observed, plan, outcomes: Vec::new(), violations: Vec::new() })
}

impl PassReport {
    /// The record that this pass wrote, if it wrote one.
    pub fn written(&self) -> Option<&Record> {
        self.outcomes.iter().find_map(|outcome| match (&outcome.step.action, &outcome.result) {
            (Action::Record(record), StepResult::Done(_)) => Some(record),
            _ => None,
        })
    }

    /// Whether RunTask gave it a task.
    fn has_launched(&self) -> bool {
        let task = |done: &Done| matches!(done.answer(), Some(Answer::Task(_)));
        self.outcomes.iter().any(|outcome| matches!(&outcome.result, StepResult::Done(done) if task(done)))
    }

    /// What it amounts to.
    pub fn verdict(&self) -> Verdict {
        let lasting = |outcome: &Outcome| match &outcome.result {
            StepResult::Failed(error) => match error.class {
                Class::Throttled | Class::Transient | Class::Conflict | Class::Unsent => false,
                Class::NotFound | Class::Denied | Class::Invalid => true,
            },
            StepResult::Done(_) | StepResult::Skipped(_) => false,
        };
        if !self.violations.is_empty() || self.outcomes.iter().any(lasting) {
            return Verdict::Failed;
        }
        match self.plan.standing() {
            Standing::Converged => Verdict::Converged,
            Standing::Progressing => Verdict::Progressing,
            Standing::Held => Verdict::Held,
            Standing::Failed => Verdict::Failed,
        }
    }
}

/// What the next pass of this process should know: what it knew, what it saw, and what its steps came to.
pub fn remember(history: History, report: &PassReport) -> History {
    let mut history = history.after(&report.observed, &report.plan);
    for Outcome { step, result } in &report.outcomes {
        if let (Action::Update(update), StepResult::Done(_)) = (&step.action, result) {
            history.contest.corrected(&update.service, &step.because, report.at);
        }
        match (&step.action, result) {
            (Action::Record(record), StepResult::Done(_)) => history.written.record = Some((record.clone(), report.at)),
            (Action::Change(change), StepResult::Done(_)) => history.written.change = Some((change.clone(), report.at)),
            (Action::Update(update), StepResult::Done(Done::Updated { now, revision: _ })) if update.kicks() => {
                let made = Made { deployment: now.deployment.clone(), created_at: now.created_at };
                history.made.insert(update.service.clone(), made);
            }
            // What ECS takes back on our word is not shown again, and is no sign of a late read.
            (Action::RollBack(_), StepResult::Done(Done::RolledBack)) => {
                let service = step.row.as_ref().and_then(|row| report.observed.service(row));
                history.made.retain(|made, _| service.is_none_or(|service| service.arn != *made));
            }
            (Action::RollBack(back), StepResult::Done(Done::Kept(_))) => {
                history.kept.insert(back.deployment.clone(), report.at);
            }
            (Action::Run(_), StepResult::Done(done)) => {
                history.launch = done.answer().and_then(|answer| launch_answer(report, answer)).or(history.launch);
            }
            _ => {}
        }
    }
    history
}

fn launch_answer(report: &PassReport, answer: Answer) -> Option<LaunchAnswer> {
    let record = report.plan.rollout.record.as_ref()?;
    let RecordState::Launching(attempt) = record.state else { return None };
    Some(LaunchAnswer { id: record.id.clone(), attempt, at: report.at, answer })
}

/// One line a step and one a pass; constant messages, facts as fields.
fn log(table: &ServiceTable, report: &PassReport) {
    let table = &table.name;
    for Outcome { step: Step { row, action, because: _ }, result } in &report.outcomes {
        let row = row.as_ref().map_or("", |row| row.as_str());
        let kind = action.name();
        match result {
            StepResult::Done(_) => tracing::info!(%table, row, step = kind, "step done"),
            StepResult::Failed(error) => {
                let request_id = &error.request_id;
                tracing::warn!(%table, row, step = kind, %error, request_id, "step failed");
            }
            StepResult::Skipped(cause) => tracing::info!(%table, row, step = kind, cause, "step skipped"),
        }
    }
    for violation in &report.violations {
        tracing::error!(%table, %violation, "plan refused by the audit");
    }
    let phase = report.plan.rollout.phase.name();
    let (steps, holds) = (report.plan.steps.len(), report.plan.holds.len());
    tracing::debug!(%table, phase, steps, holds, verdict = ?report.verdict(), "pass done");
}
