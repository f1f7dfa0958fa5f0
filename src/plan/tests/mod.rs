//! The planner's claims, each on a world that differs from a settled one in one respect.
//!
//! `fixture` builds those worlds, for the tests of `report/` too; the other files hold one group of claims each.

pub(crate) mod fixture;

mod aborts;
mod asks;
mod attacks;
mod audit;
mod blind;
mod capacity;
mod commands;
mod contests;
mod corrections;
mod counts;
mod drains;
mod edges;
mod ends;
mod enough;
mod evidence;
mod gate;
mod glance;
mod guards;
mod joining;
mod keys;
mod launch;
mod looks;
mod probe;
mod refused;
mod remembers;
mod replaced;
mod requests;
mod reshaped;
mod rest;
mod rollout;
mod rowless;
mod runs;
mod said;
mod samples;
mod taken_back;
mod tampered;
mod tries;
mod undone;
mod wishes;
mod withdrawals;

use asks::{hold, holds, state, update, updates, written};
