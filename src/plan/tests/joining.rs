//! Rows that come into the table in the middle of something: a run, a launch, a correction, an abort; and late words of their coming.

use super::attacks::add_row;
use super::fixture::{DEPLOYED, World};
use super::holds;
use super::reshaped::{add_running, launches_within, runs};
use super::undone::listed;
use crate::model::ids::RowName;
use crate::model::observed::{DeploymentRole, Fate, Seen, TaskStatus};
use crate::model::rollout::{Attempt, Change, Failure, Record, RecordState};
use crate::model::time::{Span, Timestamp};
use crate::plan::command::Want;
use crate::plan::history::{History, LAG};

/// A rollout that ended well, ten minutes ago.
fn succeeded() -> World {
    let mut world = World::clear();
    world.set_state(RecordState::Succeeded(Attempt { number: 1, task: "cafe".to_owned() }));
    world.later(Span::minutes(10));
    world
}

/// Newer than the record knows.
fn younger(world: &mut World) -> Timestamp {
    world.record().frontier.plus(Span::seconds(30))
}

/// What is launched is seen, and written down as such.
fn launched(world: &mut World) {
    world.pass(Span::seconds(2));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(2));
    assert!(matches!(world.record().state, RecordState::Launched(_)), "{:?}", world.record());
}

#[test]
fn a_row_that_comes_during_our_own_correction_of_another_does_not_make_it_partial() {
    let mut world = World::settled();
    world.later(Span::minutes(1));
    let (after, at) = (world.record().frontier, world.observed.at);
    let rows = [RowName::told("indexer")].into();
    world.tag(|keys| keys.change.clone(), Change { after, at, rows }.tag());
    world.later(Span::seconds(2));
    world.deploy("indexer", world.observed.at);
    world.finish("indexer");
    world.pass(Span::seconds(20));
    assert_eq!(world.record().state, RecordState::Open);
    add_running(&mut world, "extra", DEPLOYED.plus(Span::minutes(30)));
    assert!(launches_within(&mut world, 20), "{:?} {:#?}", world.record(), world.plan().holds);
}

#[test]
fn a_retry_of_a_run_outlives_a_row_that_comes_after_it_failed() {
    let mut world = succeeded();
    world.command(Want::Run).expect("a rollout that has ended");
    assert!(launches_within(&mut world, 10));
    world.end(Some(1), "EssentialContainerExited");
    (0..2).for_each(|_| drop(world.pass(Span::seconds(10))));
    assert!(matches!(world.record().state, RecordState::Failed(Failure::Task { .. })), "{:?}", world.record());
    let younger = younger(&mut world);
    add_running(&mut world, "extra", younger);
    world.pass(Span::minutes(10));
    world.command(Want::Retry).expect("a task that failed");
    assert!(launches_within(&mut world, 10), "{:?} {:#?}", world.record(), world.plan().holds);
}

#[test]
fn a_run_outlives_a_row_that_comes_while_it_is_launched() {
    let mut world = succeeded();
    world.command(Want::Run).expect("a rollout that has ended");
    let launching = (0..10).any(|_| {
        world.pass(Span::seconds(20));
        matches!(world.record().state, RecordState::Launching(_))
    });
    assert!(launching, "{:?}", world.record());
    let younger = younger(&mut world);
    add_running(&mut world, "extra", younger);
    assert!(launches_within(&mut world, 60), "{:?} {:#?}", world.record(), world.plan().holds);
}

#[test]
fn an_attempt_is_written_down_once_though_a_row_comes_while_it_is_launched() {
    let mut world = World::launching();
    let since = world.record().since;
    let younger = younger(&mut world);
    add_running(&mut world, "extra", younger);
    assert!(launches_within(&mut world, 60));
    assert_eq!(world.record().since, since, "the age of the token");
}

#[test]
fn an_abort_ends_though_a_row_came_whose_deployment_ecs_lists_no_more() {
    let mut world = World::settled();
    world.later(Span::minutes(60 * 24 * 200));
    let kicked = world.observed.at;
    world.deploy("portal", kicked);
    world.view("portal").history = Seen::Present(vec![listed(Fate::Going, kicked)]);
    world.pass(Span::seconds(10));
    assert_eq!(world.record().state, RecordState::Open);
    add_running(&mut world, "extra", DEPLOYED.plus(Span::minutes(60 * 24 * 100)));
    world.view("extra").history = Seen::Present(Vec::new());
    world.pass(Span::seconds(10));
    world.command(Want::Abort).expect("an open rollout");
    world.pass(Span::seconds(10));
    let service = world.service("portal");
    service.deployments.remove(0);
    service.deployments[0].role = DeploymentRole::Primary;
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, kicked)]);
    (0..10).for_each(|_| drop(world.pass(Span::minutes(1))));
    assert_eq!(world.record().state, RecordState::Failed(Failure::Aborted), "{:#?}", world.plan().holds);
}

