//! What an abort takes back and what it leaves, and what is dated and answered when a person's word ends a rollout.

use super::fixture::{DEPLOYED, SERVICES, World, unseen};
use super::{hold, holds, state, updates, written};
use crate::model::command::Told;
use crate::model::ids::{RowName, ServiceDeploymentArn, TaskArn};
use crate::model::observed::{Fate, Seen, ServiceDeploymentView, TaskStatus, Trouble};
use crate::model::rollout::{Failure, Lost, Record, RecordState};
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};
use crate::plan::action::{Action, Plan, Standing};
use crate::plan::audit::audit;
use crate::plan::command::Want;
use crate::plan::history::Made;
use crate::plan::pace::NextLook;

/// The row's only service deployment, as ListServiceDeployments has it.
pub(super) fn listed(world: &mut World, row: &str, fate: Fate, created_at: Timestamp) {
    let arn = ServiceDeploymentArn::told(format!("arn:service-deployment/{row}"));
    let it =
        ServiceDeploymentView { arn, created_at, fate, status: format!("{fate:?}").into(), reason: Text::default() };
    world.view(row).history = Seen::Present(vec![it]);
}

/// Every row was kicked at once and rolls; the record is open.
fn rolling() -> World {
    let mut world = World::settled();
    for row in SERVICES {
        let at = world.observed.at;
        world.deploy(row, at);
        listed(&mut world, row, Fate::Going, at);
    }
    world.pass(Span::seconds(10));
    world
}

fn rolled_back(plan: &Plan) -> Vec<&str> {
    let back = plan.steps.iter().filter(|step| matches!(step.action, Action::RollBack(_)));
    back.filter_map(|step| step.row.as_ref().map(RowName::as_str)).collect()
}

/// What every row's deployment came to after the abort, and the record that follows.
fn ended(world: &mut World, fate: Fate, at: Timestamp) -> Record {
    for row in SERVICES {
        listed(world, row, fate, at);
    }
    let plan = world.pass(Span::seconds(5));
    assert_eq!(state(&plan), RecordState::Failed(Failure::Aborted));
    world.record()
}

/// ECS has refused to take this row's deployment back, a moment ago.
fn refused(world: &mut World, row: &str) {
    let at = world.observed.at;
    world.history.kept.insert(ServiceDeploymentArn::told(format!("arn:service-deployment/{row}")), at);
}

#[test]
fn what_ecs_does_not_take_back_is_said_and_asked_for_again_after_a_minute() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    refused(&mut world, "portal");
    let plan = world.plan();
    assert_eq!(rolled_back(&plan), ["indexer", "ingester"]);
    let kicked = world.record().frontier;
    for row in ["indexer", "ingester"] {
        listed(&mut world, row, Fate::Undone, kicked);
    }
    let plan = world.pass(Span::seconds(59));
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Held), "{:#?}", plan.steps);
    assert_eq!(plan.next_look, NextLook::After(Span::minutes(1)));
    assert!(hold(&plan, "NoWayBack").to_string().ends_with("does not take deployment portal back"));
    let plan = world.pass(Span::seconds(1));
    assert_eq!((rolled_back(&plan), plan.next_look), (Vec::new(), NextLook::After(Span::seconds(1))), "59 s");
    assert_eq!(rolled_back(&world.plan()), ["portal"]);
}

#[test]
fn what_ecs_refused_is_asked_for_again_though_only_glances_came_since() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    for row in SERVICES {
        refused(&mut world, row);
    }
    world.later(Span::seconds(20));
    let plan = world.plan();
    assert_eq!(plan.next_look, NextLook::After(Span::seconds(40)));
    // A glance plans by what is remembered, and remembers nothing.
    world.later(Span::seconds(40));
    assert_eq!(rolled_back(&world.plan()), SERVICES);
}

#[test]
fn a_row_that_is_waited_for_is_looked_at_sooner_than_what_ecs_refused() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    refused(&mut world, "portal");
    for row in ["indexer", "ingester"] {
        world.view(row).history = Seen::Present(Vec::new());
    }
    assert_eq!(world.plan().next_look, NextLook::MOVING);
}

