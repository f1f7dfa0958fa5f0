//! An embedded AWS: ECS, ECR, ELBv2, Application Auto Scaling and STS, as AWS documents them.
//!
//! Sans-IO and deterministic: nothing in here reads a clock, every entry takes `now`.
//! Imports nothing of the rest of the crate.

pub mod autoscaling;
pub mod call;
pub mod ecr;
pub mod elb;
pub mod error;
pub mod journal;
mod members;
pub mod sts;
pub mod time;
pub mod wire;
pub mod world;
