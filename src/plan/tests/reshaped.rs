//! Tables and clusters that change their shape: rows that are added or renamed, services that are replaced by others.

use super::attacks::add_row;
use super::fixture::{DEPLOYED, SERVICES, World};
use super::refused::{refused, started};
use super::{hold, state, updates};
use crate::model::ids::{RowName, ServiceArn, ServiceName, TaskArn};
use crate::model::observed::{DesiredStatus, TaskStatus, TaskView};
use crate::model::rollout::{Attempt, Failure, Record, RecordState, Request, TagKeys};
use crate::model::row::RowKind;
use crate::model::selector::Selector;
use crate::model::time::{Span, Timestamp};
use crate::plan::action::Action;
use crate::plan::command::{Judged, Want, Wish, command};
use crate::plan::history::History;

/// Passes, 20 seconds apart, until one launches the task.
pub(super) fn launches_within(world: &mut World, passes: usize) -> bool {
    (0..passes).any(|_| {
        let plan = world.pass(Span::seconds(20));
        plan.steps.iter().any(|step| matches!(step.action, Action::Run(_)))
    })
}

fn add_younger(world: &mut World, name: &str) {
    let frontier = world.record().frontier;
    add_row(world, name, frontier.plus(Span::seconds(30)));
}

/// A row comes into the table whose service was deployed then, and has its tasks.
pub(super) fn add_running(world: &mut World, name: &str, deployed: Timestamp) {
    add_row(world, name, deployed);
    runs(world, name);
}

/// As many tasks of its newest deployment run as the service is to have.
pub(super) fn runs(world: &mut World, name: &str) {
    let service = world.service(name);
    service.deployments[0].running = service.desired;
    let (primary, group) = (service.deployments[0].id.clone(), service.task_group());
    let like: Vec<TaskView> = world.new_tasks("indexer").into_iter().map(|task| task.clone()).collect();
    for (number, task) in like.into_iter().enumerate() {
        let arn = TaskArn::told(format!("{}-{name}-{number}", task.arn.as_str()));
        let (group, started_by) = (group.clone().into(), primary.as_str().into());
        world.tasks().push(TaskView { arn, group, started_by, ..task });
    }
}

fn rename(world: &mut World, from: &str, to: &str) {
    world.row(from).name = RowName::told(to);
    let view = world.observed.rows.remove(&RowName::told(from)).expect("a row of the table");
    world.observed.rows.insert(RowName::told(to), view);
}

/// CloudFormation replaces each service by one of another name: the former is not listed any more, and its tasks run on.
fn replace(world: &mut World) {
    world.later(Span::seconds(10));
    for row in SERVICES {
        let service = world.service(row);
        service.name = ServiceName::told(format!("c4-ecs-blue-{row}-N3wN4m3"));
        service.arn = ServiceArn::told(format!("arn:aws:ecs:us-east-1:123456789012:service/c4-ecs-blue/{row}-N3w"));
        service.deployments.clear();
    }
    world.targets("portal").clear();
    world.kick_all();
}

#[test]
fn tasks_of_the_service_that_a_row_had_before_keep_the_gate_shut() {
    let mut world = World::settled();
    replace(&mut world);
    assert!(!launches_within(&mut world, 10));
    let said = hold(&world.plan(), "GateShut").to_string();
    assert!(said.contains("of the former service:c4-ecs-blue-portal-K3xQ9: running"), "{said}");
    for task in world.tasks().iter_mut().filter(|task| task.group.ends_with("K3xQ9")) {
        task.status = TaskStatus::Stopped;
    }
    assert!(launches_within(&mut world, 10));
}

#[test]
fn a_task_of_the_service_before_that_is_not_listed_any_more_is_not_taken_for_gone() {
    let mut world = World::settled();
    world.pass(Span::seconds(10));
    replace(&mut world);
    world.tasks().retain(|task| !task.group.ends_with("K3xQ9"));
    assert!(!launches_within(&mut world, 10));
}

