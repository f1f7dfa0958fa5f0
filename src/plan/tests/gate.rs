//! The gate, condition by condition: each alone keeps the deployment task from starting.

use super::fixture::{DEPLOYED, World, digest, unseen};
use super::{hold, state, updates};
use crate::model::ids::DeploymentId;
use crate::model::observed::{
    Cleanup, DesiredStatus, Fate, RolloutState, Seen, ServiceDeploymentView, TargetState, TargetView, TaskStatus,
    Trouble,
};
use crate::model::rollout::RecordState;
use crate::model::text::Text;
use crate::model::time::Span;
use crate::plan::gate::Holding;
use crate::plan::history::{Ending, Watched};
use crate::plan::hold::HoldCause;

/// One disturbance of a world whose gate is open shuts this condition, and nothing is launched.
#[track_caller]
fn check(number: u8, expected: Holding, disturb: impl Fn(&mut World)) {
    let mut world = World::clear();
    assert_eq!(state(&world.plan()), RecordState::Launching(1), "open before");
    disturb(&mut world);
    let plan = world.plan();
    let gate = plan.rollout.gate.as_ref().expect("a rollout in hand");
    let condition = &gate.conditions[usize::from(number) - 1];
    assert_eq!((condition.number, condition.holding), (number, expected), "{}", condition.evidence);
    let launched = plan.steps.iter().any(|step| step.action.name() == "Record" || step.action.name() == "Run");
    assert!(!launched, "{:#?}", plan.steps);
}

#[test]
fn shut_while_every_row_is_empty() {
    check(1, Holding::NotYet, |world| {
        for name in ["portal", "indexer", "ingester"] {
            world.row(name).count = None;
            world.service(name).desired = 0;
        }
    });
}

#[test]
fn shut_while_a_deployment_is_not_completed() {
    let set = |rollout| move |world: &mut World| world.service("portal").deployments[0].rollout = rollout;
    check(2, Holding::NotYet, set(RolloutState::InProgress));
    check(2, Holding::Unknown, set(RolloutState::Unstated));
}

#[test]
fn shut_while_nobody_can_say_whether_a_deployment_was_undone() {
    check(2, Holding::Unknown, |world| world.view("portal").history = Seen::Unknown(unseen(Trouble::Passing)));
}

#[test]
fn shut_while_a_kick_is_told_by_its_service_deployment_alone() {
    let after = |seconds, fate| {
        move |world: &mut World| {
            let created_at = world.service("portal").deployments[0].created_at.plus(Span::seconds(seconds));
            let arn = crate::model::ids::ServiceDeploymentArn::told("arn:sd/1");
            let (status, reason) = (format!("{fate:?}").into(), Text::default());
            let newer = ServiceDeploymentView { arn, created_at, fate, status, reason };
            world.view("portal").history = Seen::Present(vec![newer]);
        }
    };
    check(2, Holding::Unknown, after(60, Fate::Going));
    check(2, Holding::Unknown, after(60, Fate::Succeeded));
    // The service deployment of what is shown.
    let mut world = World::clear();
    after(1, Fate::Succeeded)(&mut world);
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
    // Whatever it is, it is not late any more.
    let mut world = World::clear();
    after(60, Fate::Succeeded)(&mut world);
    world.observed.at = world.observed.at.plus(Span::minutes(10));
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn shut_while_fewer_tasks_run_than_are_wanted() {
    check(3, Holding::NotYet, |world| world.service("indexer").deployments[0].running = 1);
    check(3, Holding::NotYet, |world| world.service("indexer").pending = 1);
}

#[test]
fn shut_while_a_new_task_is_not_healthy() {
    check(4, Holding::NotYet, |world| world.targets("portal")[0].state = TargetState::Unhealthy);
    check(4, Holding::NotYet, |world| world.new_tasks("portal")[0].ip = None);
    check(4, Holding::Unknown, |world| {
        world.view("portal").target_groups[0].targets = Seen::Unknown(unseen(Trouble::Passing));
    });
    check(4, Holding::Unknown, |world| world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing)));
}

#[test]
fn shut_while_another_target_is_left() {
    let other = |state| {
        move |world: &mut World| {
            world.targets("portal").push(TargetView { id: "10.0.9.9".into(), state, reason: Text::default() });
        }
    };
    check(5, Holding::NotYet, other(TargetState::Draining));
    check(5, Holding::NotYet, other(TargetState::Healthy));
}

