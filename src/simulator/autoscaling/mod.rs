//! Application Auto Scaling: bounds, policies and schedules of whatever can be scaled, and ECS services that follow.
//!
//! It cannot touch a service: it is shown what a service looks like, and says as an `Effect` what its desired count must
//! become. Only ECS services are scaled; targets of other namespaces are kept as records.
//!
//! Divergence from AWS: load is what the keeper says it is; alarms can be seen in a policy only; step scaling and
//! predictive scaling are kept and never act; schedules are in UTC; customized metrics have no data.

mod activities;
mod inputs;
mod load;
mod operations;
mod policies;
mod schedule;
mod scheduled;
mod state;
mod tags;
mod targets;
mod tracking;

pub use load::Load;
pub use state::{AutoScaling, Effect, Look};

#[cfg(test)]
mod tests;
