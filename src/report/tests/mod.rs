//! What people and scripts read, for worlds of the planner's own tests.

mod conditions;
mod documented;
mod holds;
mod json;
mod passes;
mod text;

use crate::model::observed::Seen;
use crate::model::selector::Selection;
use crate::model::time::Span;
use crate::plan::action::Plan;
use crate::plan::tests::fixture::{World, digest};
use crate::report::subject::Subject;

/// A report's subject out of a world and its plan.
fn subject<'a>(world: &'a World, plan: &'a Plan) -> Subject<'a> {
    Subject { table: &world.table, observed: &world.observed, plan }
}

/// A count, a size and the task row differ; another size is held, and a newer image is out.
fn drifted() -> World {
    let mut world = World::settled();
    world.service("portal").desired = 4;
    world.definition("indexer").cpu = Some(1024);
    world.definition("indexer").memory = Some(2048);
    world.row("ingester").memory = None;
    world.definition("ingester").cpu = Some(4096);
    world.definition("ingester").memory = Some(16384);
    world.definition("deployment").memory = Some(1024);
    world.observed.image = Seen::Present(digest('b'));
    world
}

/// Only the portal was kicked, two minutes ago; its old tasks drain.
fn partial() -> World {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.drain("portal");
    world.later(Span::minutes(2));
    world.pass(Span::seconds(10));
    world
}

/// One service is not there and another is there twice.
fn undiscovered() -> World {
    let mut world = World::settled();
    world.view("indexer").service = Seen::Present(Selection::None(vec!["web-1".into(), "web-2".into()]));
    world.view("ingester").service = Seen::Present(Selection::Many(vec!["left".into(), "right".into()]));
    world
}

/// The deployment task ran and ended with exit code 1.
fn failed() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(60));
    world.end(Some(1), "EssentialContainerExited");
    world.pass(Span::seconds(10));
    world
}
