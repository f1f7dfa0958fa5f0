//! When a deployment counts as given up or undone by ECS, and since when that is this table's concern.

use super::fixture::{DEPLOYED, START, World};
use super::{hold, state, updates, written};
use crate::model::command::{Command, Order};
use crate::model::ids::{RequestId, RowName, ServiceDeploymentArn};
use crate::model::observed::{DeploymentRole, Fate, RolloutState, Seen, ServiceDeploymentView};
use crate::model::rollout::{Attempt, Change, Durable, Failure, Lost, Record, RecordState, Request, RolloutId};
use crate::model::time::{Span, Timestamp};
use crate::plan::because::Because;
use crate::plan::command::Want;
use crate::plan::history::History;
use crate::plan::hold::HoldCause;
use crate::plan::undone::answerable_since;

pub(super) fn listed(fate: Fate, created_at: Timestamp) -> ServiceDeploymentView {
    let arn = ServiceDeploymentArn::told(format!("arn:service-deployment/{}", created_at.millis()));
    let (status, reason) = ("ROLLBACK_SUCCESSFUL".to_owned(), "circuit breaker".to_owned());
    ServiceDeploymentView { arn, created_at, fate, status: status.into(), reason: reason.into() }
}

/// Every row was kicked now and rolls; the record is open.
fn rolling() -> World {
    let mut world = World::settled();
    for row in super::fixture::SERVICES {
        world.deploy(row, world.observed.at);
    }
    world.pass(Span::seconds(30));
    world
}

fn fails(world: &World) -> bool {
    match written(&world.plan()) {
        Some(record) => matches!(&record.state, RecordState::Failed(Failure::Row(row)) if row.as_str() == "portal"),
        None => false,
    }
}

#[test]
fn a_later_kick_mends_a_deployment_that_ecs_gave_up() {
    let mut world = rolling();
    world.service("portal").deployments[0].rollout = RolloutState::Failed;
    assert!(fails(&world));
    world.deploy("portal", world.observed.at);
    assert!(!fails(&world));
}

#[test]
fn a_deployment_that_ecs_gave_up_is_told_with_its_reason() {
    let mut world = rolling();
    world.service("portal").deployments[0].rollout = RolloutState::Failed;
    world.service("portal").deployments[0].reason = "tasks failed to start".into();
    let id = world.service("portal").deployments[0].id.clone();
    let because = vec![Because::RowFailed(format!("ECS gave up deployment {id} of portal: tasks failed to start"))];
    assert_eq!(world.plan().steps[0].because, because);
}

#[test]
fn a_deployment_from_before_the_rollout_is_not_its_failure() {
    for (after_base, failed) in [(0, false), (1, true)] {
        let mut world = rolling();
        let at = world.record().base.plus(Span::from_millis(after_base));
        world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, at)]);
        assert_eq!(fails(&world), failed);
    }
}

#[test]
fn a_later_deployment_mends_one_that_was_undone() {
    let mut world = rolling();
    let at = world.observed.at;
    let earlier = listed(Fate::Undone, at.plus(Span::seconds(-10)));
    for order in [[earlier.clone(), listed(Fate::Going, at)], [listed(Fate::Going, at), earlier]] {
        world.view("portal").history = Seen::Present(order.into());
        assert!(!fails(&world));
    }
}

#[test]
fn of_two_deployments_of_one_moment_both_must_be_undone() {
    let mut world = rolling();
    let at = world.observed.at;
    for (other, failed) in [(Fate::Going, false), (Fate::Undone, true)] {
        world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, at), listed(other, at)]);
        assert_eq!(fails(&world), failed);
    }
}

#[test]
fn a_deployment_that_is_undone_under_a_launch_shuts_the_gate_before_it() {
    let mut world = World::launching();
    world.history = History::default();
    assert_eq!(world.plan().steps.len(), 1);
    let at = world.record().frontier;
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, at)]);
    let plan = world.plan();
    assert_eq!(plan.steps, []);
    let gate = plan.rollout.gate.expect("a rollout in hand");
    assert_eq!(gate.missing(), [(2, "portal was undone by ECS".to_owned())]);
    world.service("portal").deployments[0].rollout = RolloutState::Failed;
    let gate = world.plan().rollout.gate.expect("a rollout in hand");
    assert_eq!(gate.missing(), [(2, "portal failed, portal was undone by ECS".to_owned())]);
}