#[test]
fn an_abort_waits_for_a_deployment_that_may_still_be_listed() {
    for (age, waits) in [(LAG.minus(Span::from_millis(1)), true), (LAG, false)] {
        let mut world = World::settled();
        world.later(Span::minutes(30));
        world.deploy("portal", world.observed.at);
        world.view("portal").history = Seen::Present(Vec::new());
        world.pass(Span::seconds(10));
        let kicked = world.record().frontier;
        world.command(Want::Abort).expect("an open rollout");
        world.observed.at = kicked.plus(age);
        let plan = world.plan();
        assert_eq!((plan.steps.is_empty(), holds(&plan).contains(&"AbortInHand")), (waits, waits), "{age}: {plan:?}");
    }
}

#[test]
fn a_record_that_does_not_say_which_rows_it_counts_takes_over_a_newer_row() {
    let mut ran = succeeded();
    let record = ran.record();
    ran.set_record(Record { base: record.frontier, ..record });
    for (mut world, attempt) in [(World::settled(), false), (ran, true)] {
        let before = Record { rows: None, ..world.record() };
        world.set_record(before.clone());
        let younger = younger(&mut world);
        add_running(&mut world, "extra", younger);
        let deployed = world.plan().rollout.deployed;
        world.pass(Span::seconds(10));
        let after = world.record();
        assert_eq!((&after.state, after.frontier), (&before.state, younger));
        assert!(after.rows.as_ref().is_some_and(|rows| rows.has(&RowName::told("extra"))), "{after:?}");
        let (id, base) = if attempt { (Some(before.id), younger) } else { (deployed, before.base) };
        assert_eq!(
            (Some(after.id), after.base),
            (id, base),
            "an attempt is found by its id, and a run has no base of its own"
        );
    }
}

/// What somebody writes who looked before, and whose table has a row more than it had.
fn late_word(late: &mut World, deployed: Timestamp) -> Record {
    late.history = History::default();
    add_running(late, "extra", deployed);
    late.pass(Span::seconds(1));
    assert_eq!(late.record().frontier, deployed);
    late.record()
}

#[test]
fn a_late_word_that_a_row_came_does_not_hide_a_launch() {
    let mut world = World::launching();
    let mut late = world.clone();
    let open = Record { state: RecordState::Open, ..world.record() };
    late.set_record(open);
    let younger = younger(&mut world);
    let written = late_word(&mut late, younger);
    assert_eq!((&written.state, &written.id), (&RecordState::Open, &world.record().id));
    launched(&mut world);
    let sent = world.one_off().started_by.clone();
    world.tag(|keys| keys.rollout.clone(), written.tag());
    // The new service is not up for two hours; ECS forgets the task and its token meanwhile.
    add_row(&mut world, "extra", younger);
    world.service("extra").deployments[0].running = 0;
    world.history = History::default();
    world.pass(Span::seconds(20));
    world.end(Some(0), "EssentialContainerExited");
    (0..120).for_each(|_| drop(world.pass(Span::minutes(1))));
    world.tasks().retain(|task| task.started_by != sent);
    runs(&mut world, "extra");
    assert!(!launches_within(&mut world, 30), "{:?}", world.record());
}

#[test]
fn a_late_word_that_a_row_came_does_not_hide_the_launch_of_a_run() {
    let mut world = succeeded();
    let mut late = world.clone();
    let younger = younger(&mut world);
    let written = late_word(&mut late, younger);
    assert!(matches!(written.state, RecordState::Succeeded(_)));
    world.command(Want::Run).expect("a rollout that has ended");
    assert!(launches_within(&mut world, 10));
    launched(&mut world);
    world.tag(|keys| keys.rollout.clone(), written.tag());
    add_row(&mut world, "extra", younger);
    world.history = History::default();
    let counts = world.plan().rollout.record.and_then(|record| record.state.attempt());
    assert_eq!(counts, Some(2), "the launch counts");
}

#[test]
fn a_late_word_that_a_row_came_does_not_hide_a_run_at_the_baseline() {
    for before in [false, true] {
        let mut world = World::settled();
        world.later(Span::minutes(10));
        let mut late = world.clone();
        let younger = younger(&mut world);
        let written = late_word(&mut late, younger);
        assert_eq!(written.state, RecordState::Baseline);
        if before {
            world = late;
        }
        world.command(Want::Run).expect("a baseline");
        assert!(launches_within(&mut world, 20));
        launched(&mut world);
        world.tag(|keys| keys.rollout.clone(), written.tag());
        world.history = History::default();
        let counts = world.plan().rollout.record.and_then(|record| record.state.attempt());
        assert_eq!(counts, Some(1), "the row came before the run: {before}");
    }
}
