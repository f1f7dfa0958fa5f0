//! The operations of the ELBv2 API by name.
//!
//! Owns the dispatch: reading and writing are in files by resource.

use fastrand::Rng;
use serde_json::Value;

use crate::simulator::ec2::Ec2;
use crate::simulator::elb::limits;
use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::members::drop_nulls;
use crate::simulator::time::Time;

/// API version of the Query protocol.
pub const VERSION: &str = "2015-12-01";

/// XML namespace of its answers.
pub const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

impl Elb {
    /// Answers one call. Inputs are nested JSON whose leaves are strings, as the Query protocol gives them. Subnets,
    /// security groups and instances are looked up in `ec2`.
    ///
    /// # Errors
    /// AWS's own codes, for example `TargetGroupNotFound`; `InvalidAction` for what is not simulated.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        ec2: &Ec2,
    ) -> Result<Value, ApiError> {
        let mut answer = self.answer(operation, input, now, rng, ec2)?;
        drop_nulls(&mut answer);
        Ok(answer)
    }

    fn answer(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        rng: &mut Rng,
        ec2: &Ec2,
    ) -> Result<Value, ApiError> {
        match operation {
            "AddListenerCertificates" => self.add_listener_certificates(input),
            "AddTags" => self.add_tags(input),
            "CreateListener" => self.create_listener_op(input, now, rng),
            "CreateLoadBalancer" => self.create_load_balancer_op(input, now, rng, ec2),
            "CreateRule" => self.create_rule(input, now, rng),
            "CreateTargetGroup" => self.create_target_group_op(input, rng, ec2),
            "DeleteListener" => self.delete_listener(input, now),
            "DeleteLoadBalancer" => self.delete_load_balancer(input, now),
            "DeleteRule" => self.delete_rule(input, now),
            "DeleteTargetGroup" => self.delete_target_group(input, now),
            "DeregisterTargets" => self.deregister_targets(input, now),
            "ModifyListener" => self.modify_listener(input, now),
            "ModifyListenerAttributes" => self.modify_listener_attributes(input),
            "ModifyLoadBalancerAttributes" => self.modify_load_balancer_attributes(input),
            "ModifyRule" => self.modify_rule(input, now),
            "ModifyTargetGroup" => self.modify_target_group(input, now),
            "ModifyTargetGroupAttributes" => self.modify_target_group_attributes(input),
            "RegisterTargets" => self.register_targets(input, now, ec2),
            "RemoveListenerCertificates" => self.remove_listener_certificates(input),
            "RemoveTags" => self.remove_tags(input),
            "SetIpAddressType" => self.set_ip_address_type(input),
            "SetRulePriorities" => self.set_rule_priorities(input),
            "SetSecurityGroups" => self.set_security_groups(input, ec2),
            "SetSubnets" => self.set_subnets(input, ec2),
            reading => self.describe(reading, input),
        }
    }

    fn describe(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        match operation {
            "DescribeAccountLimits" => limits::describe_account_limits(input),
            "DescribeCapacityReservation" => self.describe_capacity_reservation(input),
            "DescribeListenerAttributes" => self.describe_listener_attributes(input),
            "DescribeListenerCertificates" => self.describe_listener_certificates(input),
            "DescribeListeners" => self.describe_listeners(input),
            "DescribeLoadBalancerAttributes" => self.describe_load_balancer_attributes(input),
            "DescribeLoadBalancers" => self.describe_load_balancers(input),
            "DescribeRules" => self.describe_rules(input),
            "DescribeSSLPolicies" => limits::describe_ssl_policies(input),
            "DescribeTags" => self.describe_tags(input),
            "DescribeTargetGroupAttributes" => self.describe_target_group_attributes(input),
            "DescribeTargetGroups" => self.describe_target_groups(input),
            "DescribeTargetHealth" => self.describe_target_health(input),
            other => Err(ApiError::invalid_action(other, VERSION)),
        }
    }
}
