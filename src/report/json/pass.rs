//! What passes did, for scripts: the verdict, every outcome in the order of time, and where things stand at the end.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, HoldJson};
use super::plan::StepJson;
use super::rollout::RolloutFacts;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::audit::Violation;
use crate::plan::history::Answer;
use crate::reconcile::execute::{Done, Outcome, StepResult};
use crate::reconcile::pass::PassReport;
use crate::report::pass_text;

/// `kind: PassReport`: one pass, or all passes of a reconciliation taken together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PassReportJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `PassReport`.
    pub kind: &'static str,
    /// The table's name.
    pub table: String,
    /// How many passes there were.
    pub passes: usize,
    /// When the last pass looked; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The last pass's: `Converged`, `Progressing`, `Held` or `Failed`; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// What was done, in all passes, in order.
    pub outcomes: Vec<OutcomeJson>,
    /// What the audit refused; always empty but for a mistake of this program.
    pub violations: Vec<ViolationJson>,
    /// What the last pass held.
    pub holds: Vec<HoldJson>,
    /// Where the rollout stood in the last pass, before its steps; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutFacts>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeJson {
    /// When its pass looked.
    pub at: String,
    /// The step.
    pub step: StepJson,
    /// What became of it.
    pub result: ResultJson,
}

/// What became of a step; `kind` tells which.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
pub enum ResultJson {
    /// AWS did it.
    Done {
        /// The new task definition revision's ARN, if the step made or chose one.
        #[serde(skip_serializing_if = "Option::is_none")]
        definition: Option<String>,
        /// The PRIMARY deployment's id after an update.
        #[serde(skip_serializing_if = "Option::is_none")]
        deployment: Option<String>,
        /// The task's id after RunTask.
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<String>,
        /// Why RunTask started nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        not_started: Option<String>,
        /// Why AWS does not take the deployment back.
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// AWS did not, or did not say.
    Failed {
        /// The operation, as `ecs:UpdateService`.
        operation: &'static str,
        /// AWS's error code; absent if AWS did not answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// For people.
        message: String,
        /// AWS's id of the request; absent if AWS did not answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// It was not tried.
    Skipped {
        /// Why not.
        cause: String,
    },
}

/// An invariant that a plan would have broken.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViolationJson {
    /// Its number, as `I2`.
    pub invariant: &'static str,
    /// How.
    pub message: String,
}

impl PassReportJson {
    /// Nothing done yet.
    pub fn new(table: &ServiceTable) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "PassReport",
            table: table.name.to_string(),
            passes: 0,
            at: None,
            verdict: None,
            outcomes: Vec::new(),
            violations: Vec::new(),
            holds: Vec::new(),
            rollout: None,
        }
    }

    /// Takes one more pass in: its outcomes come after those before, its verdict and holds replace them.
    pub fn add(&mut self, report: &PassReport) {
        let PassReport { at, observed: _, plan, outcomes, violations } = report;
        self.passes += 1;
        self.at = Some(at.to_string());
        self.verdict = Some(report.verdict().name());
        self.outcomes.extend(outcomes.iter().map(|outcome| OutcomeJson::of(outcome, *at)));
        self.violations.extend(violations.iter().map(ViolationJson::from));
        self.holds = plan.holds.iter().map(HoldJson::from).collect();
        self.rollout = Some(RolloutFacts::from(&plan.rollout));
    }
}

impl From<&Violation> for ViolationJson {
    fn from(violation: &Violation) -> Self {
        Self { invariant: violation.invariant, message: violation.how.clone() }
    }
}

impl OutcomeJson {
    pub(super) fn of(outcome: &Outcome, at: Timestamp) -> Self {
        let Outcome { step, result } = outcome;
        let result = match result {
            StepResult::Done(done) => ResultJson::done(done),
            StepResult::Failed(error) => ResultJson::Failed {
                operation: error.operation,
                code: said(&error.code),
                message: pass_text::chain(error),
                request_id: said(&error.request_id),
            },
            StepResult::Skipped(cause) => ResultJson::Skipped { cause: cause.clone() },
        };
        Self { at: at.to_string(), step: StepJson::from(step), result }
    }
}

impl ResultJson {
    fn done(done: &Done) -> Self {
        let (definition, deployment) = match done {
            Done::Written | Done::RolledBack | Done::Kept(_) | Done::Ran(_) => (None, None),
            Done::Updated { now, revision } => {
                (revision.as_ref().map(ToString::to_string), Some(now.deployment.to_string()))
            }
            Done::Registered(revision) => (Some(revision.to_string()), None),
        };
        let (task, not_started) = match done.answer() {
            None => (None, None),
            Some(Answer::Task(id)) => (Some(id), None),
            Some(Answer::NotStarted(why) | Answer::Refused(why)) => (None, Some(why)),
        };
        let refused = match done {
            Done::Kept(why) => Some(why.clone()),
            Done::Written | Done::RolledBack | Done::Updated { .. } | Done::Registered(_) | Done::Ran(_) => None,
        };
        Self::Done { definition, deployment, task, not_started, refused }
    }
}

fn said(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}
