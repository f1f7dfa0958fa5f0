//! Requests whose place a newer one took, and what becomes of them when that one is withdrawn.

use super::fixture::{SERVICES, World};
use super::{state, updates};
use crate::model::ids::RequestId;
use crate::model::observed::TaskStatus;
use crate::model::rollout::{Attempt, IdempotencyKey, Record, RecordState, Request, RolloutId};
use crate::model::time::Span;
use crate::model::withdrawal::Withdrawal;
use crate::plan::command::{Judged, Want, Wish, command};
use crate::plan::request::{self, Stands, Wanted};

/// The deployment task runs.
fn running() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(2));
    world
}

fn wanted(key: &str) -> Wanted {
    Wanted { key: IdempotencyKey::parse(key).ok(), by: Some(key.to_owned()), ..Wanted::default() }
}

/// Somebody asks for a rollout, and it is written down.
fn ask(world: &mut World, key: &str) -> Request {
    world.later(Span::seconds(5));
    let judged = request::request(&world.input(), &wanted(key)).expect("nothing stands against it");
    let request::Judged::New(accepted) = judged else { panic!("{key} asked before") };
    world.tag(|keys| keys.request.clone(), accepted.request.tag());
    accepted.request
}

/// How the request under a key stands.
fn stands(world: &World, key: &str) -> Stands {
    match request::request(&world.input(), &wanted(key)) {
        Ok(request::Judged::Known(_, stands)) => stands,
        other => panic!("{key} never asked: {other:?}"),
    }
}

/// Withdraws what waits, and writes it down.
fn withdraw(world: &mut World) -> Withdrawal {
    world.later(Span::seconds(5));
    let wish = Wish { want: Want::Abort, by: None, reason: None, key: None };
    let Ok(Judged::Withdrawn(it)) = command(&world.input(), None, &wish) else {
        panic!("there is nothing to withdraw")
    };
    world.cluster().tags.insert(it.keys.withdrawn, it.withdrawal.tag());
    it.withdrawal
}

/// The task ends well, and the pass after that.
fn ended(world: &mut World) {
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::minutes(5))), RecordState::Succeeded(_)));
}

#[test]
fn withdrawing_a_request_leaves_the_one_whose_place_it_took() {
    let mut world = running();
    let first = ask(&mut world, "ada");
    let second = ask(&mut world, "bob");
    assert_eq!((second.before.as_slice(), second.also), (std::slice::from_ref(&first.id), 1));
    assert_eq!(stands(&world, "ada"), Stands::Over, "bob's stands for it");
    assert_eq!(withdraw(&mut world).request, second.id);
    assert_eq!((stands(&world, "ada"), stands(&world, "bob")), (Stands::Pending, Stands::Withdrawn));
    let report = world.plan().rollout;
    assert_eq!((report.request.as_ref().map(|it| &it.id), report.is_unanswered()), (Some(&first.id), true));
    ended(&mut world);
    assert_eq!(updates(&world.plan()).len(), SERVICES.len());
    world.kick_all();
    world.pass(Span::seconds(10));
    assert_eq!((world.record().state, world.record().request), (RecordState::Open, Some(first.id)));
    assert!(matches!(stands(&world, "ada"), Stands::InHand(_)));
}

#[test]
fn once_all_are_withdrawn_nothing_is_kicked() {
    let mut world = running();
    let asked: Vec<RequestId> = ["ada", "bob", "cleo", "dora"].map(|key| ask(&mut world, key).id).into();
    for id in asked.iter().rev() {
        assert_eq!(withdraw(&mut world).request, *id);
        assert!(updates(&world.plan()).is_empty());
    }
    for key in ["ada", "bob", "cleo", "dora"] {
        assert_eq!(stands(&world, key), Stands::Withdrawn, "{key}");
    }
    ended(&mut world);
    let plan = world.pass(Span::minutes(5));
    assert_eq!((plan.steps.len(), plan.rollout.is_unanswered()), (0, false));
}

