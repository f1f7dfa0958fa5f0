//! A person's commands: what each makes of the record, once, and what it must never do.

use super::fixture::{SERVICES, World};
use super::{hold, holds, state, written};
use crate::model::command::{Order, Told};
use crate::model::ids::{RowName, ServiceDeploymentArn};
use crate::model::observed::{Fate, Seen, ServiceDeploymentView};
use crate::model::past::Origin;
use crate::model::rollout::{Attempt, Failure, Lost, Record, RecordState, RolloutId};
use crate::model::text::Text;
use crate::model::time::Span;
use crate::plan::action::{Action, Plan, Standing};
use crate::plan::audit::audit;
use crate::plan::command::Want;
use crate::plan::history::History;

fn failed_task() -> RecordState {
    RecordState::Failed(Failure::Task { attempt: Attempt { number: 1, task: "cafe".into() }, exit: Some(3) })
}

fn lost() -> RecordState {
    RecordState::Unknown(Lost { attempt: 1, task: None })
}

/// Every row is rolled out and drained, and the rollout ended like this a while ago.
fn ended(state: RecordState) -> World {
    let mut world = World::clear();
    world.history = History::default();
    world.set_state(state);
    world.later(Span::minutes(30));
    world
}

/// Every row was kicked and rolls; the record is open.
fn rolling() -> World {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
        going(&mut world, row, Fate::Going);
    }
    world.pass(Span::seconds(10));
    world
}

/// The row's newest service deployment, as ListServiceDeployments has it.
fn going(world: &mut World, row: &str, fate: Fate) {
    let created_at = world.service(row).primary().expect("a PRIMARY deployment").created_at;
    let arn = ServiceDeploymentArn::told(format!("arn:service-deployment/{row}"));
    let status = format!("{fate:?}");
    world.view(row).history = Seen::Present(vec![ServiceDeploymentView {
        arn,
        created_at,
        fate,
        status: status.into(),
        reason: Text::default(),
    }]);
}

fn rolled_back(plan: &Plan) -> Vec<&str> {
    let rows = plan.steps.iter().filter_map(|step| match &step.action {
        Action::RollBack(_) => step.row.as_ref().map(RowName::as_str),
        _ => None,
    });
    rows.collect()
}

#[track_caller]
fn passes_the_audit(world: &World) {
    let plan = world.plan();
    if let Err(violations) = audit(plan, &world.input()) {
        panic!("{violations:?}");
    }
}

#[test]
fn a_retry_waits_for_the_whole_gate_and_then_launches_the_next_attempt() {
    for before in [failed_task(), lost(), RecordState::Failed(Failure::Start(1)), RecordState::Failed(Failure::Told(1))]
    {
        let mut world = ended(before);
        assert_eq!(world.command(Want::Retry).unwrap().order, Order::Retry(1));
        let plan = world.pass(Span::seconds(10));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        hold(&plan, "Settling");
        assert_eq!(plan.standing(), Standing::Progressing);
        world.later(Span::seconds(10));
        passes_the_audit(&world);
        assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(2));
        assert_eq!(world.record().since, world.observed.at.plus(Span::seconds(-2)));
        passes_the_audit(&world);
        assert!(matches!(world.plan().steps[0].action, Action::Run(_)));
    }
}

#[test]
fn a_retry_does_not_launch_while_an_old_task_is_alive() {
    let mut world = ended(failed_task());
    world.command(Want::Retry).unwrap();
    let mut old = world.new_tasks("indexer")[0].clone();
    old.started_by = "ecs-svc/older".into();
    old.arn = crate::model::ids::TaskArn::told("arn:task/old");
    world.tasks().push(old);
    for _ in 0..9 {
        let plan = world.pass(Span::seconds(20));
        assert!(written(&plan).is_none());
        hold(&plan, "GateShut");
    }
}

#[test]
fn a_retry_is_done_once() {
    let mut world = ended(failed_task());
    world.command(Want::Retry).unwrap();
    world.pass(Span::seconds(20));
    assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(2));
    world.set_state(RecordState::Failed(Failure::Task {
        attempt: Attempt { number: 2, task: "beef".into() },
        exit: Some(3),
    }));
    for _ in 0..5 {
        assert!(world.pass(Span::minutes(2)).steps.is_empty());
    }
    hold(&world.plan(), "RolloutFailed");
}

#[test]
fn without_the_command_nobody_writes_another_attempt() {
    let mut world = ended(failed_task());
    world.command(Want::Retry).unwrap();
    world.pass(Span::seconds(20));
    let plan = world.plan();
    let key = plan.keys.command.clone();
    world.cluster().tags.remove(&key);
    let violations = audit(plan, &world.input()).unwrap_err();
    assert!(violations.iter().any(|violation| violation.invariant == "I1"), "{violations:?}");
}

