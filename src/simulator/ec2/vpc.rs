//! VPCs: made, described, deleted, and the two attributes that tools set on them.
//!
//! Owns their sizes and what must be gone before a VPC can go.

use serde_json::{Value, json};

use crate::simulator::ec2::cidr::Cidr;
use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::{flag, invalid, required, tags_for, text, texts};
use crate::simulator::ec2::rules::Permission;
use crate::simulator::ec2::state::{Ec2, Group, Subnet, Vpc};
use crate::simulator::error::ApiError;

impl Ec2 {
    pub(super) fn create_vpc(&mut self, input: &Value) -> Result<Value, ApiError> {
        let block = required(input, "CidrBlock")?;
        let cidr = Cidr::parse(block).ok_or_else(|| {
            invalid(format!("Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."))
        })?;
        if !(16..=28).contains(&cidr.prefix()) {
            return Err(ApiError::client("InvalidVpc.Range", format!("The CIDR '{block}' is invalid.")));
        }
        let tags = tags_for(input, "vpc")?;
        let tenancy = text(input, "InstanceTenancy").unwrap_or("default").to_owned();
        let id = self.add_vpc(cidr, tenancy, false);
        self.tags.insert(id.clone(), tags);
        let mut vpc = self.render_vpc(&self.vpcs[&id]);
        vpc["state"] = json!("pending");
        Ok(json!({ "vpc": vpc }))
    }

    pub(super) fn describe_vpcs(&self, input: &Value) -> Result<Value, ApiError> {
        let (ids, filters) = (texts(input, "VpcId"), Filters::of(input));
        ids.iter().try_for_each(|id| self.vpc(id).map(|_| ()))?;
        let mut shown = Vec::new();
        for vpc in self.vpcs.values().filter(|vpc| ids.is_empty() || ids.contains(&vpc.id.as_str())) {
            let rendered = self.render_vpc(vpc);
            let named = |filter: &str| match filter {
                "vpc-id" => leaf(&rendered, "/vpcId"),
                "cidr" | "cidr-block" | "cidrBlock" | "cidr-block-association.cidr-block" => {
                    leaf(&rendered, "/cidrBlock")
                }
                "is-default" | "isDefault" => leaf(&rendered, "/isDefault"),
                "state" => leaf(&rendered, "/state"),
                "owner-id" => leaf(&rendered, "/ownerId"),
                "dhcp-options-id" => leaf(&rendered, "/dhcpOptionsId"),
                _ => None,
            };
            if filters.pass(&rendered, named)? {
                shown.push(rendered);
            }
        }
        Ok(json!({ "vpcSet": shown }))
    }

    pub(super) fn delete_vpc(&mut self, input: &Value) -> Result<Value, ApiError> {
        let id = self.vpc(required(input, "VpcId")?)?.id.clone();
        let subnets = self.subnets.values().any(|subnet| subnet.vpc == id);
        let gateways = self.gateways.values().any(|vpc| vpc.as_deref() == Some(&id));
        let groups = self.groups.values().any(|group| group.vpc == id && group.name != "default");
        if subnets || gateways || groups {
            let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
            return Err(ApiError::client("DependencyViolation", message));
        }
        self.groups.retain(|_, group| group.vpc != id);
        self.vpcs.remove(&id);
        self.tags.remove(&id);
        Ok(json!({"return": true}))
    }

    pub(super) fn modify_vpc_attribute(&mut self, input: &Value) -> Result<Value, ApiError> {
        let id = self.vpc(required(input, "VpcId")?)?.id.clone();
        let vpc = self.vpcs.get_mut(&id).expect("it was found above");
        if let Some(value) = input.get("EnableDnsSupport") {
            vpc.dns_support = flag(value, "Value");
        }
        if let Some(value) = input.get("EnableDnsHostnames") {
            vpc.dns_hostnames = flag(value, "Value");
        }
        Ok(json!({"return": true}))
    }

