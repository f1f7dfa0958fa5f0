//! Elastic Load Balancing v2: application load balancers, their target groups, and the health of what is behind them.
//!
//! Target health is half of what the world is watched by, so it follows AWS to the second; traffic itself is not
//! simulated.
//!
//! Divergence from AWS: application load balancers with plain HTTP listeners that forward to one target group of IPv4
//! targets, and nothing else; one health checker per target group instead of one per load balancer node; no slow
//! start, no health by zone, no deletion; open connections of a draining target are not modelled (AWS too shows
//! `draining` until the delay is over). The words for values out of bounds, and for a target that is registered again
//! while it drains, are close to AWS's, and not always the same.

mod change;
mod create;
mod describe;
mod health;
mod input;
mod ops;
mod registration;
mod render;
mod state;

pub use health::{Answer, TargetState};
pub use ops::{NAMESPACE, VERSION};
pub use registration::ElbEvent;
pub use state::{Elb, ListenerSpec, LoadBalancerSpec, TargetGroupSpec};

#[cfg(test)]
mod tests;