#[test]
fn a_failure_keeps_the_base_and_the_newest_frontier() {
    let mut world = rolling();
    let before = world.record();
    world.service("portal").deployments[0].rollout = RolloutState::Failed;
    // The others are shown as they were before their kicks.
    for row in super::fixture::SERVICES {
        world.service(row).deployments[0].created_at = DEPLOYED.plus(Span::from_millis(1));
    }
    assert!(fails(&world));
    let plan = world.plan();
    let after = written(&plan).unwrap();
    assert_eq!((after.base, after.frontier, after.since), (before.base, before.frontier, world.observed.at));
}

fn moment(minute: i64) -> Timestamp {
    START.plus(Span::minutes(minute))
}

/// A rollout from minute 0 to 10 in this state, and nothing else.
fn durable(state: RecordState) -> Durable {
    let id = RolloutId::told("0123456789abcdef");
    let record = Record {
        id,
        base: moment(0),
        frontier: moment(10),
        state,
        since: moment(11),
        request: None,
        own: false,
        undone: None,
        rows: None,
    };
    Durable { record: Some(record), ..Durable::default() }
}

fn change(after: i64, at: i64) -> Option<Change> {
    Some(Change { after: moment(after), at: moment(at), rows: [RowName::told("indexer")].into() })
}

fn request(after: i64, at: i64) -> Option<Request> {
    Some(Request {
        id: RequestId::told("feed"),
        after: moment(after),
        at: moment(at),
        before: Vec::new(),
        also: 0,
        by: None,
        reason: None,
    })
}

fn since(durable: &Durable) -> Option<Timestamp> {
    answerable_since(durable, &RowName::told("indexer"))
}

fn just_before(minute: i64) -> Option<Timestamp> {
    Some(moment(minute).plus(Span::from_millis(-1)))
}

#[test]
fn a_rollout_in_hand_answers_for_everything_since_its_base() {
    for state in [RecordState::Open, RecordState::Launching(1)] {
        assert_eq!(since(&durable(state)), Some(moment(0)));
    }
    let attempt = Attempt { number: 1, task: "cafe".into() };
    assert_eq!(since(&durable(RecordState::Launched(attempt))), None, "its task runs, and is judged alone");
    assert_eq!(since(&Durable::default()), None);
}

#[test]
fn a_table_at_rest_answers_for_what_it_intends_itself() {
    for state in [RecordState::Baseline, RecordState::Resolved(1), RecordState::Skipped] {
        let rest = durable(state);
        assert_eq!(since(&rest), None);
        assert_eq!(since(&Durable { change: change(10, 12), ..rest.clone() }), just_before(12));
        assert_eq!(since(&Durable { change: change(0, 12), ..rest.clone() }), None, "of the rollout before");
        assert_eq!(since(&Durable { request: request(10, 13), ..rest.clone() }), just_before(13));
        let both = Durable { request: request(10, 13), change: change(10, 12), ..rest.clone() };
        assert_eq!(since(&both), just_before(12));
        let another_row = answerable_since(&Durable { change: change(10, 12), ..rest }, &RowName::told("portal"));
        assert_eq!(another_row, None);
    }
}

#[test]
fn after_a_bad_end_only_a_person_makes_it_answer() {
    for state in [RecordState::Failed(Failure::Start(1)), RecordState::Unknown(Lost { attempt: 1, task: None })] {
        let ended = durable(state);
        assert_eq!(since(&Durable { change: change(10, 12), ..ended.clone() }), None);
        assert_eq!(since(&Durable { request: request(10, 13), ..ended.clone() }), just_before(13));
        let (rollout, order) = (RolloutId::told("0123456789abcdef"), Order::Retry(1));
        let command = Some(Command { rollout, base: None, order, at: moment(12), id: None, by: None, reason: None });
        assert_eq!(since(&Durable { command, ..ended }), Some(moment(0)));
    }
}

#[test]
fn a_correction_undone_in_the_second_of_its_intent_is_noticed() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    let intent = world.observed.at;
    world.pass(Span::seconds(30));
    world.view("indexer").history = Seen::Present(vec![listed(Fate::Undone, intent)]);
    assert!(matches!(state(&world.plan()), RecordState::Failed(Failure::Row(_))));
}

