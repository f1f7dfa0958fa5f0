//! Faults: everything that goes wrong between a client and AWS, as rules.
//!
//! A rule says which calls it is about and what becomes of them. Nothing else of the simulator knows of faults: they
//! act on calls that come through the wire, before and after they are answered. What goes wrong inside of AWS (capacity,
//! health, images) is no fault but a state of the world.
//!
//! Divergence from AWS: AWS fails in other patterns than rules describe; texts of 5xx answers are assumed.

mod alter;
mod deliver;
mod effect;
mod late;
mod past;
mod refusal;
mod rule;
mod state;

pub(in crate::simulator) use deliver::Outcome;
pub use deliver::{Delivery, Way};
pub use effect::{Effect, Side};
pub(in crate::simulator) use late::Late;
pub(in crate::simulator) use past::Past;
pub use rule::{Match, Moment, Rule};
pub use state::{Fault, Faults};
