//! The audit lets no tampered plan pass, whoever made it.

use super::fixture::{World, unseen};
use crate::model::ids::{AccountId, ServiceArn, TaskDefinitionArn};
use crate::model::observed::{ScalingView, Seen, TargetState, TargetView, TaskStatus, Trouble};
use crate::model::rollout::RecordState;
use crate::model::text::Text;
use crate::model::time::Span;
use crate::plan::action::{Action, Plan, Revision, Step};
use crate::plan::audit::audit;

/// A plan that was made in one world and is judged in another is refused for this invariant.
#[track_caller]
fn refuses(invariant: &str, plan: Plan, world: &World) {
    let violations = audit(plan, &world.input()).expect_err("a violation");
    assert!(violations.iter().any(|violation| violation.invariant == invariant), "{violations:?}");
}

/// A launch that would have been fine, judged after the world was disturbed.
#[track_caller]
fn refuses_launch(invariant: &str, disturb: impl Fn(&mut World)) {
    let mut world = World::launching();
    let plan = world.plan();
    assert!(audit(plan.clone(), &world.input()).is_ok());
    disturb(&mut world);
    refuses(invariant, plan, &world);
}

fn counted() -> World {
    let mut world = World::settled();
    world.service("portal").desired = 5;
    world
}

#[test]
fn what_the_planner_makes_passes() {
    let mut resized = World::settled();
    resized.definition("indexer").memory = Some(1024);
    resized.definition("deployment").memory = Some(1024);
    for world in [counted(), resized, World::first_contact(), World::clear(), World::launching()] {
        audit(world.plan(), &world.input()).expect("no violation");
    }
}

#[test]
fn an_empty_plan_passes_anywhere() {
    let mut world = World::settled();
    let plan = world.plan();
    world.observed.account = Seen::Present(AccountId::told("999999999999"));
    assert!(audit(plan, &world.input()).is_ok());
}

#[test]
fn i1_a_launch_without_its_intent_on_the_cluster() {
    refuses_launch("I1", |world| world.set_state(RecordState::Open));
    refuses_launch("I1", |world| world.set_state(RecordState::Launching(2)));
    refuses_launch("I1", |world| world.cluster().tags.clear());
}

#[test]
fn i2_a_launch_while_something_old_is_left() {
    refuses_launch("I2", |world| {
        let mut task = world.new_tasks("indexer")[0].clone();
        task.started_by = "ecs-svc/older".into();
        task.status = TaskStatus::Deactivating;
        world.tasks().push(task);
    });
    refuses_launch("I2", |world| {
        let mut task = world.new_tasks("indexer")[0].clone();
        task.group = "service:c4-ecs-blue-indexer-BeF0r3".into();
        world.tasks().push(task);
    });
    refuses_launch("I2", |world| {
        let draining = TargetView { id: "10.0.9.9".into(), state: TargetState::Draining, reason: Text::default() };
        world.targets("portal").push(draining);
    });
    refuses_launch("I2", |world| {
        world.view("portal").target_groups[0].targets = Seen::Unknown(unseen(Trouble::Passing));
    });
}

#[test]
fn i2_an_intent_while_something_old_is_left() {
    let mut world = World::clear();
    let plan = world.plan();
    let mut task = world.new_tasks("indexer")[0].clone();
    task.started_by = "ecs-svc/older".into();
    world.tasks().push(task);
    refuses("I2", plan, &world);
}

#[test]
fn i2_a_new_deployment_beside_a_launch_or_while_a_task_runs() {
    let mut resized = World::settled();
    resized.definition("indexer").memory = Some(1024);
    let kicks = resized.plan().steps;
    let mut world = World::launching();
    let mut plan = world.plan();
    plan.steps.extend(kicks.clone());
    refuses("I2", plan.clone(), &world);
    world.pass(Span::seconds(5));
    plan.steps = kicks;
    refuses("I2", plan, &world);
}

#[test]
fn i3_a_second_task_while_one_is_alive() {
    let mut world = World::launching();
    let plan = world.plan();
    world.pass(Span::seconds(5));
    refuses("I3", plan, &world);
}

#[test]
fn i5_an_initial_definition() {
    refuses_launch("I5", |world| world.definition("deployment").initial = true);
    let world = World::launching();
    let mut plan = world.plan();
    for step in &mut plan.steps {
        if let Action::Run(launch) = &mut step.action {
            launch.definition = TaskDefinitionArn::told("arn:x:task-definition/c4-InitialDeployment:1");
        }
    }
    refuses("I5", plan, &world);
}

#[test]
fn i6_a_count_that_autoscaling_may_own() {
    let mut world = counted();
    let plan = world.plan();
    world.view("portal").scaling = Seen::Present(ScalingView { least: 1, most: 9 });
    refuses("I6", plan.clone(), &world);
    world.view("portal").scaling = Seen::Unknown(unseen(Trouble::Passing));
    refuses("I6", plan, &world);
}

#[test]
fn i8_another_account() {
    let mut world = counted();
    let plan = world.plan();
    world.observed.account = Seen::Present(AccountId::told("999999999999"));
    refuses("I8", plan.clone(), &world);
    world.observed.account = Seen::Unknown(unseen(Trouble::Passing));
    refuses("I8", plan, &world);
}

#[test]
fn i8_a_service_or_a_definition_that_is_no_rows() {
    let world = counted();
    let mut plan = world.plan();
    for step in &mut plan.steps {
        if let Action::Update(update) = &mut step.action {
            update.service = ServiceArn::told("arn:aws:ecs:us-east-1:123456789012:service/c4-ecs-blue/foreign");
        }
    }
    refuses("I8", plan.clone(), &world);
    let from = TaskDefinitionArn::told("arn:x:task-definition/foreign:1");
    let revision = Revision { from, vcpu: None, memory: None, images: Default::default() };
    plan.steps = vec![Step { row: None, action: Action::Register(revision), because: vec![] }];
    refuses("I8", plan, &world);
}

#[test]
fn i11_a_launch_on_what_was_not_seen() {
    refuses_launch("I11", |world| world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing)));
    refuses_launch("I11", |world| world.view("portal").service = Seen::Unknown(unseen(Trouble::Passing)));
    refuses_launch("I11", |world| world.observed.cluster = Seen::Absent);
}
