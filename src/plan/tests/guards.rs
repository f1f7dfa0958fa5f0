//! What must be so before anything is done.

use super::fixture::{World, unseen};
use super::{hold, holds};
use crate::model::ids::AccountId;
use crate::model::observed::{DeploymentRole, Seen, Trouble};
use crate::model::rollout::TagKeys;
use crate::model::selector::{Selection, Selector};
use crate::plan::action::Standing;
use crate::plan::hold::HoldCause;

/// A world in which everything would have to be corrected, so that no step means that the guard held.
fn drifted() -> World {
    let mut world = World::settled();
    for row in ["portal", "indexer", "ingester"] {
        world.service(row).desired += 1;
        world.definition(row).cpu = Some(512);
    }
    world
}

#[test]
fn does_nothing_in_another_account() {
    let mut world = drifted();
    world.observed.account = Seen::Present(AccountId::told("999999999999"));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["WrongAccount"]));
    assert_eq!(plan.standing(), Standing::Held);
}

#[test]
fn does_nothing_while_the_account_is_unknown() {
    let mut world = drifted();
    world.observed.account = Seen::Unknown(unseen(Trouble::Passing));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), holds(&plan)), (0, vec!["Unknown"]));
    assert_eq!(plan.standing(), Standing::Progressing);
}

#[test]
fn does_nothing_without_the_cluster_and_lists_the_others() {
    let mut world = drifted();
    world.observed.cluster = Seen::Present(Selection::None(vec!["c4-ecs-green".into()]));
    let plan = world.plan();
    assert!(plan.steps.is_empty());
    assert!(hold(&plan, "NoMatch").to_string().contains("c4-ecs-green"));
}

#[test]
fn does_nothing_when_the_record_was_not_written_by_this_program() {
    let mut world = drifted();
    let key = TagKeys::of(&world.table.name).rollout;
    world.cluster().tags.insert(key.clone(), "somebody was here".into());
    let plan = world.plan();
    assert!(plan.steps.is_empty());
    let expected = HoldCause::UnreadableTag { key, value: "somebody was here".into() };
    assert_eq!(hold(&plan, "UnreadableTag"), &expected);
}

#[test]
fn a_row_without_match_lists_the_candidates() {
    let mut world = World::settled();
    world.view("indexer").service = Seen::Present(Selection::None(vec!["left".into(), "right".into()]));
    let plan = world.plan();
    let said = hold(&plan, "NoMatch").to_string();
    assert_eq!(said, "no service matches glob indexer-*; there are left, right");
}

#[test]
fn a_row_with_two_matches_is_held_with_both() {
    let mut world = World::settled();
    world.view("indexer").service = Seen::Present(Selection::Many(vec!["left".into(), "right".into()]));
    assert!(hold(&world.plan(), "ManyMatch").to_string().ends_with("left, right"));
}

#[test]
fn counts_of_other_rows_are_corrected_though_one_row_is_not_found() {
    let mut world = World::settled();
    world.view("indexer").service = Seen::Present(Selection::None(Vec::new()));
    world.service("portal").desired = 5;
    let plan = world.plan();
    assert_eq!(super::update(&plan).count, Some(2));
}

#[test]
fn new_deployments_wait_until_every_row_is_found() {
    let mut world = World::settled();
    world.view("indexer").service = Seen::Present(Selection::None(Vec::new()));
    world.definition("portal").cpu = Some(1024);
    world.definition("portal").memory = Some(2048);
    let plan = world.plan();
    assert!(plan.steps.is_empty());
    assert_eq!(hold(&plan, "OtherRows"), &HoldCause::OtherRows);
}

#[test]
fn a_service_that_ecs_does_not_roll_is_left_alone() {
    let mut world = drifted();
    world.service("portal").controller = "CODE_DEPLOY".into();
    world.service("indexer").status = "DRAINING".into();
    world.service("ingester").deployments[0].role = DeploymentRole::Active;
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert_eq!(plan.holds.iter().filter(|hold| hold.cause.name() == "NotRolling").count(), 3);
}

#[test]
fn a_target_group_that_is_not_the_services_own_holds_its_row() {
    let mut world = drifted();
    if let crate::model::row::RowKind::Service { target_group, .. } = &mut world.row("portal").kind {
        *target_group = Some(Selector::Name("another".into()));
    }
    let plan = world.plan();
    assert!(hold(&plan, "NoMatch").to_string().contains("c4-blue-tg"));
    assert!(plan.steps.iter().all(|step| step.row.as_ref().is_none_or(|row| row.as_str() != "portal")));
}

#[test]
fn a_task_row_without_its_definition_is_held() {
    let mut world = World::settled();
    world.view("deployment").definition = Seen::Present(Selection::None(vec!["c4-other".into()]));
    assert!(hold(&world.plan(), "NoMatch").to_string().starts_with("no task definition matches"));
}
