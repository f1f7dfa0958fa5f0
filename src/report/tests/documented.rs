//! The examples of docs/output.md are what the program really says.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::subject;
use crate::model::time::Span;
use crate::plan::tests::fixture::World;
use crate::reconcile::execute::{Done, Outcome, StepResult};
use crate::reconcile::pass::PassReport;
use crate::report::json::{PassReportJson, PlanJson, RolloutJson, Sight, StatusJson, TableSummaryJson};
use crate::report::witness::Witness;

const DOCUMENT: &str = include_str!("../../../docs/output.md");

/// One service row and the task row: enough to show every field, short enough to be read.
fn small(mut world: World) -> World {
    world.table.rows.retain(|row| ["portal", "deployment"].contains(&row.name.as_str()));
    world
}

fn settled() -> World {
    let mut world = small(World::first_contact());
    world.pass(Span::seconds(10));
    world
}

fn resized() -> World {
    let mut world = settled();
    world.definition("portal").memory = Some(16384);
    world
}

fn draining() -> World {
    let mut world = settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(10));
    world.drain("portal");
    world
}

#[track_caller]
fn documented(shape: &impl Serialize) {
    let text = serde_json::to_string_pretty(shape).unwrap();
    assert!(DOCUMENT.contains(&format!("```json\n{text}\n```\n")), "docs/output.md should show:\n{text}");
}

#[test]
fn the_plan() {
    let world = resized();
    documented(&PlanJson::of(&subject(&world, &world.plan())));
}

#[test]
fn the_pass_report() {
    let world = kicked();
    let plan = world.plan();
    let outcomes = plan.steps.iter().cloned().map(|step| Outcome { step, result: StepResult::Done(Done::Written) });
    let outcomes = outcomes.collect();
    let report = PassReport {
        at: world.observed.at,
        observed: Arc::new(world.observed.clone()),
        plan,
        outcomes,
        violations: Vec::new(),
    };
    let mut shown = PassReportJson::new(&world.table);
    shown.add(&report);
    documented(&shown);
}

/// The record of a kick is the only step.
fn kicked() -> World {
    let mut world = settled();
    world.deploy("portal", world.observed.at);
    world
}

#[test]
fn the_status() {
    let world = draining();
    documented(&StatusJson::of(&subject(&world, &world.plan())));
}

#[test]
fn the_rollout() {
    let world = draining();
    documented(&RolloutJson::of(&subject(&world, &world.plan())));
}

#[test]
fn the_table_summary() {
    let mut world = settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(10));
    let mut witness = Witness::default();
    witness.look(&subject(&world, &world.plan()));
    world.drain("portal");
    let plan = world.plan();
    witness.look(&subject(&world, &plan));
    let report = PassReport {
        at: world.observed.at,
        observed: Arc::new(world.observed.clone()),
        plan,
        outcomes: Vec::new(),
        violations: Vec::new(),
    };
    let ago = Some(Duration::from_millis(1500));
    let sight = Sight { ago, failures: 0, broken: None, speed: 1.0, witness: &witness };
    documented(&TableSummaryJson::of(&world.table, Some(&report), &sight));
}
