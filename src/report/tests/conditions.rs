//! Conditions: what they say, and that their times are facts.

use super::{failed, partial, subject, undiscovered};
use crate::model::observed::{RolloutState, Seen, Trouble};
use crate::plan::tests::fixture::{World, digest, unseen};
use crate::report::conditions::{Aspect, Condition, Status, of_row, of_table};

fn row(world: &World, name: &str, aspect: Aspect) -> Condition {
    let plan = world.plan();
    let row = world.table.rows.iter().find(|row| row.name.as_str() == name).expect("a row");
    let conditions = of_row(&subject(world, &plan), row);
    conditions.into_iter().find(|condition| condition.aspect == aspect).expect("the condition")
}

fn table(world: &World, aspect: Aspect) -> Condition {
    let plan = world.plan();
    let conditions = of_table(&subject(world, &plan));
    conditions.into_iter().find(|condition| condition.aspect == aspect).expect("the condition")
}

#[track_caller]
fn check(condition: &Condition, status: Status, reason: &str) {
    assert_eq!((condition.status, condition.reason), (status, reason), "{condition:?}");
}

#[test]
fn every_condition_of_a_settled_table_is_as_wished() {
    let world = World::settled();
    for name in ["portal", "indexer", "ingester"] {
        check(&row(&world, name, Aspect::InSync), Status::True, "AsStated");
        check(&row(&world, name, Aspect::RolledOut), Status::True, "Completed");
        check(&row(&world, name, Aspect::Healthy), Status::True, "AllHealthy");
        check(&row(&world, name, Aspect::ImageCurrent), Status::True, "Newest");
    }
    check(&table(&world, Aspect::Converged), Status::True, "Converged");
    check(&table(&world, Aspect::RolloutComplete), Status::True, "Baseline");
    check(&table(&world, Aspect::Held), Status::False, "NothingHeld");
}

#[test]
fn a_row_that_was_not_found_is_unknown_for_the_reason_of_its_hold() {
    let world = undiscovered();
    for aspect in [Aspect::InSync, Aspect::RolledOut, Aspect::Healthy, Aspect::ImageCurrent] {
        check(&row(&world, "indexer", aspect), Status::Unknown, "NoMatch");
        check(&row(&world, "ingester", aspect), Status::Unknown, "ManyMatch");
    }
    check(&row(&world, "portal", Aspect::InSync), Status::True, "AsStated");
}

#[test]
fn times_do_not_move_when_only_the_clock_does() {
    let mut world = partial();
    let look = |world: &World| {
        let plan = world.plan();
        let subject = subject(world, &plan);
        let rows = world.table.rows.iter().flat_map(|row| of_row(&subject, row));
        rows.chain(of_table(&subject)).map(|condition| condition.since).collect::<Vec<_>>()
    };
    let before = look(&world);
    world.later(crate::model::time::Span::minutes(7));
    assert_eq!(look(&world), before);
}

#[test]
fn a_deployment_under_way_is_not_rolled_out_since_it_was_made() {
    let mut world = World::settled();
    let at = world.observed.at;
    world.deploy("portal", at);
    let condition = row(&world, "portal", Aspect::RolledOut);
    check(&condition, Status::False, "InProgress");
    assert_eq!(condition.since, Some(at));
    world.service("portal").deployments[0].rollout = RolloutState::Unstated;
    check(&row(&world, "portal", Aspect::RolledOut), Status::Unknown, "Unstated");
}

#[test]
fn health_that_was_not_read_is_unknown_and_not_bad() {
    let mut world = World::settled();
    world.view("portal").target_groups[0].targets = Seen::Unknown(unseen(Trouble::Passing));
    check(&row(&world, "portal", Aspect::Healthy), Status::Unknown, "NotSeen");
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    check(&row(&world, "indexer", Aspect::Healthy), Status::Unknown, "NotSeen");
}

#[test]
fn an_image_behind_the_tag_is_said_without_a_time() {
    let mut world = World::settled();
    world.observed.image = Seen::Present(digest('b'));
    let condition = row(&world, "portal", Aspect::ImageCurrent);
    check(&condition, Status::False, "NewerImage");
    assert_eq!(condition.since, None);
}

#[test]
fn a_failed_rollout_is_held_since_the_record_says_so() {
    let mut world = failed();
    let since = world.record().since;
    for aspect in [Aspect::Held, Aspect::RolloutComplete] {
        assert_eq!(table(&world, aspect).since, Some(since), "{aspect:?}");
    }
    check(&table(&world, Aspect::Held), Status::True, "RolloutFailed");
    check(&table(&world, Aspect::RolloutComplete), Status::False, "Failed");
}
