//! Network interfaces of Fargate tasks: how operators find the address of a task, and a task by its address.
//!
//! Owns nothing but their look: interfaces live and end with tasks, in `ecs`.
//! Divergence from AWS: instances and load balancers have no interfaces; no public addresses; security groups are not shown.

use serde_json::{Value, json};

use crate::simulator::ec2::filter::{Filters, leaf};
use crate::simulator::ec2::input::texts;
use crate::simulator::ec2::state::Ec2;
use crate::simulator::ecs::TaskInterface;
use crate::simulator::error::ApiError;

impl Ec2 {
    pub(super) fn describe_network_interfaces(
        &self,
        input: &Value,
        tasks: &[TaskInterface],
    ) -> Result<Value, ApiError> {
        let (ids, filters) = (texts(input, "NetworkInterfaceId"), Filters::of(input));
        if let Some(id) = ids.iter().find(|id| !tasks.iter().any(|task| task.id == **id)) {
            let message = format!("The networkInterface ID '{id}' does not exist");
            return Err(ApiError::client("InvalidNetworkInterfaceID.NotFound", message));
        }
        let mut shown = Vec::new();
        for task in tasks.iter().filter(|task| ids.is_empty() || ids.contains(&task.id.as_str())) {
            let rendered = self.render_interface(task);
            let named = |filter: &str| match filter {
                "network-interface-id" => leaf(&rendered, "/networkInterfaceId"),
                "private-ip-address" | "addresses.private-ip-address" => leaf(&rendered, "/privateIpAddress"),
                "private-dns-name" => leaf(&rendered, "/privateDnsName"),
                "subnet-id" => leaf(&rendered, "/subnetId"),
                "vpc-id" => leaf(&rendered, "/vpcId"),
                "availability-zone" => leaf(&rendered, "/availabilityZone"),
                "mac-address" => leaf(&rendered, "/macAddress"),
                "status" => leaf(&rendered, "/status"),
                "interface-type" => leaf(&rendered, "/interfaceType"),
                "description" => leaf(&rendered, "/description"),
                "requester-managed" => leaf(&rendered, "/requesterManaged"),
                "owner-id" => leaf(&rendered, "/ownerId"),
                _ => None,
            };
            if filters.pass(&rendered, named)? {
                shown.push(rendered);
            }
        }
        Ok(json!({ "networkInterfaceSet": shown }))
    }

    fn render_interface(&self, task: &TaskInterface) -> Value {
        let TaskInterface { id, attachment, mac, ip, subnet, zone } = task;
        let dns = format!("ip-{}.ec2.internal", ip.to_string().replace('.', "-"));
        let vpc = self.subnet(subnet).map(|(vpc, _)| vpc);
        json!({
            "networkInterfaceId": id,
            "subnetId": subnet,
            "vpcId": vpc,
            "availabilityZone": zone,
            "description": format!("arn:aws:ecs:{}:{}:attachment/{attachment}", self.region, self.account),
            "ownerId": self.account,
            "requesterManaged": true,
            "status": "in-use",
            "macAddress": mac,
            "privateIpAddress": ip.to_string(),
            "privateDnsName": dns,
            "sourceDestCheck": true,
            "interfaceType": "interface",
            "groupSet": [],
            "privateIpAddressesSet": [{"privateIpAddress": ip.to_string(), "privateDnsName": dns, "primary": true}],
            "ipv6AddressesSet": [],
            "tagSet": [],
        })
    }
}