#[test]
fn a_rollout_that_was_undone_unseen_is_the_one_that_stands_and_began_where_the_last_ended() {
    let mut world = World::clear();
    world.set_state(RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() }));
    let before = world.record();
    assert!(before.base < before.frontier);
    world.request(before.frontier);
    world.later(Span::minutes(30));
    let kick = world.observed.at.plus(Span::minutes(-25));
    // ECS goes back under a deployment of its own, with an id that nobody has seen.
    world.deploy("portal", kick.plus(Span::minutes(5)));
    world.finish("portal");
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, kick)]);
    let plan = world.plan();
    let after = written(&plan).expect("a record");
    assert!(matches!(after.state, RecordState::Failed(Failure::Row(_))));
    assert_eq!((Some(&after.id), after.base), (plan.rollout.id.as_ref(), before.frontier));
    assert_ne!(after.id, before.id);
}

#[test]
fn a_row_that_ecs_undoes_under_a_retry_fails_the_same_rollout() {
    let mut world = World::clear();
    world.history = History::default();
    world.set_state(RecordState::Failed(Failure::Start(1)));
    world.command(Want::Retry).expect("a retry");
    let before = world.record();
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, before.frontier)]);
    let plan = world.plan();
    let after = written(&plan).expect("a record");
    assert!(matches!(after.state, RecordState::Failed(Failure::Row(_))));
    assert_eq!((&after.id, after.base), (&before.id, before.base));
}

/// A rollout of every row in which ECS has undone the portal's deployment, and went back to the one before.
fn undone() -> World {
    let mut world = rolling();
    let kick = world.service("portal").deployments[0].created_at;
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, kick)]);
    let back = world.service("portal").deployments.len() - 1;
    world.service("portal").deployments.swap(0, back);
    for (index, deployment) in world.service("portal").deployments.iter_mut().enumerate() {
        deployment.role = if index == 0 { DeploymentRole::Primary } else { DeploymentRole::Active };
    }
    world.service("portal").deployments.truncate(1);
    assert!(fails(&world));
    world.pass(Span::minutes(10));
    for row in ["indexer", "ingester"] {
        world.finish(row);
    }
    world
}

#[test]
fn what_was_undone_in_the_rollout_before_does_not_fail_the_next_one_before_its_row_is_kicked() {
    let mut world = undone();
    let after = world.record().frontier;
    let request = world.request(after);
    world.later(Span::seconds(5));
    // The kick of the portal does not come through at first.
    world.deploy("indexer", world.observed.at);
    let plan = world.pass(Span::seconds(5));
    assert_eq!(state(&plan), RecordState::Open);
    assert_eq!((world.record().undone, world.record().request.as_ref()), (Some(after), Some(&request)));
    let plan = world.plan();
    assert_eq!(written(&plan), None, "the rollout goes on");
    let kicks: Vec<&str> = plan.steps.iter().filter_map(|step| step.row.as_ref().map(RowName::as_str)).collect();
    assert_eq!(kicks, ["portal", "ingester"], "what is still due");
}

#[test]
fn a_kick_that_is_not_listed_yet_is_not_taken_for_the_one_that_was_undone() {
    let mut world = undone();
    world.later(Span::seconds(5));
    let kick = world.observed.at;
    world.deploy("portal", kick);
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Open);
    assert_eq!(written(&world.plan()), None);
    let missing = world.plan().rollout.gate.expect("a rollout in hand").missing();
    assert!(missing.iter().any(|(number, why)| *number == 2 && why.contains("not listed yet")), "{missing:?}");
    // It is listed, and goes well.
    let Seen::Present(history) = &mut world.view("portal").history else { panic!("it was read") };
    history.push(listed(Fate::Succeeded, kick));
    world.finish("portal");
    let missing = world.plan().rollout.gate.expect("a rollout in hand").missing();
    assert_eq!(missing, []);
    assert!(!fails(&world));
}

#[test]
fn a_deployment_that_is_never_listed_is_how_ecs_goes_back_under_an_id_of_its_own() {
    let mut world = undone();
    world.later(Span::seconds(5));
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(5));
    world.later(Span::minutes(5).minus(Span::seconds(6)));
    assert!(!fails(&world));
    world.later(Span::seconds(1));
    assert!(fails(&world));
}