#[test]
fn tasks_of_the_service_that_a_row_named_before_its_edit_keep_the_gate_shut_for_whoever_watched_them() {
    for desired in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let mut world = World::settled();
        world.tasks().iter_mut().for_each(|task| task.desired = desired);
        world.pass(Span::seconds(10));
        replace(&mut world);
        for row in SERVICES {
            let service = Selector::Name(format!("c4-ecs-blue-{row}-N3wN4m3"));
            world.row(row).kind = RowKind::Service { service, target_group: None };
        }
        // What no row means any more no look shows.
        world.tasks().retain(|task| !task.group.ends_with("K3xQ9"));
        assert!(!launches_within(&mut world, 15));
        let said = hold(&world.plan(), "GateShut").to_string();
        assert!(said.contains("what became of task"), "{said}");
        world.later(Span::minutes(60));
        assert!(launches_within(&mut world, 10), "ECS shows a stopped task for an hour");
    }
}

#[test]
fn what_became_of_the_tasks_of_a_row_that_left_the_table_is_nobodys_matter() {
    let mut world = World::settled();
    world.pass(Span::seconds(10));
    world.table.rows.retain(|row| row.name.as_str() != "ingester");
    world.observed.rows.remove(&RowName::told("ingester"));
    world.tasks().retain(|task| !task.group.contains("ingester"));
    for row in ["portal", "indexer"] {
        world.deploy(row, world.observed.at);
        world.finish(row);
    }
    assert!(launches_within(&mut world, 10));
}

#[test]
fn kicks_of_rows_that_were_all_renamed_are_a_rollout() {
    let mut world = World::settled();
    world.history = History::default();
    world.later(Span::minutes(30));
    for row in SERVICES {
        world.deploy(row, world.observed.at);
        world.finish(row);
        rename(&mut world, row, &format!("cgap-{row}"));
    }
    assert_eq!(state(&world.plan()), RecordState::Open);
    assert!(launches_within(&mut world, 10));
}

#[test]
fn rows_that_were_all_renamed_and_not_kicked_move_nothing() {
    let mut world = World::settled();
    SERVICES.into_iter().for_each(|row| rename(&mut world, row, &format!("cgap-{row}")));
    assert!(!launches_within(&mut world, 10));
    assert_eq!(world.record().state, RecordState::Baseline);
}

#[test]
fn a_row_that_is_added_does_not_hide_the_task_of_a_launch_that_was_refused() {
    let mut world = refused();
    let record = world.record();
    add_younger(&mut world, "extra");
    world.pass(Span::seconds(30));
    assert!(world.record().frontier > record.frontier);
    started(&mut world);
    assert!(world.tasks().last().is_some_and(|task| task.started_by == record.id.started_by(1).as_str()));
    world.end(Some(0), "EssentialContainerExited");
    (0..3).for_each(|_| drop(world.pass(Span::minutes(1))));
    assert!(matches!(world.record().state, RecordState::Succeeded(_)), "{:?}", world.record());
}

#[test]
fn what_is_said_of_an_unknown_launch_names_what_was_sent_though_a_row_is_added() {
    let mut world = World::launching();
    let sent = world.record().id.started_by(1);
    world.pass(Span::minutes(56));
    world.tasks().retain(|task| !task.started_by.starts_with("evenkeel/"));
    assert!(matches!(state(&world.pass(Span::seconds(10))), RecordState::Unknown(_)));
    add_younger(&mut world, "extra");
    world.pass(Span::seconds(10));
    let said = hold(&world.plan(), "RolloutUnknown").to_string();
    assert!(said.contains(&sent), "{said}");
}

#[test]
fn a_retry_and_a_run_outlive_a_row_that_is_added() {
    let attempt = || Attempt { number: 1, task: "cafe".to_owned() };
    for (state, want) in [
        (RecordState::Failed(Failure::Task { attempt: attempt(), exit: Some(1) }), Want::Retry),
        (RecordState::Succeeded(attempt()), Want::Run),
    ] {
        let mut world = World::clear();
        world.set_state(state);
        world.later(Span::minutes(10));
        world.command(want).expect("a rollout that has ended");
        let younger = world.record().frontier.plus(Span::seconds(30));
        add_running(&mut world, "extra", younger);
        assert!(launches_within(&mut world, 10), "{want:?}: {:?} {:#?}", world.record(), world.plan().holds);
    }
}

/// The deployment task runs, a request waits for its end, and a row is added whose service was deployed after the request.
fn waiting() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(2));
    let frontier = world.record().frontier;
    world.request(frontier);
    world.later(Span::minutes(5));
    let deployed = world.observed.at.plus(Span::minutes(-3));
    add_row(&mut world, "extra", deployed);
    world
}

