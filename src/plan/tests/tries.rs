//! How often a start is tried, and how long is waited between: counted anew for each launch that a person asks for.

use super::fixture::World;
use super::{hold, state};
use crate::model::rollout::{Attempt, Failure, Lost, RecordState};
use crate::model::time::Span;
use crate::plan::command::Want;
use crate::plan::history::{Answer, History, LaunchAnswer};
use crate::plan::hold::HoldCause;

fn succeeded(number: u32) -> RecordState {
    RecordState::Succeeded(Attempt { number, task: "cafe".into() })
}

/// The rollout ended like this, and a person has its task run: the next attempt is written down.
fn launching(before: RecordState, want: Want) -> World {
    let mut world = World::clear();
    world.history = History::default();
    world.set_state(before);
    world.later(Span::minutes(30));
    world.command(want).unwrap();
    world.pass(Span::seconds(20));
    assert!(matches!(state(&world.pass(Span::seconds(2))), RecordState::Launching(_)));
    world
}

/// What RunTask answers to the attempt in hand, now.
fn answers(world: &mut World, answer: Answer) {
    let (record, at) = (world.record(), world.observed.at);
    let attempt = record.state.attempt().expect("an attempt");
    world.history.launch = Some(LaunchAnswer { id: record.id, attempt, at, answer });
}

/// How long is waited after the attempt in hand met a lack of capacity.
#[track_caller]
fn waits(world: &mut World) -> Span {
    answers(world, Answer::NotStarted("RESOURCE:ENI".into()));
    let plan = world.plan();
    let HoldCause::LaunchBackoff { left, .. } = hold(&plan, "LaunchBackoff") else { panic!("{:?}", plan.holds) };
    let left = *left;
    world.later(left);
    left
}

/// The attempt in hand meets it too, and that was the last.
#[track_caller]
fn gives_up(world: &mut World) -> String {
    answers(world, Answer::NotStarted("RESOURCE:ENI".into()));
    assert!(matches!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Start(_))));
    hold(&world.plan(), "RolloutFailed").to_string()
}

#[test]
fn a_launch_that_a_person_asked_for_is_tried_as_often_as_the_first() {
    let lost = RecordState::Unknown(Lost { attempt: 3, task: None });
    for (before, want) in
        [(succeeded(3), Want::Run), (RecordState::Failed(Failure::Start(3)), Want::Retry), (lost, Want::Retry)]
    {
        let mut world = launching(before, want);
        assert_eq!(world.record().state, RecordState::Launching(4));
        assert_eq!(waits(&mut world), Span::seconds(30));
        assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(5));
        assert_eq!(waits(&mut world), Span::seconds(60));
        assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(6));
        let said = gives_up(&mut world);
        assert!(said.ends_with("could not be started in 3 attempts"), "{said}");
        assert_eq!(world.record().state, RecordState::Failed(Failure::Start(6)));
    }
}

#[test]
fn the_first_launch_says_how_often_it_was_tried() {
    let mut world = World::launching();
    for wait in [30, 60] {
        assert_eq!(waits(&mut world), Span::seconds(wait));
        world.pass(Span::seconds(2));
    }
    let said = gives_up(&mut world);
    assert!(said.ends_with("could not be started in 3 attempts"), "{said}");
}

#[test]
fn a_run_that_aws_refuses_was_tried_once() {
    let mut world = launching(succeeded(3), Want::Run);
    answers(&mut world, Answer::Refused("InvalidParameterException: no such subnet".into()));
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Refused(4)));
    world.later(Span::minutes(13));
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Start(4)));
    let said = hold(&world.plan(), "RolloutFailed").to_string();
    assert!(said.ends_with("the deployment task could not be started"), "{said}");
}

#[test]
fn without_the_word_every_attempt_of_the_rollout_counts_and_the_launch_ends_sooner() {
    let mut world = launching(succeeded(3), Want::Run);
    world.about_another_rollout();
    let said = gives_up(&mut world);
    assert!(said.ends_with("could not be started in 4 attempts"), "{said}");
}

#[test]
fn a_word_about_an_earlier_launch_counts_from_there_and_not_from_later() {
    let mut world = launching(succeeded(1), Want::Run);
    assert_eq!(waits(&mut world), Span::seconds(30));
    // Its next attempt succeeds, and a person has the task run again: the newest word counts.
    world.set_state(succeeded(3));
    world.later(Span::minutes(5));
    world.command(Want::Run).unwrap();
    assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(4));
    assert_eq!(waits(&mut world), Span::seconds(30));
}
