//! What people and scripts read, for worlds of the planner's own tests.

use crate::plan::action::Plan;
use crate::plan::tests::fixture::World;
use crate::report::subject::Subject;

/// A report's subject out of a world and its plan.
fn subject<'a>(world: &'a World, plan: &'a Plan) -> Subject<'a> {
    Subject { table: &world.table, observed: &world.observed, plan }
}
