//! The launch at the edges of its spans, and how an end is told by several containers.

use super::fixture::{SERVICES, World, unseen};
use super::{hold, holds, state, written};
use crate::model::ids::ContainerName;
use crate::model::observed::{ContainerView, Seen, Trouble};
use crate::model::rollout::{Attempt, Failure, Lost, RecordState};
use crate::model::row::RowKind;
use crate::model::time::{Span, Timestamp};
use crate::plan::action::Action;
use crate::plan::command::Want;
use crate::plan::history::{Answer, History, LaunchAnswer};
use crate::plan::hold::HoldCause;

const A_MILLISECOND: Span = Span::from_millis(1);

/// `just_before` holds up to the moment and not at it; `then` holds from it on.
fn turns(world: &World, moment: Timestamp, just_before: impl Fn(&World), then: impl Fn(&World)) {
    let mut world = world.clone();
    world.observed.at = moment.plus(Span::from_millis(-1));
    just_before(&world);
    world.later(A_MILLISECOND);
    then(&world);
}

fn runs(world: &World) {
    let plan = world.plan();
    assert!(matches!(plan.steps.as_slice(), [step] if matches!(step.action, Action::Run(_))), "{:#?}", plan.steps);
}

fn waits(cause: &'static str) -> impl Fn(&World) {
    move |world| {
        let plan = world.plan();
        assert_eq!(plan.steps, []);
        hold(&plan, cause);
    }
}

fn writes(expected: RecordState) -> impl Fn(&World) {
    move |world| assert_eq!(state(&world.plan()), expected)
}

/// The attempt was refused for want of room; its row has many attempts.
fn not_started(attempt: u32) -> World {
    let mut world = World::launching();
    if let RowKind::Task(task) = &mut world.row("deployment").kind {
        task.attempts = 100;
    }
    world.set_state(RecordState::Launching(attempt));
    let (id, at) = (world.record().id, world.observed.at);
    world.history.launch = Some(LaunchAnswer { id, attempt, at, answer: Answer::NotStarted("RESOURCE:ENI".into()) });
    world
}

fn launched() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    assert!(matches!(world.record().state, RecordState::Launched(_)));
    world
}

#[test]
fn the_youngest_kick_and_the_open_gate_have_to_be_as_old_as_the_table_says() {
    let mut world = World::settled();
    world.kick_all();
    let kicked = world.observed.at;
    world.later(Span::seconds(10));
    world.pass(Span::seconds(2));
    turns(&world, kicked.plus(Span::seconds(60)), waits("KickTooYoung"), writes(RecordState::Launching(1)));
    let mut world = World::settled();
    world.kick_all();
    world.later(Span::minutes(3));
    let clear = world.observed.at;
    world.pass(Span::seconds(2));
    turns(&world, clear.plus(Span::seconds(15)), waits("Settling"), writes(RecordState::Launching(1)));
}

#[test]
fn a_gate_that_was_clear_for_the_rollout_before_is_not_clear_for_this_one() {
    let mut world = World::clear();
    let before = world.history.clear.clone();
    world.kick_all();
    world.pass(Span::minutes(2));
    world.history.clear = before;
    assert_eq!(hold(&world.plan(), "Settling"), &HoldCause::Settling { left: Span::seconds(15) });
}

#[test]
fn a_token_protects_for_55_minutes_to_the_millisecond() {
    let mut world = World::launching();
    world.history = History::default();
    let moment = world.record().since.plus(Span::minutes(55));
    turns(&world, moment, runs, writes(RecordState::Unknown(Lost { attempt: 1, task: None })));
}

#[test]
fn a_launch_that_was_overtaken_is_given_thirteen_minutes_from_the_kick_on_to_come_to_light() {
    let mut world = World::launching();
    world.history = History::default();
    world.later(Span::minutes(4));
    world.kick_all();
    let moment = world.observed.at.plus(Span::minutes(13));
    turns(&world, moment, waits("EarlierLaunch"), writes(RecordState::Open));
    world.observed.at = moment;
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    assert_eq!(written(&world.plan()), None, "its task may be there");
}

#[test]
fn a_launch_that_is_taken_back_is_given_thirteen_minutes_to_come_to_light() {
    let mut world = World::clear();
    world.command(Want::Abort).unwrap();
    world.set_state(RecordState::Launching(1));
    let moment = world.record().since.plus(Span::minutes(13));
    turns(&world, moment, waits("AbortInHand"), writes(RecordState::Open));
}

#[test]
fn a_launch_that_did_not_start_is_taken_back_at_once() {
    let mut world = World::clear();
    world.command(Want::Abort).unwrap();
    world.set_state(RecordState::Launching(1));
    let (id, at) = (world.record().id, world.observed.at);
    let answer = Answer::NotStarted("RESOURCE:ENI".into());
    world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer });
    writes(RecordState::Open)(&world);
}

