//! Elastic Load Balancing v2: application load balancers, their target groups, and the health of what is behind them.
//!
//! Target health is half of what the world is watched by, so it follows AWS to the second; traffic itself is not simulated.
//!
//! Divergence from AWS: one health checker per target group instead of one per load balancer node; no slow start, no
//! cross-zone or per-zone health, no TCP load balancers, no deletion of load balancers; a draining target's open
//! connections are not modelled (AWS shows `draining` until the delay is over all the same).

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
