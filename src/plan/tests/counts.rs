//! How far each row is, as people see it.

use super::fixture::{SERVICES, World, unseen};
use crate::model::observed::{Seen, TargetState, TaskStatus, Trouble};
use crate::plan::progress::RowProgress;

fn row(world: &World, name: &str) -> RowProgress {
    let rows = world.plan().rollout.rows;
    rows.into_iter().find(|row| row.row.as_str() == name).expect("a row of the table")
}

/// New, healthy, old and draining tasks of a row.
fn counts(world: &World, name: &str) -> [Option<u32>; 4] {
    let RowProgress { new, healthy, old, draining, .. } = row(world, name);
    [new, healthy, old, draining]
}

fn some(counts: [u32; 4]) -> [Option<u32>; 4] {
    counts.map(Some)
}

#[test]
fn a_row_is_counted_from_kick_to_end() {
    let mut world = World::settled();
    assert_eq!(counts(&world, "portal"), some([2, 2, 0, 0]));
    assert_eq!(counts(&world, "ingester"), some([1, 1, 0, 0]));
    for row in SERVICES {
        world.deploy(row, world.observed.at);
    }
    assert_eq!(counts(&world, "portal"), some([0, 0, 2, 0]));
    for row in SERVICES {
        world.start(row);
    }
    assert_eq!(counts(&world, "portal"), some([2, 2, 2, 0]));
    world.targets("portal").last_mut().unwrap().state = TargetState::Initial;
    assert_eq!(counts(&world, "portal"), some([2, 1, 2, 0]));
    for row in SERVICES {
        world.drain(row);
    }
    assert_eq!(counts(&world, "portal"), some([2, 2, 0, 2]));
    for row in SERVICES {
        world.finish(row);
    }
    assert_eq!(counts(&world, "portal"), some([2, 2, 0, 0]));
}

#[test]
fn an_old_task_that_has_stopped_is_not_counted() {
    let mut world = World::settled();
    world.deploy("indexer", world.observed.at);
    let primary = world.service("indexer").deployments[0].id.clone();
    let group = world.service("indexer").task_group();
    let old = world.tasks().iter_mut().find(|task| task.group == group && task.started_by != primary.as_str());
    old.unwrap().status = TaskStatus::Stopped;
    assert_eq!(counts(&world, "indexer"), some([0, 0, 1, 0]));
}

#[test]
fn a_healthy_target_that_is_no_tasks_own_is_not_counted() {
    let mut world = World::settled();
    world.new_tasks("portal")[0].ip = None;
    assert_eq!(counts(&world, "portal"), some([2, 1, 0, 0]));
}

#[test]
fn what_was_not_seen_is_not_counted_as_none() {
    let mut world = World::settled();
    world.view("portal").target_groups[0].targets = Seen::Unknown(unseen(Trouble::Passing));
    assert_eq!(counts(&world, "portal"), [Some(2), None, Some(0), Some(0)]);
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    assert_eq!(counts(&world, "portal"), [None; 4]);
    assert_eq!(counts(&world, "ingester"), [None; 4]);
}

#[test]
fn old_tasks_that_start_or_run_are_to_stay_and_the_others_drain() {
    let mut world = World::settled();
    world.deploy("indexer", world.observed.at);
    world.start("indexer");
    let old = &mut world.service("indexer").deployments[1];
    (old.running, old.pending) = (1, 1);
    assert_eq!(counts(&world, "indexer"), some([2, 2, 2, 0]));
    world.service("indexer").deployments[1].pending = 0;
    assert_eq!(counts(&world, "indexer"), some([2, 2, 1, 1]));
}

#[test]
fn of_a_row_that_is_emptied_every_task_is_old() {
    let mut world = World::settled();
    world.service("indexer").desired = 0;
    world.service("indexer").deployments[0].running = 1;
    assert_eq!(counts(&world, "indexer"), some([0, 0, 1, 1]));
}

#[test]
fn no_more_targets_are_healthy_than_tasks_run() {
    let mut world = World::settled();
    world.service("portal").deployments[0].running = 1;
    assert_eq!(counts(&world, "portal"), some([1, 1, 0, 0]));
}
