//! The wire shapes that scripts read. Stable: docs/output.md says what is promised.
//!
//! Every struct here is converted from the crate's own types by destructuring, so that a new field there breaks the
//! build here and somebody decides whether scripts see it. Moments are RFC 3339; what is absent is left out.

mod api;
mod common;
mod history;
mod pass;
mod plan;
mod problem;
mod rollout;
mod status;
mod summary;
mod table;
mod table_row;
mod task;
mod timeline;
mod wish;

pub use api::{
    AcceptedJson, EventResetJson, EventSyncedJson, ReadinessJson, RolloutEntryJson, TableGoneJson, TablesJson,
    WhoamiJson,
};
pub use common::{API_VERSION, ConditionJson, DifferenceJson, HoldJson, ProgressJson, ReasonJson};
pub use history::{HistoryJson, InHandJson, PastJson};
pub use pass::{OutcomeJson, PassReportJson, ResultJson, ViolationJson};
pub use plan::{ActionJson, LaunchJson, NetworkJson, PlanJson, PlanRowJson, RevisionJson, StepJson};
pub use problem::ProblemDetailsJson;
pub use rollout::{CommandJson, GateConditionJson, RecordJson, RequestJson, RolloutFacts, RolloutJson};
pub use status::{StatusJson, StatusRowJson};
pub use summary::{Sight, SightJson, SummaryFacts, TableSummaryJson};
pub use table::{LookJson, TableJson};
pub use table_row::{DeploymentJson, SizeJson, TableRowJson, TargetGroupJson};
pub use task::{LogJson, TargetJson, TaskJson};
pub use timeline::{EventJson, NextJson, TimelineJson};
pub use wish::WishJson;