#[test]
fn a_request_after_a_withdrawal_takes_the_place_of_what_stands_again() {
    let mut world = running();
    let first = ask(&mut world, "ada");
    let second = ask(&mut world, "bob");
    withdraw(&mut world);
    let third = ask(&mut world, "cleo");
    assert_eq!((third.before, third.also), (vec![first.id.clone(), second.id], 1));
    withdraw(&mut world);
    assert_eq!(stands(&world, "ada"), Stands::Pending);
    assert_eq!(withdraw(&mut world).request, first.id);
    ended(&mut world);
    assert!(updates(&world.plan()).is_empty());
}

#[test]
fn what_is_over_does_not_stand_again() {
    // Withdrawn before the next one was made.
    let mut world = running();
    ask(&mut world, "ada");
    withdraw(&mut world);
    assert_eq!(ask(&mut world, "bob").also, 0);
    // Taken up by the rollout that is open.
    let mut world = World::settled();
    ask(&mut world, "ada");
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::seconds(5));
    assert_eq!(ask(&mut world, "bob").also, 0);
    // Taken back with a rollout that is being aborted.
    let mut world = World::settled();
    world.kick_all();
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::seconds(10));
    ask(&mut world, "ada");
    world.command(Want::Abort).expect("it is open");
    world.later(Span::seconds(5));
    assert_eq!(ask(&mut world, "bob").also, 0);
}

#[test]
fn a_withdrawal_that_comes_after_the_rollout_brings_nothing_back() {
    let mut world = running();
    ask(&mut world, "ada");
    let second = ask(&mut world, "bob");
    withdraw(&mut world);
    let attempt = Attempt { number: 1, task: "cafe".to_owned() };
    for state in [RecordState::Succeeded(attempt), RecordState::Skipped] {
        let record = Record { request: Some(second.id.clone()), state, ..world.record() };
        world.tasks().retain(|task| !task.started_by.starts_with(RolloutId::STARTED_BY));
        world.set_record(record);
        assert!(updates(&world.plan()).is_empty());
    }
}

#[test]
fn a_withdrawal_that_comes_while_its_rollout_opens_leaves_it_to_the_one_before() {
    let mut world = running();
    let first = ask(&mut world, "ada");
    let second = ask(&mut world, "bob");
    ended(&mut world);
    let before = world.cluster().tags.clone();
    withdraw(&mut world);
    let withdrawn = std::mem::replace(&mut world.cluster().tags, before);
    world.later(Span::seconds(5));
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(5));
    assert_eq!(world.record().request, Some(second.id));
    let late = |key: &String| key.ends_with(":withdrawn");
    let (key, value) = withdrawn.iter().find(|(key, _)| late(key)).expect("a withdrawal");
    world.cluster().tags.insert(key.clone(), value.clone());
    assert_eq!(updates(&world.plan()).len(), SERVICES.len() - 1, "the rows that are left are kicked for ada");
    world.kick_all();
    world.pass(Span::seconds(5));
    assert_eq!(world.record().request, Some(first.id));
}

#[test]
fn a_request_that_was_withdrawn_at_the_moment_of_another_stays_so() {
    let mut world = running();
    let first = ask(&mut world, "ada");
    let before = world.cluster().tags.clone();
    withdraw(&mut world);
    let both = std::mem::replace(&mut world.cluster().tags, before);
    // Who asks has not read the withdrawal.
    let second = ask(&mut world, "bob");
    assert_eq!(second.also, 1);
    let withdrawn = both.iter().find(|(key, _)| key.ends_with(":withdrawn")).expect("a withdrawal");
    world.cluster().tags.insert(withdrawn.0.clone(), withdrawn.1.clone());
    assert_eq!(stands(&world, "bob"), Stands::Pending);
    let withdrawal = withdraw(&mut world);
    assert_eq!((withdrawal.request, withdrawal.before), (second.id, vec![first.id]));
    ended(&mut world);
    assert!(updates(&world.plan()).is_empty());
}
