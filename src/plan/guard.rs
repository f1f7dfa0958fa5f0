//! What must be so before anything is decided: the right account, one cluster, readable tags, one resource per row.
//!
//! What is not so is held with its facts. Nothing here looks at what rows state about their resources.

use crate::model::observed::{ClusterView, RowView, Seen};
use crate::model::rollout::{Durable, TagKeys};
use crate::model::row::Row;
use crate::model::selector::Selection;

use super::draft::Draft;
use super::hold::HoldCause;

/// 1. and 2. The account, the cluster, and the table's durable facts on it; without them nothing is done.
pub(super) fn find_table<'a>(draft: &mut Draft<'a>) -> Option<(&'a ClusterView, Durable)> {
    let (table, observed) = (draft.input.table, draft.input.observed);
    if let Some(cause) = wrong_account(draft) {
        draft.hold(None, cause);
        return None;
    }
    draft.hold_unless_one(None, "cluster", &table.cluster, &observed.cluster);
    let cluster = observed.cluster.one()?;
    let keys = TagKeys::of(&table.name);
    match Durable::read(&keys, |key| cluster.tags.get(key).map(String::as_str)) {
        Ok(durable) if draft.input.history.written.is_ahead_of(&durable, observed.at) => {
            draft.hold(None, HoldCause::Stale);
            None
        }
        Ok(durable) => Some((cluster, durable)),
        Err(unreadable) => {
            draft.hold(None, HoldCause::UnreadableTag { key: unreadable.key, value: unreadable.value });
            None
        }
    }
}

fn wrong_account(draft: &Draft<'_>) -> Option<HoldCause> {
    let table = &draft.input.table.account;
    match &draft.input.observed.account {
        Seen::Present(account) if account == table => None,
        Seen::Present(account) => Some(HoldCause::WrongAccount { table: table.clone(), actual: account.clone() }),
        Seen::Unknown(why) => Some(HoldCause::Unknown { what: "the account".to_owned(), why: why.clone() }),
        Seen::Absent => {
            Some(HoldCause::NoMatch { what: "account", selector: table.to_string(), candidates: Vec::new() })
        }
    }
}

/// 3. Each row's service, task definition and target group.
pub(super) fn hold_missing_rows(draft: &mut Draft<'_>) {
    let (table, observed) = (draft.input.table, draft.input.observed);
    for row in &table.rows {
        if let Some(view) = observed.rows.get(&row.name) {
            hold_missing_resource(draft, row, view);
            hold_missing_target_group(draft, row, view);
            hold_other_controller(draft, row, view);
        }
    }
}

fn hold_missing_resource(draft: &mut Draft<'_>, row: &Row, view: &RowView) {
    if let Some(task) = row.task() {
        draft.hold_unless_one(Some(row), "task definition", &task.definition, &view.definition);
    }
    // A task row's service is there in older stacks only: none is as good as one.
    let none = matches!(&view.service, Seen::Absent | Seen::Present(Selection::None(_)));
    let optional = row.task().is_some();
    if let Some(selector) = row.service_selector().filter(|_| !(optional && none)) {
        draft.hold_unless_one(Some(row), "service", selector, &view.service);
    }
}

/// A row that names a target group must have it, once, among its service's own.
fn hold_missing_target_group(draft: &mut Draft<'_>, row: &Row, view: &RowView) {
    let (Some(selector), Some(_)) = (row.target_group(), view.service.one()) else { return };
    let mut candidates = Vec::new();
    for group in &view.target_groups {
        if let Seen::Unknown(why) = &group.tags {
            draft.hold(Some(row), HoldCause::Unknown { what: "the target group's tags".to_owned(), why: why.clone() });
            return;
        }
        let tags = group.tags.present().into_iter().flatten();
        let meant = selector.matches(group.arn.name(), tags.map(|(key, value)| (key.as_str(), value.as_str())));
        candidates.push((group.arn.name().to_owned(), meant, ()));
    }
    draft.hold_unless_one(Some(row), "target group", selector, &Seen::Present(Selection::of(candidates)));
}

/// Only a service that ECS itself rolls can be kept.
fn hold_other_controller(draft: &mut Draft<'_>, row: &Row, view: &RowView) {
    let Some(service) = view.service.one() else { return };
    let found = match (service.status.as_str(), service.controller.as_str()) {
        ("ACTIVE", "ECS") if service.primary().is_some() => return,
        ("ACTIVE", "ECS") => "without a PRIMARY deployment".to_owned(),
        ("ACTIVE", controller) => format!("deployed by {controller}"),
        (status, _) => status.to_owned(),
    };
    draft.hold(Some(row), HoldCause::NotRolling { found });
}