#[test]
fn a_row_that_ecs_went_back_with_under_an_id_of_its_own_counts_as_not_kicked_in_the_next_rollout() {
    let mut world = rolling();
    let kick = world.service("portal").deployments[0].created_at;
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, kick)]);
    world.deploy("portal", kick.plus(Span::seconds(10)));
    assert!(fails(&world));
    world.pass(Span::minutes(10));
    for row in super::fixture::SERVICES {
        world.finish(row);
    }
    // Somebody kicks another row, and no more.
    world.deploy("indexer", world.observed.at);
    world.finish("indexer");
    assert_eq!(state(&world.pass(Span::minutes(5))), RecordState::Open);
    let plan = world.plan();
    assert_eq!(written(&plan), None);
    let gate = plan.rollout.gate.clone().expect("a rollout in hand");
    assert_eq!(gate.missing(), [(2, "portal was not kicked".to_owned())]);
    super::hold(&plan, "PartialKick");
}

#[test]
fn what_ecs_undoes_in_the_next_rollout_too_fails_it() {
    let mut world = undone();
    world.later(Span::seconds(5));
    let kick = world.observed.at;
    world.deploy("portal", kick);
    world.pass(Span::seconds(5));
    let Seen::Present(history) = &mut world.view("portal").history else { panic!("it was read") };
    history.push(listed(Fate::Undone, kick));
    assert!(fails(&world));
}

#[test]
fn nothing_is_corrected_while_ecs_may_be_going_back_under_an_id_of_its_own() {
    let mut world = rolling();
    let kicked = world.record().frontier;
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, kicked)]);
    assert!(fails(&world));
    world.pass(Span::seconds(30));
    // As it was before it was corrected, and newer.
    world.deploy("portal", world.observed.at);
    world.definition("portal").memory = Some(1024);
    let held = hold(&world.plan(), "AfterFailure").clone();
    assert_eq!((updates(&world.plan()).len(), held), (0, HoldCause::AfterFailure));
    world.pass(Span::seconds(30));
    assert_eq!(world.record().state, RecordState::Open);
    for _ in 0..9 {
        let plan = world.plan();
        assert_eq!(updates(&plan).len(), 0);
        assert!(hold(&plan, "Unknown").to_string().contains("newest deployment of portal"), "{plan:#?}");
        world.later(Span::seconds(30));
    }
    assert!(fails(&world));
    world.pass(Span::seconds(30));
    assert_eq!(updates(&world.plan()).len(), 0);
    let frontier = world.record().frontier;
    world.request(frontier);
    assert!(!updates(&world.plan()).is_empty(), "a person begins");
}

#[test]
fn what_ecs_undid_before_any_look_saw_it_does_not_fail_the_rollout_after() {
    let mut world = World::settled();
    let frontier = world.record().frontier;
    world.request(frontier);
    world.later(Span::seconds(5));
    // Nobody looks while the portal is kicked, then the indexer, and ECS takes the indexer back to what it was.
    world.deploy("portal", world.observed.at);
    world.finish("portal");
    let kick = world.observed.at.plus(Span::seconds(2));
    world.view("indexer").history = Seen::Present(vec![listed(Fate::Undone, kick)]);
    world.later(Span::minutes(20));
    let plan = world.pass(Span::minutes(10));
    assert!(matches!(state(&plan), RecordState::Failed(Failure::Row(row)) if row.as_str() == "indexer"));
    assert_eq!(world.record().frontier, kick, "what was undone is part of it");
    // Somebody asks anew. The portal is kicked, and nothing else comes through for two passes.
    let after = world.record().frontier;
    world.request(after);
    world.later(Span::seconds(5));
    world.deploy("portal", world.observed.at);
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Open);
    assert_eq!(world.record().undone, Some(kick));
    assert_eq!(written(&world.plan()), None, "it goes on");
}

#[test]
fn the_newest_of_all_that_ecs_undid_is_what_a_failure_covers() {
    let mut world = rolling();
    let kick = world.record().frontier;
    let later = |seconds| kick.plus(Span::seconds(seconds));
    world.view("portal").history = Seen::Present(vec![listed(Fate::Undone, later(1))]);
    world.view("indexer").history =
        Seen::Present(vec![listed(Fate::Undone, later(3)), listed(Fate::Succeeded, later(4))]);
    world.service("ingester").deployments[1].rollout = RolloutState::Failed;
    world.service("ingester").deployments[1].created_at = later(2);
    assert!(fails(&world));
    assert_eq!(written(&world.plan()).map(|record| record.frontier), Some(later(3)));
    world.service("ingester").deployments[1].created_at = later(5);
    assert_eq!(written(&world.plan()).map(|record| record.frontier), Some(later(5)));
}
