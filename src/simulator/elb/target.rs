//! What can be a target: an address, or something that has a name.
//!
//! Owns telling them apart by the type of their target group, and AWS's refusals for ids that cannot be.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::simulator::elb::input::invalid;
use crate::simulator::elb::shape::TargetKind;
use crate::simulator::error::ApiError;

/// The id of a target.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TargetId {
    /// An IPv4 address.
    Ip(Ipv4Addr),
    /// An instance id, the ARN of a function or load balancer, or an IPv6 address.
    Named(String),
}

impl TargetId {
    /// The id of a target of a group of this kind.
    pub(super) fn read(kind: TargetKind, id: &str) -> Result<TargetId, ApiError> {
        let named = |valid: bool, what: &str| match valid {
            true => Ok(TargetId::Named(id.to_owned())),
            false => Err(invalid(format!("{what} '{id}' is not valid"))),
        };
        match kind {
            TargetKind::Ip => match id.parse() {
                Ok(IpAddr::V4(ip)) => Ok(TargetId::Ip(ip)),
                Ok(IpAddr::V6(ip)) => Ok(TargetId::Named(ip.to_string())),
                Err(_) => Err(invalid(format!("The IP address '{id}' is not a valid IPv4 address"))),
            },
            TargetKind::Instance => named(id.starts_with("i-"), "Instance ID"),
            TargetKind::Lambda => named(id.starts_with("arn:"), "The function ARN"),
            TargetKind::Alb => named(id.contains(":loadbalancer/app/"), "The Application Load Balancer ARN"),
        }
    }
}

impl From<Ipv4Addr> for TargetId {
    fn from(ip: Ipv4Addr) -> Self {
        TargetId::Ip(ip)
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetId::Ip(ip) => ip.fmt(f),
            TargetId::Named(name) => f.write_str(name),
        }
    }
}
