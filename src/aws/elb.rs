//! Target health and draining, out of ELBv2.

use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;

use crate::model::ids::TargetGroupArn;
use crate::model::observed::{Seen, TargetGroupView, TargetView};

use super::client::Aws;
use super::convert;
use super::error::AwsError;

impl Aws {
    /// A target group with its targets, draining ones included. DescribeTargetHealth has no pages.
    pub async fn target_group(&self, arn: &TargetGroupArn) -> TargetGroupView {
        let targets = match self.targets(arn).await {
            Ok(targets) => Seen::Present(targets),
            Err(error) if error.code.contains("TargetGroupNotFound") => Seen::Absent,
            Err(error) => Seen::Unknown(error.why()),
        };
        TargetGroupView { arn: arn.clone(), targets }
    }

    async fn targets(&self, arn: &TargetGroupArn) -> Result<Vec<TargetView>, AwsError> {
        let answer = self
            .repeat(async || {
                let call = self.elb.describe_target_health().target_group_arn(arn.as_str());
                call.send().await.map_err(|error| AwsError::of("elasticloadbalancing:DescribeTargetHealth", error))
            })
            .await?;
        let described: Vec<TargetHealthDescription> = answer.target_health_descriptions.unwrap_or_default();
        Ok(described.into_iter().filter_map(convert::target).collect())
    }
}
