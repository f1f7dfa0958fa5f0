//! What somebody changes back each time it is corrected.

use super::fixture::World;
use super::{hold, updates};
use crate::model::ids::ServiceDeploymentArn;
use crate::model::observed::{Fate, Seen, ServiceDeploymentView};
use crate::model::size::MemoryMib;
use crate::model::time::Span;
use crate::plan::action::{Action, Standing};

/// A table whose indexer runs four tasks instead of one, or more.
fn scaled(count: u32) -> World {
    let mut world = World::settled();
    world.service("indexer").desired = count;
    world
}

/// The update that the plan has is made, and somebody takes it back at once.
fn corrected(world: &mut World) {
    let plan = world.plan();
    let step = plan.steps.iter().find(|step| matches!(step.action, Action::Update(_))).expect("an update");
    let Action::Update(update) = &step.action else { unreachable!("it was found by that") };
    world.history.contest.corrected(&update.service, &step.because, world.observed.at);
    world.pass(Span::minutes(5));
}

#[test]
fn what_is_changed_back_three_times_within_the_hour_is_left_alone_and_said() {
    let mut world = scaled(4);
    for _ in 0..3 {
        assert_eq!(updates(&world.plan()).len(), 1);
        corrected(&mut world);
    }
    let plan = world.plan();
    assert_eq!((updates(&plan).len(), plan.standing()), (0, Standing::Held));
    assert!(hold(&plan, "TurnedBack").to_string().contains("changes count back"), "{plan:#?}");
    // The first of the three is an hour old.
    world.later(Span::minutes(45));
    assert_eq!(updates(&world.plan()).len(), 1);
}

#[test]
fn a_count_that_late_reads_show_as_it_was_is_nobody_who_changes_it_back() {
    let mut world = scaled(4);
    for _ in 0..5 {
        let plan = world.plan();
        assert_eq!(updates(&plan).len(), 1);
        let update = updates(&plan)[0].service.clone();
        world.history.contest.corrected(&update, &plan.steps[0].because, world.observed.at);
        world.pass(Span::seconds(2));
    }
}

#[test]
fn what_ecs_undoes_is_nobody_who_changes_it_back() {
    let mut world = World::settled();
    world.row("portal").memory = Some(MemoryMib::new(16384));
    let revised = |world: &World| updates(&world.plan()).iter().any(|update| update.revision.is_some());
    for _ in 0..4 {
        assert!(revised(&world), "{:#?}", world.plan().holds);
        let plan = world.plan();
        let kick = plan.steps.iter().find(|step| matches!(&step.action, Action::Update(it) if it.revision.is_some()));
        let (Action::Update(update), because) = kick.map(|kick| (&kick.action, &kick.because)).expect("a kick") else {
            unreachable!("it was found by that")
        };
        world.history.contest.corrected(&update.service, because, world.observed.at);
        world.pass(Span::seconds(2));
        let (created_at, fate) = (world.observed.at, Fate::Undone);
        let arn = ServiceDeploymentArn::told(format!("arn:service-deployment/{}", created_at.millis()));
        let undone = ServiceDeploymentView { arn, created_at, fate, status: "ROLLBACK".into(), reason: "alarm".into() };
        world.view("portal").history = Seen::Present(vec![undone]);
        world.later(Span::minutes(6));
        world.pass(Span::seconds(5));
        let frontier = world.record().frontier;
        world.request(frontier);
    }
}

#[test]
fn a_table_that_is_edited_again_and_again_is_followed() {
    let mut world = scaled(9);
    for count in [1, 2, 1, 3, 1, 2, 1, 2] {
        world.row("indexer").count = Some(count);
        assert_eq!(updates(&world.plan()).len(), 1, "{count}");
        corrected(&mut world);
    }
}

#[test]
fn a_row_that_is_contested_is_kicked_where_somebody_asks() {
    let mut world = scaled(4);
    (0..3).for_each(|_| corrected(&mut world));
    let frontier = world.record().frontier;
    world.request(frontier);
    let plan = world.plan();
    let kicked = updates(&plan);
    assert_eq!(kicked.len(), 3);
    assert!(kicked.iter().all(|update| update.count.is_none()), "{kicked:#?}");
}
