//! Draining targets: when their end is looked for, and what is read until then.

use super::fixture::World;
use super::glance::look;
use super::looks::{after, leaving, moving, next, reads};
use crate::model::observed::{TargetState, TaskStatus};
use crate::model::time::Span;
use crate::plan::glance::Glance;
use crate::plan::moving::Moving;
use crate::plan::pace::NextLook;

/// The portal's old targets drain, 300 s each, as a look has shown that came `late` after one that did not show it.
pub(super) fn draining(late: Span) -> World {
    let mut world = leaving(TaskStatus::Deactivating);
    world.view("portal").target_groups[0].drain = Some(Span::seconds(300));
    let mut before = world.clone();
    before.targets("portal").iter_mut().for_each(|target| target.state = TargetState::Healthy);
    moving(&mut before);
    world.history.moving = before.history.moving;
    world.later(late);
    moving(&mut world);
    world
}

#[test]
fn the_end_of_a_drain_is_looked_for_when_it_can_have_come() {
    let mut world = draining(Span::seconds(12));
    assert_eq!(next(&world), after(150), "288 s are left");
    world.later(Span::seconds(150));
    assert_eq!(next(&world), after(146), "138 s are left, and ECS has to notice");
    world.later(Span::seconds(146));
    assert_eq!(next(&world), NextLook::MOVING, "now it is the tasks that are looked at");
}

#[test]
fn no_look_comes_shortly_before_the_end_of_a_drain() {
    let mut world = draining(Span::seconds(12));
    world.later(Span::seconds(135));
    assert_eq!(next(&world), after(150), "153 s are left, and another look comes after this one");
    world.later(Span::seconds(1));
    assert_eq!(next(&world), after(160), "152 s are left: a look at 150 s would be 10 s too early");
}

#[test]
fn at_the_very_end_of_a_drain_its_tasks_are_waited_for() {
    let mut world = draining(Span::seconds(12));
    look(&mut world);
    assert_eq!(reads(&world, Span::from_millis(287_999)).map(|glance| glance.tasks.len()), Some(0));
    assert_eq!(reads(&world, Span::seconds(288)).map(|glance| glance.tasks.len()), Some(5));
    world.later(Span::seconds(288));
    assert_eq!(next(&world), NextLook::MOVING);
}

#[test]
fn a_drain_of_which_nobody_has_seen_the_beginning_is_looked_at_again_and_again() {
    let mut world = draining(Span::seconds(12));
    world.history.moving = Moving::default();
    moving(&mut world);
    assert_eq!(next(&world), NextLook::MOVING);
    let mut world = draining(Span::seconds(12));
    world.view("portal").target_groups[0].drain = None;
    assert_eq!(next(&world), NextLook::MOVING, "how long it takes could not be read");
}

#[test]
fn while_targets_drain_only_what_nobody_expects_is_looked_for() {
    let mut world = draining(Span::seconds(12));
    look(&mut world);
    let expected = Glance { cluster: true, ..Glance::default() };
    assert_eq!(reads(&world, Span::seconds(100)), Some(expected));
    assert_eq!(reads(&world, Span::seconds(300)).map(|glance| glance.tasks.len()), Some(5));
}

#[test]
fn old_targets_that_still_take_requests_are_looked_at_until_they_drain() {
    let mut world = draining(Span::seconds(12));
    world.targets("portal").iter_mut().for_each(|target| target.state = TargetState::Healthy);
    look(&mut world);
    assert_eq!(next(&world), after(12));
    let glance = reads(&world, Span::seconds(12)).expect("a glance");
    assert_eq!((glance.tasks.len(), glance.targets.len()), (0, 1));
}
