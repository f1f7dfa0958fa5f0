//! Decisions: what to do, given what is wanted and what was seen.
//!
//! Pure: no IO, no clock, no async, no randomness, and nothing that can fail: a `Result` here is a choice
//! of two answers, never an error. Same input, same plan.
//! Read in this order: `planner` (the order of decisions), `guard`, `command`, `order`, `rollout`, `undone`, `correct`, `drift`,
//! `conclude`, `gate`, `launch`, `probe`, `ending`, then `audit`, which judges any plan without trusting the planner.
//! `awaited` and `moving` say what is waited for, `pace` and `glance` when to look again, and at what,
//! `rest` how tables are read together in which nothing moves.

pub mod action;
mod added;
pub mod audit;
mod awaited;
pub mod because;
pub mod command;
mod conclude;
pub mod contest;
mod correct;
mod draft;
pub mod drift;
mod ending;
pub mod gate;
pub mod glance;
mod guard;
pub mod history;
pub mod hold;
mod launch;
pub mod moving;
mod order;
pub mod pace;
pub mod planner;
mod probe;
pub mod progress;
pub mod request;
pub mod rest;
pub mod rollout;
pub mod undone;
pub mod way_out;

#[cfg(test)]
pub(crate) mod tests;
