//! The planner's claims, each on a world that differs from a settled one in one respect.
//!
//! `fixture` builds those worlds, for the tests of `report/` too; the other files hold one group of claims each.

pub(crate) mod fixture;

mod asks;
mod attacks;
mod audit;
mod blind;
mod commands;
mod corrections;
mod gate;
mod glance;
mod guards;
mod launch;
mod probe;
mod rollout;
mod samples;

use asks::{hold, holds, state, update, updates, written};