#[test]
fn a_rollout_that_was_asked_for_takes_the_place_of_a_retry() {
    let mut world = ended(failed_task());
    world.command(Want::Retry).unwrap();
    let after = world.record().frontier;
    world.request(after);
    for _ in 0..3 {
        let plan = world.pass(Span::seconds(20));
        assert!(written(&plan).is_none_or(|record| !matches!(record.state, RecordState::Launching(_))));
    }
    assert!(world.command(Want::Retry).is_err());
}

#[test]
fn a_kick_makes_a_retry_void() {
    let mut world = ended(failed_task());
    world.command(Want::Retry).unwrap();
    world.kick_all();
    world.pass(Span::minutes(2));
    assert_eq!(world.record().state, RecordState::Open);
    world.later(Span::seconds(20));
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn what_cannot_be_retried_says_what_to_do_instead() {
    let row = RecordState::Failed(Failure::Row(RowName::told("portal")));
    for (state, words) in [
        (row, "rollout start"),
        (RecordState::Failed(Failure::Aborted), "rollout start"),
        (RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() }), "rollout start"),
        (RecordState::Launching(1), "rollout status"),
    ] {
        let refused = ended(state).command(Want::Retry).unwrap_err();
        assert!(refused.hint().is_some_and(|hint| hint.contains(words)), "{refused}: {:?}", refused.hint());
    }
    assert!(World::first_contact().command(Want::Retry).is_err());
}

#[test]
fn an_unknown_end_is_what_a_person_says_and_who_said_so_is_kept() {
    for (told, end) in
        [(Told::Succeeded, RecordState::Resolved(1)), (Told::Failed, RecordState::Failed(Failure::Told(1)))]
    {
        let mut world = ended(lost());
        world.command(Want::Resolve(told)).unwrap();
        passes_the_audit(&world);
        assert_eq!(state(&world.pass(Span::seconds(10))), end);
        let past = world.past();
        assert_eq!((past[0].by.as_deref(), past[0].reason.as_deref()), (Some("ada"), Some("looked at it")));
        assert!(world.pass(Span::minutes(5)).steps.is_empty());
    }
}

#[test]
fn after_a_success_by_word_the_table_is_converged() {
    let mut world = ended(lost());
    world.command(Want::Resolve(Told::Succeeded)).unwrap();
    world.pass(Span::seconds(10));
    assert_eq!(world.plan().standing(), Standing::Converged);
}

#[test]
fn only_an_unknown_end_can_be_resolved() {
    for state in [RecordState::Open, RecordState::Launching(1), failed_task(), RecordState::Resolved(1)] {
        assert!(ended(state).command(Want::Resolve(Told::Succeeded)).is_err());
    }
}

#[test]
fn an_end_is_resolved_though_a_row_is_not_found() {
    let mut world = ended(lost());
    world.command(Want::Resolve(Told::Failed)).unwrap();
    world.view("indexer").service = Seen::Absent;
    assert_eq!(state(&world.plan()), RecordState::Failed(Failure::Told(1)));
}

#[test]
fn an_abort_rolls_back_what_is_going_and_then_ends_the_rollout() {
    let mut world = rolling();
    going(&mut world, "ingester", Fate::Succeeded);
    assert_eq!(world.command(Want::Abort).unwrap().order, Order::Abort);
    passes_the_audit(&world);
    let plan = world.pass(Span::seconds(5));
    assert_eq!(rolled_back(&plan), ["portal", "indexer"]);
    assert!(written(&plan).is_none());
    for row in ["portal", "indexer"] {
        going(&mut world, row, Fate::Undone);
    }
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Aborted));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Failed));
    assert!(hold(&plan, "RolloutFailed").to_string().contains("by ada: looked at it"));
    assert_eq!(world.past()[0].origin, Origin::Kick);
}

#[test]
fn an_abort_takes_back_a_kick_that_joined_while_it_was_given() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    let aborted = world.record().id;
    // Whoever looked before the command was there writes what it saw: one more kick, and so another id.
    let before = world.record();
    world.deploy("portal", world.observed.at);
    going(&mut world, "portal", Fate::Going);
    let frontier = world.service("portal").primary().expect("a PRIMARY deployment").created_at;
    world.set_record(Record { id: RolloutId::told("ffffffffffffffff"), frontier, ..before });
    let plan = world.pass(Span::seconds(5));
    assert_eq!(rolled_back(&plan), SERVICES);
    passes_the_audit(&world);
    assert_ne!(world.record().id, aborted);
    for row in SERVICES {
        going(&mut world, row, Fate::Undone);
    }
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Aborted));
}

