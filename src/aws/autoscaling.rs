//! Who owns a desired count: the scalable targets of Application Auto Scaling.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use crate::model::ids::{ClusterArn, ServiceName};
use crate::model::observed::ScalingView;

use super::client::Aws;
use super::error::AwsError;

impl Aws {
    /// The scalable targets of these services; a service without one is not in the answer.
    pub async fn scalable_targets(
        &self,
        cluster: &ClusterArn,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceName, ScalingView>, AwsError> {
        const OPERATION: &str = "application-autoscaling:DescribeScalableTargets";
        let resource = |service: &ServiceName| format!("service/{}/{service}", cluster.name());
        let mut found = BTreeMap::new();
        for batch in services.chunks(50) {
            let mut page: Option<String> = None;
            loop {
                let answer = self
                    .repeat(OPERATION, async || {
                        let call = self
                            .scaling
                            .describe_scalable_targets()
                            .service_namespace(ServiceNamespace::Ecs)
                            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                            .set_resource_ids(Some(batch.iter().map(resource).collect()))
                            .set_next_token(page.clone());
                        call.send().await.map_err(|error| AwsError::of(OPERATION, error))
                    })
                    .await?;
                for target in answer.scalable_targets.unwrap_or_default() {
                    if let Some(service) = batch.iter().find(|service| resource(service) == target.resource_id) {
                        let bound = |capacity: i32| u32::try_from(capacity).unwrap_or(0);
                        let view = ScalingView { least: bound(target.min_capacity), most: bound(target.max_capacity) };
                        found.insert(service.clone(), view);
                    }
                }
                page = answer.next_token;
                if page.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }
}
