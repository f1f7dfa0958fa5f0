//! Elastic Load Balancing v2: load balancers, listeners, rules, target groups, and the health of what is behind them.
//!
//! Target health is half of what the world is watched by, so it follows AWS to the second; traffic itself is not
//! simulated: what rules match and what actions do is kept, checked and shown, and never happens.
//!
//! | subject | files |
//! |---|---|
//! | doors | ops, input, check, tags, describe |
//! | resources | state, shape, target, create, render |
//! | calls | load_balancer_ops, target_group_ops, group_settings, listener_ops, certificates, rule_ops, target_ops |
//! | parts of calls | actions, conditions, attributes, attribute_ops, limits |
//! | what happens by itself | links (what forwards to what), registration, health |
//!
//! Divergence from AWS: a load balancer is `provisioning` in the answer that makes it and `active` from then on. How
//! many subnets it has, and whether they have a way to the internet, is not checked; subnets, security groups, VPCs,
//! instances and certificates that nobody made are taken as given if they look like some. One health checker per
//! target group instead of one per node; no slow start, no health by zone; open connections of a draining target are
//! not modelled (AWS too shows `draining` until the delay is over). Instances and functions pass every check. Trust
//! stores, IPAM pools and shared resources are not there. The words for values out of bounds, and for a target that is
//! registered again while it drains, are close to AWS's, and not always the same.

mod actions;
mod attribute_ops;
mod attributes;
mod certificates;
mod check;
mod conditions;
mod create;
mod describe;
mod group_settings;
mod health;
mod input;
mod limits;
mod links;
mod listener_ops;
mod load_balancer_ops;
mod ops;
mod registration;
mod render;
mod rule_ops;
mod shape;
mod state;
mod tags;
mod target;
mod target_group_ops;
mod target_ops;

pub use health::{Answer, TargetState};
pub use ops::{NAMESPACE, VERSION};
pub use registration::ElbEvent;
pub use shape::{ListenerSpec, LoadBalancerSpec, TargetGroupSpec};
pub use state::Elb;
pub use target::TargetId;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_routing;
