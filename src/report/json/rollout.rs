//! A rollout for scripts: phase, record, request, the gate condition by condition, and how far each row is.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, HoldJson, ProgressJson};
use crate::model::command::{Command, Order, Standing};
use crate::model::rollout::{Failure, Record, RecordState, Request};
use crate::model::withdrawal::Withdrawal;
use crate::plan::gate::{Condition, Gate};
use crate::plan::rollout::RolloutReport;
use crate::report::subject::Subject;
use crate::report::words;

/// `kind: Rollout`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Rollout`.
    pub kind: &'static str,
    /// The table's name.
    pub table: String,
    /// When AWS was looked at.
    pub at: String,
    /// Where it stands.
    #[serde(flatten)]
    pub facts: RolloutFacts,
    /// What is not done, and why.
    pub holds: Vec<HoldJson>,
}

/// Where a rollout stands; also a part of plans and status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutFacts {
    /// `Unseen`, `Settled`, `Requested`, `Rolling`, `Draining`, `Settling`, `Clear`, `Deploying`, `Failed`, `Unknown`.
    pub phase: &'static str,
    /// The id of the rollout that the newest deployments are; absent if a row was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The record on the cluster; absent before the first contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordJson>,
    /// The newest request; absent if nobody ever asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestJson>,
    /// The newest command; absent if nobody ever gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandJson>,
    /// The nine conditions; absent while no rollout is in hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Vec<GateConditionJson>>,
    /// How far each service row is; empty if a row was not found.
    pub progress: Vec<ProgressJson>,
}

/// The durable facts of the newest rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordJson {
    /// Its id.
    pub id: String,
    /// `baseline`, `open`, `launching`, `launched`, `succeeded`, `failed`, `unknown`,
    /// `resolved` or `skipped`.
    pub state: &'static str,
    /// Since when; while the task is being launched, when this attempt began.
    pub since: String,
    /// Deployments newer than this belong to the rollout.
    pub base: String,
    /// The newest deployment of its rows.
    pub frontier: String,
    /// The attempt's number, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The task's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The task's exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The row whose deployment failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_row: Option<String>,
    /// The request that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// Somebody's wish for a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestJson {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub at: String,
    /// Rows whose deployment is not newer than this are kicked.
    pub after: String,
    /// Who made it, as far as a tag can hold the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, as far as a tag can hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// That no row is kicked for it any more; absent if nobody has withdrawn it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<WithdrawalJson>,
}

/// A person's word that a request is not wanted any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WithdrawalJson {
    /// When it was withdrawn.
    pub at: String,
    /// Who withdrew it, as far as a tag can hold the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, as far as a tag can hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A person's word about a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommandJson {
    /// `retry`, `resolve`, `abort` or `run`.
    pub command: &'static str,
    /// The rollout that it is about.
    pub rollout: String,
    /// The attempt that it is about; absent for `abort`, and for a `run` before which there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// `succeeded` or `failed`, for `resolve`.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub told: Option<&'static str>,
    /// `Pending`, `Done` or `Void`: what it is about was over before it could be done.
    pub standing: &'static str,
    /// When it was given.
    pub at: String,
    /// What it is known by again, if it was given under a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A condition of the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GateConditionJson {
    /// Its number in docs/rollout.md, from 1 to 9.
    pub number: u8,
    /// What must hold, for people.
    pub name: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// What was seen, or what is missing.
    pub evidence: String,
}

impl RolloutJson {
    /// A rollout for scripts.
    pub fn of(subject: &Subject<'_>) -> Self {
        Self {
            api_version: API_VERSION,
            kind: "Rollout",
            table: subject.table.name.to_string(),
            at: subject.observed.at.to_string(),
            facts: RolloutFacts::from(&subject.plan.rollout),
            holds: subject.plan.holds.iter().map(HoldJson::from).collect(),
        }
    }
}

impl From<&RolloutReport> for RolloutFacts {
    fn from(report: &RolloutReport) -> Self {
        let RolloutReport { phase, id, record, request, command, withdrawn: _, gate, rows, deployed: _ } = report;
        let gate = gate.as_ref().map(|Gate { conditions }| conditions.iter().map(GateConditionJson::from).collect());
        Self {
            phase: phase.name(),
            id: id.as_ref().map(ToString::to_string),
            record: record.as_ref().map(RecordJson::from),
            request: request.as_ref().map(|request| RequestJson::of(request, report.withdrawal())),
            command: command.as_ref().map(|command| CommandJson::of(command, record.as_ref())),
            gate,
            progress: rows.iter().map(ProgressJson::from).collect(),
        }
    }
}

impl From<&Record> for RecordJson {
    fn from(record: &Record) -> Self {
        let Record { id, base, frontier, state, since, request, own: _, undone: _, rows: _ } = record;
        let failed_row = match state {
            RecordState::Failed(Failure::Row(row)) => Some(row.to_string()),
            _ => None,
        };
        Self {
            id: id.to_string(),
            state: state.name(),
            since: since.to_string(),
            base: base.to_string(),
            frontier: frontier.to_string(),
            attempt: state.attempt(),
            task: state.task().map(str::to_owned),
            exit_code: state.exit(),
            failed_row,
            request: request.as_ref().map(ToString::to_string),
        }
    }
}

impl CommandJson {
    /// A command, and how it stands against the record.
    pub fn of(command: &Command, record: Option<&Record>) -> Self {
        let Command { rollout, base: _, order, at, id, by, reason } = command;
        let (attempt, told) = match order {
            Order::Retry(attempt) => (Some(*attempt), None),
            Order::Resolve(attempt, told) => (Some(*attempt), Some(told.name())),
            Order::Run(attempt) => (Some(*attempt).filter(|attempt| *attempt > 0), None),
            Order::Abort => (None, None),
        };
        let standing = record.map_or(Standing::Void, |record| command.against(record));
        Self {
            command: order.name(),
            rollout: rollout.to_string(),
            attempt,
            told,
            standing: standing.name(),
            at: at.to_string(),
            id: id.as_ref().map(ToString::to_string),
            by: by.clone(),
            reason: reason.clone(),
        }
    }
}

impl RequestJson {
    /// A request, and by which word it does not count any more.
    pub fn of(request: &Request, withdrawal: Option<&Withdrawal>) -> Self {
        let Request { id, after, at, before: _, also: _, by, reason } = request;
        let (by, reason) = (by.clone(), reason.clone());
        let withdrawn = withdrawal.map(WithdrawalJson::from);
        Self { id: id.to_string(), at: at.to_string(), after: after.to_string(), by, reason, withdrawn }
    }
}

impl From<&Withdrawal> for WithdrawalJson {
    fn from(withdrawal: &Withdrawal) -> Self {
        let Withdrawal { request: _, before: _, at, id: _, by, reason } = withdrawal;
        Self { at: at.to_string(), by: by.clone(), reason: reason.clone() }
    }
}

impl From<&Condition> for GateConditionJson {
    fn from(condition: &Condition) -> Self {
        let Condition { number, name, holding, evidence: _ } = condition;
        Self { number: *number, name, status: holding.status(), evidence: words::evidence(condition).to_owned() }
    }
}
