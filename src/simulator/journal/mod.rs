//! The journal: every API call and every event of the world, in order, in virtual time.
//!
//! It only records; nothing in the simulator may read it to decide. Keys are sorted and secrets left out when a line is
//! shown, so one seed gives one journal, byte for byte.
//!
//! Divergence from AWS: there is no such thing; CloudTrail is the nearest, and it is late and incomplete.

mod book;
mod entry;
mod shape;

pub use book::Journal;
pub use entry::Entry;
pub use shape::Shapes;
