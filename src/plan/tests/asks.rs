//! Questions that the claims ask of a plan.

use crate::model::rollout::{Record, RecordState};
use crate::plan::action::{Action, Plan, ServiceUpdate};
use crate::plan::hold::HoldCause;

/// The names of a plan's holds, in order.
pub(super) fn holds(plan: &Plan) -> Vec<&'static str> {
    plan.holds.iter().map(|hold| hold.cause.name()).collect()
}

/// The first hold of this name.
#[track_caller]
pub(super) fn hold<'a>(plan: &'a Plan, name: &str) -> &'a HoldCause {
    let found = plan.holds.iter().find(|hold| hold.cause.name() == name);
    &found.unwrap_or_else(|| panic!("no {name} among {:?}", plan.holds)).cause
}

/// The record that a plan writes, if it writes one.
pub(super) fn written(plan: &Plan) -> Option<&Record> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::Record(record) => Some(record),
        Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => None,
    })
}

/// The state that a plan writes.
#[track_caller]
pub(super) fn state(plan: &Plan) -> RecordState {
    written(plan).unwrap_or_else(|| panic!("no record is written: {plan:#?}")).state.clone()
}

/// The updates of a plan.
pub(super) fn updates(plan: &Plan) -> Vec<&ServiceUpdate> {
    let actions = plan.steps.iter().map(|step| &step.action);
    let updates = actions.filter_map(|action| match action {
        Action::Update(update) => Some(update),
        Action::Record(_) | Action::Change(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => None,
    });
    updates.collect()
}

/// The only update of a plan.
#[track_caller]
pub(super) fn update(plan: &Plan) -> &ServiceUpdate {
    match updates(plan).as_slice() {
        [only] => only,
        other => panic!("not one update but {other:#?}"),
    }
}
