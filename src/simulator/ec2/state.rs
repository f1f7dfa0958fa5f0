//! What exists in EC2: VPCs, subnets, security groups, gateways, instances, and the tags of them all.
//!
//! Owns the data, the default network of a region, and the look-ups for other services. It changes nothing by itself.
//! Ids are drawn from a generator of its own, so that networks never change what chance does elsewhere.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use fastrand::Rng;

use crate::simulator::arn::hex;
use crate::simulator::ec2::cidr::Cidr;
use crate::simulator::ec2::rules::Permission;
use crate::simulator::time::Time;

/// Default subnets are made in so many zones.
const DEFAULT_SUBNETS: usize = 3;
/// AWS's own addresses at both ends of a subnet.
const RESERVED: u32 = 4;

/// The simulated EC2 of one account and region.
#[derive(Clone, Debug)]
pub struct Ec2 {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) rng: Rng,
    pub(super) vpcs: BTreeMap<String, Vpc>,
    pub(super) subnets: BTreeMap<String, Subnet>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) gateways: BTreeMap<String, Option<String>>,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Clone, Debug)]
pub(super) struct Vpc {
    pub(super) id: String,
    pub(super) cidr: Cidr,
    pub(super) association: String,
    pub(super) tenancy: String,
    pub(super) default: bool,
    pub(super) dns_support: bool,
    pub(super) dns_hostnames: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Subnet {
    pub(super) id: String,
    pub(super) vpc: String,
    pub(super) cidr: Cidr,
    pub(super) zone: String,
    pub(super) default: bool,
    pub(super) public: bool,
    /// Addresses given out so far; none is used twice.
    pub(super) used: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) vpc: String,
    pub(super) ingress: Vec<Permission>,
    pub(super) egress: Vec<Permission>,
}

/// What an instance is in, as far as it is told apart: changes take no time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InstanceState {
    /// Instances that serve.
    Running,
    /// Instances that can be started again.
    Stopped,
    /// Instances that are gone, and still described.
    Terminated,
}

#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) reservation: String,
    pub(super) image: String,
    pub(super) kind: String,
    pub(super) subnet: String,
    pub(super) vpc: String,
    pub(super) zone: String,
    pub(super) groups: Vec<String>,
    pub(super) ip: Ipv4Addr,
    pub(super) launched: Time,
    pub(super) state: InstanceState,
    pub(super) index: usize,
}

impl Ec2 {
    /// The EC2 of an account that nobody has touched. `seed` decides the ids.
    pub fn new(account: &str, region: &str, seed: u64) -> Self {
        let mut ec2 = Self {
            account: account.to_owned(),
            region: region.to_owned(),
            // Another stream than the world's, from the same seed.
            rng: Rng::with_seed(seed ^ 0x0065_6332),
            vpcs: BTreeMap::new(),
            subnets: BTreeMap::new(),
            groups: BTreeMap::new(),
            gateways: BTreeMap::new(),
            instances: BTreeMap::new(),
            tags: BTreeMap::new(),
        };
        ec2.make_default_network();
        ec2
    }

    /// The VPC of a subnet, and its zone; nothing for a subnet that nobody made.
    pub fn subnet(&self, id: &str) -> Option<(&str, &str)> {
        self.subnets.get(id).map(|subnet| (subnet.vpc.as_str(), subnet.zone.as_str()))
    }

    /// The VPC of a security group; nothing for one that nobody made.
    pub fn security_group_vpc(&self, id: &str) -> Option<&str> {
        self.groups.get(id).map(|group| group.vpc.as_str())
    }

    /// The default security group of a VPC.
    pub fn default_group(&self, vpc: &str) -> Option<&str> {
        let group = self.groups.values().find(|group| group.vpc == vpc && group.name == "default");
        group.map(|group| group.id.as_str())
    }

    /// Whether somebody made this VPC.
    pub fn has_vpc(&self, id: &str) -> bool {
        self.vpcs.contains_key(id)
    }

    /// The CIDR block of a VPC.
    pub fn vpc_cidr(&self, id: &str) -> Option<String> {
        self.vpcs.get(id).map(|vpc| vpc.cidr.to_string())
    }

    /// The default VPC, unless it was deleted.
    pub fn default_vpc(&self) -> Option<&str> {
        self.vpcs.values().find(|vpc| vpc.default).map(|vpc| vpc.id.as_str())
    }

    /// What an instance is in; nothing for one that nobody ran.
    pub fn instance_state(&self, id: &str) -> Option<InstanceState> {
        self.instances.get(id).map(|instance| instance.state)
    }

    /// The zones of the region.
    pub(super) fn zones(&self) -> Vec<String> {
        let letters = match self.region.as_str() {
            "us-east-1" => 'a'..='f',
            "us-west-2" => 'a'..='d',
            _ => 'a'..='c',
        };
        letters.map(|letter| format!("{}{letter}", self.region)).collect()
    }

    /// The id of a zone, which is the same place in every account: `use1-az1` for `us-east-1a` here.
    pub(super) fn zone_id(&self, zone: &str) -> String {
        let letter = zone.bytes().last().unwrap_or(b'a');
        format!("{}-az{}", short_region(&self.region), letter.saturating_sub(b'a') + 1)
    }

    /// `prefix-` and 17 hex digits, as every resource id since 2018.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", hex(&mut self.rng, 16))
    }

    /// The next address of a subnet.
    pub(super) fn next_address(&mut self, subnet: &str) -> Ipv4Addr {
        let Some(subnet) = self.subnets.get_mut(subnet) else {
            return Ipv4Addr::UNSPECIFIED;
        };
        subnet.used += 1;
        subnet.cidr.address(RESERVED - 1 + subnet.used)
    }

    fn make_default_network(&mut self) {
        let cidr = Cidr::parse("172.31.0.0/16").expect("the range of default VPCs is one");
        let vpc = self.add_vpc(cidr, "default".to_owned(), true);
        for (index, zone) in self.zones().into_iter().take(DEFAULT_SUBNETS).enumerate() {
            let cidr = Cidr::parse(&format!("172.31.{}.0/20", index * 16)).expect("it is made of small numbers");
            let subnet = self.add_subnet(&vpc, cidr, zone);
            let subnet = self.subnets.get_mut(&subnet).expect("it was just made");
            (subnet.default, subnet.public) = (true, true);
        }
        let gateway = self.id("igw");
        self.gateways.insert(gateway, Some(vpc));
    }
}

/// `us-east-1` as `use1`.
fn short_region(region: &str) -> String {
    let mut parts = region.split('-');
    let first = parts.next().unwrap_or_default();
    let compass = parts.next().unwrap_or_default();
    let short = match compass {
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        other => other.get(..1).unwrap_or_default(),
    };
    format!("{first}{short}{}", parts.next().unwrap_or_default())
}
