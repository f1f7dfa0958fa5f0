//! Subnets: made within a VPC and a zone, described, changed a little, deleted.
//!
//! Owns their sizes, that they do not overlap, and how many addresses are left.

use serde_json::{Value, json};

use crate::simulator::ec2::cidr::Cidr;
use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::{flag, invalid, required, tags_for, text, texts};
use crate::simulator::ec2::state::{Ec2, InstanceState, Subnet};
use crate::simulator::error::ApiError;

/// The first four addresses of a subnet and its last are AWS's own.
const RESERVED: u64 = 5;

impl Ec2 {
    pub(super) fn create_subnet(&mut self, input: &Value) -> Result<Value, ApiError> {
        let vpc = self.vpc(required(input, "VpcId")?)?;
        let block = required(input, "CidrBlock")?;
        let cidr = Cidr::parse(block).ok_or_else(|| {
            invalid(format!("Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."))
        })?;
        if !(16..=28).contains(&cidr.prefix()) || !vpc.cidr.contains(cidr) {
            return Err(ApiError::client("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid.")));
        }
        let vpc = vpc.id.clone();
        if self.subnets.values().any(|there| there.vpc == vpc && there.cidr.overlaps(cidr)) {
            let message = format!("The CIDR '{block}' conflicts with another subnet");
            return Err(ApiError::client("InvalidSubnet.Conflict", message));
        }
        let zone = self.zone_of(input)?;
        let tags = tags_for(input, "subnet")?;
        let id = self.add_subnet(&vpc, cidr, zone);
        self.tags.insert(id.clone(), tags);
        Ok(json!({"subnet": self.render_subnet(&self.subnets[&id])}))
    }

    pub(super) fn describe_subnets(&self, input: &Value) -> Result<Value, ApiError> {
        let (ids, filters) = (texts(input, "SubnetId"), Filters::of(input));
        ids.iter().try_for_each(|id| self.known_subnet(id).map(|_| ()))?;
        let mut shown = Vec::new();
        for subnet in self.subnets.values().filter(|subnet| ids.is_empty() || ids.contains(&subnet.id.as_str())) {
            let rendered = self.render_subnet(subnet);
            let named = |filter: &str| match filter {
                "subnet-id" => leaf(&rendered, "/subnetId"),
                "vpc-id" => leaf(&rendered, "/vpcId"),
                "availability-zone" | "availabilityZone" => leaf(&rendered, "/availabilityZone"),
                "availability-zone-id" | "availabilityZoneId" => leaf(&rendered, "/availabilityZoneId"),
                "cidr" | "cidr-block" | "cidrBlock" => leaf(&rendered, "/cidrBlock"),
                "default-for-az" | "defaultForAz" => leaf(&rendered, "/defaultForAz"),
                "map-public-ip-on-launch" => leaf(&rendered, "/mapPublicIpOnLaunch"),
                "owner-id" => leaf(&rendered, "/ownerId"),
                "state" => leaf(&rendered, "/state"),
                "subnet-arn" => leaf(&rendered, "/subnetArn"),
                "available-ip-address-count" => leaf(&rendered, "/availableIpAddressCount"),
                _ => None,
            };
            if filters.pass(&rendered, named)? {
                shown.push(rendered);
            }
        }
        Ok(json!({ "subnetSet": shown }))
    }

    pub(super) fn delete_subnet(&mut self, input: &Value) -> Result<Value, ApiError> {
        let id = self.known_subnet(required(input, "SubnetId")?)?.id.clone();
        let lives = |state: InstanceState| state != InstanceState::Terminated;
        if self.instances.values().any(|instance| instance.subnet == id && lives(instance.state)) {
            let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
            return Err(ApiError::client("DependencyViolation", message));
        }
        self.subnets.remove(&id);
        self.tags.remove(&id);
        Ok(json!({"return": true}))
    }

    pub(super) fn modify_subnet_attribute(&mut self, input: &Value) -> Result<Value, ApiError> {
        let id = self.known_subnet(required(input, "SubnetId")?)?.id.clone();
        let subnet = self.subnets.get_mut(&id).expect("it was found above");
        if let Some(value) = input.get("MapPublicIpOnLaunch") {
            subnet.public = flag(value, "Value");
        }
        Ok(json!({"return": true}))
    }

    pub(super) fn known_subnet(&self, id: &str) -> Result<&Subnet, ApiError> {
        let missing = || ApiError::client("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist"));
        self.subnets.get(id).ok_or_else(missing)
    }

    pub(super) fn add_subnet(&mut self, vpc: &str, cidr: Cidr, zone: String) -> String {
        let id = self.id("subnet");
        let subnet = Subnet { id: id.clone(), vpc: vpc.to_owned(), cidr, zone, default: false, public: false, used: 0 };
        self.subnets.insert(id.clone(), subnet);
        id
    }

    /// The zone that is asked for, or the first.
    fn zone_of(&self, input: &Value) -> Result<String, ApiError> {
        let zones = self.zones();
        if let Some(id) = text(input, "AvailabilityZoneId") {
            let zone = zones.iter().find(|zone| self.zone_id(zone) == id).cloned();
            return zone.ok_or_else(|| invalid(format!("Value ({id}) for parameter availabilityZoneId is invalid.")));
        }
        let Some(name) = text(input, "AvailabilityZone") else {
            return Ok(zones.into_iter().next().expect("every region has zones"));
        };
        if zones.iter().any(|zone| zone == name) {
            return Ok(name.to_owned());
        }
        Err(invalid(format!(
            "Value ({name}) for parameter availabilityZone is invalid. Subnets can currently only be created in the \
             following availability zones: {}.",
            zones.join(", ")
        )))
    }

    fn render_subnet(&self, subnet: &Subnet) -> Value {
        let Subnet { id, vpc, cidr, zone, default, public, used } = subnet;
        json!({
            "subnetId": id,
            "subnetArn": format!("arn:aws:ec2:{}:{}:subnet/{id}", self.region, self.account),
            "state": "available",
            "vpcId": vpc,
            "ownerId": self.account,
            "cidrBlock": cidr.to_string(),
            "availableIpAddressCount": cidr.size().saturating_sub(RESERVED + u64::from(*used)),
            "availabilityZone": zone,
            "availabilityZoneId": self.zone_id(zone),
            "defaultForAz": default,
            "mapPublicIpOnLaunch": public,
            "mapCustomerOwnedIpOnLaunch": false,
            "assignIpv6AddressOnCreation": false,
            "ipv6CidrBlockAssociationSet": [],
            "ipv6Native": false,
            "enableDns64": false,
            "privateDnsNameOptionsOnLaunch": {
                "hostnameType": "ip-name", "enableResourceNameDnsARecord": false,
                "enableResourceNameDnsAAAARecord": false,
            },
            "tagSet": self.render_tags(id),
        })
    }
}
