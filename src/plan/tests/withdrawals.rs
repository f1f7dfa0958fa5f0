//! A request that is taken back before anything was begun for it: when it can be, and what it does not count for then.

use super::fixture::{SERVICES, World, unseen};
use super::{hold, state, updates};
use crate::model::ids::RequestId;
use crate::model::observed::{Seen, TaskStatus, Trouble};
use crate::model::rollout::{Durable, IdempotencyKey, RecordState, Request, RolloutId, TagKeys};
use crate::model::time::Span;
use crate::model::withdrawal::Withdrawal;
use crate::plan::command::{About, Judged, Want, Wish, against_an_abort, command};
use crate::plan::hold::{Hold, HoldCause};
use crate::plan::request::{self, Stands, Wanted};
use crate::plan::rollout::Phase;

fn wish(want: Want, key: Option<&str>) -> Wish {
    let key = key.map(|key| IdempotencyKey::parse(key).unwrap());
    Wish { want, by: Some("ada".to_owned()), reason: Some("asked for twice".to_owned()), key }
}

fn abort(world: &World, about: Option<&About>) -> Result<Judged, Vec<Hold>> {
    command(&world.input(), about, &wish(Want::Abort, None))
}

/// Withdraws what waits, and writes it down.
fn withdraw(world: &mut World) -> Withdrawal {
    let Ok(Judged::Withdrawn(withdrawing)) = abort(world, None) else { panic!("there is nothing to withdraw") };
    world.cluster().tags.insert(withdrawing.keys.withdrawn, withdrawing.withdrawal.tag());
    withdrawing.withdrawal
}

/// A rollout has succeeded, and somebody asks for another one.
fn asked() -> (World, RequestId) {
    let mut world = World::settled();
    let frontier = world.record().frontier;
    let id = world.request(frontier);
    (world, id)
}

/// The deployment task runs, and somebody asks for another rollout meanwhile.
fn asked_while_it_runs() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(2));
    assert!(matches!(world.record().state, RecordState::Launched(_)), "{:?}", world.record());
    let frontier = world.record().frontier;
    world.request(frontier);
    world
}

#[test]
fn a_request_is_not_withdrawn_while_a_service_cannot_be_seen() {
    let (mut world, _) = asked();
    world.view(SERVICES[1]).service = Seen::Unknown(unseen(Trouble::Passing));
    let holds = abort(&world, None).unwrap_err();
    assert!(matches!(holds.as_slice(), [Hold { cause: HoldCause::Unknown { .. }, .. }]), "{holds:?}");
}

#[test]
fn what_became_of_a_withdrawn_request_is_known_while_a_newer_one_waits() {
    let (mut world, id) = asked();
    withdraw(&mut world);
    let durable = |world: &World| {
        let keys = TagKeys::of(&world.table.name);
        let cluster = world.observed.one_cluster().unwrap();
        Durable::read(&keys, |key| cluster.tags.get(key).map(String::as_str)).unwrap()
    };
    let stands = |world: &World| request::stands(Vec::new(), &durable(world), &id);
    assert_eq!(stands(&world), Some(Stands::Withdrawn));
    let tag = durable(&world).request.unwrap();
    let newer = Request { id: RequestId::told("fedcba9876543210"), before: vec![tag.id.clone()], ..tag };
    world.tag(|keys| keys.request.clone(), newer.tag());
    assert_eq!(stands(&world), Some(Stands::Withdrawn));
    let keys = TagKeys::of(&world.table.name);
    world.cluster().tags.remove(&keys.withdrawn);
    assert_eq!(stands(&world), Some(Stands::Over));
}

#[test]
fn nothing_is_kicked_for_a_request_that_was_withdrawn() {
    let (mut world, id) = asked();
    assert_eq!(updates(&world.plan()).len(), SERVICES.len());
    assert_eq!(withdraw(&mut world).request, id);
    let plan = world.pass(Span::seconds(5));
    assert_eq!((plan.steps.len(), plan.rollout.phase, plan.rollout.is_unanswered()), (0, Phase::Settled, false));
    assert_eq!(plan.rollout.withdrawal().and_then(|it| it.by.as_deref()), Some("ada"));
}

#[test]
fn a_request_that_waits_for_the_deployment_task_can_be_withdrawn() {
    let mut world = asked_while_it_runs();
    withdraw(&mut world);
    assert!(updates(&world.plan()).is_empty());
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::minutes(5))), RecordState::Succeeded(_)));
    let plan = world.pass(Span::minutes(5));
    assert_eq!((plan.steps.len(), plan.rollout.phase), (0, Phase::Settled));
}

#[test]
fn an_open_rollout_is_aborted_and_its_request_with_it() {
    let mut world = World::settled();
    world.kick_all();
    world.pass(Span::seconds(10));
    assert_eq!(world.record().state, RecordState::Open);
    let frontier = world.record().frontier;
    world.request(frontier);
    assert!(matches!(abort(&world, None), Ok(Judged::New(_))));
}

#[test]
fn a_request_for_which_rows_are_being_kicked_is_not_withdrawn() {
    let (mut world, _) = asked();
    let at = world.observed.at.plus(Span::seconds(1));
    world.deploy("portal", at);
    let refused = abort(&world, None).unwrap_err();
    let HoldCause::CommandRefused { stands, .. } = &refused[0].cause else { panic!("{refused:?}") };
    assert!(stands.contains("kicked"), "{stands}");
}

