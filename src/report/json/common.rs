//! What several wire shapes share: holds, reasons, differences, conditions and counts.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::observed::RolloutState;
use crate::plan::action::Standing;
use crate::plan::because::Because;
use crate::plan::drift::{Difference, Field};
use crate::plan::hold::Hold;
use crate::plan::progress::RowProgress;
use crate::report::conditions::Condition;
use crate::report::holds_text;

/// The version of every shape; another one is another shape.
pub const API_VERSION: &str = "evenkeel.dev/v1";

/// Something that is not done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldJson {
    /// The row; absent for the table as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// The cause's stable name, as `NoMatch`.
    pub cause: &'static str,
    /// `Notice`, `Wait`, `Person` or `Failed`.
    pub urgency: &'static str,
    /// For people.
    pub message: String,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

/// A reason for a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReasonJson {
    /// The reason's stable name, as `Drift`.
    pub reason: &'static str,
    /// For people.
    pub message: String,
}

/// One field that is not as the row states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceJson {
    /// `count`, `capacity`, `vcpu`, `memory` or `image`.
    pub field: &'static str,
    /// For `image`: the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What is there.
    pub have: String,
    /// What the row states.
    pub want: String,
    /// Whether no step of this plan corrects it; a hold says why.
    pub held: bool,
}

/// A Kubernetes-style condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionJson {
    /// Which aspect.
    #[serde(rename = "type")]
    pub aspect: &'static str,
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// One CamelCase word.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// When it last changed, where AWS or the record says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<String>,
}

/// How far a service row is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProgressJson {
    /// The row.
    pub row: String,
    /// Its service's name.
    pub service: String,
    /// How many tasks are wanted.
    pub desired: u32,
    /// Tasks of the newest deployment that run; `null` where they could not be read.
    pub new: Option<u32>,
    /// Those of them that take requests; `null` where they could not be read.
    pub healthy: Option<u32>,
    /// Older tasks that have not been told to stop; `null` where they could not be read.
    pub old: Option<u32>,
    /// Older tasks on their way out; `null` where they could not be read.
    pub draining: Option<u32>,
    /// The newest deployment: `InProgress`, `Completed`, `Failed` or `Unstated`.
    pub deployment: &'static str,
}

impl From<&Hold> for HoldJson {
    fn from(hold: &Hold) -> Self {
        let Hold { row, cause } = hold;
        let row = row.as_ref().map(ToString::to_string);
        Self {
            row,
            cause: cause.name(),
            urgency: cause.urgency().name(),
            message: holds_text::said(cause),
            hint: cause.hint(),
        }
    }
}

impl From<&Because> for ReasonJson {
    fn from(because: &Because) -> Self {
        let reason = match because {
            Because::Drift(_) => "Drift",
            Because::Requested(_) => "Requested",
            Because::FirstContact => "FirstContact",
            Because::Kicked(_) => "Kicked",
            Because::RowsAdded(_) => "RowsAdded",
            Because::OwnKicks => "OwnKicks",
            Because::RequestAnswered(_) => "RequestAnswered",
            Because::GateClear => "GateClear",
            Because::LaunchRecorded => "LaunchRecorded",
            Because::TaskAccepted(_) => "TaskAccepted",
            Because::NeverStarted(_) => "NeverStarted",
            Because::TaskEnded(_) => "TaskEnded",
            Because::RowFailed(_) => "RowFailed",
            Because::EvidenceLost(_) => "EvidenceLost",
            Because::Commanded(_) => "Commanded",
        };
        Self { reason, message: because.to_string() }
    }
}

impl DifferenceJson {
    pub(super) fn of(difference: &Difference, held: bool) -> Self {
        let Difference { field, have, want } = difference;
        let (field, container) = match field {
            Field::Count => ("count", None),
            Field::Capacity => ("capacity", None),
            Field::Vcpu => ("vcpu", None),
            Field::Memory => ("memory", None),
            Field::Image(container) => ("image", Some(container.to_string())),
        };
        Self { field, container, have: have.clone(), want: want.clone(), held }
    }
}

impl From<&Condition> for ConditionJson {
    fn from(condition: &Condition) -> Self {
        let Condition { aspect, status, reason, message, since } = condition;
        Self {
            aspect: aspect.name(),
            status: status.name(),
            reason,
            message: message.clone(),
            last_transition_time: since.map(|moment| moment.to_string()),
        }
    }
}

impl From<&RowProgress> for ProgressJson {
    fn from(progress: &RowProgress) -> Self {
        let RowProgress { row, service, desired, new, healthy, old, draining, rollout } = progress;
        let deployment = match rollout {
            RolloutState::InProgress => "InProgress",
            RolloutState::Completed => "Completed",
            RolloutState::Failed => "Failed",
            RolloutState::Unstated => "Unstated",
        };
        let (row, service) = (row.to_string(), service.clone());
        let (desired, new, healthy, old, draining) = (*desired, *new, *healthy, *old, *draining);
        Self { row, service, desired, new, healthy, old, draining, deployment }
    }
}

/// A standing's name in JSON.
pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Converged => "Converged",
        Standing::Progressing => "Progressing",
        Standing::Held => "Held",
        Standing::Failed => "Failed",
    }
}
