//! What a running controller shows to Prometheus, and its log for an OpenTelemetry collector.
//!
//! Counts what happens and shows what was seen last; decides nothing, and asks AWS nothing.

pub mod count;
mod encode;
pub mod metrics;
pub mod otlp;
mod served;
mod show;
