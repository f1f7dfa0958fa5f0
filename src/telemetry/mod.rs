//! What a running controller shows to Prometheus.
//!
//! Counts what happens and shows what was seen last; decides nothing, and asks AWS nothing.

pub mod count;
mod encode;
pub mod metrics;
mod show;
