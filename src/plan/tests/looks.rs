//! When to look next, and that a glance is no answer where anything but counts has moved.

use super::fixture::{SERVICES, World, unseen};
use super::glance::look;
use crate::model::ids::TaskArn;
use crate::model::observed::{
    DesiredStatus, RolloutState, Seen, TargetState, TargetView, TaskStatus, TaskView, Trouble,
};
use crate::model::text::Text;
use crate::model::time::Span;
use crate::plan::glance::{Glance, glance, is_enough, known};
use crate::plan::moving::Renewed;
use crate::plan::pace::NextLook;

#[test]
fn what_waits_for_aws_is_looked_at_soon_and_what_rests_whenever_one_likes() {
    let mut world = World::settled();
    assert_eq!(world.plan().next_look, NextLook::Idle);
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Lasting));
    assert_eq!(world.plan().next_look, NextLook::Idle, "a person is waited for");
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    assert_eq!(world.plan().next_look, NextLook::MOVING);
}

#[test]
fn the_sooner_of_two_looks_is_taken() {
    let after = |seconds| NextLook::After(Span::seconds(seconds));
    for (one, other, sooner) in [
        (NextLook::AtOnce, after(3), NextLook::AtOnce),
        (NextLook::AtOnce, NextLook::Idle, NextLook::AtOnce),
        (NextLook::Idle, after(3), after(3)),
        (after(3), after(4), after(3)),
    ] {
        assert_eq!((one.or_sooner(other), other.or_sooner(one)), (sooner, sooner));
    }
}

#[test]
fn steps_are_followed_by_a_look_at_once() {
    assert_eq!(World::clear().plan().next_look, NextLook::AtOnce);
}

/// Every row was kicked, its new tasks are up, and what is left of the old ones is in this state.
pub(super) fn leaving(status: TaskStatus) -> World {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
    }
    world.pass(Span::seconds(30));
    for row in SERVICES {
        world.drain(row);
        let primary = world.service(row).deployments[0].id.clone();
        let group = world.service(row).task_group();
        for task in world.tasks().iter_mut().filter(|it| it.group == group && it.started_by != primary.as_str()) {
            task.status = status.clone();
        }
    }
    world
}

pub(super) fn next(world: &World) -> NextLook {
    world.plan().next_look
}

const CLOSELY: NextLook = NextLook::After(Span::from_millis(2500));

pub(super) fn after(seconds: i64) -> NextLook {
    NextLook::After(Span::seconds(seconds))
}

/// A look has shown what moves.
pub(super) fn moving(world: &mut World) {
    world.history.moving = world.history.moving.after(&world.observed, Renewed { targets: true, tasks: true });
}

#[test]
fn the_last_old_tasks_on_their_way_out_are_looked_at_when_they_can_have_stopped_and_then_closely() {
    assert_eq!(next(&leaving(TaskStatus::Running)), NextLook::MOVING);
    let mut world = leaving(TaskStatus::Stopping);
    assert_eq!(next(&world), NextLook::MOVING, "their containers still run");
    world.tasks().iter_mut().for_each(|task| task.started_at = None);
    assert_eq!(next(&world), CLOSELY, "they never ran");
    let at = world.observed.at;
    world.tasks().iter_mut().for_each(|task| task.ended_at = Some(at));
    assert_eq!(next(&world), after(12));
    let other =
        TaskView { ended_at: Some(at), stopped_at: Some(at.plus(Span::seconds(20))), ..world.tasks()[0].clone() };
    world.tasks().push(TaskView { status: TaskStatus::Stopped, ..other });
    assert_eq!(next(&world), after(20), "as long as another took");
    world.later(Span::seconds(6));
    assert_eq!(next(&world), after(14));
    world.later(Span::seconds(30));
    assert_eq!(next(&world), CLOSELY);
    let primary = world.service("indexer").deployments[0].id.clone();
    let group = world.service("indexer").task_group();
    let old = |task: &&mut TaskView| task.group == group && task.started_by != primary.as_str();
    world.tasks().iter_mut().find(old).unwrap().status = TaskStatus::Deactivating;
    assert_eq!(next(&world), NextLook::MOVING, "one of them has not got so far");
}

#[test]
fn an_old_task_that_has_stopped_does_not_slow_the_others_down() {
    let mut world = leaving(TaskStatus::Stopping);
    let stopping = |task: &&mut TaskView| task.status == TaskStatus::Stopping;
    world.tasks().iter_mut().find(stopping).unwrap().status = TaskStatus::Stopped;
    let long_ago = world.observed.at.plus(Span::minutes(-1));
    world.tasks().iter_mut().for_each(|task| task.ended_at = Some(long_ago));
    assert_eq!(next(&world), CLOSELY);
}

