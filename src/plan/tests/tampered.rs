//! The audit by itself: plans that are wrong in one respect, as a planner with a mistake would make them.
//!
//! `audit` disturbs the world under a good plan; here the world is good and the plan is not.

use super::fixture::{SERVICES, World};
use crate::model::command::Told;
use crate::model::ids::{ServiceDeploymentArn, TaskArn};
use crate::model::observed::{Fate, Seen, ServiceDeploymentView, TargetState, TargetView};
use crate::model::rollout::{Attempt, Failure, Lost, Record, RecordState, RolloutId};
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};
use crate::plan::action::{Action, Plan};
use crate::plan::audit::{Violation, audit};
use crate::plan::command::Want;
use crate::plan::history::{Answer, History, LaunchAnswer};

#[track_caller]
fn refused(plan: Plan, world: &World) -> Vec<Violation> {
    audit(plan, &world.input()).expect_err("a violation")
}

#[track_caller]
fn breaks(invariant: &str, plan: Plan, world: &World) {
    let found = refused(plan, world);
    assert!(found.iter().all(|violation| violation.invariant == invariant), "{found:?}");
}

/// The plan, with the record that it writes changed.
fn record(mut plan: Plan, change: impl Fn(&mut Record)) -> Plan {
    for step in &mut plan.steps {
        if let Action::Record(record) = &mut step.action {
            change(record);
        }
    }
    plan
}

fn attempt(plan: Plan, number: u32) -> Plan {
    record(plan, |record| record.state = RecordState::Launching(number))
}

/// A rollout that ended like this, and a person's word about it.
fn told(state: RecordState, want: Want) -> World {
    let mut world = World::clear();
    world.history = History::default();
    world.set_state(state);
    world.command(want).expect("a command that goes with it");
    world.pass(Span::seconds(20));
    world
}

fn lost() -> RecordState {
    RecordState::Unknown(Lost { attempt: 1, task: None })
}

#[test]
fn a_retry_needs_a_word_about_this_rollout_and_about_this() {
    let mut world = told(RecordState::Failed(Failure::Told(1)), Want::Retry);
    let plan = world.plan();
    assert!(audit(plan.clone(), &world.input()).is_ok());
    world.about_another_rollout();
    breaks("I1", plan.clone(), &world);
    world.set_state(lost());
    world.command(Want::Resolve(Told::Failed)).expect("a command that goes with it");
    breaks("I1", plan, &world);
}

#[test]
fn attempts_are_counted_one_by_one() {
    let mut refused = World::launching();
    let (id, at) = (refused.record().id, refused.observed.at);
    let answer = Answer::NotStarted("RESOURCE:ENI".into());
    refused.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer });
    refused.later(Span::minutes(1));
    let mut stopped = World::launching();
    stopped.pass(Span::seconds(5));
    stopped.pass(Span::seconds(5));
    stopped.end(None, "TaskFailedToStart");
    stopped.one_off().started_at = None;
    stopped.later(Span::minutes(1));
    for world in [refused, stopped] {
        let plan = world.plan();
        assert!(audit(plan.clone(), &world.input()).is_ok());
        breaks("I1", attempt(plan.clone(), 1), &world);
        breaks("I1", attempt(plan, 3), &world);
    }
}

#[test]
fn a_first_attempt_is_number_one_and_of_the_rollout_that_stands() {
    let world = World::clear();
    breaks("I1", attempt(world.plan(), 2), &world);
    breaks("I1", record(world.plan(), |record| record.id = RolloutId::told("ffffffffffffffff")), &world);
}

#[test]
fn nobody_resolves_a_rollout_without_a_word_about_it() {
    let mut world = World::clear();
    world.history = History::default();
    world.set_state(lost());
    world.command(Want::Resolve(Told::Succeeded)).expect("a command that goes with it");
    let plan = world.plan();
    assert!(audit(plan.clone(), &world.input()).is_ok());
    let other = record(plan.clone(), |record| record.state = RecordState::Resolved(2));
    breaks("I1", other, &world);
    world.about_another_rollout();
    let of_the_other = record(plan.clone(), |record| record.id = RolloutId::told("ffffffffffffffff"));
    breaks("I1", of_the_other, &world);
    breaks("I1", plan, &world);
}

#[test]
fn a_launch_has_the_token_of_its_intent() {
    let world = World::launching();
    let mut plan = world.plan();
    for step in &mut plan.steps {
        if let Action::Run(launch) = &mut step.action {
            launch.client_token = world.clone().record().id.client_token(2);
        }
    }
    breaks("I1", plan, &world);
}

/// Every row was kicked and rolls, and a person aborts.
fn aborted() -> World {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
        let at = world.service(row).deployments[0].created_at;
        listed(&mut world, row, Fate::Going, at);
    }
    world.pass(Span::seconds(10));
    world.command(Want::Abort).expect("a rollout that is open");
    world
}

/// The row's only service deployment, as ListServiceDeployments has it.
fn listed(world: &mut World, row: &str, fate: Fate, created_at: Timestamp) {
    let arn = ServiceDeploymentArn::told(format!("arn:service-deployment/{row}"));
    let it =
        ServiceDeploymentView { arn, created_at, fate, status: format!("{fate:?}").into(), reason: Text::default() };
    world.view(row).history = Seen::Present(vec![it]);
}

#[test]
fn only_deployments_of_the_rollout_that_is_aborted_are_rolled_back() {
    let world = aborted();
    let plan = world.plan();
    assert!(audit(plan.clone(), &world.input()).is_ok());
    let mut foreign = plan.clone();
    for step in &mut foreign.steps {
        if let Action::RollBack(back) = &mut step.action {
            back.deployment = ServiceDeploymentArn::told("arn:service-deployment/foreign");
        }
    }
    breaks("I8", foreign, &world);
    let mut older = world.clone();
    let base = older.record().base;
    listed(&mut older, "portal", Fate::Going, base);
    breaks("I8", plan.clone(), &older);
    let mut other = world;
    other.about_another_rollout();
    breaks("I8", plan, &other);
}

#[test]
fn nothing_is_rolled_back_under_a_task_that_runs() {
    let mut world = aborted();
    let plan = world.plan();
    let mut task = world.new_tasks("indexer")[0].clone();
    (task.arn, task.started_by) = (TaskArn::told("arn:task/ours"), "evenkeel/0123456789abcdef/1".into());
    task.group = "family:c4-deployment".into();
    world.tasks().push(task);
    breaks("I2", plan, &world);
}

#[test]
fn a_violation_says_its_invariant_and_what_was_seen() {
    let mut world = World::launching();
    let plan = world.plan();
    for _ in 0..2 {
        let draining = TargetView { id: "10.0.9.9".into(), state: TargetState::Draining, reason: Text::default() };
        world.targets("portal").push(draining);
    }
    let said: Vec<String> = refused(plan.clone(), &world).iter().map(ToString::to_string).collect();
    assert_eq!(said, ["I2 would be broken: c4-ecs-blue-portal-K3xQ9 still has 2 draining targets"]);
    world.view("portal").target_groups[0].targets = Seen::Absent;
    let said: Vec<String> = refused(plan, &world).iter().map(ToString::to_string).collect();
    assert_eq!(said, ["I2 would be broken: the targets of c4-ecs-blue-portal-K3xQ9 were not seen"]);
}

#[test]
fn no_attempt_follows_one_that_succeeded() {
    let mut world = told(RecordState::Failed(Failure::Told(1)), Want::Retry);
    let plan = world.plan();
    world.set_state(RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() }));
    breaks("I1", plan, &world);
}
