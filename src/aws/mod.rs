//! The only room that names the AWS SDK: reads and writes, and no decisions.
//!
//! The same code talks to AWS, to anything that speaks its protocols, and to the simulator below the SDK.

pub mod budget;
pub mod client;
pub mod error;
pub mod meter;

mod autoscaling;
mod bucket;
mod clock;
mod convert;
mod convert_ecs;
mod definitions;
mod ecr;
mod ecs_read;
mod ecs_write;
mod elb;
mod identity;
mod logs;
mod retry;
mod revision;
mod texts;

pub use budget::Budgets;
pub use client::Aws;
pub use clock::AwsClock;
pub use ecs_read::{FoundService, ServicesWanted};
pub use ecs_write::{BackAnswer, RunAnswer, Updated};
pub use elb::Tags;
pub use error::{AwsError, Class};
pub use meter::Meter;
pub use revision::Differing;
