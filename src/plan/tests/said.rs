//! What people are told beside the steps: phases, drift, reasons, who has to do something.

use super::fixture::{DEPLOYED, World};
use super::{holds, state, updates};
use crate::model::command::{Order, Told};
use crate::model::ids::RowName;
use crate::model::rollout::{Failure, RecordState};
use crate::model::time::Span;
use crate::plan::action::Standing;
use crate::plan::because::Because;
use crate::plan::command::Want;
use crate::plan::gate::Holding;
use crate::plan::hold::Urgency;
use crate::plan::rollout::Phase;
use crate::plan::way_out::WayOut;

fn phase(world: &World) -> Phase {
    world.plan().rollout.phase
}

#[test]
fn a_correction_that_kicks_is_a_rollout_that_is_asked_for() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    assert_eq!(phase(&world), Phase::Requested);
}

#[test]
fn a_request_whose_kicks_must_wait_is_still_a_request() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.observed.image = crate::model::observed::Seen::Absent;
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert_eq!(plan.rollout.phase, Phase::Requested);
}

#[test]
fn a_rollout_that_is_being_taken_back_is_not_about_to_launch() {
    let mut world = World::clear();
    assert_eq!(phase(&world), Phase::Clear);
    world.command(Want::Abort).unwrap();
    assert_eq!(phase(&world), Phase::Rolling);
}

#[test]
fn a_retry_that_waits_for_new_tasks_is_a_rollout_that_rolls() {
    let mut world = World::clear();
    world.set_state(RecordState::Failed(Failure::Start(1)));
    assert_eq!(phase(&world), Phase::Failed);
    world.command(Want::Retry).unwrap();
    world.service("indexer").pending = 1;
    assert_eq!(phase(&world), Phase::Rolling);
}

#[test]
fn a_count_that_is_corrected_does_not_make_a_gate_clear() {
    let mut world = World::settled();
    for row in super::fixture::SERVICES {
        world.deploy(row, world.observed.at);
    }
    world.pass(Span::seconds(5));
    world.service("portal").desired = 5;
    let plan = world.plan();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.rollout.phase, Phase::Rolling);
}

#[test]
fn a_failure_is_said_until_something_follows_it() {
    let failed = || {
        let mut world = World::clear();
        world.set_state(RecordState::Failed(Failure::Start(1)));
        world
    };
    let said = |world: &World| holds(&world.plan()).contains(&"RolloutFailed");
    assert!(said(&failed()));
    let mut counted = failed();
    counted.service("portal").desired = 5;
    assert_eq!(updates(&counted.plan()).len(), 1, "a count is corrected all the same");
    assert!(said(&counted), "and nothing follows the rollout by that");
    let mut kicked = failed();
    kicked.later(Span::minutes(14));
    kicked.kick_all();
    assert_eq!(state(&kicked.plan()), RecordState::Open);
    assert!(!said(&kicked));
    let mut asked = failed();
    let frontier = asked.record().frontier;
    asked.request(frontier);
    assert!(!said(&asked));
    let mut again = failed();
    again.command(Want::Retry).unwrap();
    again.service("indexer").pending = 1;
    assert!(again.plan().steps.is_empty());
    assert!(!said(&again));
}

#[test]
fn a_launch_that_waits_for_a_row_to_be_mended_needs_a_person_and_says_so() {
    let mut world = World::launching();
    world.row("indexer").memory = None;
    world.definition("indexer").cpu = Some(4096);
    world.definition("indexer").memory = Some(16384);
    world.service("portal").pending = 1;
    let plan = world.plan();
    assert_eq!((holds(&plan), plan.standing()), (vec!["IllegalSize"], Standing::Held));
    assert!(plan.needs_a_person());
    assert!(!World::clear().plan().needs_a_person());
}

#[test]
fn drift_is_told_row_by_row() {
    assert_eq!(World::settled().plan().drift, []);
    let mut world = World::settled();
    world.service("portal").desired = 5;
    world.definition("portal").memory = Some(16384);
    world.definition("indexer").memory = Some(1024);
    let drift: Vec<(String, Vec<String>)> = world
        .plan()
        .drift
        .iter()
        .map(|row| (row.row.to_string(), row.differences.iter().map(ToString::to_string).collect()))
        .collect();
    let expected = [
        ("portal".to_owned(), vec!["count: 5 -> 2".to_owned(), "memory: 16384 -> 8192".to_owned()]),
        ("indexer".to_owned(), vec!["memory: 1024 -> 512".to_owned()]),
    ];
    assert_eq!(drift, expected);
}

#[test]
fn a_reason_names_its_rows() {
    let rows = || vec![RowName::told("portal"), RowName::told("indexer")];
    assert_eq!(Because::Kicked(rows()).to_string(), "new deployments of portal, indexer");
    assert_eq!(Because::RowsAdded(rows()).to_string(), "portal, indexer came new into the table");
    assert_eq!(state(&World::clear().plan()), RecordState::Launching(1));
}

#[test]
fn every_way_out_names_the_command_to_give() {
    for (way, command) in [
        (WayOut::Start, "`evenkeel rollout start`"),
        (WayOut::Retry, "`evenkeel rollout retry`"),
        (WayOut::AskCloudTrail, "`evenkeel rollout resolve --as succeeded`"),
        (WayOut::ReadTheLog, "`evenkeel rollout resolve --as succeeded`"),
        (WayOut::WaitForTheTask, "`evenkeel rollout resolve --as succeeded`"),
        (WayOut::LookAtTheTask, "`evenkeel rollout retry`"),
    ] {
        assert!(way.hint().contains(command), "{way:?}: {}", way.hint());
    }
}

#[test]
fn an_urgency_is_written_as_it_is_called() {
    for urgency in [Urgency::Notice, Urgency::Wait, Urgency::Person, Urgency::Failed] {
        assert_eq!(urgency.name(), format!("{urgency:?}"));
    }
}

#[test]
fn a_condition_has_the_status_of_a_kubernetes_condition() {
    let all = [Holding::Yes, Holding::NotYet, Holding::Unknown];
    assert_eq!(all.map(Holding::status), ["True", "False", "Unknown"]);
}

#[test]
fn a_wish_is_called_as_the_command_that_it_becomes() {
    for (want, order) in [
        (Want::Retry, Order::Retry(1)),
        (Want::Resolve(Told::Failed), Order::Resolve(1, Told::Failed)),
        (Want::Abort, Order::Abort),
        (Want::Run, Order::Run(1)),
    ] {
        assert_eq!(want.name(), order.name());
    }
}

#[test]
fn a_phase_is_written_as_it_is_called() {
    for phase in [
        Phase::Unseen,
        Phase::Settled,
        Phase::Requested,
        Phase::Rolling,
        Phase::Draining,
        Phase::Settling,
        Phase::Clear,
        Phase::Deploying,
        Phase::Failed,
        Phase::Unknown,
    ] {
        assert_eq!(phase.name(), format!("{phase:?}"));
    }
}
