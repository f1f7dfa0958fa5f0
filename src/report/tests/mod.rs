//! What people and scripts read, for worlds of the planner's own tests.

mod conditions;
mod documented;
mod holds;
mod json;
mod passes;
mod table;
mod text;
mod watched;
mod worlds;

use worlds::{drifted, failed, partial, subject, undiscovered};
