//! Instances, as far as they are targets of load balancers: they run, stop, start again and end.
//!
//! Owns their addresses and states. Changes take no time, and nothing is inside of them.

use serde_json::{Value, json};

use crate::simulator::arn::hex;
use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::{items, required, tags_for, text, texts, whole};
use crate::simulator::ec2::state::{Ec2, Instance, InstanceState};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// More instances are never launched by one call here.
const MOST: i64 = 100;

impl InstanceState {
    fn code_and_name(self) -> (u8, &'static str) {
        match self {
            InstanceState::Running => (16, "running"),
            InstanceState::Stopped => (80, "stopped"),
            InstanceState::Terminated => (48, "terminated"),
        }
    }

    fn render(self) -> Value {
        let (code, name) = self.code_and_name();
        json!({"code": code, "name": name})
    }
}

impl Instance {
    pub(super) fn is_there(&self) -> bool {
        self.state != InstanceState::Terminated
    }
}

impl Ec2 {
    pub(super) fn run_instances(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let image = required(input, "ImageId")?;
        required(input, "MinCount")?;
        let count = whole(input, "MaxCount", (1, MOST))?.unwrap_or(1);
        let tags = tags_of_instances(input)?;
        let interface = items(input, "NetworkInterface").first();
        let subnet = text(input, "SubnetId").or_else(|| interface.and_then(|given| text(given, "SubnetId")));
        let subnet = self.subnet_for(subnet)?;
        let (vpc, zone) =
            self.subnets.get(&subnet).map(|there| (there.vpc.clone(), there.zone.clone())).expect("it is there");
        let groups = self.groups_or_default(input, "SecurityGroupId", &vpc)?;
        let reservation = format!("r-0{}", hex(&mut self.rng, 16));
        let mut made = Vec::new();
        for index in 0..usize::try_from(count).unwrap_or_default() {
            let instance = Instance {
                id: self.id("i"),
                reservation: reservation.clone(),
                image: image.to_owned(),
                kind: text(input, "InstanceType").unwrap_or("m1.small").to_owned(),
                subnet: subnet.clone(),
                vpc: vpc.clone(),
                zone: zone.clone(),
                groups: groups.clone(),
                ip: self.next_address(&subnet),
                launched: now,
                state: InstanceState::Running,
                index,
            };
            made.push(instance.id.clone());
            self.tags.insert(instance.id.clone(), tags.clone());
            self.instances.insert(instance.id.clone(), instance);
        }
        let instances: Vec<&Instance> = made.iter().map(|id| &self.instances[id]).collect();
        Ok(self.render_reservation(&reservation, &instances))
    }

    pub(super) fn describe_instances(&self, input: &Value) -> Result<Value, ApiError> {
        let (ids, filters) = (texts(input, "InstanceId"), Filters::of(input));
        ids.iter().try_for_each(|id| self.instance(id).map(|_| ()))?;
        let mut reservations: Vec<(&str, Vec<&Instance>)> = Vec::new();
        for instance in self.instances.values().filter(|there| ids.is_empty() || ids.contains(&there.id.as_str())) {
            let rendered = self.render_instance(instance);
            let named = |filter: &str| match filter {
                "instance-id" => leaf(&rendered, "/instanceId"),
                "instance-state-name" => leaf(&rendered, "/instanceState/name"),
                "instance-state-code" => leaf(&rendered, "/instanceState/code"),
                "instance-type" => leaf(&rendered, "/instanceType"),
                "image-id" => leaf(&rendered, "/imageId"),
                "vpc-id" => leaf(&rendered, "/vpcId"),
                "subnet-id" => leaf(&rendered, "/subnetId"),
                "availability-zone" => leaf(&rendered, "/placement/availabilityZone"),
                "private-ip-address" => leaf(&rendered, "/privateIpAddress"),
                "private-dns-name" => leaf(&rendered, "/privateDnsName"),
                "reservation-id" => Some(vec![instance.reservation.clone()]),
                "instance.group-id" => Some(instance.groups.clone()),
                _ => None,
            };
            if !filters.pass(&rendered, named)? {
                continue;
            }
            match reservations.iter_mut().find(|(id, _)| *id == instance.reservation) {
                Some((_, instances)) => instances.push(instance),
                None => reservations.push((&instance.reservation, vec![instance])),
            }
        }
        let shown: Vec<Value> =
            reservations.iter().map(|(id, instances)| self.render_reservation(id, instances)).collect();
        Ok(json!({ "reservationSet": shown }))
    }

