//! What a table is about just now, in one sentence: what it waits for, and why its deployment task has not started yet.
//!
//! Picks from what the plan says; decides nothing. While several conditions of the gate are missing it names the one
//! that people can watch: tasks that start, then health, then old tasks that go.

use crate::model::command::{self, Command, Order};
use crate::model::rollout::{Record, RecordState, Request};
use crate::plan::action::{Action, Plan, Standing};
use crate::plan::gate::{Condition, Holding};
use crate::plan::hold::{HoldCause, Urgency};
use crate::plan::rollout::Phase;
use crate::reconcile::execute::StepResult;
use crate::reconcile::pass::PassReport;

use super::pass_text::chain;
use super::subject::Subject;
use super::{holds_text, words};

/// What a table is about, without a period: `old tasks have not stopped yet (portal: 4 old tasks draining)`.
pub fn doing(subject: &Subject<'_>, report: &PassReport) -> String {
    trouble(report).unwrap_or_else(|| planned(subject))
}

/// The same, by the plan alone.
pub fn planned(subject: &Subject<'_>) -> String {
    let plan = subject.plan;
    match plan.standing() {
        Standing::Held | Standing::Failed => subject.most_urgent().map(holds_text::line).unwrap_or_default(),
        Standing::Converged => "everything is as it is stated".to_owned(),
        Standing::Progressing => progressing(subject, plan),
    }
}

/// The condition of the gate that keeps the deployment task from starting: where a person is needed, the one that they are
/// needed for. `None` while the gate is open, no rollout is in hand, or something else is what it is about.
pub fn blocking<'a>(subject: &Subject<'a>) -> Option<&'a Condition> {
    /// Mixed images and other tasks last when all is drained, so they come last.
    const ORDER: [u8; 9] = [1, 3, 4, 6, 5, 2, 7, 8, 9];
    let plan = subject.plan;
    let gate = plan.rollout.gate.as_ref()?;
    let shut = || gate.conditions.iter().filter(|condition| condition.holding != Holding::Yes);
    let missing = |number: u8| shut().find(|condition| condition.number == number);
    match plan.standing() {
        Standing::Held | Standing::Failed => match subject.most_urgent()?.cause {
            HoldCause::AllEmpty => missing(1),
            HoldCause::PartialKick { .. } => missing(2),
            HoldCause::MixedDigests { .. } => missing(7),
            HoldCause::Unknown { .. } => shut().find(|condition| condition.holding == Holding::Unknown),
            _ => None,
        },
        Standing::Progressing | Standing::Converged if is_aborted(plan) => None,
        Standing::Progressing | Standing::Converged => ORDER.into_iter().find_map(missing),
    }
}

/// Whether a person has aborted the rollout in hand, and that is still to come about.
pub fn is_aborted(plan: &Plan) -> bool {
    let report = &plan.rollout;
    let pending = |(command, record): (&Command, &Record)| {
        command.order == Order::Abort
            && record.state == RecordState::Open
            && command.against(record) == command::Standing::Pending
    };
    report.command.as_ref().zip(report.record.as_ref()).is_some_and(pending)
}

/// The request that waits for the deployment task of the rollout before: it begins another one.
pub fn waiting(plan: &Plan) -> Option<&Request> {
    let report = &plan.rollout;
    let launched = |record: &Record| matches!(record.state, RecordState::Launching(_) | RecordState::Launched(_));
    report.request.as_ref().filter(|_| report.is_unanswered() && report.record.as_ref().is_some_and(launched))
}

/// What is missing of a condition, for those who do not know the nine: `old tasks have not stopped yet`.
pub fn missing(condition: &Condition) -> &'static str {
    match (condition.holding, condition.number) {
        (Holding::Yes, _) => condition.name,
        (Holding::Unknown, _) => "something could not be told",
        (Holding::NotYet, 1) => "no service has a task",
        (Holding::NotYet, 2) => "ECS has not completed every new deployment yet",
        (Holding::NotYet, 3) => "new tasks are still starting",
        (Holding::NotYet, 4) => "new tasks are not healthy yet",
        (Holding::NotYet, 5) => "old targets are not gone yet",
        (Holding::NotYet, 6) => "old tasks have not stopped yet",
        (Holding::NotYet, 7) => "new tasks do not all run the same image",
        (Holding::NotYet, 8) => "ECS may keep old tasks after it completes",
        (Holding::NotYet, _) => "another deployment task is alive",
    }
}