#[test]
fn nobody_is_offered_an_abort_while_the_rows_are_about_to_be_kicked() {
    let (mut world, _) = asked();
    let hold = against_an_abort(&world.plan()).expect("its steps are the kicks");
    assert!(hold.cause.to_string().contains("about to open"), "{}", hold.cause);
    assert!(against_an_abort(&asked_while_it_runs().plan()).is_none());
    // An open rollout can be aborted whatever is kicked next.
    world.deploy("portal", world.observed.at.plus(Span::seconds(1)));
    world.later(Span::seconds(2));
    world.pass(Span::seconds(2));
    let plan = world.plan();
    assert!(!updates(&plan).is_empty() && against_an_abort(&plan).is_none());
}

#[test]
fn a_kick_of_this_process_that_no_look_shows_yet_counts() {
    let (mut world, _) = asked();
    let service = world.service("portal").arn.clone();
    let made = crate::plan::history::Made {
        deployment: crate::model::ids::DeploymentId::told("ecs-svc/1"),
        created_at: world.observed.at.plus(Span::seconds(1)),
    };
    world.history.made.insert(service, made);
    assert!(abort(&world, None).is_err());
}

#[test]
fn what_is_meant_for_another_request_or_for_a_rollout_withdraws_nothing() {
    let (world, id) = asked();
    let other = RequestId::told("ffffffffffffffff");
    for about in [About::Request(other), About::Rollout(RolloutId::told("ffffffffffffffff"))] {
        assert!(abort(&world, Some(&about)).is_err(), "{about:?}");
    }
    assert!(matches!(abort(&world, Some(&About::Request(id))), Ok(Judged::Withdrawn(_))));
}

#[test]
fn a_request_that_comes_after_a_withdrawal_is_another_one() {
    let (mut world, first) = asked();
    withdraw(&mut world);
    world.later(Span::seconds(5));
    let Ok(request::Judged::New(accepted)) = request::request(&world.input(), &Wanted::default()) else {
        panic!("it is a new one")
    };
    assert_ne!(accepted.request.id, first);
    world.tag(|keys| keys.request.clone(), accepted.request.tag());
    assert_eq!(updates(&world.plan()).len(), SERVICES.len());
}

#[test]
fn a_withdrawn_request_is_known_under_its_key_and_stays_withdrawn() {
    let mut world = World::settled();
    let wanted = Wanted { key: IdempotencyKey::parse("k").ok(), ..Wanted::default() };
    let Ok(request::Judged::New(accepted)) = request::request(&world.input(), &wanted) else { panic!("it is new") };
    world.tag(|keys| keys.request.clone(), accepted.request.tag());
    withdraw(&mut world);
    let again = request::request(&world.input(), &wanted).unwrap();
    assert!(matches!(again, request::Judged::Known(_, Stands::Withdrawn)), "{again:?}");
}

#[test]
fn a_withdrawal_under_a_key_is_given_once() {
    let (mut world, _) = asked();
    let keyed = wish(Want::Abort, Some("k"));
    let Ok(Judged::Withdrawn(withdrawing)) = command(&world.input(), None, &keyed) else { panic!("it is new") };
    let before = world.cluster().tags.clone();
    world.cluster().tags.insert(withdrawing.keys.withdrawn, withdrawing.withdrawal.tag());
    let known = |world: &World| matches!(command(&world.input(), None, &keyed), Ok(Judged::Known(_)));
    assert!(known(&world));
    // Another request waits: the same word is not about it.
    let frontier = world.record().frontier;
    world.later(Span::seconds(5));
    world.request(frontier);
    assert!(known(&world));
    // Nor is it given again by a process that knows better than a late read.
    world.cluster().tags = before;
    world.history.written.withdrawn = Some((withdrawing.withdrawal, world.observed.at));
    assert!(known(&world));
}

#[test]
fn a_read_that_does_not_show_the_withdrawal_yet_kicks_nothing() {
    let (mut world, _) = asked();
    let before = world.cluster().tags.clone();
    let withdrawal = withdraw(&mut world);
    world.history.written.withdrawn = Some((withdrawal, world.observed.at));
    world.cluster().tags = before;
    let plan = world.pass(Span::seconds(5));
    assert!(updates(&plan).is_empty());
    hold(&plan, "Stale");
}

#[test]
fn a_retry_is_possible_once_the_request_in_its_way_is_withdrawn() {
    let mut world = World::clear();
    world.set_state(RecordState::Failed(crate::model::rollout::Failure::Start(1)));
    let frontier = world.record().frontier;
    world.request(frontier);
    let refused = world.command(Want::Retry).unwrap_err();
    assert!(refused.hint().is_some_and(|hint| hint.contains("rollout abort")), "{refused:?}");
    withdraw(&mut world);
    assert!(world.command(Want::Retry).is_ok());
}

#[test]
fn a_withdrawal_that_cannot_be_read_is_held_and_nothing_is_kicked() {
    let (mut world, _) = asked();
    let key = TagKeys::of(&world.table.name).withdrawn;
    world.cluster().tags.insert(key, "somebody wrote this".to_owned());
    let plan = world.plan();
    assert!(updates(&plan).is_empty());
    hold(&plan, "UnreadableTag");
}

#[test]
fn a_withdrawal_of_an_older_request_says_nothing_of_the_newest() {
    let (mut world, first) = asked();
    let withdrawal = withdraw(&mut world);
    let (at, after) = (world.observed.at.plus(Span::seconds(1)), world.record().frontier);
    let id = RequestId::of(&world.table.name, after, at);
    let newest = Request { id, after, at, before: vec![first], also: 0, by: None, reason: None };
    world.tag(|keys| keys.request.clone(), newest.tag());
    let plan = world.plan();
    assert_eq!((plan.rollout.withdrawal(), plan.rollout.withdrawn.as_ref()), (None, Some(&withdrawal)));
    assert_eq!(updates(&plan).len(), SERVICES.len());
}