#[test]
fn new_tasks_are_looked_for_when_they_can_run_and_the_longer_it_takes_the_more_seldom() {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
    }
    world.pass(Span::seconds(2));
    for (later, next_look) in [(0, after(28)), (28, after(15)), (90, after(30)), (1000, after(60))] {
        world.later(Span::seconds(later));
        assert_eq!(next(&world), next_look, "{later}");
    }
}

#[test]
fn new_tasks_that_run_and_were_not_seen_yet_are_listed_at_once_and_then_at_the_next_tick() {
    let mut world = leaving(TaskStatus::Running);
    let primary = world.service("indexer").deployments[0].id.clone();
    world.tasks().retain(|task| task.started_by != primary.as_str());
    assert_eq!(next(&world), after(1));
    moving(&mut world);
    assert_eq!(next(&world), NextLook::MOVING);
    look(&mut world);
    let glance = reads(&world, Span::seconds(10)).expect("a glance");
    assert_eq!((glance.list, glance.targets.len(), glance.tasks.len()), (true, 1, 5));
}

#[test]
fn neither_old_tasks_nor_dead_ones_are_taken_for_the_new_tasks_that_were_not_seen_yet() {
    let rolled = || {
        let mut world = World::settled();
        for row in SERVICES {
            world.deploy(row, world.observed.at);
        }
        world.pass(Span::seconds(30));
        SERVICES.into_iter().for_each(|row| world.start(row));
        let primary = world.service("indexer").deployments[0].id.clone();
        (world, primary)
    };
    let (mut world, primary) = rolled();
    world.tasks().retain(|task| task.started_by != primary.as_str());
    assert_eq!(next(&world), after(1), "as many old ones run as new ones are wanted");
    let (mut world, _) = rolled();
    world.new_tasks("indexer").into_iter().for_each(|task| task.status = TaskStatus::Stopped);
    assert_eq!(next(&world), after(1), "they are replaced by others, which run");
    let (mut world, _) = rolled();
    world.new_tasks("indexer").into_iter().for_each(|task| task.desired = DesiredStatus::Stopped);
    assert_eq!(next(&world), after(1), "they are on their way out");
}

#[test]
fn the_deployment_task_is_looked_at_the_more_seldom_the_longer_it_runs() {
    let mut world = deploying();
    for (later, next_look) in [(0, after(30)), (60, after(37)), (600, after(60))] {
        world.later(Span::seconds(later));
        let NextLook::After(span) = next(&world) else { panic!("it waits") };
        assert_eq!(NextLook::After(Span::seconds(span.millis() / 1000)), next_look, "{later}");
    }
}

#[test]
fn what_takes_longer_than_the_old_tasks_is_not_looked_at_more_often() {
    let mut world = leaving(TaskStatus::Stopping);
    world.service("indexer").pending = 1;
    assert_eq!(next(&world), after(15));
    let mut world = leaving(TaskStatus::Stopped);
    world.targets("portal").push(TargetView {
        id: "10.0.9.9".into(),
        state: TargetState::Draining,
        reason: Text::default(),
    });
    assert_eq!(next(&world), after(12), "a target that drains has no task to wait for");
}

#[test]
fn a_gate_that_settles_is_looked_at_when_it_has_settled_and_at_least_every_15_seconds() {
    let mut world = World::settled();
    world.kick_all();
    world.pass(Span::seconds(20));
    assert_eq!(next(&world), NextLook::After(Span::seconds(15)), "40 s are left");
    world.later(Span::seconds(33));
    assert_eq!(next(&world), NextLook::After(Span::seconds(7)));
    let mut world = World::settled();
    world.table.policy.settle = Span::seconds(40);
    world.kick_all();
    world.later(Span::minutes(2));
    world.pass(Span::seconds(10));
    assert_eq!(next(&world), NextLook::After(Span::seconds(15)), "30 s are left");
    world.later(Span::seconds(22));
    assert_eq!(next(&world), NextLook::After(Span::seconds(8)));
}

/// What a look after this long reads.
pub(super) fn reads(world: &World, after: Span) -> Option<Glance> {
    glance(&world.table, &world.history, world.observed.at.plus(after))
}

/// Whether a glance that saw the world as it is now would be taken for enough.
fn enough(world: &World) -> bool {
    is_enough(&world.history.latest.as_ref().expect("a look before").plan, &world.plan())
}

#[test]
fn a_table_at_rest_is_watched_for_requests_and_kicks_however_long_it_rests() {
    let mut world = World::settled();
    look(&mut world);
    for seconds in [5, 31, 61, 179] {
        let expected = Glance { cluster: true, services: true, ..Glance::default() };
        assert_eq!(reads(&world, Span::seconds(seconds)), Some(expected));
    }
}

