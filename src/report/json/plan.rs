//! A plan for scripts: rows with their differences, steps with everything that they would do, holds, the rollout.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::common::{API_VERSION, DifferenceJson, HoldJson, ReasonJson, standing};
use super::rollout::{RecordJson, RolloutFacts};
use crate::model::observed::NetworkView;
use crate::model::rollout::Change;
use crate::model::row::Row;
use crate::model::text::Text;
use crate::plan::action::{Action, Deployment, Launch, Plan, Revision, RollBack, ServiceUpdate, Step};
use crate::report::subject::Subject;

/// `kind: Plan`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanJson {
    /// `evenkeel.dev/v1`.
    pub api_version: &'static str,
    /// `Plan`.
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
    /// Every row, in the order of the table.
    pub rows: Vec<PlanRowJson>,
    /// What would be done, in order.
    pub steps: Vec<StepJson>,
    /// What is not done, and why.
    pub holds: Vec<HoldJson>,
    /// Where the rollout stands.
    pub rollout: RolloutFacts,
}

/// A row of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanRowJson {
    /// The row's name.
    pub name: String,
    /// What it is for.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// What AWS calls it: the service's name, or the task definition's `family:revision`; absent if not found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_as: Option<String>,
    /// How it differs; empty if it does not.
    pub differences: Vec<DifferenceJson>,
}

/// One change of AWS, and why.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepJson {
    /// The row; absent for the table as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
    /// What is done.
    pub action: ActionJson,
    /// Why.
    pub reasons: Vec<ReasonJson>,
}

/// What a step does; `kind` tells which.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all_fields = "camelCase")]
pub enum ActionJson {
    /// The record tag is written.
    Record {
        /// Its new value.
        record: RecordJson,
    },
    /// The rows that this program is about to kick are written down.
    Change {
        /// The frontier that the change follows.
        after: String,
        /// The rows.
        rows: Vec<String>,
    },
    /// A service is updated.
    Update {
        /// The service's name.
        service: String,
        /// The new desired count.
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
        /// The new capacity provider.
        #[serde(skip_serializing_if = "Option::is_none")]
        capacity_provider: Option<&'static str>,
        /// The new revision that is registered first.
        #[serde(skip_serializing_if = "Option::is_none")]
        revision: Option<RevisionJson>,
        /// Whether `forceNewDeployment` is set.
        force_new_deployment: bool,
        /// Whether ECS makes a new deployment.
        new_deployment: bool,
    },
    /// A task definition revision is registered.
    Register {
        /// The revision.
        revision: RevisionJson,
    },
    /// A service deployment is stopped, and ECS goes back to the one before.
    RollBack {
        /// The service's name.
        service: String,
        /// The service deployment's ARN.
        service_deployment: String,
    },
    /// The one-off task is run.
    Run(LaunchJson),
}

/// A revision that differs from another in these fields alone.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionJson {
    /// The revision's ARN that it is made from.
    pub from: String,
    /// New vCPU, as a table states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpu: Option<f64>,
    /// New memory in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// New image addresses by container.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
}

/// A RunTask call.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LaunchJson {
    /// The revision's ARN.
    pub definition: String,
    /// The idempotency token.
    pub client_token: String,
    /// How the task is found again.
    pub started_by: String,
    /// The capacity provider.
    pub capacity_provider: &'static str,
    /// Where it is attached.
    pub network: NetworkJson,
}

/// An awsvpc configuration.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkJson {
    /// Subnet ids.
    pub subnets: Vec<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// `ENABLED` or `DISABLED`.
    pub assign_public_ip: String,
}

impl PlanJson {
    /// A plan for scripts.
    pub fn of(subject: &Subject<'_>) -> Self {
        let Plan { cluster, keys: _, steps, past: _, launch: _, holds, drift: _, rollout, next_look: _ } = subject.plan;
        Self {
            api_version: API_VERSION,
            kind: "Plan",
            table: subject.table.name.to_string(),
            cluster: cluster.as_ref().map(ToString::to_string),
            at: subject.observed.at.to_string(),
            standing: standing(subject.plan.standing()),
            rows: subject.table.rows.iter().map(|row| PlanRowJson::of(subject, row)).collect(),
            steps: steps.iter().map(StepJson::from).collect(),
            holds: holds.iter().map(HoldJson::from).collect(),
            rollout: RolloutFacts::from(rollout),
        }
    }
}

impl PlanRowJson {
    fn of(subject: &Subject<'_>, row: &Row) -> Self {
        let differences = subject.differences(&row.name).iter();
        let held = |difference| !subject.is_corrected(&row.name, difference);
        Self {
            name: row.name.to_string(),
            usage: row.usage.clone(),
            found_as: subject.found_as(row).map(str::to_owned),
            differences: differences.map(|difference| DifferenceJson::of(difference, held(difference))).collect(),
        }
    }
}

impl From<&Step> for StepJson {
    fn from(step: &Step) -> Self {
        let Step { row, action, because } = step;
        Self {
            row: row.as_ref().map(ToString::to_string),
            action: ActionJson::from(action),
            reasons: because.iter().map(ReasonJson::from).collect(),
        }
    }
}

impl From<&Action> for ActionJson {
    fn from(action: &Action) -> Self {
        match action {
            Action::Record(record) => Self::Record { record: RecordJson::from(record) },
            Action::Change(Change { after, at: _, rows }) => {
                Self::Change { after: after.to_string(), rows: rows.iter().map(ToString::to_string).collect() }
            }
            Action::Update(update) => {
                let ServiceUpdate { service: _, name, count, revision, capacity, deployment } = update;
                let forced = match deployment {
                    Deployment::Force => true,
                    Deployment::AsNeeded => false,
                };
                Self::Update {
                    service: name.to_string(),
                    count: *count,
                    capacity_provider: capacity.map(|capacity| capacity.provider()),
                    revision: revision.as_ref().map(RevisionJson::from),
                    force_new_deployment: forced,
                    new_deployment: update.kicks(),
                }
            }
            Action::Register(revision) => Self::Register { revision: RevisionJson::from(revision) },
            Action::RollBack(RollBack { name, deployment }) => {
                Self::RollBack { service: name.to_string(), service_deployment: deployment.to_string() }
            }
            Action::Run(launch) => Self::Run(LaunchJson::from(launch)),
        }
    }
}

impl From<&Revision> for RevisionJson {
    fn from(revision: &Revision) -> Self {
        let Revision { from, vcpu, memory, images } = revision;
        Self {
            from: from.to_string(),
            vcpu: vcpu.map(|vcpu| vcpu.cpus()),
            memory: memory.map(|memory| memory.mib()),
            images: images.iter().map(|(container, image)| (container.to_string(), image.clone())).collect(),
        }
    }
}

impl From<&Launch> for LaunchJson {
    fn from(launch: &Launch) -> Self {
        let Launch { definition, client_token, started_by, capacity, network } = launch;
        let NetworkView { subnets, security_groups, public_ip } = network;
        Self {
            definition: definition.to_string(),
            client_token: client_token.clone(),
            started_by: started_by.clone(),
            capacity_provider: capacity.provider(),
            network: NetworkJson {
                subnets: subnets.iter().map(Text::to_string).collect(),
                security_groups: security_groups.iter().map(Text::to_string).collect(),
                assign_public_ip: public_ip.to_string(),
            },
        }
    }
}
