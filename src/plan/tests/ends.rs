//! What is said of a rollout that ended, and what is kept of it.

use super::fixture::{SERVICES, World};
use super::{hold, state};
use crate::model::observed::{TaskStatus, TaskView};
use crate::model::past::{Origin, Past};
use crate::model::rollout::{Attempt, Failure, Lost, RecordState};
use crate::model::time::Span;
use crate::plan::command::Want;
use crate::plan::history::{Answer, LaunchAnswer};
use crate::plan::way_out::WayOut;

fn failed_task(number: u32) -> RecordState {
    RecordState::Failed(Failure::Task { attempt: Attempt { number, task: "cafe".into() }, exit: Some(3) })
}

fn ended(state: RecordState) -> World {
    let mut world = World::clear();
    world.history = Default::default();
    world.set_state(state);
    world
}

/// A task that came to light after all.
fn come_to_light(world: &mut World, started_by: &str) -> TaskView {
    let task = world.new_tasks("indexer")[0].clone();
    let arn = crate::model::ids::TaskArn::told("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/beef");
    TaskView { arn, started_by: started_by.into(), group: "family:c4-deployment".into(), ..task }
}

#[test]
fn a_failure_is_not_put_into_the_mouth_of_whoever_had_the_task_run_again() {
    let mut world = ended(failed_task(1));
    world.command(Want::Retry).unwrap();
    world.set_state(failed_task(2));
    let plan = world.plan();
    assert_eq!(
        hold(&plan, "RolloutFailed").to_string(),
        "the newest rollout failed: the deployment task cafe ended with exit code 3"
    );
}

#[test]
fn an_abort_of_a_later_rollout_is_no_reason_for_this_one() {
    let mut world = World::clear();
    world.command(Want::Abort).unwrap();
    world.about_another_rollout();
    world.set_state(RecordState::Failed(Failure::Aborted));
    assert!(!hold(&world.plan(), "RolloutFailed").to_string().contains("ada"));
}

#[test]
fn a_lost_launch_is_found_again_by_who_started_it() {
    let mut world = ended(RecordState::Unknown(Lost { attempt: 1, task: None }));
    let started_by = world.record().id.started_by(1);
    let mut task = come_to_light(&mut world, &started_by);
    world.tasks().push(task.clone());
    let plan = world.plan();
    let said = hold(&plan, "RolloutUnknown");
    assert_eq!(said.hint(), Some(WayOut::WaitForTheTask.hint()));
    assert!(said.to_string().ends_with("its task beef has come to light and is running"), "{said}");
    task.status = TaskStatus::Stopped;
    for (exit, words) in [(Some(3), "stopped with exit code 3"), (None, "stopped without an exit code")] {
        task.containers[0].exit_code = exit;
        world.tasks().pop();
        world.tasks().push(task.clone());
        let plan = world.plan();
        let said = hold(&plan, "RolloutUnknown");
        assert_eq!(said.hint(), Some(WayOut::LookAtTheTask.hint()));
        assert!(said.to_string().ends_with(words), "{said}");
    }
    world.later(Span::minutes(1));
    assert!(world.plan().steps.is_empty());
}

#[test]
fn a_lost_task_is_found_again_by_its_id() {
    let mut world = ended(RecordState::Unknown(Lost { attempt: 1, task: Some("beef".into()) }));
    let task = come_to_light(&mut world, "somebody");
    world.tasks().push(task);
    assert_eq!(hold(&world.plan(), "RolloutUnknown").hint(), Some(WayOut::WaitForTheTask.hint()));
}

/// The rows were kicked by whomever; the launch that follows is refused, and this is kept of it.
fn kept(world: &mut World, rows: &[&str]) -> Past {
    for row in rows {
        world.deploy(row, world.observed.at);
        world.finish(row);
    }
    for _ in 0..4 {
        if world.record().state != RecordState::Launching(1) {
            world.pass(Span::minutes(1));
        }
    }
    let (id, at) = (world.record().id, world.observed.at);
    let answer = Answer::Refused("InvalidParameterException: no such subnet".into());
    world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer });
    world.pass(Span::seconds(2));
    world.past().remove(0)
}

/// A correction that kicks the indexer, written down as a change and seen as done.
fn correct_the_indexer(world: &mut World) {
    world.definition("indexer").memory = Some(1024);
    world.pass(Span::seconds(2));
    world.definition("indexer").memory = Some(512);
}

#[test]
fn a_correction_of_our_own_is_kept_as_what_began_the_rollout() {
    let mut world = World::settled();
    correct_the_indexer(&mut world);
    assert_eq!(kept(&mut world, &["indexer"]).origin, Origin::Change);
}

#[test]
fn kicks_beside_a_correction_are_kept_as_what_began_the_rollout() {
    let mut world = World::settled();
    correct_the_indexer(&mut world);
    assert_eq!(kept(&mut world, &SERVICES).origin, Origin::Kick);
}

#[test]
fn a_correction_from_before_the_rollout_has_not_begun_it() {
    let mut world = World::settled();
    correct_the_indexer(&mut world);
    kept(&mut world, &["indexer"]);
    for row in ["portal", "ingester"] {
        world.row(row).count = Some(0);
        world.service(row).desired = 0;
        world.service(row).deployments[0].running = 0;
        world.targets("portal").clear();
        let group = world.service(row).task_group();
        world.tasks().retain(|task| task.group != group);
    }
    world.history = Default::default();
    world.later(Span::minutes(13));
    assert_eq!(kept(&mut world, &["indexer"]).origin, Origin::Kick);
}

#[test]
fn nobody_is_named_for_an_end_that_their_word_was_not_about() {
    let mut world = World::clear();
    world.command(Want::Abort).unwrap();
    world.about_another_rollout();
    assert_eq!(kept(&mut world, &[]).by, None);
}

#[test]
fn nobody_is_named_for_an_end_that_came_in_spite_of_their_word() {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    // The abort was written beside a launch that AWS had accepted: it is void.
    world.set_state(RecordState::Open);
    world.command(Want::Abort).unwrap();
    world.set_state(RecordState::Launching(1));
    world.pass(Span::seconds(2));
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::seconds(2))), RecordState::Succeeded(_)));
    assert_eq!(world.past()[0].by, None);
}