#[test]
fn an_unused_target_is_not_waited_for() {
    let mut world = World::clear();
    let unused = TargetView { id: "10.0.9.9".into(), state: TargetState::Unused, reason: Text::default() };
    world.targets("portal").push(unused);
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn shut_while_an_old_task_is_short_of_stopped() {
    let old = |status: TaskStatus, desired| {
        move |world: &mut World| {
            let mut task = world.new_tasks("indexer")[0].clone();
            task.started_by = "ecs-svc/older".into();
            (task.status, task.desired) = (status.clone(), desired);
            world.tasks().push(task);
        }
    };
    check(6, Holding::NotYet, old(TaskStatus::Running, DesiredStatus::Running));
    check(6, Holding::NotYet, old(TaskStatus::Running, DesiredStatus::Stopped));
    check(6, Holding::NotYet, old(TaskStatus::Deactivating, DesiredStatus::Stopped));
    check(6, Holding::NotYet, old(TaskStatus::Stopping, DesiredStatus::Stopped));
    check(6, Holding::NotYet, old(TaskStatus::Other("RETIRING".into()), DesiredStatus::Stopped));
    check(6, Holding::NotYet, old(TaskStatus::Starting, DesiredStatus::Running));
}

#[test]
fn shut_while_an_old_task_vanished_that_was_not_stopping() {
    let lost = |ending| {
        move |world: &mut World| {
            let arn = crate::model::ids::TaskArn::told("arn/lost");
            let started_by = DeploymentId::told("ecs-svc/older");
            let watched = Watched {
                started_by,
                group: world.service("portal").task_group().into(),
                row: None,
                at: world.observed.at,
                ending,
            };
            world.history.watched.insert(arn, watched);
        }
    };
    check(6, Holding::Unknown, lost(Ending::No));
    let mut world = World::clear();
    lost(Ending::Yes)(&mut world);
    assert_eq!(state(&world.plan()), RecordState::Launching(1), "one that was stopping may be gone");
}

#[test]
fn shut_while_new_tasks_run_two_digests_or_do_not_say() {
    let run =
        |digest| move |world: &mut World| world.new_tasks("indexer")[0].containers[0].digest = Option::clone(&digest);
    check(7, Holding::NotYet, run(Some(digest('b'))));
    check(7, Holding::Unknown, run(None));
}

#[test]
fn deferred_clean_up_is_no_obstacle_when_every_old_task_is_proven_gone() {
    let mut world = World::clear();
    world.service("portal").cleanup = Cleanup::Deferred;
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
    check(8, Holding::NotYet, |world| {
        world.service("portal").cleanup = Cleanup::Deferred;
        let mut task = world.new_tasks("indexer")[0].clone();
        task.started_by = "ecs-svc/older".into();
        world.tasks().push(task);
    });
}

#[test]
fn shut_while_another_task_of_the_family_is_alive() {
    check(9, Holding::NotYet, |world| {
        let definition = world.definition("deployment").arn.clone();
        let mut task = world.new_tasks("indexer")[0].clone();
        (task.definition, task.group, task.started_by) = (definition, "family:c4-deployment".into(), Text::default());
        world.tasks().push(task);
    });
}

#[test]
fn an_empty_row_is_not_waited_for() {
    let mut world = World::settled();
    world.row("indexer").count = Some(0);
    let service = world.service("indexer");
    (service.desired, service.running, service.deployments[0].running) = (0, 0, 0);
    world.tasks().retain(|task| !task.group.contains("indexer"));
    for row in ["portal", "ingester"] {
        world.deploy(row, world.observed.at);
        world.finish(row);
    }
    world.later(Span::minutes(2));
    world.history = crate::plan::history::History::default();
    world.pass(Span::seconds(15));
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn one_open_look_is_not_enough() {
    let mut world = World::settled();
    world.kick_all();
    world.later(Span::minutes(2));
    world.pass(Span::seconds(14));
    let plan = world.plan();
    assert_eq!(hold(&plan, "Settling"), &HoldCause::Settling { left: Span::seconds(1) });
    assert!(plan.steps.is_empty());
}

#[test]
fn a_gate_that_shut_meanwhile_starts_to_settle_anew() {
    let mut world = World::clear();
    world.targets("portal")[0].state = TargetState::Unhealthy;
    world.pass(Span::seconds(10));
    world.targets("portal")[0].state = TargetState::Healthy;
    world.pass(Span::seconds(10));
    assert_eq!(hold(&world.plan(), "Settling"), &HoldCause::Settling { left: Span::seconds(5) });
}

#[test]
fn a_process_without_history_waits_as_long_as_any() {
    let mut world = World::clear();
    world.history = crate::plan::history::History::default();
    assert_eq!(hold(&world.plan(), "Settling"), &HoldCause::Settling { left: Span::seconds(15) });
}

#[test]
fn more_kicks_may_follow_a_young_one() {
    let mut world = World::settled();
    world.kick_all();
    world.pass(Span::seconds(20));
    let plan = world.plan();
    assert_eq!(hold(&plan, "KickTooYoung"), &HoldCause::KickTooYoung { left: Span::seconds(40) });
    assert!(plan.steps.is_empty());
}

#[test]
fn a_rollback_fails_the_rollout_and_nothing_runs() {
    let mut world = World::clear();
    let undone = ServiceDeploymentView {
        arn: crate::model::ids::ServiceDeploymentArn::told("arn:sd/1"),
        created_at: world.observed.at,
        fate: Fate::Undone,
        status: "ROLLBACK_SUCCESSFUL".into(),
        reason: "circuit breaker".into(),
    };
    world.view("portal").history = Seen::Present(vec![undone]);
    let plan = world.pass(Span::seconds(10));
    assert!(
        matches!(state(&plan), RecordState::Failed(crate::model::rollout::Failure::Row(row)) if row.as_str() == "portal")
    );
    let next = world.plan();
    assert!(next.steps.is_empty());
    assert!(hold(&next, "RolloutFailed").to_string().contains("portal"));
    assert!(updates(&next).is_empty());
}

#[test]
fn a_rollback_of_an_earlier_rollout_is_no_failure_of_this_one() {
    let mut world = World::clear();
    let undone = ServiceDeploymentView {
        arn: crate::model::ids::ServiceDeploymentArn::told("arn:sd/1"),
        created_at: DEPLOYED,
        fate: Fate::Undone,
        status: "ROLLBACK_SUCCESSFUL".into(),
        reason: Text::default(),
    };
    world.view("portal").history = Seen::Present(vec![undone]);
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}
