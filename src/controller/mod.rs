//! Many passes: until a table is settled, what makes a rollout begin, and a person's word about one.
//!
//! Decides nothing about AWS: `plan` does, and says when to look again.

pub mod command;
pub mod handle;
mod judge;
pub mod queue;
pub mod reload;
pub mod request;
mod rest;
pub mod run;
pub mod settle;
mod unseen;
mod wishes;
