//! A table at a glance, for a list of many: how it stands, what it is about, and how fresh that is.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, HoldJson};
use crate::model::rollout::RecordState;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::hold::HoldCause;
use crate::plan::rollout::Phase;
use crate::reconcile::pass::PassReport;
use crate::report::doing;
use crate::report::subject::Subject;
use crate::report::witness::Witness;

/// What a process knows of its looking at a table, beside what it saw.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// How long ago AWS was last seen, on this process's own clock; `None` if it never was.
    pub ago: Option<Duration>,
    /// Passes that failed since.
    pub failures: u32,
    /// What broke off the newest pass: a mistake of this program.
    pub broken: Option<&'a str>,
    /// How much faster than this process's clock AWS's time runs: 1 but for a simulator.
    pub speed: f64,
    /// What was seen happening; an empty one knows nothing.
    pub witness: &'a Witness,
}

/// `kind: TableSummary`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TableSummaryJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `TableSummary`.
    pub kind: &'static str,
    /// Everything else.
    #[serde(flatten)]
    pub facts: SummaryFacts,
}

/// A table at a glance; also the first part of `Table`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SummaryFacts {
    /// The table's name.
    pub table: String,
    /// The cluster's ARN; absent if it was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The region.
    pub region: String,
    /// `Converged`, `Progressing`, `Held` or `Failed`; absent before the first look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// As in `Rollout`; `Unseen` before the first look.
    pub phase: &'static str,
    /// When it came into this phase, as far as AWS, the record or this process's looks tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase_since: Option<String>,
    /// What it does, or why not, in one sentence.
    pub doing: String,
    /// The most urgent hold that asks for something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldJson>,
    /// Tasks that its services run; absent unless every service was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<u32>,
    /// Tasks that its services want; absent unless every service was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<u32>,
    /// The id of the rollout in hand, or else of the newest; absent before the first contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<String>,
    /// Whether that rollout is in hand.
    pub in_hand: bool,
    /// How fresh all this is.
    pub sight: SightJson,
}

/// How fresh a view is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SightJson {
    /// When the newest look began, in AWS's time; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How many seconds ago AWS was last seen, on this process's clock; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_ago: Option<f64>,
    /// Passes that failed since.
    pub failures: u32,
    /// What broke off the newest pass: a mistake of this program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// How many seconds of AWS's time go by in one of this process's: 1 but for a simulator.
    pub speed: f64,
}

impl TableSummaryJson {
    /// A table, its newest pass if there was one, and what its watcher knows beside them.
    pub fn of(table: &ServiceTable, report: Option<&PassReport>, sight: &Sight<'_>) -> Self {
        Self { api_version: API_VERSION, kind: "TableSummary", facts: SummaryFacts::of(table, report, sight) }
    }
}

impl SummaryFacts {
    pub(super) fn of(table: &ServiceTable, report: Option<&PassReport>, sight: &Sight<'_>) -> Self {
        let unseen = Self {
            table: table.name.to_string(),
            cluster: None,
            region: table.region.to_string(),
            verdict: None,
            phase: Phase::Unseen.name(),
            phase_since: None,
            doing: "it has not been looked at yet".to_owned(),
            hold: None,
            running: None,
            desired: None,
            rollout: None,
            in_hand: false,
            sight: SightJson::of(report, sight),
        };
        let Some(report) = report else { return unseen };
        let subject = Subject { table, observed: &report.observed, plan: &report.plan };
        let rollout = &report.plan.rollout;
        let counts = counts(&subject);
        Self {
            cluster: report.plan.cluster.as_ref().map(ToString::to_string),
            verdict: Some(report.verdict().name()),
            phase: rollout.phase.name(),
            phase_since: phase_since(&subject, sight.witness).map(|since| since.to_string()),
            doing: doing::doing(&subject, report),
            hold: subject.most_urgent().map(HoldJson::from),
            running: counts.map(|(running, _)| running),
            desired: counts.map(|(_, desired)| desired),
            rollout: rollout.id.as_ref().or(rollout.record.as_ref().map(|record| &record.id)).map(ToString::to_string),
            in_hand: subject.rollout_is_in_hand(),
            ..unseen
        }
    }
}

impl SightJson {
    fn of(report: Option<&PassReport>, sight: &Sight<'_>) -> Self {
        let Sight { ago, failures, broken, speed, witness: _ } = sight;
        Self {
            at: report.map(|report| report.at.to_string()),
            seconds_ago: ago.map(|ago| ago.as_secs_f64()),
            failures: *failures,
            broken: broken.map(str::to_owned),
            speed: *speed,
        }
    }
}

/// Running and wanted tasks of all service rows, if each was found.
fn counts(subject: &Subject<'_>) -> Option<(u32, u32)> {
    let services: Option<Vec<_>> = subject.table.service_rows().map(|row| subject.service(row)).collect();
    let sum = |(running, desired): (u32, u32), service: &crate::model::observed::ServiceView| {
        (running.saturating_add(service.running), desired.saturating_add(service.desired))
    };
    Some(services?.into_iter().fold((0, 0), sum))
}

/// When the table came into its phase: by the durable facts and AWS where they tell, else as it was seen.
fn phase_since(subject: &Subject<'_>, witness: &Witness) -> Option<Timestamp> {
    let report = &subject.plan.rollout;
    let record = report.record.as_ref();
    let told = match report.phase {
        Phase::Settled | Phase::Failed | Phase::Unknown => record.map(|record| record.since),
        Phase::Deploying => record.map(|record| record.since).filter(|_| is_launching(subject)),
        Phase::Requested => report.request.as_ref().filter(|_| report.is_unanswered()).map(|request| request.at),
        Phase::Settling => settling_since(subject),
        Phase::Unseen | Phase::Rolling | Phase::Draining | Phase::Clear => None,
    };
    told.or_else(|| witness.phase_since())
}

/// The record's `since` is the launch's only until the task is accepted.
fn is_launching(subject: &Subject<'_>) -> bool {
    let record = subject.plan.rollout.record.as_ref();
    record.is_some_and(|record| matches!(record.state, RecordState::Launching(_)))
}

fn settling_since(subject: &Subject<'_>) -> Option<Timestamp> {
    let settle = subject.table.policy.settle;
    subject.plan.holds.iter().find_map(|hold| match &hold.cause {
        HoldCause::Settling { left } => {
            let spent = settle.minus(*left);
            Some(Timestamp::from_millis(subject.observed.at.millis() - spent.millis()))
        }
        _ => None,
    })
}
