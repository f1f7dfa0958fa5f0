//! A small EC2: the networks that load balancers and tasks live in, and instances as far as they are targets.
//!
//! Every region has a default VPC with a default subnet in each of three zones and a default security group, as a real
//! account has. What is made here is looked up by `elb`; the addresses of Fargate tasks are read from `ecs`.
//!
//! Divergence from AWS: nothing is routed and no rule of a security group is enforced. Peerings, endpoints, NAT
//! gateways, Elastic IPs, images, volumes and instance types are not there. Instances are running at once and have
//! nothing inside. Ids that nobody made are refused here, and taken as given by ECS and ELB. IPv6 ranges of VPCs are
//! not given out. Quotas are not counted.

mod cidr;
mod filter;
mod gateway;
mod group;
mod input;
mod instance;
mod interface;
mod ops;
mod place;
mod rules;
mod state;
mod subnet;
mod tags;
mod vpc;

pub use ops::{NAMESPACE, VERSION};
pub use state::{Ec2, InstanceState};

#[cfg(test)]
mod tests;
