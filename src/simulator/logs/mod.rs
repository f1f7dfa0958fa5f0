//! CloudWatch Logs: groups, streams, and the lines that containers with the awslogs driver write.
//!
//! Lines have two moments, as on AWS: when they were written, and when they were taken in and can be read.
//!
//! Divergence from AWS: a group that a task definition names and that is not there comes to be, where AWS would not
//! start the task; filter patterns are words that must all be there, without operators; no retention, no metrics, no
//! subscriptions, no Insights, no tags, no events of more than one line.

mod inputs;
mod operations;
mod store;

pub use operations::Logs;
pub(in crate::simulator) use store::Written;

#[cfg(test)]
mod tests;
