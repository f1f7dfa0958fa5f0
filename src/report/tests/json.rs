//! The wire shapes, whole.

use insta::assert_json_snapshot;

use super::{drifted, failed, partial, subject, undiscovered};
use crate::plan::tests::fixture::World;
use crate::report::json::{PlanJson, RolloutJson, StatusJson};

#[test]
fn a_plan_for_scripts() {
    let world = drifted();
    assert_json_snapshot!("plan_drifted_json", PlanJson::of(&subject(&world, &world.plan())));
}

#[test]
fn a_launch_for_scripts() {
    let world = World::launching();
    assert_json_snapshot!("plan_launch_json", PlanJson::of(&subject(&world, &world.plan())).steps);
}

#[test]
fn a_status_for_scripts() {
    let world = partial();
    assert_json_snapshot!("status_partial_json", StatusJson::of(&subject(&world, &world.plan())));
}

#[test]
fn a_status_of_rows_that_were_not_found() {
    let world = undiscovered();
    assert_json_snapshot!("status_undiscovered_json", StatusJson::of(&subject(&world, &world.plan())).rows);
}

#[test]
fn a_rollout_for_scripts() {
    let world = failed();
    assert_json_snapshot!("rollout_failed_json", RolloutJson::of(&subject(&world, &world.plan())));
}
