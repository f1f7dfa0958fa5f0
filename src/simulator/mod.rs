//! An embedded AWS: ECS, ECR, ELBv2, a small EC2, Application Auto Scaling, CloudWatch Logs and STS, as AWS documents them.
//!
//! Sans-IO and deterministic: nothing in here reads a clock (but the TCP door, on tokio's), every entry takes `now`,
//! and one seed gives one world. Imports nothing of the rest of the crate, so a mistake about AWS cannot hide by
//! being made twice.

pub mod arn;
pub mod autoscaling;
pub mod call;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod error;
pub mod fault;
pub mod journal;
pub mod knobs;
pub mod layout;
pub mod logs;
mod members;
mod model;
mod play;
mod region;
pub mod scenario;
mod strict;
pub mod sts;
mod throttle;
pub mod time;
pub mod wire;
pub mod world;

#[cfg(test)]
mod tests;
