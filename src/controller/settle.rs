//! Passes over one table until it is settled, cannot go on, or takes too long.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::aws::Aws;
use crate::model::command::Standing;
use crate::model::row::ServiceTable;
use crate::model::time::{Span, Timestamp};
use crate::plan::history::History;
use crate::plan::pace::NextLook;
use crate::plan::rollout::Phase;
use crate::reconcile::execute::StepResult;
use crate::reconcile::pass::{Mode, PassReport, Verdict, pass};

/// How passes follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    /// How much faster than the wall clock AWS's time runs: 1, but for a simulator.
    pub speed: f64,
    /// How long to go on, in AWS's time.
    pub timeout: Span,
    /// The time that stands until AWS tells its own.
    pub fallback: Timestamp,
    /// How often a controller reads the files of its tables.
    pub reload: Duration,
}

/// `Pacing::reload` unless somebody says otherwise. A mounted ConfigMap takes a minute by itself to change.
pub const RELOAD: Duration = Duration::from_secs(5);

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// After one pass.
    OnePass,
    /// When every row that a request asks for is kicked.
    Kicked,
    /// When a person's command is done, or void.
    Obeyed,
    /// When the table is settled, or needs a person.
    Settled,
    /// When the rollout in hand has ended, whoever supervises it; for those who only watch.
    RolloutEnded,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// Why no more passes follow.
    pub end: End,
    /// The last pass.
    pub last: PassReport,
    /// How many passes there were.
    pub passes: u32,
}

/// Why no more passes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What was waited for has come about; the last pass has the verdict.
    Reached(Verdict),
    /// Time is up.
    TimedOut,
    /// AWS was never seen: it did not answer, from the first pass on.
    Unseen,
}

/// Reads of ECS lag by about a second: looking sooner at what was just written shows what was before.
const LAG: Span = Span::seconds(1);

/// After so many passes in which AWS never once answered, a wrong address is likelier than a passing outage. Each pass
/// has repeated its calls already; more would let a script hang on a misspelt endpoint until its timeout. An AWS that
/// was seen before is waited for until the timeout instead.
const BLIND_PASSES: u32 = 3;

/// Passes until `until`. Each pass is told to `on_pass`.
///
/// It may be dropped at any await: what was done so far stands on AWS, and the next run goes on from there.
pub async fn settle(
    aws: &Aws,
    table: &ServiceTable,
    mode: Mode,
    until: Until,
    pacing: Pacing,
    on_pass: impl FnMut(&PassReport),
) -> Ended {
    // Boxed: a whole pass is a deep future, and those who await it are deep themselves.
    Box::pin(settle_from(History::default(), aws, table, mode, until, pacing, on_pass)).await
}

/// The same, with what this process knows already.
pub async fn settle_from(
    mut history: History,
    aws: &Aws,
    table: &ServiceTable,
    mode: Mode,
    until: Until,
    pacing: Pacing,
    mut on_pass: impl FnMut(&PassReport),
) -> Ended {
    let began = Instant::now();
    let mut passes = 0;
    let mut seen = false;
    loop {
        let last = pass(aws, table, &mut history, mode, pacing.fallback).await;
        passes += 1;
        on_pass(&last);
        seen |= !blind(&last);
        if !seen && (until == Until::OnePass || passes >= BLIND_PASSES) {
            return Ended { end: End::Unseen, last, passes };
        }
        if let Some(verdict) = reached(until, &last) {
            return Ended { end: End::Reached(verdict), last, passes };
        }
        let wait = pacing.scaled(next_look(&last).unwrap_or(NextLook::TICK));
        if began.elapsed() + wait > pacing.scaled(pacing.timeout) {
            return Ended { end: End::TimedOut, last, passes };
        }
        sleep(wait).await;
    }
}

/// How long until the next look makes sense; `None` where nothing moves.
pub(super) fn next_look(report: &PassReport) -> Option<Span> {
    let failed = report.outcomes.iter().any(|outcome| matches!(outcome.result, StepResult::Failed(_)));
    // Nothing was done then, and the next look shows the same.
    let refused = !report.violations.is_empty();
    match report.plan.next_look {
        // What AWS refuses now it refuses in a second too; hammering it is the surest way to stay throttled.
        NextLook::AtOnce if failed || refused => Some(NextLook::TICK),
        NextLook::AtOnce => Some(LAG),
        NextLook::After(span) => Some(span.max(LAG)),
        NextLook::Idle => None,
    }
}

impl Pacing {
    pub(super) fn scaled(self, span: Span) -> Duration {
        span.as_duration().div_f64(self.speed)
    }
}

/// Nothing was seen, and it is not for a person to mend: AWS did not answer.
pub(super) fn blind(report: &PassReport) -> bool {
    report.observed.one_cluster().is_none() && report.verdict() == Verdict::Progressing
}

/// Whether a pass saw AWS: whose account it is, and whether the table's cluster is there.
pub(super) fn saw_aws(report: &PassReport) -> bool {
    report.observed.account.unknown().is_none() && report.observed.cluster.unknown().is_none()
}

fn reached(until: Until, report: &PassReport) -> Option<Verdict> {
    let verdict = report.verdict();
    let settled = (verdict != Verdict::Progressing).then_some(verdict);
    match until {
        Until::OnePass => Some(verdict),
        Until::Settled => settled,
        Until::Kicked => {
            // A step that was just taken shows in the next look.
            let kicking = matches!(report.plan.rollout.phase, Phase::Requested | Phase::Unseen)
                || !report.plan.steps.is_empty()
                || report.plan.rollout.is_unanswered();
            settled.or((!kicking).then_some(verdict))
        }
        Until::Obeyed => {
            // Without a cluster, nothing was read of the command either.
            let seen = report.plan.cluster.is_some();
            let report = &report.plan.rollout;
            let named = report.command.as_ref().zip(report.record.as_ref());
            let pending = named.is_some_and(|(command, record)| command.against(record) == Standing::Pending);
            (seen && !pending).then_some(verdict).or(settled)
        }
        Until::RolloutEnded => match report.plan.rollout.phase {
            Phase::Settled | Phase::Failed | Phase::Unknown => Some(verdict),
            Phase::Unseen => settled,
            Phase::Requested | Phase::Rolling | Phase::Draining | Phase::Settling | Phase::Clear | Phase::Deploying => {
                (verdict == Verdict::Held).then_some(verdict)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::audit::Violation;
    use crate::plan::tests::fixture::World;

    /// A pass that has steps, none of which was taken.
    fn report(violations: Vec<Violation>) -> PassReport {
        let world = World::clear();
        let plan = world.plan();
        assert_eq!(plan.next_look, NextLook::AtOnce);
        PassReport { at: world.observed.at, observed: Arc::new(world.observed), plan, outcomes: Vec::new(), violations }
    }

    #[test]
    fn a_plan_that_the_audit_refused_does_not_come_back_each_second() {
        assert_eq!(next_look(&report(Vec::new())), Some(LAG));
        let refused = Violation { invariant: "I2", how: "a mistake".to_owned() };
        assert_eq!(next_look(&report(vec![refused])), Some(NextLook::TICK));
    }
}