#[test]
fn an_abort_that_came_too_late_is_not_about_the_next_rollout() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    // Somebody who had not heard of it wrote down that ECS undid a row.
    world.set_state(RecordState::Failed(Failure::Row(RowName::told("portal"))));
    world.later(Span::minutes(5));
    for row in SERVICES {
        world.deploy(row, world.observed.at);
        going(&mut world, row, Fate::Going);
    }
    let plan = world.pass(Span::seconds(5));
    assert_eq!(world.record().state, RecordState::Open);
    assert!(rolled_back(&plan).is_empty());
    assert!(rolled_back(&world.pass(Span::seconds(5))).is_empty());
}

#[test]
fn an_abort_that_comes_when_everything_is_completed_still_keeps_the_task_from_running() {
    let mut world = World::clear();
    for row in SERVICES {
        going(&mut world, row, Fate::Succeeded);
    }
    world.command(Want::Abort).unwrap();
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Aborted));
    for _ in 0..20 {
        assert!(world.pass(Span::minutes(1)).steps.is_empty());
    }
    // One row that is kicked afterwards is a new rollout, of one row only.
    world.deploy("portal", world.observed.at);
    world.finish("portal");
    world.pass(Span::minutes(2));
    assert_eq!(world.record().state, RecordState::Open);
    hold(&world.plan(), "PartialKick");
}

#[test]
fn nothing_else_is_done_while_a_rollout_is_being_aborted() {
    let mut world = World::clear();
    going(&mut world, "portal", Fate::Going);
    world.command(Want::Abort).unwrap();
    world.row("indexer").memory = Some(crate::model::size::MemoryMib::new(1024));
    let plan = world.plan();
    assert_eq!((rolled_back(&plan), plan.steps.len()), (vec!["portal"], 1), "{:#?}", plan.steps);
    hold(&plan, "AbortInHand");
}

#[test]
fn a_deployment_that_is_not_listed_yet_is_waited_for() {
    let mut world = rolling();
    for row in SERVICES {
        world.view(row).history = Seen::Present(Vec::new());
    }
    world.command(Want::Abort).unwrap();
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert_eq!(plan.standing(), Standing::Progressing);
}

#[test]
fn a_launch_at_the_moment_of_an_abort_is_not_sent_and_taken_back_when_nothing_came_of_it() {
    let mut world = World::clear();
    for row in SERVICES {
        going(&mut world, row, Fate::Succeeded);
    }
    world.command(Want::Abort).unwrap();
    // Another controller looked before the command was written, and wrote after it.
    world.set_state(RecordState::Launching(1));
    // Who had not read the abort may send RunTask for minutes, and ECS show its task minutes later.
    for _ in 0..13 {
        let plan = world.pass(Span::minutes(1));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        hold(&plan, "AbortInHand");
    }
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Open);
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Failed(Failure::Aborted));
}

#[test]
fn a_launch_that_was_accepted_makes_an_abort_void() {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    let refused = world.command(Want::Abort).unwrap_err();
    assert!(refused.hint().is_some_and(|hint| hint.contains("StopTask")));
    world.pass(Span::seconds(5));
    assert!(matches!(world.record().state, RecordState::Launched(_)));
    assert!(world.command(Want::Abort).is_err());
}

#[test]
fn nobody_rolls_back_without_the_command() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    let plan = world.plan();
    let key = plan.keys.command.clone();
    world.cluster().tags.remove(&key);
    let violations = audit(plan, &world.input()).unwrap_err();
    assert!(violations.iter().all(|violation| violation.invariant == "I8"), "{violations:?}");
}

#[test]
fn after_an_abort_a_request_begins_a_whole_rollout() {
    let mut world = rolling();
    world.command(Want::Abort).unwrap();
    for row in SERVICES {
        going(&mut world, row, Fate::Undone);
    }
    world.pass(Span::seconds(5));
    assert!(world.command(Want::Abort).is_err(), "it is over");
    let after = world.record().frontier;
    world.request(after);
    let plan = world.plan();
    assert_eq!(plan.steps.iter().filter(|step| step.action.kicks()).count(), 3, "{:?}", holds(&plan));
}

#[test]
fn every_end_is_kept_with_what_began_it_and_what_ran() {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::seconds(10));
    let past = world.past();
    assert_eq!(past.len(), 1);
    assert_eq!((past[0].origin.clone(), past[0].digests.clone()), (Origin::Kick, vec!["a".repeat(12)]));
    assert!(matches!(past[0].state, RecordState::Succeeded(_)));
    let after = world.record().frontier;
    let asked = world.request(after);
    world.kick_all();
    world.pass(Span::minutes(2));
    world.pass(Span::seconds(20));
    world.set_state(RecordState::Launching(1));
    world.later(Span::minutes(56));
    world.pass(Span::seconds(10));
    let past = world.past();
    assert_eq!((past.len(), past[0].origin.clone()), (2, Origin::Request(asked)));
    assert_eq!(past[0].reason.as_deref(), Some("new schema"));
}
