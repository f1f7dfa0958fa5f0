//! What a plan is made of: steps that change AWS, each with its reasons.
//!
//! Data only. A step says everything that its execution needs, so that the executor has nothing left to choose.

use std::collections::BTreeMap;

use crate::model::ids::{
    ClusterArn, ContainerName, RowName, ServiceArn, ServiceDeploymentArn, ServiceName, TaskDefinitionArn,
};
use crate::model::observed::NetworkView;
use crate::model::past::Past;
use crate::model::rollout::{Change, Record, TagKeys};
use crate::model::row::Capacity;
use crate::model::size::{MemoryMib, Vcpu};

use super::because::Because;
use super::drift::RowDrift;
use super::hold::{self, Hold, Urgency};
use super::pace::NextLook;
use super::rollout::RolloutReport;

/// What is to be done now, why nothing else is, and when to look again.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The cluster that the steps are about; `None` means that there are no steps.
    pub cluster: Option<ClusterArn>,
    /// Where the table's durable facts stand.
    pub keys: TagKeys,
    /// What to do, in this order; a step that fails stops those after it, but for one roll-back the others.
    pub steps: Vec<Step>,
    /// What to keep of the rollout that a record among the steps ends, and under which key: written in the same call.
    pub past: Option<(String, Past)>,
    /// The tag that the plan's record is written to as well, if it is of a launch (`model/launches`).
    pub launch: Option<String>,
    /// Why other things are not done.
    pub holds: Vec<Hold>,
    /// How each row differs from what is wanted, whether or not a step corrects it now.
    pub drift: Vec<RowDrift>,
    /// Where the rollout stands.
    pub rollout: RolloutReport,
    /// When to look again.
    pub next_look: NextLook,
}

/// One change of AWS, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The row that it is for; `None` for the table as a whole.
    pub row: Option<RowName>,
    /// What to do.
    pub action: Action,
    /// Why.
    pub because: Vec<Because>,
}

/// A change of AWS.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write the record tag.
    Record(Record),
    /// Write down which rows are about to be kicked by this program.
    Change(Change),
    /// UpdateService, with a new task definition revision first where one is needed.
    Update(ServiceUpdate),
    /// Register a new revision for the task row.
    Register(Revision),
    /// StopServiceDeployment with a rollback, because a person aborts the rollout.
    RollBack(RollBack),
    /// RunTask, once.
    Run(Launch),
}

/// What to change of a service. Fields that are `None` are not sent.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceUpdate {
    /// The service.
    pub service: ServiceArn,
    /// Its name.
    pub name: ServiceName,
    /// The new desired count.
    pub count: Option<u32>,
    /// The new revision of its task definition.
    pub revision: Option<Revision>,
    /// The new capacity provider strategy.
    pub capacity: Option<Capacity>,
    /// Whether a new deployment is forced.
    pub deployment: Deployment,
}

/// Whether an update forces a new deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// `forceNewDeployment`: wanted for itself, or demanded by AWS for a strategy change.
    Force,
    /// A new deployment only if ECS makes one for what changes.
    AsNeeded,
}

/// A revision that differs from another in these fields and in nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The revision that it is made from.
    pub from: TaskDefinitionArn,
    /// New vCPU.
    pub vcpu: Option<Vcpu>,
    /// New memory.
    pub memory: Option<MemoryMib>,
    /// New image addresses by container.
    pub images: BTreeMap<ContainerName, String>,
}

/// A service deployment that is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollBack {
    /// The service's name.
    pub name: ServiceName,
    /// The service deployment.
    pub deployment: ServiceDeploymentArn,
}

/// A RunTask call, wholly determined by the record and the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The revision to run.
    pub definition: TaskDefinitionArn,
    /// The idempotency token.
    pub client_token: String,
    /// How the task is found again.
    pub started_by: String,
    /// Where it runs.
    pub capacity: Capacity,
    /// Where it is attached.
    pub network: NetworkView,
}

impl Action {
    /// A stable name for logs and scripts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Record(_) => "Record",
            Self::Change(_) => "Change",
            Self::Update(_) => "Update",
            Self::Register(_) => "Register",
            Self::RollBack(_) => "RollBack",
            Self::Run(_) => "Run",
        }
    }

    /// Whether ECS makes a new deployment for it.
    pub fn kicks(&self) -> bool {
        match self {
            Self::Update(update) => update.kicks(),
            Self::Record(_) | Self::Change(_) | Self::Register(_) | Self::RollBack(_) | Self::Run(_) => false,
        }
    }
}

impl ServiceUpdate {
    /// Whether ECS makes a new deployment for this update.
    pub fn kicks(&self) -> bool {
        let Self { service: _, name: _, count: _, revision, capacity, deployment } = self;
        revision.is_some() || capacity.is_some() || *deployment == Deployment::Force
    }
}

/// How a table stands, all in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it should be; nothing to do.
    Converged,
    /// On its way; look again.
    Progressing,
    /// Needs a person.
    Held,
    /// The newest rollout failed.
    Failed,
}

impl Plan {
    /// How the table stands. What needs a person wins over what is on its way only when nothing can be done now.
    pub fn standing(&self) -> Standing {
        let any = |urgency: Urgency| self.holds.iter().any(|hold| hold.cause.urgency() == urgency);
        if !self.steps.is_empty() || any(Urgency::Wait) {
            Standing::Progressing
        } else if any(Urgency::Failed) {
            Standing::Failed
        } else if any(Urgency::Person) {
            Standing::Held
        } else {
            Standing::Converged
        }
    }

    /// Whether any hold asks for a person, whatever else is on its way.
    pub fn needs_a_person(&self) -> bool {
        hold::needs_a_person(&self.holds)
    }
}
