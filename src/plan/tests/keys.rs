//! Requests under a key: asking again is the same wish, wherever it stands by then.

use super::fixture::{DEPLOYED, SERVICES, World};
use super::requests::judged;
use super::{state, updates};
use crate::model::ids::RequestId;
use crate::model::kickoff::{self, Build};
use crate::model::observed::Seen;
use crate::model::past::Origin;
use crate::model::rollout::{Attempt, IdempotencyKey, RecordState, Request, RolloutId, TagKeys};
use crate::model::selector::Selection;
use crate::model::time::Span;
use crate::plan::request::{Accepted, Judged, Stands, Wanted};

fn keyed(key: &str) -> Wanted {
    let key = Some(IdempotencyKey::parse(key).unwrap());
    Wanted { key, by: Some("ada".to_owned()), reason: Some("new schema".to_owned()), build: Build::default() }
}

fn id(world: &World, key: &str) -> RequestId {
    RequestId::keyed(&world.table.name, &IdempotencyKey::parse(key).unwrap())
}

/// Asks under a key, and writes down what is to be written.
fn ask(world: &mut World, key: &str) -> Accepted {
    let Judged::New(accepted) = judged(world, &keyed(key)).unwrap() else { panic!("{key} was there before") };
    for (key, value) in accepted.tags() {
        world.cluster().tags.insert(key.to_owned(), value);
    }
    *accepted
}

#[track_caller]
fn stands(world: &World, key: &str) -> Stands {
    match judged(world, &keyed(key)).unwrap() {
        Judged::Known(found, stands) if found == id(world, key) => stands,
        other => panic!("{key} is not known: {other:?}"),
    }
}

/// The rows are kicked, and roll to their end.
fn roll(world: &mut World) {
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::minutes(2));
}

fn end(world: &mut World) -> RecordState {
    let ended = RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() });
    let launched = RecordState::Launched(Attempt { number: 1, task: "cafe".into() });
    world.set_state(launched);
    world.history = Default::default();
    let mut task = world.new_tasks("indexer")[0].clone();
    task.arn = crate::model::ids::TaskArn::told("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/cafe");
    task.started_by = world.record().id.started_by(1).into();
    task.group = "family:c4-deployment".into();
    task.status = crate::model::observed::TaskStatus::Stopped;
    task.stop_code = "EssentialContainerExited".into();
    task.containers.iter_mut().for_each(|container| container.exit_code = Some(0));
    task.stopped_at = Some(world.observed.at);
    world.tasks().retain(|task| !task.started_by.starts_with("evenkeel/"));
    world.tasks().push(task);
    let plan = world.pass(Span::seconds(5));
    assert_eq!(state(&plan), ended, "{plan:#?}");
    ended
}

#[test]
fn a_request_under_a_key_is_found_wherever_it_stands() {
    let mut world = World::settled();
    let accepted = ask(&mut world, "k");
    assert_eq!((&accepted.request.id, accepted.request.by.as_deref()), (&id(&world, "k"), Some("ada")));
    assert_eq!(stands(&world, "k"), Stands::Pending);
    roll(&mut world);
    let rollout = world.record().id;
    assert_eq!(stands(&world, "k"), Stands::InHand(rollout.clone()));
    let ended = end(&mut world);
    assert_eq!(stands(&world, "k"), Stands::Ended(rollout, ended));
    assert!(matches!(judged(&world, &keyed("another")).unwrap(), Judged::New(_)));
}

#[test]
fn a_request_is_found_in_the_history_when_others_stand_in_its_place() {
    let mut world = World::settled();
    ask(&mut world, "first");
    roll(&mut world);
    let rollout = world.record().id;
    let ended = end(&mut world);
    for key in ["second", "third", "fourth", "fifth", "sixth"] {
        ask(&mut world, key);
    }
    assert_eq!(stands(&world, "first"), Stands::Ended(rollout.clone(), ended.clone()));
    roll(&mut world);
    assert_eq!(stands(&world, "first"), Stands::Ended(rollout.clone(), ended.clone()));
    end(&mut world);
    assert_eq!(stands(&world, "first"), Stands::Ended(rollout, ended));
}

#[test]
fn a_kick_by_others_after_the_requests_rollout_is_not_taken_for_it() {
    let mut world = World::settled();
    ask(&mut world, "k");
    roll(&mut world);
    let rollout = world.record().id;
    let ended = end(&mut world);
    roll(&mut world);
    assert_ne!(world.record().id, rollout);
    assert_eq!(world.record().request, Some(id(&world, "k")));
    assert_eq!(stands(&world, "k"), Stands::Ended(rollout, ended));
    // Nor where the history had no room for it.
    world.cluster().tags.retain(|key, _| !key.contains(":past-"));
    assert_eq!(stands(&world, "k"), Stands::Over);
}

#[test]
fn a_request_that_another_took_the_place_of_is_remembered_for_three_more() {
    let mut world = World::settled();
    for key in ["a", "b", "c", "d"] {
        ask(&mut world, key);
    }
    assert_eq!(stands(&world, "a"), Stands::Over);
    ask(&mut world, "e");
    assert!(matches!(judged(&world, &keyed("a")).unwrap(), Judged::New(_)), "it is forgotten");
    assert_eq!(stands(&world, "b"), Stands::Over);
}

