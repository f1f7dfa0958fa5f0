//! The operations of the ELBv2 API by name.
//!
//! Owns the dispatch; reading is in `describe`, writing in `change`.

use fastrand::Rng;
use serde_json::Value;

use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// API version of the Query protocol.
pub const VERSION: &str = "2015-12-01";

/// XML namespace of its answers.
pub const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

impl Elb {
    /// Answers one call. Inputs are nested JSON whose leaves are strings, as the Query protocol gives them.
    ///
    /// # Errors
    /// AWS's own codes, for example `TargetGroupNotFound`; `InvalidAction` for what is not simulated.
    pub fn handle(&mut self, operation: &str, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        match operation {
            "AddTags" => self.add_tags(input),
            "CreateListener" => self.create_listener_op(input, now, rng),
            "CreateLoadBalancer" => self.create_load_balancer_op(input, now, rng),
            "CreateTargetGroup" => self.create_target_group_op(input, rng),
            "DeregisterTargets" => self.deregister_targets(input, now),
            "DescribeListeners" => self.describe_listeners(input),
            "DescribeLoadBalancerAttributes" => self.describe_load_balancer_attributes(input),
            "DescribeLoadBalancers" => self.describe_load_balancers(input),
            "DescribeRules" => self.describe_rules(input),
            "DescribeTags" => self.describe_tags(input),
            "DescribeTargetGroupAttributes" => self.describe_target_group_attributes(input),
            "DescribeTargetGroups" => self.describe_target_groups(input),
            "DescribeTargetHealth" => self.describe_target_health(input),
            "ModifyTargetGroupAttributes" => self.modify_target_group_attributes(input),
            "RegisterTargets" => self.register_targets(input, now),
            "RemoveTags" => self.remove_tags(input),
            other => Err(ApiError::invalid_action(other, VERSION)),
        }
    }
}
