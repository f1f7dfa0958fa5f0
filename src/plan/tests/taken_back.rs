//! Requests whose rollout was taken back, by ECS or by a person: what somebody's later kick of one row makes of them.

use super::fixture::{SERVICES, World};
use super::undone::listed;
use super::{state, updates};
use crate::model::observed::{Fate, Seen};
use crate::model::rollout::{Failure, RecordState};
use crate::model::time::{Span, Timestamp};
use crate::plan::command::Want;
use crate::plan::history::History;

/// Somebody kicks the portal, and a look shows it.
fn kicked_by_somebody(world: &mut World) -> Timestamp {
    world.later(Span::minutes(1));
    let kicked = world.observed.at;
    world.deploy("portal", kicked);
    world.view("portal").history = Seen::Present(vec![listed(Fate::Going, kicked)]);
    world.later(Span::seconds(5));
    assert_eq!(state(&world.pass(Span::seconds(10))), RecordState::Open);
    kicked
}

/// Somebody asks for a rollout, and these rows are kicked for it.
fn asked(world: &mut World) -> Timestamp {
    let frontier = world.record().frontier;
    world.request(frontier);
    world.later(Span::seconds(10));
    assert_eq!(updates(&world.plan()).len(), 3);
    let kicked = world.observed.at;
    SERVICES.into_iter().for_each(|row| world.deploy(row, kicked));
    world.pass(Span::seconds(10));
    assert_eq!(world.record().state, RecordState::Open);
    kicked
}

/// ECS has gone back to what was there before in every row.
fn went_back(world: &mut World, before: &World, kicked: Timestamp) {
    let mut before = before.clone();
    for row in SERVICES {
        world.service(row).deployments = before.service(row).deployments.clone();
        world.view(row).history = Seen::Present(vec![listed(Fate::Undone, kicked)]);
        world.view(row).target_groups = before.view(row).target_groups.clone();
    }
    world.observed.tasks = before.observed.tasks.clone();
    world.pass(Span::seconds(10));
}

/// The next day, in another process: what somebody kicks is his, and the other rows are left to him.
#[track_caller]
fn the_next_kick_is_somebodys(world: &mut World) {
    assert!(updates(&world.plan()).is_empty());
    world.history = History::default();
    world.later(Span::minutes(24 * 60));
    kicked_by_somebody(world);
    let kicks: Vec<String> = updates(&world.plan()).iter().map(|update| update.name.to_string()).collect();
    assert!(kicks.is_empty(), "for what was taken back: {kicks:?}; {}", world.record().tag());
}

#[test]
fn a_request_that_was_aborted_kicks_nothing_later() {
    let mut world = World::settled();
    let before = world.clone();
    kicked_by_somebody(&mut world);
    let kicked = asked(&mut world);
    world.command(Want::Abort).expect("an open rollout");
    went_back(&mut world, &before, kicked);
    assert_eq!(world.record().state, RecordState::Failed(Failure::Aborted));
    the_next_kick_is_somebodys(&mut world);
}

#[test]
fn a_request_that_was_aborted_before_its_kicks_kicks_nothing_later() {
    let mut world = World::settled();
    let before = world.clone();
    let kicked = kicked_by_somebody(&mut world);
    let frontier = world.record().frontier;
    world.request(frontier);
    world.later(Span::seconds(1));
    world.command(Want::Abort).expect("an open rollout");
    went_back(&mut world, &before, kicked);
    assert_eq!(world.record().state, RecordState::Failed(Failure::Aborted));
    the_next_kick_is_somebodys(&mut world);
}

#[test]
fn a_request_whose_rollout_ecs_undid_kicks_nothing_later() {
    let mut world = World::settled();
    let before = world.clone();
    kicked_by_somebody(&mut world);
    let kicked = asked(&mut world);
    went_back(&mut world, &before, kicked);
    assert!(matches!(world.record().state, RecordState::Failed(Failure::Row(_))));
    the_next_kick_is_somebodys(&mut world);
}

#[test]
fn a_request_after_a_failure_is_its_own_rollouts_and_kicks_nothing_when_that_has_failed_too() {
    let mut world = World::settled();
    let before = world.clone();
    let kicked = kicked_by_somebody(&mut world);
    went_back(&mut world, &before, kicked);
    assert!(matches!(world.record().state, RecordState::Failed(Failure::Row(_))));
    world.later(Span::minutes(10));
    let frontier = world.record().frontier;
    let request = world.request(frontier);
    world.later(Span::seconds(5));
    // One row is kicked for it before the process dies; the others are still to be.
    kicked_by_somebody(&mut world);
    assert_eq!((world.record().request, updates(&world.plan()).len()), (Some(request), 2));
    let kicked = world.observed.at;
    world.kick_all();
    world.pass(Span::seconds(10));
    went_back(&mut world, &before, kicked);
    assert!(matches!(world.record().state, RecordState::Failed(Failure::Row(_))), "{:?}", world.record());
    the_next_kick_is_somebodys(&mut world);
}