#[test]
fn the_history_names_the_request_of_a_rollout_though_a_newer_one_waits() {
    let mut world = World::settled();
    ask(&mut world, "k");
    roll(&mut world);
    world.set_state(RecordState::Launched(Attempt { number: 1, task: "cafe".into() }));
    ask(&mut world, "next");
    end(&mut world);
    let first = world.past()[0].clone();
    assert_eq!(first.origin, Origin::Request(id(&world, "k")));
    // The next rollout is its own, whatever the record keeps of the one before.
    roll(&mut world);
    end(&mut world);
    let newest = world.past()[0].clone();
    assert_eq!((newest.origin, newest.by.as_deref()), (Origin::Request(id(&world, "next")), Some("ada")));
}

#[test]
fn what_ended_before_does_not_hide_the_request_of_a_rollout() {
    let mut world = World::settled();
    roll(&mut world);
    end(&mut world);
    assert_eq!(world.past()[0].origin, Origin::Kick);
    ask(&mut world, "k");
    roll(&mut world);
    world.set_state(RecordState::Launched(Attempt { number: 1, task: "cafe".into() }));
    ask(&mut world, "next");
    end(&mut world);
    assert_eq!(world.past()[0].origin, Origin::Request(id(&world, "k")));
}

#[test]
fn how_a_request_stands_is_told_in_a_word_and_in_a_sentence() {
    let rollout = || RolloutId::told("0123456789abcdef");
    for (stands, name, words) in [
        (Stands::Pending, "Pending", "not taken up yet"),
        (Stands::InHand(rollout()), "InHand", "rollout 0123456789abcdef has taken it up, and goes on"),
        (Stands::Ended(rollout(), RecordState::Skipped), "Ended", "has ended as skipped"),
        (Stands::Over, "Over", "a newer one took its place"),
    ] {
        assert_eq!(stands.name(), name);
        assert!(stands.to_string().contains(words), "{stands}");
    }
}

#[test]
fn a_kick_by_others_is_not_put_down_to_the_request_before_it() {
    let mut world = World::settled();
    ask(&mut world, "k");
    roll(&mut world);
    end(&mut world);
    roll(&mut world);
    ask(&mut world, "next");
    world.set_state(RecordState::Launched(Attempt { number: 1, task: "cafe".into() }));
    end(&mut world);
    assert_eq!(world.past()[0].origin, Origin::Kick);
}

#[test]
fn who_asks_again_is_answered_though_a_row_is_not_found() {
    let mut world = World::settled();
    ask(&mut world, "k");
    world.view("portal").service = Seen::Present(Selection::None(Vec::new()));
    assert_eq!(stands(&world, "k"), Stands::Pending);
    assert_eq!(judged(&world, &keyed("another")).unwrap_err(), ["NoMatch"]);
}

#[test]
fn a_read_that_is_too_late_does_not_make_the_same_wish_twice() {
    let mut world = World::settled();
    let before = world.cluster().tags.clone();
    let request = ask(&mut world, "k").request;
    world.history.written.request = Some((request, world.observed.at));
    world.cluster().tags = before;
    assert_eq!(stands(&world, "k"), Stands::Pending);
    assert_eq!(judged(&world, &keyed("another")).unwrap_err(), ["Stale"]);
}

#[test]
fn a_late_write_of_the_same_request_kicks_nothing_a_second_time() {
    let mut world = World::settled();
    let first = ask(&mut world, "k").request;
    assert_eq!((first.after, updates(&world.plan()).len()), (DEPLOYED, SERVICES.len()));
    roll(&mut world);
    // Somebody who had looked before the kicks writes it once more.
    let late = Request { at: world.observed.at, ..first };
    let key = TagKeys::of(&world.table.name).request;
    world.cluster().tags.insert(key, late.tag());
    assert_eq!(updates(&world.plan()).len(), 0);
    end(&mut world);
    assert_eq!(updates(&world.plan()).len(), 0);
}

#[test]
fn foursights_tags_are_written_only_where_the_cluster_carries_one_and_has_room() {
    let mut world = World::settled();
    assert_eq!(ask(&mut world, "a").kickoff, []);
    world.cluster().tags.insert("last_redeploy_kickoff_by".into(), "eve".into());
    let accepted = ask(&mut world, "b");
    let keys: Vec<&str> = accepted.kickoff.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, kickoff::KEYS);
    assert_eq!(accepted.kickoff[1].1, "ada");
    assert_eq!(world.cluster().tags["last_redeploy_kickoff_at"], "2026-10-09 12:00:10 UTC");
    world.cluster().tags.retain(|key, _| !key.ends_with("_branch"));
    // Two tags of fifty are left, and five of ours are still to come.
    let missing = 50 - world.cluster().tags.len() - 2;
    (0..missing).for_each(|n| drop(world.cluster().tags.insert(format!("theirs-{n}"), String::new())));
    assert_eq!(ask(&mut world, "c").kickoff.len(), 4);
    world.cluster().tags.retain(|key, _| !key.starts_with("theirs-"));
    assert_eq!(ask(&mut world, "d").kickoff.len(), 5);
    // Exactly as much room as they take.
    for (tags, written) in [(44, 5), (45, 4)] {
        world.cluster().tags.retain(|key, _| !key.ends_with("_branch") && !key.starts_with("theirs-"));
        let missing = tags - world.cluster().tags.len();
        (0..missing).for_each(|n| drop(world.cluster().tags.insert(format!("theirs-{n}"), String::new())));
        assert_eq!(ask(&mut world, &format!("e-{tags}")).kickoff.len(), written, "{tags} tags");
    }
}
