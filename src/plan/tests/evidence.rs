//! What the gate says: which conditions are shut, and by what; and the edges of each condition.

use super::fixture::{DEPLOYED, SERVICES, World, digest, unseen};
use super::{hold, state, written};
use crate::model::ids::{DeploymentId, ServiceDeploymentArn, TaskArn};
use crate::model::observed::{
    Cleanup, DesiredStatus, Fate, RolloutState, Seen, ServiceDeploymentView, TargetState, TargetView, TaskStatus,
    TaskView, Trouble,
};
use crate::model::rollout::RecordState;
use crate::model::selector::Selection;
use crate::model::text::Text;
use crate::model::time::Span;
use crate::plan::gate::{Gate, Holding};
use crate::plan::history::{Ending, Watched};
use crate::plan::hold::HoldCause;

fn gate(world: &World) -> Gate {
    world.plan().rollout.gate.expect("a rollout in hand")
}

/// What condition `number` says of a world whose gate was open before it was disturbed.
fn said(number: u8, disturb: impl Fn(&mut World)) -> String {
    let mut world = World::clear();
    disturb(&mut world);
    let condition = gate(&world).conditions[usize::from(number) - 1].clone();
    assert_ne!((condition.number, condition.holding), (number, Holding::Yes), "{}", condition.evidence);
    condition.evidence
}

/// A task of the indexer that an older deployment started.
fn old(world: &mut World, number: u8) -> TaskView {
    let task = world.new_tasks("indexer")[0].clone();
    let arn = TaskArn::told(format!("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/old-{number}"));
    TaskView { arn, started_by: "ecs-svc/older".into(), ..task }
}

fn target(id: &str, state: TargetState) -> TargetView {
    TargetView { id: id.into(), state, reason: Text::default() }
}

fn empty(world: &mut World, row: &str) {
    world.row(row).count = None;
    let service = world.service(row);
    (service.desired, service.running, service.deployments[0].running) = (0, 0, 0);
}

#[test]
fn a_shut_gate_is_held_with_the_conditions_that_are_shut() {
    let mut world = World::clear();
    world.targets("portal")[0].state = TargetState::Unhealthy;
    world.service("indexer").pending = 1;
    let missing = vec![
        (3, "indexer runs 2 of 2 new tasks, 1 pending".to_owned()),
        (4, "portal: 1 of 2 new targets healthy".to_owned()),
    ];
    assert_eq!(hold(&world.plan(), "GateShut"), &HoldCause::GateShut { missing });
    assert_eq!(gate(&world).missing_names(), ["as many tasks run as are wanted", "new tasks are healthy targets"]);
}

#[test]
fn an_open_gate_says_what_it_saw() {
    let mut world = World::clear();
    let seen = |world: &World| {
        let said = gate(world).conditions.into_iter().map(|it| (it.number, it.evidence));
        said.filter(|(number, _)| matches!(number, 1 | 7)).map(|(_, said)| said).collect::<Vec<_>>()
    };
    assert_eq!(seen(&world), ["3 services", "cgap:latest is aaaaaaaaaaaa"]);
    empty(&mut world, "indexer");
    world.tasks().retain(|task| !task.group.contains("indexer"));
    assert_eq!(seen(&world)[0], "3 services; empty: indexer");
}

#[test]
fn a_deployment_that_is_not_done_is_named() {
    let rollout = |state| said(2, move |world| world.service("portal").deployments[0].rollout = state);
    assert_eq!(rollout(RolloutState::InProgress), "portal is rolling");
    assert_eq!(rollout(RolloutState::Unstated), "portal does not say how far it is");
    let skipped = said(2, |world| world.service("portal").deployments[0].created_at = DEPLOYED);
    assert_eq!(skipped, "portal was not kicked");
}

#[test]
fn a_kick_that_only_the_service_deployments_tell_of_is_waited_for() {
    let told = |after: Span, ago: Span| {
        let mut world = World::clear();
        let created_at = world.service("portal").deployments[0].created_at.plus(after);
        world.observed.at = created_at.plus(ago);
        let (arn, fate) = (ServiceDeploymentArn::told("arn:service-deployment/next"), Fate::Going);
        let next = ServiceDeploymentView { arn, created_at, fate, status: Text::default(), reason: Text::default() };
        world.view("portal").history = Seen::Present(vec![next]);
        gate(&world).conditions[1].evidence.contains("portal has a newer deployment than is shown")
    };
    let (moment, later, lag) = (Span::seconds(10), Span::from_millis(10_001), Span::minutes(5));
    assert!(told(later, Span::ZERO));
    assert!(!told(moment, Span::ZERO), "it may be that of the PRIMARY deployment itself, by another clock");
    assert!(told(later, lag.minus(Span::from_millis(1))));
    assert!(!told(later, lag), "no read lags by so much");
}

