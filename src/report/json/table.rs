//! One table for those who watch it: everything that the dashboard shows, of one look.
//!
//! A superset of the summary. What was never looked at has no look's parts; nothing here is absent for any other reason
//! than that it was not seen, or does not exist.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, ConditionJson, HoldJson};
use super::history::PastJson;
use super::pass::{OutcomeJson, ViolationJson};
use super::rollout::RolloutFacts;
use super::summary::{Sight, SummaryFacts};
use super::table_row::TableRowJson;
use super::task::{self, TaskJson};
use super::timeline::TimelineJson;
use super::wish::{self, WishJson};
use crate::model::row::ServiceTable;
use crate::reconcile::pass::PassReport;
use crate::report::conditions;
use crate::report::subject::Subject;

/// `kind: Table`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Table`.
    pub kind: &'static str,
    /// What `TableSummary` has.
    #[serde(flatten)]
    pub summary: SummaryFacts,
    /// For how many seconds all gate conditions must have held before the deployment task runs.
    pub settle_seconds: i64,
    /// How many seconds old the youngest kick must be.
    pub quiet_seconds: i64,
    /// The newest look; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub look: Option<LookJson>,
}

/// What one look showed, and what is made of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookJson {
    /// When everything was read; a look after it renews what is waited for, and leaves the rest as it was then.
    pub whole_at: String,
    /// Every row, in the order of the table.
    pub rows: Vec<TableRowJson>,
    /// Every task of the rows that is alive, and those that stopped in the newest rollout; by row, then age. Absent if
    /// tasks could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<TaskJson>>,
    /// Where the rollout stands, with the gate's nine conditions while one is in hand.
    pub rollout: RolloutFacts,
    /// The number of the gate condition that `doing` is about; absent while it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking: Option<u8>,
    /// The rollout in hand, or else the newest one, moment by moment.
    pub timeline: TimelineJson,
    /// `Converged`, `RolloutComplete`, `Held`.
    pub conditions: Vec<ConditionJson>,
    /// What is not done, and why.
    pub holds: Vec<HoldJson>,
    /// What the newest pass did.
    pub outcomes: Vec<OutcomeJson>,
    /// What the audit refused; always empty but for a mistake of this program.
    pub violations: Vec<ViolationJson>,
    /// Which wishes the rollout allows as it stands.
    pub wishes: Vec<WishJson>,
    /// The rollouts that ended, newest first; eight at most.
    pub history: Vec<PastJson>,
}

impl TableJson {
    /// A table, its newest pass if there was one, and what its watcher knows beside them.
    pub fn of(table: &ServiceTable, report: Option<&PassReport>, sight: &Sight<'_>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Table",
            summary: SummaryFacts::of(table, report, sight),
            settle_seconds: table.policy.settle.millis() / 1000,
            quiet_seconds: table.policy.quiet.millis() / 1000,
            look: report.map(|report| LookJson::of(table, report, sight)),
        }
    }
}

impl LookJson {
    fn of(table: &ServiceTable, report: &PassReport, sight: &Sight<'_>) -> Self {
        let PassReport { at, observed, plan, outcomes, violations } = report;
        let subject = Subject { table, observed, plan };
        Self {
            whole_at: observed.whole.to_string(),
            rows: table.rows.iter().map(|row| TableRowJson::of(&subject, row)).collect(),
            tasks: task::of(&subject, sight.witness),
            rollout: RolloutFacts::from(&plan.rollout),
            blocking: crate::report::doing::blocking(&subject).map(|condition| condition.number),
            timeline: TimelineJson::of(&subject, sight.witness),
            conditions: conditions::of_table(&subject).iter().map(ConditionJson::from).collect(),
            holds: plan.holds.iter().map(HoldJson::from).collect(),
            outcomes: outcomes.iter().map(|outcome| OutcomeJson::of(outcome, *at)).collect(),
            violations: violations.iter().map(ViolationJson::from).collect(),
            wishes: wish::of(&subject),
            history: subject.past().iter().map(PastJson::from).collect(),
        }
    }
}