    pub(super) fn describe_vpc_attribute(&self, input: &Value) -> Result<Value, ApiError> {
        let vpc = self.vpc(required(input, "VpcId")?)?;
        let (key, value) = match required(input, "Attribute")? {
            "enableDnsSupport" => ("enableDnsSupport", vpc.dns_support),
            "enableDnsHostnames" => ("enableDnsHostnames", vpc.dns_hostnames),
            "enableNetworkAddressUsageMetrics" => ("enableNetworkAddressUsageMetrics", false),
            other => return Err(invalid(format!("Value ({other}) for parameter attribute is invalid."))),
        };
        Ok(json!({"vpcId": vpc.id, key: {"value": value}}))
    }

    pub(super) fn vpc(&self, id: &str) -> Result<&Vpc, ApiError> {
        let missing = || ApiError::client("InvalidVpcID.NotFound", format!("The vpc ID '{id}' does not exist"));
        self.vpcs.get(id).ok_or_else(missing)
    }

    /// A VPC with its default security group.
    pub(super) fn add_vpc(&mut self, cidr: Cidr, tenancy: String, default: bool) -> String {
        let (id, association, group) = (self.id("vpc"), self.id("vpc-cidr-assoc"), self.id("sg"));
        self.groups.insert(
            group.clone(),
            Group {
                id: group.clone(),
                name: "default".to_owned(),
                description: "default VPC security group".to_owned(),
                vpc: id.clone(),
                ingress: vec![Permission::from_group(&group, &self.account)],
                egress: vec![Permission::to_everywhere()],
            },
        );
        let vpc =
            Vpc { id: id.clone(), cidr, association, tenancy, default, dns_support: true, dns_hostnames: default };
        self.vpcs.insert(id.clone(), vpc);
        id
    }

    /// Takes in a network that was laid out elsewhere: a VPC, its subnets in the order of the zones, and a security
    /// group. What is there already stays.
    pub fn adopt(&mut self, vpc: &str, subnets: &[String], group: &str) {
        let (id, cidr) = (vpc.to_owned(), Cidr::parse("10.0.0.0/16").expect("it is a range"));
        let association = self.id("vpc-cidr-assoc");
        self.vpcs.entry(id.clone()).or_insert_with(|| Vpc {
            id,
            cidr,
            association,
            tenancy: "default".to_owned(),
            default: false,
            dns_support: true,
            dns_hostnames: true,
        });
        let zones = self.zones();
        for (subnet, zone) in subnets.iter().zip(zones) {
            let third = self.subnets.values().filter(|there| there.vpc == vpc).count();
            let cidr = Cidr::parse(&format!("10.0.{}.0/24", third % 256)).expect("it is made of small numbers");
            let id = subnet.clone();
            let made = Subnet { id, vpc: vpc.to_owned(), cidr, zone, default: false, public: false, used: 0 };
            self.subnets.insert(subnet.clone(), made);
        }
        let mut everywhere = Permission::to_everywhere();
        everywhere.id = self.id("sgr");
        let made = Group {
            id: group.to_owned(),
            name: format!("tasks-{group}"),
            description: "laid out".to_owned(),
            vpc: vpc.to_owned(),
            ingress: Vec::new(),
            egress: vec![everywhere],
        };
        self.groups.insert(group.to_owned(), made);
    }

    fn render_vpc(&self, vpc: &Vpc) -> Value {
        let Vpc { id, cidr, association, tenancy, default, dns_support: _, dns_hostnames: _ } = vpc;
        json!({
            "vpcId": id,
            "ownerId": self.account,
            "state": "available",
            "cidrBlock": cidr.to_string(),
            "cidrBlockAssociationSet": [{
                "associationId": association, "cidrBlock": cidr.to_string(), "cidrBlockState": {"state": "associated"},
            }],
            "ipv6CidrBlockAssociationSet": [],
            "dhcpOptionsId": "default",
            "instanceTenancy": tenancy,
            "isDefault": default,
            "tagSet": self.render_tags(id),
        })
    }
}
