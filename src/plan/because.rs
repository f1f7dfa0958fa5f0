//! Why a step is done, as data; `report/` puts it before people.

use std::fmt;

use crate::model::ids::{RequestId, RowName};

use super::drift::Difference;

/// A reason for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The row states something else than what is there.
    Drift(Difference),
    /// Somebody asked for a forced rollout, and this row's deployment is older than the request.
    Requested(RequestId),
    /// The cluster carries no record of this table yet.
    FirstContact,
    /// These rows have newer deployments than the record knows.
    Kicked(Vec<RowName>),
    /// These rows are new to the table; their deployments are no kicks.
    RowsAdded(Vec<RowName>),
    /// Rows are about to be kicked by this program itself.
    OwnKicks,
    /// A request needs nothing more, since every row was kicked after it.
    RequestAnswered(RequestId),
    /// All gate conditions held for long enough.
    GateClear,
    /// The launch is written down and read back.
    LaunchRecorded,
    /// AWS accepted the launch.
    TaskAccepted(String),
    /// The attempt never started, so another cannot be a second run.
    NeverStarted(String),
    /// The task ended.
    TaskEnded(String),
    /// ECS gave up or undid a row's deployment.
    RowFailed(String),
    /// A person said so, in these words.
    Commanded(String),
    /// Nobody can say any more whether the task ran.
    EvidenceLost(String),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drift(difference) => difference.fmt(f),
            Self::Requested(id) => write!(f, "request {id} asks for a new deployment"),
            Self::FirstContact => f.write_str("the cluster carries no record of this table yet"),
            Self::Kicked(rows) => write!(f, "new deployments of {}", names(rows)),
            Self::RowsAdded(rows) => write!(f, "{} came new into the table", names(rows)),
            Self::OwnKicks => f.write_str("these kicks are corrections of this table, not somebody's"),
            Self::RequestAnswered(id) => write!(f, "every row was kicked since request {id}"),
            Self::GateClear => f.write_str("every gate condition held for long enough"),
            Self::LaunchRecorded => f.write_str("the launch is recorded and was read back"),
            Self::TaskAccepted(task) => write!(f, "AWS accepted task {task}"),
            Self::NeverStarted(why) => write!(f, "the attempt never started: {why}"),
            Self::TaskEnded(how) | Self::RowFailed(how) | Self::EvidenceLost(how) | Self::Commanded(how) => {
                f.write_str(how)
            }
        }
    }
}

/// Row names as people list them.
pub(super) fn names(rows: &[RowName]) -> String {
    rows.iter().map(RowName::as_str).collect::<Vec<_>>().join(", ")
}
