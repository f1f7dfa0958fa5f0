//! The operations of the EC2 API by name.
//!
//! Owns the dispatch, and telling the load balancers what became of instances.

use serde_json::Value;

use crate::simulator::ec2::group::Way;
use crate::simulator::ec2::input::flag;
use crate::simulator::ec2::state::{Ec2, InstanceState};
use crate::simulator::ecs::Ecs;
use crate::simulator::elb::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// API version of the EC2 protocol.
pub const VERSION: &str = "2016-11-15";

/// XML namespace of its answers.
pub const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

impl Ec2 {
    /// Answers one call. Inputs are nested JSON whose leaves are strings, as the EC2 protocol gives them; answers have
    /// the names of its XML.
    ///
    /// # Errors
    /// AWS's own codes, for example `InvalidSubnetID.NotFound`; `InvalidAction` for what is not simulated.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        ecs: &Ecs,
        elb: &mut Elb,
    ) -> Result<Value, ApiError> {
        if flag(input, "DryRun") {
            let message = "Request would have succeeded, but DryRun flag is set.".to_owned();
            let code = "DryRunOperation".to_owned();
            return Err(ApiError { status: 412, code, message, extra: Box::default() });
        }
        match operation {
            "RunInstances" => self.run_instances(input, now),
            "StartInstances" => self.change(input, InstanceState::Running, now, elb),
            "StopInstances" => self.change(input, InstanceState::Stopped, now, elb),
            "TerminateInstances" => self.change(input, InstanceState::Terminated, now, elb),
            "DescribeNetworkInterfaces" => self.describe_network_interfaces(input, &ecs.interfaces()),
            reading if reading.starts_with("Describe") => self.describe(reading, input),
            writing => self.write(writing, input),
        }
    }

    fn describe(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        match operation {
            "DescribeAccountAttributes" => Ok(self.describe_account_attributes(input)),
            "DescribeAvailabilityZones" => self.describe_availability_zones(input),
            "DescribeInstances" => self.describe_instances(input),
            "DescribeInstanceStatus" => self.describe_instance_status(input),
            "DescribeInternetGateways" => self.describe_internet_gateways(input),
            "DescribeRegions" => self.describe_regions(input),
            "DescribeSecurityGroupRules" => self.describe_security_group_rules(input),
            "DescribeSecurityGroups" => self.describe_security_groups(input),
            "DescribeSubnets" => self.describe_subnets(input),
            "DescribeTags" => self.describe_tags(input),
            "DescribeVpcAttribute" => self.describe_vpc_attribute(input),
            "DescribeVpcs" => self.describe_vpcs(input),
            other => Err(unknown(other)),
        }
    }

    fn write(&mut self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        match operation {
            "AttachInternetGateway" => self.attach_internet_gateway(input),
            "AuthorizeSecurityGroupEgress" => self.authorize(input, Way::Egress),
            "AuthorizeSecurityGroupIngress" => self.authorize(input, Way::Ingress),
            "CreateInternetGateway" => self.create_internet_gateway(input),
            "CreateSecurityGroup" => self.create_security_group(input),
            "CreateSubnet" => self.create_subnet(input),
            "CreateTags" => self.create_tags(input),
            "CreateVpc" => self.create_vpc(input),
            "DeleteInternetGateway" => self.delete_internet_gateway(input),
            "DeleteSecurityGroup" => self.delete_security_group(input),
            "DeleteSubnet" => self.delete_subnet(input),
            "DeleteTags" => self.delete_tags(input),
            "DeleteVpc" => self.delete_vpc(input),
            "DetachInternetGateway" => self.detach_internet_gateway(input),
            "ModifySubnetAttribute" => self.modify_subnet_attribute(input),
            "ModifyVpcAttribute" => self.modify_vpc_attribute(input),
            "RevokeSecurityGroupEgress" => self.revoke(input, Way::Egress),
            "RevokeSecurityGroupIngress" => self.revoke(input, Way::Ingress),
            other => Err(unknown(other)),
        }
    }

    fn change(&mut self, input: &Value, to: InstanceState, now: Time, elb: &mut Elb) -> Result<Value, ApiError> {
        let (answer, ids) = self.change_instances(input, to)?;
        ids.iter().for_each(|id| elb.instance_changed(id, to, now));
        Ok(answer)
    }
}

fn unknown(operation: &str) -> ApiError {
    let message = format!("The action {operation} is not valid for this web service.");
    ApiError::client("InvalidAction", message)
}