#[test]
fn a_request_can_be_withdrawn_though_a_row_was_added_after_it() {
    let mut world = waiting();
    world.pass(Span::minutes(30));
    let wish = Wish { want: Want::Abort, by: None, reason: None, key: None };
    let judged = command(&world.input(), None, &wish);
    assert!(matches!(judged, Ok(Judged::Withdrawn(_))), "{judged:?}");
}

#[test]
fn a_row_that_is_added_while_a_request_waits_does_not_take_its_rollout_from_it() {
    let mut world = waiting();
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::seconds(10))), RecordState::Succeeded(_)));
    let key = TagKeys::of(&world.table.name).request;
    let id = Request::parse(&world.cluster().tags[&key]).expect("a request").id;
    // One row is kicked for it, and the process dies.
    for _ in 0..2 {
        world.pass(Span::seconds(2));
    }
    world.deploy("portal", world.observed.at);
    world.history = History::default();
    world.pass(Span::seconds(10));
    assert_eq!((world.record().state, world.record().request), (RecordState::Open, Some(id)));
    let mut kicked: Vec<_> = updates(&world.plan()).iter().map(|update| update.name.to_string()).collect();
    kicked.sort();
    assert_eq!(kicked, ["c4-ecs-blue-indexer-K3xQ9", "c4-ecs-blue-ingester-K3xQ9", "extra"]);
    let again = Record { own: false, ..world.record() };
    world.set_record(again);
    assert!(updates(&world.plan()).is_empty(), "a request that the rollout before answered");
}

#[test]
fn a_request_that_was_answered_is_not_done_again_after_somebody_removed_the_record() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.later(Span::seconds(5));
    world.kick_all();
    assert!(launches_within(&mut world, 40));
    world.pass(Span::seconds(20));
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::seconds(20));
    assert!(matches!(world.record().state, RecordState::Succeeded(_)), "{:?}", world.record());
    let keys = TagKeys::of(&world.table.name);
    let removed = |world: &mut World, past: bool| {
        world.later(Span::minutes(24 * 60));
        world.history = History::default();
        world.cluster().tags.retain(|key, _| *key != keys.rollout && !(past && key.contains(":past-")));
        assert_eq!(state(&world.pass(Span::seconds(10))), RecordState::Baseline);
        updates(&world.plan()).len()
    };
    assert_eq!(removed(&mut world, false), 0, "the history tells");
    assert_eq!(removed(&mut world, true), 0, "the launch's own tag tells");
    world.cluster().tags.retain(|key, _| !key.contains(":launch-"));
    assert_eq!(removed(&mut world, true), 3, "nothing tells that it was answered");
}

#[test]
fn a_request_that_nobody_answered_is_done_though_others_kicked_before_the_first_look() {
    let mut world = World::first_contact();
    world.request(DEPLOYED);
    world.later(Span::seconds(5));
    world.kick_all();
    assert_eq!(state(&world.pass(Span::seconds(10))), RecordState::Baseline);
    assert_eq!(updates(&world.plan()).len(), 3);
}

#[test]
fn the_first_kick_of_a_row_that_was_added_while_the_task_was_in_hand_is_a_kick() {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(2));
    add_row(&mut world, "extra", DEPLOYED);
    world.pass(Span::seconds(20));
    let record = world.record();
    assert!(matches!(record.state, RecordState::Launched(_)));
    assert!(world.plan().steps.is_empty(), "it is written down once");
    world.deploy("extra", world.observed.at);
    world.later(Span::seconds(20));
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::seconds(10))), RecordState::Succeeded(_)));
    assert_eq!(state(&world.plan()), RecordState::Open);
}

#[test]
fn a_row_that_is_added_to_an_open_rollout_leaves_it_its_id() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(5));
    let open = world.record();
    add_younger(&mut world, "extra");
    world.pass(Span::seconds(5));
    let joined = world.record();
    assert_eq!((&joined.state, &joined.id), (&RecordState::Open, &open.id));
    assert!(joined.frontier > open.frontier && world.plan().steps.is_empty());
    assert_eq!(world.plan().rollout.id, Some(open.id), "what people give words about");
}
