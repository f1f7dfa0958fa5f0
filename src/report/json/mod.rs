//! The wire shapes that scripts read. Stable: docs/output.md says what is promised.
//!
//! Every struct here is converted from the crate's own types by destructuring, so that a new field there breaks the
//! build here and somebody decides whether scripts see it. Moments are RFC 3339; what is absent is left out.

mod common;
mod history;
mod pass;
mod plan;
mod rollout;
mod status;

pub use common::{API_VERSION, ConditionJson, DifferenceJson, HoldJson, ProgressJson, ReasonJson};
pub use history::{HistoryJson, InHandJson, PastJson};
pub use pass::{OutcomeJson, PassReportJson, ResultJson, ViolationJson};
pub use plan::{ActionJson, LaunchJson, NetworkJson, PlanJson, PlanRowJson, RevisionJson, StepJson};
pub use rollout::{CommandJson, GateConditionJson, RecordJson, RequestJson, RolloutFacts, RolloutJson};
pub use status::{StatusJson, StatusRowJson};
