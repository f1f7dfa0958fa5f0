//! A table's status for scripts: Kubernetes-style conditions per row and for the table.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, ConditionJson, HoldJson, standing};
use super::rollout::RolloutFacts;
use crate::model::row::Row;
use crate::report::conditions;
use crate::report::subject::{Digests, Subject};

/// `kind: Status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Status`.
    pub kind: &'static str,
    /// The table's name.
    pub table: String,
    /// The cluster's ARN; absent if it was not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// When AWS was looked at.
    pub at: String,
    /// `Converged`, `Progressing`, `Held` or `Failed`.
    pub standing: &'static str,
    /// Where the rollout stands; the counts of service rows are in its `progress`.
    pub rollout: RolloutFacts,
    /// Every row, in the order of the table.
    pub rows: Vec<StatusRowJson>,
    /// `Converged`, `RolloutComplete`, `Held`.
    pub conditions: Vec<ConditionJson>,
    /// What is not done, and why.
    pub holds: Vec<HoldJson>,
}

/// A row's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusRowJson {
    /// The row's name.
    pub name: String,
    /// What it is for.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// What AWS calls it: the service's name, or the task definition's `family:revision`; absent if not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_as: Option<String>,
    /// Short digests of the images that the newest tasks run; absent while they do not all say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digests: Option<Vec<String>>,
    /// `InSync`, and for service rows `RolledOut`, `Healthy`, `ImageCurrent`.
    pub conditions: Vec<ConditionJson>,
}

impl StatusJson {
    /// A table's status for scripts.
    pub fn of(subject: &Subject<'_>) -> Self {
        let Subject { table, observed, plan } = subject;
        Self {
            api_version: API_VERSION,
            kind: "Status",
            table: table.name.to_string(),
            cluster: plan.cluster.as_ref().map(ToString::to_string),
            at: observed.at.to_string(),
            standing: standing(plan.standing()),
            rollout: RolloutFacts::from(&plan.rollout),
            rows: table.rows.iter().map(|row| StatusRowJson::of(subject, row)).collect(),
            conditions: conditions::of_table(subject).iter().map(ConditionJson::from).collect(),
            holds: plan.holds.iter().map(HoldJson::from).collect(),
        }
    }
}

impl StatusRowJson {
    fn of(subject: &Subject<'_>, row: &Row) -> Self {
        let digests = match subject.digests(row) {
            Digests::Told(digests) => Some(digests.into_iter().collect()),
            Digests::Untold => None,
        };
        Self {
            name: row.name.to_string(),
            usage: row.usage.clone(),
            found_as: subject.found_as(row).map(str::to_owned),
            digests,
            conditions: conditions::of_row(subject, row).iter().map(ConditionJson::from).collect(),
        }
    }
}
