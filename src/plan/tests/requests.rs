//! Whether a forced rollout can be asked for, and what is written down for it.

use super::fixture::{DEPLOYED, SERVICES, World, unseen};
use super::updates;
use crate::model::ids::{RequestId, ServiceArn};
use crate::model::observed::{DeploymentRole, Seen, Trouble};
use crate::model::rollout::{Attempt, Failure, RecordState};
use crate::model::row::RowKind;
use crate::model::selector::{Selection, Selector};
use crate::model::time::Span;
use crate::plan::command::Want;
use crate::plan::request::{Accepted, Judged, Wanted, request};
use crate::plan::rollout::Phase;

fn asked(world: &World) -> Result<Accepted, Vec<&'static str>> {
    let wanted = Wanted { reason: Some("new schema".to_owned()), ..Wanted::default() };
    match judged(world, &wanted)? {
        Judged::New(accepted) => Ok(*accepted),
        Judged::Known(id, stands) => panic!("{id} was there before: {stands}"),
    }
}

pub(super) fn judged(world: &World, wanted: &Wanted) -> Result<Judged, Vec<&'static str>> {
    let refused = |holds: Vec<crate::plan::hold::Hold>| holds.iter().map(|hold| hold.cause.name()).collect();
    request(&world.input(), wanted).map_err(refused)
}

#[test]
fn a_request_asks_for_what_is_newer_than_anything_known() {
    let mut world = World::settled();
    let accepted = asked(&world).unwrap().request;
    assert_eq!((accepted.after, accepted.at), (DEPLOYED, world.observed.at));
    assert_eq!(accepted.id, RequestId::of(&world.table.name, DEPLOYED, world.observed.at));
    assert_eq!(accepted.reason.as_deref(), Some("new schema"));
    // A look from before the newest kick.
    let before = world.observed.rows.clone();
    world.kick_all();
    let kicked = world.observed.at;
    world.pass(Span::seconds(10));
    world.observed.rows = before;
    assert_eq!(asked(&world).unwrap().request.after, kicked);
}

#[test]
fn a_request_on_first_contact_has_its_baseline_written_first() {
    let baseline = asked(&World::first_contact()).unwrap().baseline.expect("a baseline");
    assert_eq!((baseline.state, baseline.frontier), (RecordState::Baseline, DEPLOYED));
    assert!(asked(&World::settled()).unwrap().baseline.is_none());
}

#[test]
fn a_request_is_refused_for_what_stands_against_any_kick() {
    let mut unread = World::settled();
    if let RowKind::Service { target_group, .. } = &mut unread.row("portal").kind {
        *target_group = Some(Selector::Tag { key: "of".into(), value: "portal".into() });
    }
    unread.view("portal").target_groups[0].tags = Seen::Unknown(unseen(Trouble::Passing));
    assert_eq!(asked(&unread).unwrap_err(), ["Unknown"]);
    let mut foreign = World::settled();
    foreign.service("portal").controller = "CODE_DEPLOY".into();
    assert_eq!(asked(&foreign).unwrap_err(), ["NotRolling"]);
    let mut missing = World::settled();
    missing.view("portal").service = Seen::Present(Selection::None(Vec::new()));
    assert_eq!(asked(&missing).unwrap_err(), ["NoMatch"]);
    let mut headless = World::settled();
    headless.service("portal").deployments[0].role = DeploymentRole::Other;
    assert_eq!(asked(&headless).unwrap_err(), ["NotRolling"]);
}

#[test]
fn a_request_for_no_tasks_at_all_is_refused() {
    let mut world = World::settled();
    for row in ["portal", "indexer"] {
        world.service(row).desired = 0;
    }
    assert!(asked(&world).is_ok());
    world.service("ingester").desired = 0;
    assert_eq!(asked(&world).unwrap_err(), ["AllEmpty"]);
}

#[test]
fn a_request_is_unanswered_until_its_rollout_is_recorded() {
    let mut world = World::settled();
    let unanswered = |world: &World| world.plan().rollout.is_unanswered();
    assert!(!unanswered(&world));
    world.request(DEPLOYED);
    assert!(unanswered(&world));
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::seconds(5));
    assert!(!unanswered(&world));
}

#[test]
fn rows_kicked_at_the_requests_own_frontier_are_due_and_later_ones_are_not() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.service("portal").deployments[0].created_at = DEPLOYED.plus(Span::from_millis(1));
    let plan = world.plan();
    let due: Vec<&ServiceArn> = updates(&plan).into_iter().map(|update| &update.service).collect();
    assert_eq!(due.len(), SERVICES.len() - 1);
    assert!(!due.contains(&&world.service("portal").arn.clone()));
}

#[test]
fn a_request_that_the_open_rollout_answered_still_kicks_what_it_has_not_kicked() {
    let mut world = World::settled();
    let id = world.request(DEPLOYED);
    world.later(Span::seconds(5));
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(5));
    assert_eq!((world.record().state, world.record().request), (RecordState::Open, Some(id)));
    let plan = world.plan();
    assert_eq!(updates(&plan).len(), 2);
    assert_eq!(plan.rollout.phase, Phase::Requested);
}

#[test]
fn a_retry_beside_a_request_that_waits_is_told_who_takes_the_request_up() {
    let mut world = World::clear();
    world.set_state(RecordState::Failed(Failure::Start(1)));
    let after = world.record().frontier;
    world.request(after);
    let refused = world.command(Want::Retry).unwrap_err();
    assert!(refused.hint().is_some_and(|hint| hint.contains("evenkeel reconcile --once")), "{refused:?}");
}

#[test]
fn a_request_waits_for_the_task_of_the_rollout_before_and_outlives_it() {
    let attempt = Attempt { number: 1, task: "cafe".into() };
    let mut world = World::clear();
    world.set_state(RecordState::Launched(attempt.clone()));
    let after = world.record().frontier;
    world.request(after);
    assert_eq!(updates(&world.plan()).len(), 0);
    for ended in [RecordState::Succeeded(attempt), RecordState::Failed(Failure::Told(1)), RecordState::Resolved(1)] {
        world.set_state(ended);
        assert_eq!(updates(&world.plan()).len(), SERVICES.len());
    }
}