#[test]
fn new_targets_are_counted() {
    assert_eq!(said(4, |world| world.new_tasks("portal")[0].ip = None), "portal: 1 of 2 new targets healthy");
    let gone = said(4, |world| world.view("portal").target_groups[0].targets = Seen::Absent);
    assert_eq!(gone, "target group c4-blue-tg of portal is gone");
    // A target that is healthy and no task's does not stand in for one that is.
    let other = said(4, |world| {
        world.targets("portal")[0].state = TargetState::Initial;
        world.targets("portal").push(target("10.0.9.9", TargetState::Healthy));
    });
    assert_eq!(other, "portal: 1 of 2 new targets healthy");
    // As many healthy ones as are wanted are not enough while another new task is not.
    let one_more = said(4, |world| {
        let task = world.new_tasks("portal")[0].clone();
        let ip = Some("10.0.9.8".parse().unwrap());
        world.tasks().push(TaskView { arn: TaskArn::told("arn:task/third"), ip, ..task });
    });
    assert_eq!(one_more, "portal: 2 of 2 new targets healthy");
    // None is wrong, and one is missing.
    let fewer = said(4, |world| {
        let id = world.new_tasks("portal")[0].arn.clone();
        world.tasks().retain(|task| task.arn != id);
    });
    assert_eq!(fewer, "portal: 1 of 2 new targets healthy");
}

#[test]
fn a_new_task_that_is_to_stop_does_not_count_as_new() {
    let stopping = said(4, |world| world.new_tasks("portal")[0].desired = DesiredStatus::Stopped);
    assert_eq!(stopping, "portal: 1 of 2 new targets healthy");
    let stopped = said(4, |world| world.new_tasks("portal")[0].status = TaskStatus::Stopped);
    assert_eq!(stopped, "portal: 1 of 2 new targets healthy");
}

#[test]
fn other_targets_are_counted_by_what_they_do() {
    let left = said(5, |world| {
        world.targets("portal").push(target("10.0.9.1", TargetState::Draining));
        world.targets("portal").push(target("10.0.9.2", TargetState::Draining));
        world.targets("portal").push(target("10.0.9.3", TargetState::Healthy));
    });
    assert_eq!(left, "portal: 2 old targets draining, portal: 1 other target registered");
    let draining = said(5, |world| world.targets("portal").push(target("10.0.9.1", TargetState::Draining)));
    assert_eq!(draining, "portal: 1 old target draining");
    let others = said(5, |world| {
        world.targets("portal").push(target("10.0.9.3", TargetState::Healthy));
        world.targets("portal").push(target("10.0.9.4", TargetState::Unavailable));
    });
    assert_eq!(others, "portal: 2 other targets registered");
}

#[test]
fn old_tasks_are_counted_by_how_far_they_are() {
    let left = said(6, |world| {
        for (number, status) in [TaskStatus::Running, TaskStatus::Running, TaskStatus::Stopping].into_iter().enumerate()
        {
            let number = u8::try_from(number).unwrap();
            let task = TaskView { status, desired: DesiredStatus::Stopped, ..old(world, number) };
            world.tasks().push(task);
        }
    });
    assert_eq!(left, "indexer: 2 old tasks draining, indexer: 1 old task stopping");
}