    pub(super) fn describe_instance_status(&self, input: &Value) -> Result<Value, ApiError> {
        let ids = texts(input, "InstanceId");
        ids.iter().try_for_each(|id| self.instance(id).map(|_| ()))?;
        let fine = json!({"status": "ok", "details": [{"name": "reachability", "status": "passed"}]});
        let running = |instance: &&Instance| instance.state == InstanceState::Running;
        let asked = |instance: &&Instance| ids.is_empty() || ids.contains(&instance.id.as_str());
        let shown: Vec<Value> = (self.instances.values().filter(running).filter(asked))
            .map(|instance| {
                json!({
                    "instanceId": instance.id, "availabilityZone": instance.zone,
                    "instanceState": instance.state.render(), "systemStatus": fine, "instanceStatus": fine,
                })
            })
            .collect();
        Ok(json!({ "instanceStatusSet": shown }))
    }

    /// StartInstances, StopInstances and TerminateInstances; tells the ids beside the answer.
    pub(super) fn change_instances(
        &mut self,
        input: &Value,
        to: InstanceState,
    ) -> Result<(Value, Vec<String>), ApiError> {
        let ids = texts(input, "InstanceId");
        if ids.is_empty() {
            return Err(ApiError::client("MissingParameter", "The request must contain the parameter InstanceId"));
        }
        for id in &ids {
            if !self.instance(id)?.is_there() && to != InstanceState::Terminated {
                let message = format!("The instance '{id}' is not in a state from which it can be changed.");
                return Err(ApiError::client("IncorrectInstanceState", message));
            }
        }
        let mut changes = Vec::new();
        for id in &ids {
            let instance = self.instances.get_mut(*id).expect("it was found above");
            let before = std::mem::replace(&mut instance.state, to);
            changes.push(json!({
                "instanceId": id, "currentState": to.render(), "previousState": before.render(),
            }));
        }
        Ok((json!({ "instancesSet": changes }), ids.into_iter().map(str::to_owned).collect()))
    }

    fn instance(&self, id: &str) -> Result<&Instance, ApiError> {
        if !id.starts_with("i-") {
            return Err(ApiError::client("InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\"")));
        }
        let missing =
            || ApiError::client("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist"));
        self.instances.get(id).ok_or_else(missing)
    }

    /// The subnet that is asked for, or the first default one.
    fn subnet_for(&self, asked: Option<&str>) -> Result<String, ApiError> {
        match asked {
            Some(id) => Ok(self.known_subnet(id)?.id.clone()),
            None => {
                let mut defaults: Vec<_> = self.subnets.values().filter(|subnet| subnet.default).collect();
                defaults.sort_by(|one, other| one.zone.cmp(&other.zone));
                let none = || ApiError::client("VPCIdNotSpecified", "No default VPC for this user");
                defaults.first().map(|subnet| subnet.id.clone()).ok_or_else(none)
            }
        }
    }

    fn render_reservation(&self, id: &str, instances: &[&Instance]) -> Value {
        let rendered: Vec<Value> = instances.iter().map(|instance| self.render_instance(instance)).collect();
        json!({"reservationId": id, "ownerId": self.account, "groupSet": [], "instancesSet": rendered})
    }

    fn render_instance(&self, instance: &Instance) -> Value {
        let Instance { id, reservation: _, image, kind, subnet, vpc, zone, groups, ip, launched, state, index } =
            instance;
        let there = instance.is_there();
        let dns = format!("ip-{}.ec2.internal", ip.to_string().replace('.', "-"));
        json!({
            "instanceId": id,
            "imageId": image,
            "instanceState": state.render(),
            "privateDnsName": if there { dns } else { String::new() },
            "dnsName": "",
            "reason": "",
            "amiLaunchIndex": index,
            "productCodes": [],
            "instanceType": kind,
            "launchTime": launched.rfc3339(),
            "placement": {"availabilityZone": zone, "groupName": "", "tenancy": "default"},
            "monitoring": {"state": "disabled"},
            "subnetId": there.then_some(subnet),
            "vpcId": there.then_some(vpc),
            "privateIpAddress": there.then(|| ip.to_string()),
            "sourceDestCheck": true,
            "groupSet": self.render_group_names(groups),
            "architecture": "x86_64",
            "rootDeviceType": "ebs",
            "rootDeviceName": "/dev/xvda",
            "blockDeviceMapping": [],
            "virtualizationType": "hvm",
            "hypervisor": "xen",
            "ebsOptimized": false,
            "networkInterfaceSet": [],
            "tagSet": self.render_tags(id),
        })
    }
}

/// Tags for instances; those for volumes and interfaces, which are not there, are overlooked.
fn tags_of_instances(input: &Value) -> Result<std::collections::BTreeMap<String, String>, ApiError> {
    let specifications = items(input, "TagSpecification").iter();
    let ours: Vec<Value> =
        specifications.filter(|given| text(given, "ResourceType") == Some("instance")).cloned().collect();
    tags_for(&json!({ "TagSpecification": ours }), "instance")
}