#[test]
fn while_rows_roll_their_services_are_read_every_time() {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
    }
    look(&mut world);
    look(&mut world);
    for seconds in [1, 29, 61] {
        assert!(reads(&world, Span::seconds(seconds)).is_some_and(|glance| glance.services));
    }
}

#[test]
fn a_deployment_that_is_not_done_and_a_task_that_is_missing_are_each_told_by_the_services() {
    let disturbances: [fn(&mut World); 2] = [
        |world| world.service("portal").deployments[0].rollout = RolloutState::InProgress,
        |world| world.service("portal").pending = 1,
    ];
    for disturb in disturbances {
        let mut world = leaving(TaskStatus::Stopped);
        world.targets("portal").retain(|target| target.state == TargetState::Healthy);
        disturb(&mut world);
        look(&mut world);
        let expected = Glance { services: true, ..Glance::default() };
        assert_eq!(reads(&world, Span::seconds(10)), Some(expected));
    }
}

#[test]
fn of_many_old_tasks_a_hundred_are_asked_for() {
    let mut world = leaving(TaskStatus::Running);
    let old = world.tasks().iter().find(|task| task.started_by.ends_with("-0")).unwrap().clone();
    for number in 0..120 {
        let arn = TaskArn::told(format!("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/{number:08}"));
        world.tasks().push(TaskView { arn, ..old.clone() });
    }
    look(&mut world);
    assert_eq!(reads(&world, Span::seconds(10)).map(|glance| glance.tasks.len()), Some(100));
}

#[test]
fn of_a_row_that_is_emptied_every_task_is_asked_for() {
    let mut world = leaving(TaskStatus::Stopped);
    world.row("ingester").count = Some(0);
    let service = world.service("ingester");
    (service.desired, service.running, service.deployments[0].running) = (0, 0, 0);
    look(&mut world);
    let primary = world.service("ingester").deployments[0].id.clone();
    let left: Vec<_> =
        world.tasks().iter().filter(|it| it.started_by == primary.as_str()).map(|it| it.arn.clone()).collect();
    assert_eq!(reads(&world, Span::seconds(10)).map(|glance| glance.tasks), Some(left));
}

#[test]
fn healthy_groups_are_not_asked_for() {
    let mut world = leaving(TaskStatus::Stopped);
    world.targets("portal").retain(|target| target.state == TargetState::Healthy);
    let mut other = world.view("portal").target_groups[0].clone();
    world.targets("portal")[0].state = TargetState::Unhealthy;
    other.arn = crate::model::ids::TargetGroupArn::told(other.arn.as_str().replace("c4-blue-tg", "c4-other-tg"));
    world.view("portal").target_groups.push(other);
    look(&mut world);
    let asked = reads(&world, Span::seconds(10)).expect("a glance").targets;
    assert_eq!(asked.iter().map(|arn| arn.name()).collect::<Vec<_>>(), ["c4-blue-tg"]);
}

/// A world whose deployment task runs, looked at wholly.
fn deploying() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(5));
    look(&mut world);
    world.later(Span::seconds(10));
    assert!(enough(&world));
    world
}

#[test]
fn a_request_that_changes_nothing_yet_is_never_enough() {
    let mut world = deploying();
    let after = world.record().frontier;
    world.request(after);
    assert!(world.plan().steps.is_empty());
    assert!(!enough(&world));
}

#[test]
fn drift_that_must_wait_is_never_enough() {
    let mut world = deploying();
    world.definition("indexer").memory = Some(1024);
    assert!(world.plan().steps.is_empty());
    assert!(!enough(&world));
}

#[test]
fn what_cannot_be_read_any_more_is_never_enough() {
    let mut world = deploying();
    world.view("portal").history = Seen::Unknown(unseen(Trouble::Passing));
    assert!(!enough(&world));
}

#[test]
fn a_kick_under_a_running_task_is_never_enough() {
    let mut world = deploying();
    world.kick_all();
    assert!(world.plan().steps.is_empty());
    assert!(!enough(&world));
}

#[test]
fn nothing_is_asked_for_by_a_name_that_was_not_found() {
    let disturbances: [fn(&mut World); 2] =
        [|world| world.observed.cluster = Seen::Absent, |world| world.view("deployment").definition = Seen::Absent];
    for disturb in disturbances {
        let mut world = World::settled();
        disturb(&mut world);
        look(&mut world);
        assert!(known(&world.table, &world.history, world.observed.at).is_none());
    }
}
