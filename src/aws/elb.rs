//! Target health and draining, out of ELBv2.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;

use crate::model::ids::TargetGroupArn;
use crate::model::observed::{Seen, TargetGroupView, TargetView};
use crate::model::time::Span;

use super::client::Aws;
use super::convert;
use super::error::AwsError;

/// Whether tags are read too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// A selector needs them.
    Read,
    /// Nobody needs them.
    Leave,
}

impl Aws {
    /// A target group with its targets, draining ones included. DescribeTargetHealth has no pages.
    /// Tags cost a call, so they are read only if somebody asks for them.
    pub async fn target_group(&self, arn: &TargetGroupArn, asked: Tags) -> TargetGroupView {
        let targets = self.targets_of(arn).await;
        let tags = match asked {
            Tags::Leave => Seen::Absent,
            Tags::Read => self.group_tags(arn).await.map_or_else(|error| Seen::Unknown(error.why()), Seen::Present),
        };
        TargetGroupView { arn: arn.clone(), tags, targets, drain: None }
    }

    /// The targets of a group; `Absent` if there is no such group.
    pub async fn targets_of(&self, arn: &TargetGroupArn) -> Seen<Vec<TargetView>> {
        match self.targets(arn).await {
            Ok(targets) => Seen::Present(targets),
            Err(error) if error.code.contains("TargetGroupNotFound") => Seen::Absent,
            Err(error) => Seen::Unknown(error.why()),
        }
    }

    /// The deregistration delay of a group, by which looks are placed; `None` if it cannot be read.
    pub async fn drain(&self, arn: &TargetGroupArn) -> Option<Span> {
        const OPERATION: &str = "elasticloadbalancing:DescribeTargetGroupAttributes";
        let answer = self
            .repeat(OPERATION, async || {
                let call = self.elb.describe_target_group_attributes().target_group_arn(arn.as_str());
                call.send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await;
        let attributes = answer.ok()?.attributes.unwrap_or_default();
        let is_delay = |key: Option<&str>| key == Some("deregistration_delay.timeout_seconds");
        let delay = attributes.into_iter().find(|attribute| is_delay(attribute.key.as_deref()))?.value?;
        delay.parse().ok().map(Span::seconds)
    }

    async fn targets(&self, arn: &TargetGroupArn) -> Result<Vec<TargetView>, AwsError> {
        let answer = self
            .repeat("elasticloadbalancing:DescribeTargetHealth", async || {
                let call = self.elb.describe_target_health().target_group_arn(arn.as_str());
                call.send().await.map_err(|error| AwsError::of("elasticloadbalancing:DescribeTargetHealth", error))
            })
            .await?;
        let described: Vec<TargetHealthDescription> = answer.target_health_descriptions.unwrap_or_default();
        let mut texts = self.texts();
        Ok(described.into_iter().map(|target| convert::target(target, &mut texts)).collect())
    }

    async fn group_tags(&self, arn: &TargetGroupArn) -> Result<BTreeMap<String, String>, AwsError> {
        let answer = self
            .repeat("elasticloadbalancing:DescribeTags", async || {
                let call = self.elb.describe_tags().resource_arns(arn.as_str());
                call.send().await.map_err(|error| AwsError::of("elasticloadbalancing:DescribeTags", error))
            })
            .await?;
        let described = answer.tag_descriptions.unwrap_or_default().into_iter();
        let tags = described.flat_map(|described| described.tags.unwrap_or_default());
        Ok(tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
    }
}
