//! Load balancers: made, moved to other subnets, given other security groups, deleted.
//!
//! Owns what a request for one may be. Their attributes are in `attribute_ops`, their listeners in `listener_ops`.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::ec2::Ec2;
use crate::simulator::elb::attributes;
use crate::simulator::elb::check::{duplicate, load_balancer_name, word};
use crate::simulator::elb::input::{invalid, items, required, some, text, texts};
use crate::simulator::elb::render::render_seats;
use crate::simulator::elb::shape::{Kind, LoadBalancer, Seat, TargetGroupSpec};
use crate::simulator::elb::state::Elb;
use crate::simulator::elb::tags::tags;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const IP_TYPES: [&str; 3] = ["ipv4", "dualstack", "dualstack-without-public-ipv4"];

impl Elb {
    pub(super) fn create_load_balancer_op(
        &mut self,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        ec2: &Ec2,
    ) -> Result<Value, ApiError> {
        let name = load_balancer_name(required(input, "Name")?)?;
        let made = self.read_load_balancer(input, name, now, ec2)?;
        let tags = tags(input)?;
        // To ask twice for the same is to ask once; other settings under a name that is taken are refused.
        if let Some(there) = self.load_balancers.values().find(|there| there.name == name) {
            let same = there.kind == made.kind
                && there.scheme == made.scheme
                && there.seats == made.seats
                && there.security_groups == made.security_groups;
            return match same {
                true => Ok(json!({"LoadBalancers": [self.render_load_balancer(there, "active")]})),
                false => Err(duplicate("DuplicateLoadBalancerName", "load balancer", name)),
            };
        }
        let arn = self.add_load_balancer(made, rng);
        self.tags.insert(arn.clone(), tags);
        Ok(json!({"LoadBalancers": [self.render_load_balancer(&self.load_balancers[&arn], "provisioning")]}))
    }