#[test]
fn an_accepted_task_is_given_five_minutes_to_be_shown() {
    let mut world = launched();
    let task = world.one_off().arn.id().to_owned();
    world.tasks().retain(|task| !task.started_by.starts_with("evenkeel/"));
    let moment = world.record().since.plus(Span::minutes(5));
    let lost = Lost { attempt: 1, task: Some(task) };
    turns(&world, moment, waits("TaskNotSeen"), writes(RecordState::Unknown(lost)));
}

#[test]
fn each_attempt_waits_twice_as_long_as_the_one_before_up_to_half_an_hour() {
    for (attempt, seconds) in [(1, 30), (2, 60), (3, 120), (4, 240), (6, 960), (7, 1920), (8, 1920), (50, 1920)] {
        let world = not_started(attempt);
        let moment = world.observed.at.plus(Span::seconds(seconds));
        turns(&world, moment, waits("LaunchBackoff"), writes(RecordState::Launching(attempt + 1)));
    }
}

#[test]
fn an_answer_to_another_attempt_or_rollout_is_none_to_this_one() {
    for other in [
        |launch: &mut LaunchAnswer| launch.attempt = 1,
        |launch: &mut LaunchAnswer| launch.id = crate::model::rollout::RolloutId::told("ffffffffffffffff"),
    ] {
        let mut world = not_started(2);
        other(world.history.launch.as_mut().unwrap());
        runs(&world);
    }
}

#[test]
fn a_launch_whose_row_left_the_table_is_not_repeated() {
    let mut world = World::launching();
    world.table.rows.retain(|row| row.task().is_none());
    waits("TaskNotSeen")(&world);
    let mut world = not_started(1);
    world.table.rows.retain(|row| row.task().is_none());
    world.later(Span::minutes(1));
    writes(RecordState::Failed(Failure::Start(1)))(&world);
}

#[test]
fn a_task_ended_for_the_reasons_that_ecs_gives() {
    let reasons = |reason: &str, exit| {
        let mut world = launched();
        world.end(exit, "EssentialContainerExited");
        world.one_off().stopped_reason = reason.into();
        let task = world.one_off().arn.id().to_owned();
        world.plan().steps[0].because[0].to_string().replace(&task, "ID")
    };
    assert_eq!(
        reasons("Essential container in task exited", Some(3)),
        "task ID ended with exit code 3 (EssentialContainerExited: Essential container in task exited)"
    );
    assert_eq!(reasons("", None), "task ID ended without an exit code (EssentialContainerExited)");
}

/// What a task came to whose containers ended like this, the row's own first.
fn judged(named: bool, codes: &[Option<i32>]) -> RecordState {
    let mut world = launched();
    world.end(codes[0], "EssentialContainerExited");
    let own = world.one_off().containers[0].clone();
    if named {
        world.row("deployment").container = Some(own.name.clone());
    }
    for (number, exit_code) in codes.iter().enumerate().skip(1) {
        let name = ContainerName::told(format!("sidecar-{number}"));
        world.one_off().containers.push(ContainerView { name, exit_code: *exit_code, ..own.clone() });
    }
    state(&world.plan())
}

fn failed(state: RecordState) -> Option<i32> {
    match state {
        RecordState::Failed(Failure::Task { attempt: Attempt { number: 1, .. }, exit }) => exit,
        other => panic!("not a failure of the task: {other:?}"),
    }
}

#[test]
fn without_a_container_of_the_row_the_worst_exit_code_counts() {
    assert!(matches!(judged(false, &[Some(0), Some(0)]), RecordState::Succeeded(_)));
    assert_eq!(failed(judged(false, &[Some(0), Some(137)])), Some(137));
    assert_eq!(failed(judged(false, &[Some(1), Some(-9), Some(0)])), Some(-9));
    assert_eq!(failed(judged(false, &[Some(0), None])), None);
}

#[test]
fn the_exit_code_of_the_rows_container_counts_alone() {
    assert!(matches!(judged(true, &[Some(0), Some(137), None]), RecordState::Succeeded(_)));
    assert_eq!(failed(judged(true, &[Some(3), Some(0)])), Some(3));
}

#[test]
fn a_task_that_somebody_else_started_is_not_taken_for_the_attempts_own() {
    let mut world = World::launching();
    world.history = History::default();
    world.pass(Span::seconds(2));
    let task = world.one_off();
    task.started_by = format!("{}x", task.started_by).into();
    let plan = world.plan();
    assert_eq!((written(&plan), holds(&plan)), (None, vec!["GateShut"]));
}

#[test]
fn rows_on_no_network_at_all_leave_none_to_copy() {
    let mut world = World::clear();
    for row in SERVICES {
        world.service(row).network = None;
    }
    assert_eq!(hold(&world.plan(), "NetworkAmbiguous"), &HoldCause::NetworkAmbiguous { networks: 0 });
}