#[test]
fn an_old_task_that_is_stopped_is_gone() {
    let mut world = World::clear();
    let task = TaskView { status: TaskStatus::Stopped, ..old(&mut world, 1) };
    world.tasks().push(task);
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

/// A task that was to stay when it was last seen.
fn watch(world: &mut World, arn: TaskArn, started_by: &str) {
    let started_by = DeploymentId::told(started_by);
    let watched = Watched {
        started_by,
        group: world.service("portal").task_group().into(),
        row: None,
        at: world.observed.at,
        ending: Ending::No,
    };
    world.history.watched.insert(arn, watched);
}

#[test]
fn a_task_is_lost_only_if_it_is_old_and_not_listed() {
    let lost = said(6, |world| watch(world, TaskArn::told("arn:aws:ecs:r:1:task/c/lost"), "ecs-svc/older"));
    assert_eq!(lost, "what became of task lost");
    // One of the new deployment that is gone shows in the counts; nothing old can be hidden behind it.
    let mut world = World::clear();
    let primary = world.service("indexer").deployments[0].id.clone();
    watch(&mut world, TaskArn::told("arn:aws:ecs:r:1:task/c/new"), primary.as_str());
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
    // One that is listed as STOPPED has not been lost.
    let mut world = World::clear();
    let task = TaskView { status: TaskStatus::Stopped, ..old(&mut world, 1) };
    watch(&mut world, task.arn.clone(), "ecs-svc/older");
    world.tasks().push(task);
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn digests_are_told_apart_by_image_and_counted_where_they_are_missing() {
    let two = said(7, |world| world.new_tasks("indexer")[0].containers[0].digest = Some(digest('b')));
    assert!(two.ends_with("cgap:latest runs as aaaaaaaaaaaa and bbbbbbbbbbbb"), "{two}");
    let untold = said(7, |world| {
        for task in world.new_tasks("indexer") {
            task.containers[0].digest = None;
        }
    });
    assert_eq!(untold, "the digest of 2 containers is not told yet");
}

#[test]
fn a_service_that_defers_its_clean_up_is_named_while_old_tasks_may_be_left() {
    let one = said(8, |world| {
        world.service("portal").cleanup = Cleanup::Deferred;
        let task = old(world, 1);
        world.tasks().push(task);
    });
    assert_eq!(one, "portal may keep old tasks after it completes");
    let unseen = said(8, |world| {
        world.service("portal").cleanup = Cleanup::Deferred;
        world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    });
    assert_eq!(unseen, "portal may keep old tasks after it completes");
}

/// A task of the deployment task's family.
fn one_off(world: &mut World, started_by: &str) -> TaskView {
    let definition = world.definition("deployment").arn.clone();
    let task = old(world, 9);
    TaskView { definition, group: "family:c4-deployment".into(), started_by: started_by.into(), ..task }
}

#[test]
fn another_deployment_task_is_named_with_who_started_it() {
    let by_hand = said(9, |world| {
        let task = one_off(world, "");
        world.tasks().push(task);
    });
    assert_eq!(by_hand, "task old-9 is alive, started by somebody");
    let foursight = said(9, |world| {
        let task = one_off(world, "foursight");
        world.tasks().push(task);
    });
    assert_eq!(foursight, "task old-9 is alive, started by foursight");
    let unknown = said(9, |world| world.view("deployment").definition = Seen::Present(Selection::None(vec![])));
    assert_eq!(unknown, "the task definition of deployment is not known");
}

#[test]
fn a_deployment_task_that_has_stopped_or_is_of_another_family_is_no_obstacle() {
    for disturb in [
        |task: &mut TaskView| task.status = TaskStatus::Stopped,
        |task: &mut TaskView| {
            task.definition = crate::model::ids::TaskDefinitionArn::told("arn:task-definition/other:1")
        },
    ] {
        let mut world = World::clear();
        let mut task = one_off(&mut world, "");
        disturb(&mut task);
        world.tasks().push(task);
        assert_eq!(state(&world.plan()), RecordState::Launching(1));
    }
}

#[test]
fn an_attempt_of_this_rollout_that_is_alive_is_an_obstacle_whatever_it_runs() {
    let alive = said(9, |world| {
        let started_by = world.record().id.started_by(7);
        let mut task = one_off(world, &started_by);
        task.definition = crate::model::ids::TaskDefinitionArn::told("arn:task-definition/before-the-row-was-edited:1");
        world.tasks().push(task);
    });
    assert!(alive.starts_with("task old-9 is alive, started by evenkeel/"), "{alive}");
}

#[test]
fn a_kick_that_is_late_to_show_keeps_the_gate_shut_for_five_minutes() {
    let mut world = World::clear();
    let before = world.observed.clone();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
        world.finish(row);
    }
    let kicked = world.observed.at;
    assert_eq!(state(&world.pass(Span::seconds(10))), RecordState::Open);
    (world.observed.rows, world.observed.tasks) = (before.rows, before.tasks);
    world.history = Default::default();
    for (since, open) in [(Span::from_millis(299_999), false), (Span::minutes(5), true)] {
        world.observed.at = kicked.plus(since);
        assert_eq!(gate(&world).is_open(), open, "{since}");
        assert_eq!(written(&world.plan()), None);
    }
}