    /// Its listeners and their rules go with it; its target groups stay.
    pub(super) fn delete_load_balancer(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let arn = required(input, "LoadBalancerArn")?;
        let Ok(load_balancer) = self.load_balancer(arn) else {
            // What is not there is deleted already, unless it is no load balancer's name at all.
            return if arn.contains(":loadbalancer/") {
                Ok(json!({}))
            } else {
                self.load_balancer(arn).map(|_| json!({}))
            };
        };
        if load_balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true") {
            let message = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
            return Err(ApiError::client("OperationNotPermitted", message));
        }
        let listeners = self.listeners.values().filter(|listener| listener.load_balancer == arn);
        let listeners: Vec<String> = listeners.map(|listener| listener.arn.clone()).collect();
        listeners.iter().for_each(|listener| self.remove_listener(listener, now));
        self.load_balancers.remove(arn);
        self.tags.remove(arn);
        Ok(json!({}))
    }

    pub(super) fn set_subnets(&mut self, input: &Value, ec2: &Ec2) -> Result<Value, ApiError> {
        let arn = self.load_balancer(required(input, "LoadBalancerArn")?)?.arn.clone();
        let (seats, _) = self.read_seats(input, ec2)?;
        if seats.is_empty() {
            return Err(invalid("You must specify either subnets or subnet mappings"));
        }
        let ip_type = word(input, "IpAddressType", &IP_TYPES, "ipv4, dualstack")?.map(str::to_owned);
        let load_balancer = self.load_balancers.get_mut(&arn).expect("it was found above");
        load_balancer.seats = seats;
        load_balancer.ip_type = ip_type.unwrap_or_else(|| load_balancer.ip_type.clone());
        Ok(json!({
            "AvailabilityZones": render_seats(&load_balancer.seats), "IpAddressType": load_balancer.ip_type,
        }))
    }

    pub(super) fn set_security_groups(&mut self, input: &Value, ec2: &Ec2) -> Result<Value, ApiError> {
        let arn = self.load_balancer(required(input, "LoadBalancerArn")?)?.arn.clone();
        some(input, "SecurityGroups")?;
        let groups = security_groups(input, ec2)?;
        let load_balancer = self.load_balancers.get_mut(&arn).expect("it was found above");
        if load_balancer.kind == Kind::Gateway {
            let message = "You cannot set security groups on a load balancer of type 'gateway'";
            return Err(ApiError::client("InvalidConfigurationRequest", message));
        }
        load_balancer.security_groups = groups;
        Ok(json!({"SecurityGroupIds": load_balancer.security_groups}))
    }

    pub(super) fn set_ip_address_type(&mut self, input: &Value) -> Result<Value, ApiError> {
        let arn = self.load_balancer(required(input, "LoadBalancerArn")?)?.arn.clone();
        required(input, "IpAddressType")?;
        let wanted = word(input, "IpAddressType", &IP_TYPES, "ipv4, dualstack")?.unwrap_or("ipv4");
        let load_balancer = self.load_balancers.get_mut(&arn).expect("it was found above");
        load_balancer.ip_type = wanted.to_owned();
        Ok(json!({ "IpAddressType": wanted }))
    }

    pub(super) fn describe_capacity_reservation(&self, input: &Value) -> Result<Value, ApiError> {
        let load_balancer = self.load_balancer(required(input, "LoadBalancerArn")?)?;
        let zones = load_balancer.seats.iter();
        let zones = zones.map(|seat| {
            json!({"AvailabilityZone": seat.zone, "EffectiveCapacityUnits": 0.0, "State": {"Code": "provisioned"}})
        });
        Ok(json!({
            "LastModifiedTime": load_balancer.created.rfc3339(),
            "DecreaseRequestsRemaining": 2,
            "CapacityReservationState": zones.collect::<Vec<Value>>(),
        }))
    }

    fn read_load_balancer(&self, input: &Value, name: &str, now: Time, ec2: &Ec2) -> Result<LoadBalancer, ApiError> {
        let kinds = ["application", "network", "gateway"];
        let kind = match word(input, "Type", &kinds, "application, network, gateway")? {
            Some("network") => Kind::Network,
            Some("gateway") => Kind::Gateway,
            Some(_) | None => Kind::Application,
        };
        let schemes = ["internet-facing", "internal"];
        let scheme = word(input, "Scheme", &schemes, "internet-facing, internal")?.unwrap_or("internet-facing");
        let ip_type = word(input, "IpAddressType", &IP_TYPES, "ipv4, dualstack")?.unwrap_or("ipv4");
        let (seats, vpc) = self.read_seats(input, ec2)?;
        let mut groups = security_groups(input, ec2)?;
        if kind == Kind::Gateway && !groups.is_empty() {
            let message = "Security groups are not supported for load balancers with type 'gateway'";
            return Err(ApiError::client("InvalidConfigurationRequest", message));
        }
        let vpc = vpc.unwrap_or_else(|| TargetGroupSpec::default().vpc);
        if groups.is_empty() && kind == Kind::Application {
            groups.extend(ec2.default_group(&vpc).map(str::to_owned));
        }
        Ok(LoadBalancer {
            arn: String::new(),
            name: name.to_owned(),
            kind,
            scheme: scheme.to_owned(),
            vpc,
            seats,
            security_groups: groups,
            ip_type: ip_type.to_owned(),
            dns_name: String::new(),
            created: now,
            attributes: attributes::of_load_balancer(kind),
        })
    }

    /// Where a load balancer sits, and in which VPC as far as that is known.
    fn read_seats(&self, input: &Value, ec2: &Ec2) -> Result<(Vec<Seat>, Option<String>), ApiError> {
        let (subnets, mappings) = (texts(input, "Subnets"), items(input, "SubnetMappings"));
        if !subnets.is_empty() && !mappings.is_empty() {
            return Err(invalid("You can specify either subnets or subnet mappings, and not both"));
        }
        let mut asked: Vec<(&str, Vec<Value>)> = subnets.into_iter().map(|subnet| (subnet, Vec::new())).collect();
        for mapping in mappings {
            asked.push((required(mapping, "SubnetId")?, addresses(mapping)));
        }
        let (mut seats, mut vpc): (Vec<Seat>, Option<String>) = (Vec::new(), None);
        for ((subnet, addresses), letter) in asked.into_iter().zip('a'..='z') {
            let zone = match ec2.subnet(subnet) {
                Some((there, _)) if vpc.as_deref().is_some_and(|vpc| vpc != there) => {
                    return Err(ApiError::client("InvalidSubnet", "All subnets must belong to the same VPC"));
                }
                Some((there, zone)) => {
                    vpc = Some(there.to_owned());
                    if seats.iter().any(|seat| seat.zone == zone) {
                        let message =
                            "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
                        return Err(ApiError::client("InvalidConfigurationRequest", message));
                    }
                    zone.to_owned()
                }
                None if subnet.starts_with("subnet-") => format!("{}{letter}", self.region),
                None => {
                    let message = format!("The subnet ID '{subnet}' does not exist");
                    return Err(ApiError::client("SubnetNotFound", message));
                }
            };
            seats.push(Seat { zone, subnet: subnet.to_owned(), addresses });
        }
        seats.sort_by(|one, other| one.zone.cmp(&other.zone));
        Ok((seats, vpc))
    }
}

/// The addresses that a subnet mapping asks for, as AWS shows them.
fn addresses(mapping: &Value) -> Vec<Value> {
    let chosen: serde_json::Map<String, Value> = ["AllocationId", "PrivateIPv4Address", "IPv6Address"]
        .iter()
        .filter_map(|key| text(mapping, key).map(|value| ((*key).to_owned(), json!(value))))
        .collect();
    if chosen.is_empty() { Vec::new() } else { vec![Value::Object(chosen)] }
}

fn security_groups(input: &Value, ec2: &Ec2) -> Result<Vec<String>, ApiError> {
    let groups = texts(input, "SecurityGroups");
    let known = |id: &&str| id.starts_with("sg-") || ec2.security_group_vpc(id).is_some();
    if let Some(id) = groups.iter().find(|id| !known(id)) {
        let message = format!("Security group '{id}' does not exist");
        return Err(ApiError::client("InvalidSecurityGroup", message));
    }
    Ok(groups.into_iter().map(str::to_owned).collect())
}
