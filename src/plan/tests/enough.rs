//! What a look has to read anew, when it knows all that its tags ask for, and after which steps no other look is needed.

use super::fixture::{SERVICES, World, unseen};
use crate::model::observed::{RolloutState, Seen, Trouble};
use crate::model::rollout::{Attempt, Durable, Failure, RecordState, TagKeys};
use crate::model::selector::Selection;
use crate::model::time::Span;
use crate::plan::action::Action;
use crate::plan::command::Want;
use crate::plan::glance::{Needs, is_told, needs, only_writes_down};

fn told(world: &World) -> bool {
    is_told(&world.table, &world.observed)
}

/// Every row was kicked and has rolled, the record is open, and nobody has read what ECS undid.
fn opened() -> World {
    let mut world = World::settled();
    world.kick_all();
    world.pass(Span::seconds(5));
    assert_eq!(world.record().state, RecordState::Open);
    for row in SERVICES {
        world.view(row).history = Seen::Absent;
    }
    world
}

fn read(world: &mut World, row: &str) {
    world.view(row).history = Seen::Present(Vec::new());
}

#[test]
fn a_record_that_was_just_opened_asks_of_each_row_what_ecs_undid() {
    let mut world = opened();
    assert!(!told(&world));
    read(&mut world, "portal");
    read(&mut world, "indexer");
    assert!(!told(&world), "nobody knows of the ingester");
    world.view("ingester").history = Seen::Unknown(unseen(Trouble::Passing));
    assert!(!told(&world), "nor does a read that failed tell");
    read(&mut world, "ingester");
    assert!(told(&world));
}

#[test]
fn what_is_under_way_is_not_asked_yet() {
    let mut world = opened();
    read(&mut world, "portal");
    read(&mut world, "indexer");
    world.service("ingester").deployments[0].rollout = RolloutState::InProgress;
    assert!(told(&world));
}

#[test]
fn a_table_at_rest_asks_nothing_of_what_ecs_undid() {
    let mut world = World::settled();
    for row in SERVICES {
        world.view(row).history = Seen::Absent;
    }
    assert!(told(&world));
    let after = world.record().frontier;
    world.request(after);
    assert!(!told(&world), "a kick for the request may have been undone already");
}

#[test]
fn a_look_that_found_no_cluster_or_not_every_row_tells_nothing() {
    let disturbances: [fn(&mut World); 3] = [
        |world| world.observed.cluster = Seen::Present(Selection::None(Vec::new())),
        |world| drop(world.observed.rows.pop_last()),
        |world| {
            let key = TagKeys::of(&world.table.name).rollout;
            world.cluster().tags.insert(key, "scribbled over".to_owned());
        },
    ];
    for disturb in disturbances {
        let mut world = World::settled();
        assert!(told(&world));
        disturb(&mut world);
        assert!(!told(&world));
    }
}

/// What the next whole look reads anew, after a plan on this world that its tags know of.
fn needed(world: &mut World) -> Needs {
    let plan = world.plan();
    let keys = TagKeys::of(&world.table.name);
    let tags = world.cluster().tags.clone();
    let durable = Durable::read(&keys, |key| tags.get(key).map(String::as_str)).expect("tags of ours");
    needs(&plan, &durable)
}

#[test]
fn a_launch_that_is_written_down_reads_everything_that_it_depends_on() {
    assert_eq!(needed(&mut World::launching()), Needs::EVERYTHING);
}

#[test]
fn targets_are_read_where_a_gate_is_judged_and_nowhere_else() {
    let attempt = || Attempt { number: 1, task: "cafe".into() };
    for (state, targets) in [
        (RecordState::Open, true),
        (RecordState::Failed(Failure::Start(1)), true),
        (RecordState::Launched(attempt()), false),
        (RecordState::Baseline, false),
        (RecordState::Succeeded(attempt()), false),
        (RecordState::Resolved(1), false),
        (RecordState::Skipped, false),
    ] {
        let mut world = World::clear();
        world.set_state(state.clone());
        assert_eq!(needed(&mut world), Needs { definition: false, targets }, "{state:?}");
    }
}

#[test]
fn a_person_who_has_the_task_run_has_the_gate_judged_until_it_is_done() {
    let mut world = World::clear();
    world.set_state(RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() }));
    world.command(Want::Run).unwrap();
    assert!(needed(&mut world).targets);
    world.set_state(RecordState::Succeeded(Attempt { number: 2, task: "beef".into() }));
    assert!(!needed(&mut world).targets, "it is done");
    world.about_another_rollout();
    assert!(!needed(&mut world).targets, "it is about another rollout");
}

#[test]
fn a_revision_of_our_own_is_read_before_it_is_compared_with() {
    let mut world = World::settled();
    world.definition("deployment").memory = Some(1024);
    assert!(matches!(world.plan().steps[0].action, Action::Register(_)));
    assert_eq!(needed(&mut world), Needs { definition: true, targets: false });
}

#[test]
fn what_was_only_written_down_needs_no_other_look() {
    let mut kicked = World::settled();
    kicked.kick_all();
    assert!(only_writes_down(&kicked.plan()));
    assert!(only_writes_down(&World::first_contact().plan()));
}

#[test]
fn a_launch_that_was_written_down_is_read_back() {
    let world = World::clear();
    assert_eq!(world.plan().steps.len(), 1);
    assert!(!only_writes_down(&world.plan()));
}

#[test]
fn what_was_done_needs_another_look_and_what_was_not_has_written_nothing() {
    let mut requested = World::settled();
    let after = requested.record().frontier;
    requested.request(after);
    assert!(!only_writes_down(&requested.plan()), "kicks");
    assert!(!only_writes_down(&World::launching().plan()), "RunTask");
    assert!(!only_writes_down(&World::settled().plan()), "nothing is done");
}