/// What made the newest pass a failure, if it was one.
fn trouble(report: &PassReport) -> Option<String> {
    if let Some(violation) = report.violations.first() {
        return Some(format!("a mistake of this program was caught: {}", violation.how));
    }
    report.outcomes.iter().find_map(|outcome| match &outcome.result {
        StepResult::Failed(error) => Some(format!("{}: {}", words::action(&outcome.step.action), chain(error))),
        StepResult::Done(_) | StepResult::Skipped(_) => None,
    })
}

fn progressing(subject: &Subject<'_>, plan: &Plan) -> String {
    match plan.rollout.phase {
        Phase::Rolling if is_aborted(plan) => aborting(plan),
        Phase::Rolling | Phase::Draining => match blocking(subject) {
            Some(condition) => format!("{} ({})", missing(condition), condition.evidence),
            None => waits(plan),
        },
        Phase::Requested => requested(plan),
        Phase::Clear => "every gate condition holds; the launch is being written down".to_owned(),
        Phase::Deploying => deploying(plan),
        Phase::Unseen | Phase::Settled | Phase::Settling | Phase::Failed | Phase::Unknown => {
            match (waits(plan), subject.most_urgent()) {
                (said, Some(urgent)) if said.is_empty() => holds_text::line(urgent),
                (said, _) => said,
            }
        }
    }
}

/// What an abort takes back, or what it waits for before it does.
fn aborting(plan: &Plan) -> String {
    let waits = plan.holds.iter().find(|hold| hold.cause == HoldCause::TaskInHand);
    waits.map_or_else(
        || "the rollout is being aborted: ECS goes back to what ran before".to_owned(),
        |hold| format!("the rollout is being aborted, and {}", holds_text::said(&hold.cause)),
    )
}

/// What becomes of the launch, and which rollout waits for it.
fn deploying(plan: &Plan) -> String {
    let Some(request) = waiting(plan) else { return launched(plan) };
    let by = request.by.as_ref().map(|by| format!(", asked for by {by}")).unwrap_or_default();
    let reason = request.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}; another rollout waits for its end{by}{reason}", launched(plan))
}

/// What becomes of the launch; between two facts of it, which one is being written down.
fn launched(plan: &Plan) -> String {
    let next = plan.steps.iter().find_map(|step| match &step.action {
        Action::Record(record) => Some(words::record_state(&record.state)),
        Action::Run(_) => Some("the deployment task is being launched".to_owned()),
        Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) => None,
    });
    next.unwrap_or_else(|| waits(plan))
}

fn requested(plan: &Plan) -> String {
    let kicked = plan.steps.iter().filter(|step| step.action.kicks()).filter_map(|step| step.row.as_ref());
    let rows: Vec<&str> = kicked.map(|row| row.as_str()).collect();
    match rows.as_slice() {
        [] => waits(plan),
        some => format!("{} get a new deployment", some.join(", ")),
    }
}

/// What time mends; else how many steps there are.
fn waits(plan: &Plan) -> String {
    let waits = plan.holds.iter().filter(|hold| hold.cause.urgency() == Urgency::Wait);
    // That the gate is shut matters least while something else is waited for too.
    let mut said: Vec<_> = waits.map(|hold| (matches!(hold.cause, HoldCause::GateShut { .. }), hold)).collect();
    said.sort_by_key(|(shut, _)| *shut);
    match said.first() {
        Some((_, hold)) => holds_text::said(&hold.cause),
        None => match plan.steps.first() {
            Some(step) => words::action(&step.action),
            None => String::new(),
        },
    }
}