#[test]
fn a_request_after_the_abort_takes_the_place_of_what_cannot_go_back() {
    for (asked, ends) in [(-5, false), (0, false), (5, true)] {
        let mut world = rolling();
        for row in SERVICES {
            refused(&mut world, row);
        }
        let frontier = world.record().frontier;
        let at = world.observed.at;
        world.later(Span::seconds(10));
        world.command(Want::Abort).unwrap();
        world.observed.at = at.plus(Span::seconds(10 + asked));
        world.request(frontier);
        world.observed.at = at.plus(Span::seconds(20));
        let plan = world.pass(Span::seconds(5));
        if ends {
            assert_eq!(state(&plan), RecordState::Failed(Failure::Aborted));
            assert_eq!(updates(&world.plan()).len(), SERVICES.len());
        } else {
            assert_eq!(written(&plan), None);
            hold(&plan, "NoWayBack");
        }
    }
}

#[test]
fn an_abort_takes_back_a_deployment_that_the_service_does_not_show_yet() {
    let mut world = rolling();
    let before = world.service("indexer").deployments.split_off(1);
    world.service("indexer").deployments = before;
    world.service("indexer").deployments[0].role = crate::model::observed::DeploymentRole::Primary;
    world.command(Want::Abort).unwrap();
    assert_eq!(rolled_back(&world.plan()), ["portal", "indexer", "ingester"]);
}

#[test]
fn an_abort_leaves_what_was_going_before_the_rollout_began() {
    let mut world = World::settled();
    listed(&mut world, "portal", Fate::Going, DEPLOYED);
    let at = world.observed.at;
    world.deploy("indexer", at);
    listed(&mut world, "indexer", Fate::Going, at);
    world.pass(Span::seconds(10));
    assert_eq!(world.record().base, DEPLOYED);
    world.command(Want::Abort).unwrap();
    let plan = world.plan();
    assert_eq!(rolled_back(&plan), ["indexer"]);
    assert!(audit(plan, &world.input()).is_ok());
}

#[test]
fn what_was_kicked_in_part_is_no_partial_kick_any_more_once_it_is_taken_back() {
    let mut world = World::settled();
    let at = world.observed.at;
    world.deploy("portal", at);
    listed(&mut world, "portal", Fate::Going, at);
    world.pass(Span::minutes(5));
    assert!(holds(&world.plan()).contains(&"PartialKick"));
    world.command(Want::Abort).unwrap();
    let plan = world.plan();
    assert_eq!(rolled_back(&plan), ["portal"]);
    assert!(!holds(&plan).contains(&"PartialKick"), "{:?}", plan.holds);
}

#[test]
fn an_empty_row_that_nobody_kicked_does_not_hold_up_an_abort() {
    let mut world = rolling();
    world.row("ingester").count = Some(0);
    let service = world.service("ingester");
    service.desired = 0;
    service.deployments.remove(0);
    service.deployments[0].role = crate::model::observed::DeploymentRole::Primary;
    world.view("ingester").history = Seen::Absent;
    for row in ["portal", "indexer"] {
        let at = world.service(row).deployments[0].created_at;
        listed(&mut world, row, Fate::Undone, at);
    }
    world.command(Want::Abort).unwrap();
    assert_eq!(state(&world.plan()), RecordState::Failed(Failure::Aborted));
}

#[test]
fn after_an_abort_that_ecs_took_back_the_next_rollout_has_the_same_base() {
    let mut world = rolling();
    let (base, kicked) = (world.record().base, world.record().frontier);
    world.command(Want::Abort).unwrap();
    assert_eq!(ended(&mut world, Fate::Undone, kicked).base, base);
}

#[test]
fn after_an_abort_with_nothing_to_take_back_only_later_kicks_count() {
    for undone_before in [DEPLOYED, DEPLOYED.plus(Span::minutes(-5))] {
        let mut world = World::clear();
        let frontier = world.record().frontier;
        world.command(Want::Abort).unwrap();
        for row in SERVICES {
            listed(&mut world, row, Fate::Undone, undone_before);
            let mut both = world.view(row).history.present().unwrap().clone();
            both.push(ServiceDeploymentView { created_at: frontier, fate: Fate::Succeeded, ..both[0].clone() });
            world.view(row).history = Seen::Present(both);
        }
        assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Aborted));
        assert_eq!(world.record().base, frontier);
    }
}

#[test]
fn an_abort_answers_the_request_that_it_takes_back_and_no_later_one() {
    for later in [false, true] {
        let mut world = rolling();
        let frontier = world.record().frontier;
        let mut asked = world.request(frontier);
        world.command(Want::Abort).unwrap();
        world.later(Span::seconds(5));
        if later {
            asked = world.request(frontier);
        }
        let record = ended(&mut world, Fate::Undone, frontier);
        assert_eq!(record.request == Some(asked), !later);
        assert_eq!(updates(&world.plan()).len(), if later { SERVICES.len() } else { 0 });
    }
}

