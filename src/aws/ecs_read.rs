//! What ECS shows: clusters, services, task definitions, tasks, service deployments. All pages, or an error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use aws_sdk_ecs::types as sdk;

use crate::model::ids::{ClusterArn, Family, RowName, ServiceArn, TargetGroupArn, TaskArn, TaskDefinitionArn};
use crate::model::observed::{ClusterView, DefinitionView, ServiceDeploymentView, ServiceView, TaskView};
use crate::model::selector::{Selection, Selector};
use crate::model::time::Timestamp;

use super::client::Aws;
use super::convert_ecs;
use super::error::AwsError;

/// Which rows look for a service, and how.
pub type ServicesWanted<'a> = BTreeMap<RowName, &'a Selector>;

/// A row's service and the target groups that it registers its tasks in.
pub type FoundService = (Arc<ServiceView>, Vec<TargetGroupArn>);

impl Aws {
    /// The cluster that a selector means.
    pub async fn cluster(&self, selector: &Selector) -> Result<Selection<ClusterView>, AwsError> {
        let names = match selector {
            Selector::Name(name) => vec![name.clone()],
            Selector::Glob(_) | Selector::Tag { .. } => self.cluster_arns().await?,
        };
        let mut candidates = Vec::new();
        let cheap = |name: &str| !selector.needs_tags() && !selector.matches(last_part(name), []);
        for name in names.iter().filter(|name| cheap(name)) {
            candidates.push((last_part(name).to_owned(), false, None));
        }
        let worth: Vec<String> = names.iter().filter(|name| !cheap(name)).cloned().collect();
        for batch in worth.chunks(100) {
            for cluster in self.describe_clusters(batch).await? {
                let tags = cluster.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
                let meant = selector.matches(cluster.arn.name(), tags);
                candidates.push((cluster.arn.name().to_owned(), meant, Some(cluster)));
            }
        }
        Ok(match Selection::of(candidates) {
            Selection::One(Some(cluster)) => Selection::One(cluster),
            Selection::One(None) | Selection::None(_) if names.len() == 1 && !selector.needs_tags() => {
                Selection::None(self.cluster_arns().await?.iter().map(|arn| last_part(arn).to_owned()).collect())
            }
            Selection::One(None) => Selection::None(Vec::new()),
            Selection::None(names) => Selection::None(names),
            Selection::Many(names) => Selection::Many(names),
        })
    }

