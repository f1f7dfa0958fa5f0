//! A table without a task row has nothing that a person's word could run, whenever the row left it.

use super::fixture::World;
use super::{hold, holds, state};
use crate::model::rollout::{Failure, RecordState};
use crate::model::row::RowKind;
use crate::model::time::Span;
use crate::plan::action::Standing;
use crate::plan::command::Want;
use crate::plan::hold::HoldCause;

/// The task of attempt 1 ran and ended badly; the launch's own tag says so too.
fn failed() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    world.end(Some(3), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::minutes(20))), RecordState::Failed(Failure::Task { .. })));
    world
}

/// Nobody knows what became of attempt 1; the launch's own tag says so too.
fn unknown() -> World {
    let mut world = World::launching();
    world.later(Span::minutes(55));
    assert!(matches!(state(&world.pass(Span::minutes(20))), RecordState::Unknown(_)));
    world
}

fn succeeded() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::minutes(20))), RecordState::Succeeded(_)));
    world
}

fn without_the_task_row(mut world: World) -> World {
    world.table.rows.retain(|row| matches!(row.kind, RowKind::Service { .. }));
    world
}

#[track_caller]
fn rests(world: &mut World, order: &str) {
    let record = world.record();
    for _ in 0..6 {
        let plan = world.pass(Span::seconds(20));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        assert!(
            matches!(hold(&plan, "CommandRefused"), HoldCause::CommandRefused { order: said, .. } if *said == order)
        );
        assert_eq!(plan.standing(), Standing::Held, "{:?}", holds(&plan));
    }
    assert_eq!(world.record(), record);
}

#[test]
fn neither_a_retry_nor_a_run_is_taken_for_a_table_without_a_task_row() {
    for (world, want) in [(failed(), Want::Retry), (unknown(), Want::Retry), (failed(), Want::Run)] {
        let refused = without_the_task_row(world).command(want).unwrap_err();
        assert!(refused.to_string().starts_with(want.name()), "{refused}");
        assert!(refused.to_string().contains("without a task row"), "{refused}");
    }
}

#[test]
fn no_hint_names_a_word_that_is_not_taken_without_a_task_row() {
    for (world, cause, word) in [(failed(), "RolloutFailed", "rollout start"), (unknown(), "RolloutUnknown", "resolve")]
    {
        assert!(hold(&world.plan(), cause).hint().unwrap().contains("rollout retry"));
        let world = without_the_task_row(world);
        let plan = world.plan();
        let hint = hold(&plan, cause).hint().unwrap();
        assert!(hint.contains(word) && !hint.contains("rollout retry"), "{hint}");
    }
}

#[test]
fn a_word_whose_task_row_left_the_table_waits_for_a_person_and_changes_nothing() {
    for (mut world, want) in
        [(failed(), Want::Retry), (unknown(), Want::Retry), (failed(), Want::Run), (succeeded(), Want::Run)]
    {
        world.command(want).unwrap();
        rests(&mut without_the_task_row(world), want.name());
    }
}

#[test]
fn a_word_whose_task_row_comes_back_is_done_after_all() {
    let mut world = failed();
    world.command(Want::Retry).unwrap();
    let table = world.table.clone();
    let mut world = without_the_task_row(world);
    rests(&mut world, "retry");
    world.table = table;
    assert_eq!(state(&world.plan()), RecordState::Launching(2));
}

#[test]
fn a_rollout_that_failed_gives_way_to_a_new_one_though_its_retry_has_no_task_row() {
    let mut world = failed();
    world.command(Want::Retry).unwrap();
    let mut world = without_the_task_row(world);
    world.kick_all();
    world.later(Span::minutes(2));
    assert_eq!(state(&world.pass(Span::seconds(20))), RecordState::Open);
    assert_eq!(state(&world.pass(Span::seconds(20))), RecordState::Skipped);
    assert!(world.pass(Span::seconds(20)).steps.is_empty());
    assert_eq!(world.plan().standing(), Standing::Converged);
}
