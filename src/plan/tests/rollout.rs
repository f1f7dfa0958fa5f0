//! What counts as a rollout, and as a whole one.

use std::sync::Arc;

use super::attacks::add_row;
use super::fixture::{DEPLOYED, World};
use super::{hold, holds, state, written};
use crate::model::ids::{RowName, ServiceName};
use crate::model::observed::{DeploymentRole, RolloutState, Seen};
use crate::model::rollout::{Record, RecordState};
use crate::model::selector::Selection;
use crate::model::time::Span;
use crate::plan::action::Standing;
use crate::plan::because::Because;
use crate::plan::hold::HoldCause;
use crate::plan::rollout::Phase;

fn rows(names: &[&str]) -> Vec<RowName> {
    names.iter().map(|name| RowName::told(*name)).collect()
}

#[test]
fn a_kick_by_anybody_opens_a_rollout() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    let plan = world.plan();
    assert_eq!(state(&plan), RecordState::Open);
    assert_eq!(plan.steps[0].because, [Because::Kicked(rows(&["portal"]))]);
    assert_eq!(written(&plan).map(|record| record.base), Some(DEPLOYED));
}

#[test]
fn a_later_kick_joins_the_rollout_and_keeps_its_base() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(5));
    world.deploy("indexer", world.observed.at);
    let plan = world.plan();
    assert_eq!(written(&plan).map(|record| record.base), Some(DEPLOYED));
    assert_eq!(written(&plan).map(|record| record.frontier), Some(world.observed.at));
}

#[test]
fn a_kick_of_some_rows_is_partial_only_after_the_quiet_minute() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.finish("portal");
    world.pass(Span::seconds(59));
    assert!(!holds(&world.plan()).contains(&"PartialKick"));
    world.later(Span::seconds(1));
    let plan = world.plan();
    let expected = HoldCause::PartialKick { kicked: rows(&["portal"]), missing: rows(&["indexer", "ingester"]) };
    assert_eq!(hold(&plan, "PartialKick"), &expected);
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Held));
}

#[test]
fn a_correction_of_our_own_is_no_partial_kick() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    world.pass(Span::seconds(2));
    world.definition("indexer").memory = Some(512);
    world.deploy("indexer", world.observed.at);
    world.finish("indexer");
    world.later(Span::minutes(2));
    world.pass(Span::seconds(15));
    let plan = world.plan();
    assert!(!holds(&plan).contains(&"PartialKick"), "{:?}", plan.holds);
    assert_eq!(state(&plan), RecordState::Launching(1));
}

#[test]
fn a_kick_by_somebody_beside_our_own_correction_is_meant_for_every_row() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    world.pass(Span::seconds(2));
    world.definition("indexer").memory = Some(512);
    for row in ["indexer", "portal"] {
        world.deploy(row, world.observed.at);
        world.finish(row);
    }
    world.pass(Span::minutes(2));
    let expected = HoldCause::PartialKick { kicked: rows(&["portal", "indexer"]), missing: rows(&["ingester"]) };
    assert_eq!(hold(&world.plan(), "PartialKick"), &expected);
}

#[test]
fn a_frontier_that_went_backwards_never_launches() {
    for backwards in [&["portal", "indexer", "ingester"][..], &["indexer"][..]] {
        for mut world in [World::clear(), World::launching()] {
            for name in backwards {
                world.service(name).deployments[0].created_at = DEPLOYED;
            }
            for _ in 0..3 {
                let plan = world.pass(Span::minutes(1));
                assert!(plan.steps.is_empty(), "{backwards:?}: {:#?}", plan.steps);
            }
        }
    }
}

#[test]
fn a_look_from_before_the_newest_kick_launches_nothing() {
    let mut world = World::clear();
    let before = world.observed.clone();
    world.kick_all();
    assert_eq!(state(&world.pass(Span::seconds(70))), RecordState::Open);
    (world.observed.rows, world.observed.tasks) = (before.rows, before.tasks);
    for _ in 0..3 {
        assert_eq!(world.pass(Span::seconds(20)).steps, []);
    }
}

#[test]
fn a_row_added_to_the_table_starts_no_rollout() {
    let mut world = World::settled();
    let row = crate::model::row::Row { name: RowName::told("extra"), ..world.row("indexer").clone() };
    let mut view = world.view("indexer").clone();
    if let Seen::Present(Selection::One(service)) = &mut view.service {
        let service = Arc::make_mut(service);
        service.name = ServiceName::told("extra");
        service.deployments[0].created_at = DEPLOYED.plus(Span::minutes(30));
    }
    world.table.rows.insert(0, row.clone());
    world.observed.rows.insert(row.name.clone(), view);
    let plan = world.pass(Span::seconds(10));
    assert_eq!(state(&plan), RecordState::Baseline);
    assert_eq!(plan.steps[0].because, [Because::RowsAdded(vec![row.name])]);
    assert!(world.plan().steps.is_empty());
}

#[test]
fn rows_added_one_after_another_start_no_rollout() {
    let mut world = World::settled();
    for (number, name) in ["first", "second", "third"].into_iter().enumerate() {
        let minutes = Span::minutes(10 * (1 + i64::try_from(number).unwrap()));
        add_row(&mut world, name, DEPLOYED.plus(minutes));
        let plan = world.pass(Span::seconds(10));
        assert_eq!(plan.steps[0].because, [Because::RowsAdded(rows(&[name]))]);
        assert_eq!(world.record().state, RecordState::Baseline);
    }
}