#[test]
fn an_abort_that_waits_for_the_list_keeps_a_clear_gate_from_being_passed() {
    let mut world = World::clear();
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
    world.command(Want::Abort).unwrap();
    let plan = world.plan();
    assert_eq!(written(&plan), None);
    hold(&plan, "AbortInHand");
}

#[test]
fn an_end_by_word_is_dated_when_it_is_written() {
    let mut world = World::clear();
    world.set_state(RecordState::Unknown(Lost { attempt: 1, task: None }));
    world.later(Span::minutes(30));
    world.command(Want::Resolve(Told::Succeeded)).unwrap();
    assert_eq!(written(&world.plan()).map(|record| record.since), Some(world.observed.at));
}

#[test]
fn what_cannot_be_resolved_says_what_to_do_instead() {
    for (state, words) in [
        (RecordState::Open, "rollout abort"),
        (RecordState::Launching(1), "55 minutes"),
        (RecordState::Resolved(1), "rollout history"),
    ] {
        let mut world = World::clear();
        world.set_state(state);
        let refused = world.command(Want::Resolve(Told::Succeeded)).unwrap_err();
        assert!(refused.hint().is_some_and(|hint| hint.contains(words)), "{refused}: {:?}", refused.hint());
    }
}

#[test]
fn a_retry_does_not_launch_between_a_request_and_its_kicks() {
    let mut world = World::clear();
    world.set_state(RecordState::Failed(Failure::Told(1)));
    world.command(Want::Retry).unwrap();
    assert_eq!(state(&world.plan()), RecordState::Launching(2));
    let after = world.record().frontier;
    world.request(after);
    // The kicks were made, and AWS still shows what was before.
    for row in SERVICES {
        let (service, created_at) = (world.service(row).arn.clone(), world.observed.at);
        let deployment = crate::model::ids::DeploymentId::told("ecs-svc/next");
        world.history.made.insert(service, Made { deployment, created_at });
    }
    let plan = world.plan();
    assert_eq!(written(&plan), None, "{:#?}", plan.steps);
    assert!(holds(&plan).contains(&"Stale"));
}

/// A task that a launch of an earlier rollout started, and that came to light after it was given up.
fn superseded(world: &mut World) {
    let mut task = world.new_tasks("indexer")[0].clone();
    (task.started_by, task.group) = ("evenkeel/0123456789abcdef/1".into(), "family:c4-deployment".into());
    task.arn = TaskArn::told("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/beef");
    task.status = TaskStatus::Running;
    world.tasks().push(task);
}

#[test]
fn an_abort_waits_for_a_deployment_task_that_is_alive_and_then_goes_back() {
    let mut world = rolling();
    superseded(&mut world);
    world.command(Want::Abort).unwrap();
    for _ in 0..3 {
        let plan = world.pass(Span::seconds(30));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        hold(&plan, "TaskInHand");
        assert_eq!(plan.standing(), Standing::Progressing);
        assert!(matches!(plan.next_look, NextLook::After(wait) if wait >= NextLook::TICK), "{:?}", plan.next_look);
    }
    world.end(Some(0), "EssentialContainerExited");
    let plan = world.plan();
    assert_eq!(rolled_back(&plan), SERVICES);
    assert!(audit(plan, &world.input()).is_ok());
}

#[test]
fn an_abort_with_nothing_to_take_back_is_not_over_while_a_deployment_task_is_alive() {
    let mut world = World::clear();
    let kicked = world.record().frontier;
    for row in SERVICES {
        listed(&mut world, row, Fate::Succeeded, kicked);
    }
    superseded(&mut world);
    world.command(Want::Abort).unwrap();
    assert_eq!(written(&world.pass(Span::seconds(30))), None);
    world.end(Some(0), "EssentialContainerExited");
    assert_eq!(state(&world.plan()), RecordState::Failed(Failure::Aborted));
}

#[test]
fn an_abort_does_not_go_back_where_nobody_knows_whether_a_deployment_task_is_alive() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    let plan = world.plan();
    assert_eq!(rolled_back(&plan), SERVICES);
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    let violations = audit(plan, &world.input()).unwrap_err();
    assert!(violations.iter().all(|violation| violation.invariant == "I11"), "{violations:?}");
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    hold(&plan, "Unknown");
}
