//! The words: what the rest of the crate talks about, and nothing else.
//!
//! No IO, no async, no clock, no serde. Text and SDK values are parsed into these types once, at the door
//! (`table/`, `aws/convert`); afterwards nothing is re-checked.

pub mod command;
pub mod ids;
pub mod image;
pub mod kickoff;
pub mod launches;
pub mod log;
pub mod observed;
pub mod past;
pub mod rollout;
pub mod row;
pub mod selector;
pub mod served;
pub mod size;
pub mod tags;
pub mod text;
pub mod time;
pub mod traffic;
pub mod withdrawal;

mod invalid;

pub use invalid::Invalid;