    async fn cluster_arns(&self) -> Result<Vec<String>, AwsError> {
        let mut arns = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self
                .repeat("ecs:ListClusters", async || {
                    let call = self.ecs.list_clusters().max_results(100).set_next_token(page.clone());
                    call.send().await.map_err(|error| AwsError::of("ecs:ListClusters", error))
                })
                .await?;
            arns.extend(answer.cluster_arns.unwrap_or_default());
            page = answer.next_token;
            if page.is_none() {
                return Ok(arns);
            }
        }
    }

    /// Clusters by ARN, a hundred at most, as far as they are there.
    pub async fn known_clusters(&self, arns: &[ClusterArn]) -> Result<Vec<ClusterView>, AwsError> {
        let names: Vec<String> = arns.iter().map(|arn| arn.as_str().to_owned()).collect();
        self.describe_clusters(&names).await
    }

    async fn describe_clusters(&self, names: &[String]) -> Result<Vec<ClusterView>, AwsError> {
        const OPERATION: &str = "ecs:DescribeClusters";
        let answer = self
            .repeat(OPERATION, async || {
                let call = self.ecs.describe_clusters().set_clusters(Some(names.to_vec()));
                call.include(sdk::ClusterField::Tags).send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await?;
        missing_only(OPERATION, answer.failures)?;
        let active = |cluster: &sdk::Cluster| cluster.status.as_deref() != Some("INACTIVE");
        let clusters = answer.clusters.unwrap_or_default().into_iter().filter(active);
        let mut texts = self.texts();
        Ok(clusters.filter_map(|cluster| convert_ecs::cluster(cluster, &mut texts)).collect())
    }

    /// The services that rows mean.
    pub async fn services(
        &self,
        cluster: &ClusterArn,
        wanted: &ServicesWanted<'_>,
    ) -> Result<BTreeMap<RowName, Selection<FoundService>>, AwsError> {
        let arns = self.service_arns(cluster).await?;
        let by_tag = wanted.values().any(|selector| selector.needs_tags());
        let matches = |arn: &str| wanted.values().any(|selector| selector.matches(last_part(arn), []));
        let worth: Vec<String> = arns.iter().filter(|arn| by_tag || matches(arn)).cloned().collect();
        let found = self.describe_services(cluster, &worth, by_tag).await?;
        let select = |selector: &Selector| {
            let described: BTreeSet<&str> = found.iter().map(|service| service.view.arn.as_str()).collect();
            let seen = found.iter().map(|service| {
                let tags = service.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
                let meant = selector.matches(service.view.name.as_str(), tags);
                (service.view.name.to_string(), meant, Some((service.view.clone(), service.target_groups.clone())))
            });
            let others = arns.iter().filter(|arn| !described.contains(arn.as_str()));
            let others = others.map(|arn| (last_part(arn).to_owned(), false, None));
            match Selection::of(seen.chain(others).collect()) {
                Selection::One(Some(service)) => Selection::One(service),
                Selection::One(None) => Selection::None(Vec::new()),
                Selection::None(names) => Selection::None(names),
                Selection::Many(names) => Selection::Many(names),
            }
        };
        Ok(wanted.iter().map(|(row, selector)| (row.clone(), select(selector))).collect())
    }

    /// Services by ARN, as far as they are there.
    pub async fn known_services(
        &self,
        cluster: &ClusterArn,
        arns: &[ServiceArn],
    ) -> Result<Vec<FoundService>, AwsError> {
        let arns: Vec<String> = arns.iter().map(|arn| arn.as_str().to_owned()).collect();
        let found = self.describe_services(cluster, &arns, false).await?;
        Ok(found.into_iter().map(|service| (service.view, service.target_groups)).collect())
    }

    async fn service_arns(&self, cluster: &ClusterArn) -> Result<Vec<String>, AwsError> {
        let mut arns = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self
                .repeat("ecs:ListServices", async || {
                    // Without maxResults, ECS gives ten a page.
                    let call = self.ecs.list_services().cluster(cluster.as_str()).max_results(100);
                    let call = call.set_next_token(page.clone());
                    call.send().await.map_err(|error| AwsError::of("ecs:ListServices", error))
                })
                .await?;
            arns.extend(answer.service_arns.unwrap_or_default());
            page = answer.next_token;
            if page.is_none() {
                arns.sort();
                return Ok(arns);
            }
        }
    }

    async fn describe_services(
        &self,
        cluster: &ClusterArn,
        arns: &[String],
        with_tags: bool,
    ) -> Result<Vec<convert_ecs::Service>, AwsError> {
        const OPERATION: &str = "ecs:DescribeServices";
        let include = with_tags.then(|| vec![sdk::ServiceField::Tags]);
        let mut found = Vec::new();
        for batch in arns.chunks(10) {
            let answer = self
                .repeat(OPERATION, async || {
                    let call = self.ecs.describe_services().cluster(cluster.as_str());
                    let call = call.set_services(Some(batch.to_vec())).set_include(include.clone());
                    call.send().await.map_err(|error| AwsError::of(OPERATION, error))
                })
                .await?;
            missing_only(OPERATION, answer.failures)?;
            let mut texts = self.texts();
            let services = answer.services.unwrap_or_default().into_iter();
            found.extend(services.filter_map(|service| convert_ecs::service(service, &mut texts)));
        }
        Ok(found)
    }

    /// A task definition by ARN, or the newest ACTIVE revision of a family.
    pub async fn definition(&self, arn_or_family: &str) -> Result<Arc<DefinitionView>, AwsError> {
        let known = {
            let mut known = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&TaskDefinitionArn::told(arn_or_family))
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let (definition, _) = self.describe_definition(arn_or_family).await?;
        let view = convert_ecs::definition(&definition, &mut self.texts())
            .map(Arc::new)
            .ok_or_else(|| AwsError::strange("ecs:DescribeTaskDefinition", "a task definition without an ARN"))?;
        self.definitions.lock().unwrap_or_else(PoisonError::into_inner).put(Arc::clone(&view));
        Ok(view)
    }

    pub(super) async fn describe_definition(
        &self,
        arn_or_family: &str,
    ) -> Result<(sdk::TaskDefinition, Vec<sdk::Tag>), AwsError> {
        const OPERATION: &str = "ecs:DescribeTaskDefinition";
        let answer = self
            .repeat(OPERATION, async || {
                let call = self.ecs.describe_task_definition().task_definition(arn_or_family);
                let call = call.include(sdk::TaskDefinitionField::Tags);
                call.send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await?;
        let definition = answer.task_definition.ok_or_else(|| AwsError::strange(OPERATION, "an empty answer"))?;
        Ok((definition, answer.tags.unwrap_or_default()))
    }

    /// The task definition that a selector means: the newest ACTIVE revision of one family.
    pub async fn family(&self, selector: &Selector) -> Result<Selection<Arc<DefinitionView>>, AwsError> {
        let families = self.families().await?;
        let mut candidates = Vec::new();
        for family in families {
            let meant = match selector {
                Selector::Name(_) | Selector::Glob(_) => selector.matches(family.as_str(), []),
                Selector::Tag { .. } => {
                    let (_, tags) = self.describe_definition(family.as_str()).await?;
                    let tags = convert_ecs::tags(Some(tags));
                    selector.matches(family.as_str(), tags.iter().map(|(key, value)| (key.as_str(), value.as_str())))
                }
            };
            candidates.push((family.to_string(), meant, family));
        }
        Ok(match Selection::of(candidates) {
            Selection::One(family) => Selection::One(self.definition(family.as_str()).await?),
            Selection::None(names) => Selection::None(names),
            Selection::Many(names) => Selection::Many(names),
        })
    }

    async fn families(&self) -> Result<Vec<Family>, AwsError> {
        let mut families = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self
                .repeat("ecs:ListTaskDefinitionFamilies", async || {
                    let call = self.ecs.list_task_definition_families().max_results(100);
                    let call = call.status(sdk::TaskDefinitionFamilyStatus::Active).set_next_token(page.clone());
                    call.send().await.map_err(|error| AwsError::of("ecs:ListTaskDefinitionFamilies", error))
                })
                .await?;
            families.extend(answer.families.unwrap_or_default().into_iter().map(Family::told));
            page = answer.next_token;
            if page.is_none() {
                families.sort();
                return Ok(families);
            }
        }
    }

    /// Every task of the cluster, RUNNING and STOPPED, and these by name.
    ///
    /// Draining tasks are only in the STOPPED list, although they still run; a task that was just launched may be in
    /// neither list yet, so the ones that must not be missed are asked for by name. One that ECS does not know any
    /// more is left out.
    pub async fn tasks(&self, cluster: &ClusterArn, also: &[String]) -> Result<Vec<TaskView>, AwsError> {
        let mut names: BTreeSet<String> = also.iter().map(|id| cluster.task(id).as_str().to_owned()).collect();
        for desired in [sdk::DesiredStatus::Running, sdk::DesiredStatus::Stopped] {
            names.extend(self.task_arns(cluster, desired).await?);
        }
        let names: Vec<String> = names.into_iter().collect();
        self.describe_tasks(cluster, &names).await
    }

    /// Tasks by ARN, as far as ECS still knows them.
    pub async fn known_tasks(&self, cluster: &ClusterArn, arns: &[TaskArn]) -> Result<Vec<TaskView>, AwsError> {
        let names: Vec<String> = arns.iter().map(|arn| arn.as_str().to_owned()).collect();
        self.describe_tasks(cluster, &names).await
    }

    /// Tasks that are to run, and these by ARN as far as ECS still knows them.
    pub async fn running_tasks(&self, cluster: &ClusterArn, also: &[TaskArn]) -> Result<Vec<TaskView>, AwsError> {
        let mut names: BTreeSet<String> = also.iter().map(|arn| arn.as_str().to_owned()).collect();
        names.extend(self.task_arns(cluster, sdk::DesiredStatus::Running).await?);
        self.describe_tasks(cluster, &names.into_iter().collect::<Vec<_>>()).await
    }

    async fn describe_tasks(&self, cluster: &ClusterArn, names: &[String]) -> Result<Vec<TaskView>, AwsError> {
        const OPERATION: &str = "ecs:DescribeTasks";
        let mut tasks = Vec::new();
        for batch in names.chunks(100) {
            let answer = self
                .repeat(OPERATION, async || {
                    let call = self.ecs.describe_tasks().cluster(cluster.as_str()).set_tasks(Some(batch.to_vec()));
                    call.send().await.map_err(|error| AwsError::of(OPERATION, error))
                })
                .await?;
            missing_only(OPERATION, answer.failures)?;
            let mut texts = self.texts();
            let told = answer.tasks.unwrap_or_default().into_iter();
            tasks.extend(told.filter_map(|task| convert_ecs::task(task, &mut texts)));
        }
        Ok(tasks)
    }

    async fn task_arns(&self, cluster: &ClusterArn, desired: sdk::DesiredStatus) -> Result<Vec<String>, AwsError> {
        let mut arns = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self
                .repeat("ecs:ListTasks", async || {
                    let call = self.ecs.list_tasks().cluster(cluster.as_str()).desired_status(desired.clone());
                    let call = call.set_next_token(page.clone());
                    call.send().await.map_err(|error| AwsError::of("ecs:ListTasks", error))
                })
                .await?;
            arns.extend(answer.task_arns.unwrap_or_default());
            page = answer.next_token;
            if page.is_none() {
                return Ok(arns);
            }
        }
    }

    /// A service's service deployments since a moment, where a rollback stays visible.
    pub async fn service_deployments(
        &self,
        cluster: &ClusterArn,
        service: &ServiceArn,
        since: Timestamp,
    ) -> Result<Vec<ServiceDeploymentView>, AwsError> {
        const OPERATION: &str = "ecs:ListServiceDeployments";
        let after = aws_smithy_types::DateTime::from_millis(since.millis());
        let created = sdk::CreatedAt::builder().after(after).build();
        let mut found = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let answer = self
                .repeat(OPERATION, async || {
                    let call = self.ecs.list_service_deployments().cluster(cluster.as_str()).service(service.as_str());
                    let call = call.created_at(created.clone()).max_results(100).set_next_token(page.clone());
                    call.send().await.map_err(|error| AwsError::of(OPERATION, error))
                })
                .await?;
            let briefs = answer.service_deployments.unwrap_or_default();
            let mut texts = self.texts();
            found.extend(briefs.into_iter().filter_map(|brief| convert_ecs::service_deployment(brief, &mut texts)));
            drop(texts);
            page = answer.next_token;
            if page.is_none() {
                return Ok(found);
            }
        }
    }
}

/// A partial answer is a failed read, unless what is missing is just not there.
fn missing_only(operation: &'static str, failures: Option<Vec<sdk::Failure>>) -> Result<(), AwsError> {
    let other = failures.unwrap_or_default().into_iter().find(|failure| failure.reason.as_deref() != Some("MISSING"));
    match other {
        None => Ok(()),
        Some(failure) => Err(AwsError::strange(
            operation,
            format!("partial answer: {} {}", failure.reason.unwrap_or_default(), failure.arn.unwrap_or_default()),
        )),
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_not_there_and_any_other_failure_is_a_failed_read() {
        let failure = |reason: Option<&str>| sdk::Failure::builder().set_reason(reason.map(str::to_owned)).build();
        let read = |failures: Vec<sdk::Failure>| missing_only("ecs:DescribeTasks", Some(failures));
        assert!(missing_only("ecs:DescribeTasks", None).is_ok());
        assert!(read(vec![failure(Some("MISSING")), failure(Some("MISSING"))]).is_ok());
        assert!(read(vec![failure(Some("MISSING")), failure(Some("ACCESS_DENIED"))]).is_err());
        assert!(read(vec![failure(None)]).is_err());
    }
}
