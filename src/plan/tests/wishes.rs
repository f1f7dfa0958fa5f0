//! By which look a wish may be judged without reading everything anew.

use super::fixture::{World, unseen};
use super::glance::look;
use crate::model::observed::{Seen, Trouble};
use crate::model::time::Span;
use crate::plan::glance::for_a_wish;

fn is_good_after(world: &World, age: Span) -> bool {
    let whole = world.history.latest.as_ref().expect("a look before").whole;
    for_a_wish(&world.table, &world.history, whole.plus(age)).is_some()
}

#[test]
fn a_process_without_memory_has_no_look_for_a_wish() {
    let world = World::settled();
    assert!(for_a_wish(&world.table, &world.history, world.observed.at).is_none());
}

#[test]
fn a_look_is_good_for_a_wish_as_long_as_for_a_glance() {
    let settled = World::settled();
    // Also after a step of its own.
    let mut rolling = World::settled();
    rolling.kick_all();
    for mut world in [settled, rolling] {
        look(&mut world);
        assert!(is_good_after(&world, Span::from_millis(10 * 60_000 - 1)));
        assert!(!is_good_after(&world, Span::minutes(10)));
    }
}

#[test]
fn a_look_in_which_something_could_not_be_read_is_good_for_no_wish() {
    let mut world = World::settled();
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    look(&mut world);
    assert!(!is_good_after(&world, Span::seconds(1)));
}

#[test]
fn a_look_at_another_table_is_good_for_no_wish() {
    let mut world = World::settled();
    look(&mut world);
    world.row("portal").count = Some(9);
    assert!(!is_good_after(&world, Span::seconds(1)));
}
