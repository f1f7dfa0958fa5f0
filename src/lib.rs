//! evenkeel
pub mod simulator;
