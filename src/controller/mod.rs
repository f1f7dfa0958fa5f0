//! Many passes: until a table is settled, and what makes a rollout begin.
//!
//! Decides nothing about AWS: `plan` does, and says when to look again.

pub mod request;
pub mod settle;