#[test]
fn the_first_kick_of_a_row_that_was_added_is_a_kick() {
    let mut world = World::settled();
    // Deployed long before the others.
    add_row(&mut world, "extra", DEPLOYED.plus(Span::minutes(-30)));
    let id = world.record().id;
    assert_eq!(world.pass(Span::seconds(10)).steps[0].because, [Because::RowsAdded(rows(&["extra"]))]);
    assert_eq!((world.record().state, world.record().id), (RecordState::Baseline, id));
    assert!(world.plan().steps.is_empty(), "it is written down once");
    world.deploy("extra", world.observed.at);
    assert_eq!(state(&world.plan()), RecordState::Open);
}

#[test]
fn a_row_that_leaves_the_table_is_not_written_down_and_is_no_new_one_when_it_comes_back() {
    let mut world = World::settled();
    let portal = world.table.rows.iter().position(|row| row.name.as_str() == "portal").expect("a row");
    let row = world.table.rows.remove(portal);
    assert!(world.pass(Span::seconds(10)).steps.is_empty());
    world.deploy("portal", world.observed.at);
    world.table.rows.insert(portal, row);
    assert_eq!(state(&world.plan()), RecordState::Open);
}

#[test]
fn a_record_that_does_not_say_which_rows_it_counts_tells_added_rows_by_its_id() {
    let mut world = World::settled();
    let record = Record { rows: None, ..world.record() };
    world.set_record(record);
    add_row(&mut world, "older", DEPLOYED.plus(Span::minutes(-30)));
    assert!(world.plan().steps.is_empty());
    let record = world.record();
    let mut world = World::settled();
    world.set_record(record);
    add_row(&mut world, "newer", DEPLOYED.plus(Span::minutes(30)));
    assert_eq!(world.pass(Span::seconds(10)).steps[0].because, [Because::RowsAdded(rows(&["newer"]))]);
    world.deploy("portal", world.observed.at);
    assert_eq!(state(&world.plan()), RecordState::Open);
}

#[test]
fn a_deployment_that_ecs_gave_up_fails_the_rollout() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(30));
    world.service("portal").deployments[0].rollout = RolloutState::Failed;
    let plan = world.plan();
    assert!(matches!(state(&plan), RecordState::Failed(_)));
    assert_eq!(plan.rollout.phase, Phase::Failed);
}

#[test]
fn a_forced_rollout_that_ecs_rolled_back_is_seen_by_the_older_primary_coming_back() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(30));
    let deployments = &mut world.service("portal").deployments;
    (deployments[0].role, deployments[1].role) = (DeploymentRole::Active, DeploymentRole::Primary);
    deployments[0].rollout = RolloutState::Failed;
    assert!(matches!(state(&world.plan()), RecordState::Failed(_)));
}

#[test]
fn phases_follow_the_world() {
    let mut world = World::settled();
    let phase = |world: &World| world.plan().rollout.phase;
    assert_eq!(phase(&world), Phase::Settled);
    world.request(DEPLOYED);
    assert_eq!(phase(&world), Phase::Requested);
    world.later(Span::seconds(1));
    for row in ["portal", "indexer", "ingester"] {
        world.deploy(row, world.observed.at);
    }
    world.pass(Span::seconds(5));
    assert_eq!(phase(&world), Phase::Rolling);
    for row in ["portal", "indexer", "ingester"] {
        world.drain(row);
    }
    assert_eq!(phase(&world), Phase::Draining);
    for row in ["portal", "indexer", "ingester"] {
        world.finish(row);
    }
    world.later(Span::minutes(2));
    assert_eq!(phase(&world), Phase::Settling);
    world.pass(Span::seconds(15));
    assert_eq!(phase(&world), Phase::Clear);
    world.pass(Span::seconds(2));
    assert_eq!(phase(&world), Phase::Deploying);
}

#[test]
fn a_table_without_a_task_row_ends_its_rollout_by_itself() {
    let mut world = World::settled();
    world.table.rows.retain(|row| row.task().is_none());
    world.kick_all();
    world.later(Span::minutes(2));
    world.pass(Span::seconds(15));
    assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Skipped);
    assert!(world.plan().steps.is_empty());
}

#[test]
fn a_rollout_of_no_tasks_at_all_is_held() {
    let mut world = World::clear();
    for name in ["portal", "indexer", "ingester"] {
        world.row(name).count = None;
        let service = world.service(name);
        (service.desired, service.running, service.deployments[0].running) = (0, 0, 0);
    }
    assert!(holds(&world.plan()).contains(&"AllEmpty"));
}

#[test]
fn two_images_in_one_rollout_are_held() {
    let mut world = World::clear();
    world.new_tasks("indexer")[0].containers[0].digest = Some(super::fixture::digest('b'));
    let plan = world.plan();
    assert!(hold(&plan, "MixedDigests").to_string().contains("aaaaaaaaaaaa and bbbbbbbbbbbb"));
    assert!(plan.steps.is_empty());
}
