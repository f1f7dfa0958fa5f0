//! The last rollouts for scripts, newest first, and the one in hand.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::API_VERSION;
use super::rollout::{CommandJson, RecordJson, RequestJson};
use crate::model::past::{Origin, Past};
use crate::report::subject::Subject;

/// `kind: RolloutHistory`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `RolloutHistory`.
    pub kind: &'static str,
    /// The table's name.
    pub table: String,
    /// When AWS was looked at.
    pub at: String,
    /// The rollout in hand; absent if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_hand: Option<InHandJson>,
    /// The rollouts that ended, newest first; eight at most.
    pub ended: Vec<PastJson>,
}

/// The rollout in hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InHandJson {
    /// Its phase.
    pub phase: &'static str,
    /// Its record.
    pub record: RecordJson,
    /// The newest request, which may be what began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestJson>,
    /// The newest command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandJson>,
}

/// A rollout that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PastJson {
    /// Its id.
    pub id: String,
    /// When its end was written down.
    pub at: String,
    /// `succeeded`, `failed`, `unknown`, `resolved` or `skipped`.
    pub state: &'static str,
    /// The state, for people.
    pub message: String,
    /// `request`, `change`, `kick` or `run`.
    pub origin: &'static str,
    /// The request, if one began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The newest attempt's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The newest attempt's task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Its exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The row whose deployment failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_row: Option<String>,
    /// The short digests that its new tasks ran.
    pub digests: Vec<String>,
    /// The command that ended it or had its task run again, if it was given under a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Who ended it or had its task run again, or else who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why: that person's words, or else the request's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl HistoryJson {
    /// The last rollouts for scripts.
    pub fn of(subject: &Subject<'_>) -> Self {
        let report = &subject.plan.rollout;
        let record = report.record.as_ref().filter(|_| subject.rollout_is_in_hand());
        Self {
            api_version: API_VERSION,
            kind: "RolloutHistory",
            table: subject.table.name.to_string(),
            at: subject.observed.at.to_string(),
            in_hand: record.map(|record| InHandJson {
                phase: report.phase.name(),
                record: RecordJson::from(record),
                request: report.request.as_ref().map(|request| RequestJson::of(request, report.withdrawal())),
                command: report.command.as_ref().map(|command| CommandJson::of(command, Some(record))),
            }),
            ended: subject.past().iter().map(PastJson::from).collect(),
        }
    }
}

impl From<&Past> for PastJson {
    fn from(past: &Past) -> Self {
        let Past { rollout, at, state, origin, digests, command, by, reason } = past;
        let request = match origin {
            Origin::Request(id) => Some(id.to_string()),
            Origin::Change | Origin::Kick | Origin::Run => None,
        };
        Self {
            id: rollout.to_string(),
            at: at.to_string(),
            state: state.name(),
            message: crate::report::words::record_state(state),
            origin: origin.name(),
            request,
            attempt: state.attempt(),
            task: state.task().map(str::to_owned),
            exit_code: state.exit(),
            failed_row: past.failed_row().map(ToString::to_string),
            digests: digests.clone(),
            command: command.as_ref().map(ToString::to_string),
            by: by.clone(),
            reason: reason.clone(),
        }
    }
}
