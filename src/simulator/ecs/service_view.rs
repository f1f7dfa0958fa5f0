//! DescribeServices and ListServices: services as AWS shows them.
//!
//! Owns the description of a service. Counts are counted from the tasks at this moment; a task that was told to stop
//! is in none of them, although it may still run.
//!
//! Divergence from AWS: an INACTIVE service can be described for ever; reads are never stale.

use serde_json::{Value, json};

use super::deployment::{Counts, Deployment, DeploymentStatus};
use super::input::{Input, invalid};
use super::naming::shown_arn;
use super::paging::page;
use super::service::{Service, ServiceId, ServiceStatus};
use super::service_kept;
use super::state::{Ecs, Scene, at_most};
use super::tags;
use crate::simulator::arn::Place;
use crate::simulator::error::ApiError;

impl Ecs {
    /// DescribeServices: at most ten; unknown ones are failures.
    pub(super) fn describe_services(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let asked = input.texts("services")?;
        if asked.is_empty() {
            return Err(invalid("Services cannot be empty."));
        }
        at_most(10, "services", asked.len())?;
        let with_tags = input.includes_tags()?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for given in asked {
            let name = self.named_in("service", &cluster, given);
            match name.and_then(|name| self.find_service(&cluster, name)) {
                Some(id) => found.push(self.show_service(scene.place, id, with_tags)),
                None => {
                    let arn = shown_arn(given, |name| scene.place.service(&cluster, name));
                    failures.push(json!({"arn": arn, "reason": "MISSING"}));
                }
            }
        }
        Ok(json!({"services": found, "failures": failures}))
    }

    /// ListServices: ACTIVE ones, ten to a page unless asked otherwise.
    pub(super) fn list_services(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = &self.cluster(input.text("cluster")?)?.name;
        let kind = input.text("launchType")?;
        let strategy = input.word("schedulingStrategy", &["REPLICA", "DAEMON"])?;
        let of_kind = |service: &Service| {
            let mut shown = json!({});
            service.spec().mode.show_in(&mut shown);
            kind.is_none_or(|kind| shown["launchType"] == json!(kind))
        };
        let listed = |service: &&Service| {
            service.cluster == *cluster
                && service.status == ServiceStatus::Active
                && of_kind(service)
                && strategy.is_none_or(|strategy| strategy == service.scheduling())
        };
        let services = self.services.values().filter(listed);
        let mut arns: Vec<String> =
            services.map(|service| scene.place.service(&service.cluster, &service.name)).collect();
        arns.sort();
        page("serviceArns", &arns, input, 10)
    }

    /// A service as DescribeServices shows it.
    pub(super) fn show_service(&self, place: &Place, id: ServiceId, with_tags: bool) -> Value {
        let service = &self.services[&id];
        let counts = self.counts(id, None);
        let spec = service.spec();
        let mut shown = json!({
            "serviceArn": place.service(&service.cluster, &service.name),
            "serviceName": service.name,
            "clusterArn": place.cluster(&service.cluster),
            "loadBalancers": spec.load_balancers.iter().map(|balancer| balancer.show()).collect::<Value>(),
            "serviceRegistries": spec.registries,
            "status": service.status.word(),
            "desiredCount": service.desired,
            "runningCount": counts.running,
            "pendingCount": counts.pending,
            "taskDefinition": spec.task_definition,
            "deploymentConfiguration": service.settings.deployment_configuration,
            "deployments": self.show_deployments(service),
            "roleArn": service.role.clone().unwrap_or_else(|| service_role(place)),
            "events": service.events.iter().map(show_event).collect::<Value>(),
            "createdAt": service.created_at.epoch_seconds(),
            "createdBy": format!("arn:aws:iam::{}:user/simulator", place.account),
            "placementConstraints": [],
            "placementStrategy": [],
            "schedulingStrategy": service.scheduling(),
            "deploymentController": {"type": "ECS"},
            "healthCheckGracePeriodSeconds": service.settings.grace_s,
            "enableECSManagedTags": service.settings.managed_tags,
            "propagateTags": service.settings.propagate_tags.as_deref().unwrap_or("NONE"),
            "enableExecuteCommand": service.settings.exec,
            "availabilityZoneRebalancing": service.settings.zone_rebalancing,
            "resourceManagementType": "CUSTOMER",
            "currentServiceRevisions": self.show_revisions(service),
        });
        spec.mode.show_in(&mut shown);
        spec.show_platform_in(&mut shown);
        service_kept::show_in(&service.settings.kept, &mut shown);
        if !spec.network.is_null() {
            shown["networkConfiguration"] = spec.network.clone();
        }
        if let Some(record) = service.records.first().filter(|record| record.status.is_open()) {
            shown["currentServiceDeployment"] = json!(record.arn);
        }
        if service.external {
            self.show_external_in(place, service, &mut shown);
        }
        if with_tags {
            shown["tags"] = tags::show(&service.tags);
        }
        shown
    }

    /// Live tasks of a service, or of one of its deployments.
    pub(super) fn counts(&self, id: ServiceId, deployment: Option<&str>) -> Counts {
        let mut counts = Counts::default();
        let counted = self.tasks_of(id).filter(|task| task.is_live());
        for task in counted.filter(|task| deployment.is_none_or(|deployment| task.deployment() == deployment)) {
            if task.is_running() { counts.running += 1 } else { counts.pending += 1 }
        }
        counts
    }

    fn show_deployments(&self, service: &Service) -> Value {
        let shown = |deployment: &&Deployment| deployment.status != DeploymentStatus::Inactive;
        let mut deployments: Vec<&Deployment> = service.deployments.iter().filter(shown).collect();
        deployments.sort_by_key(|deployment| deployment.status != DeploymentStatus::Primary);
        let show = |deployment: &Deployment| {
            let desired = match deployment.status {
                DeploymentStatus::Primary => service.desired,
                DeploymentStatus::Active | DeploymentStatus::Inactive => deployment.held,
            };
            deployment.show(desired, self.counts(service.id, Some(&deployment.id)))
        };
        deployments.into_iter().map(show).collect()
    }

    fn show_revisions(&self, service: &Service) -> Value {
        let shown = |deployment: &&Deployment| deployment.status != DeploymentStatus::Inactive;
        let show = |deployment: &Deployment| {
            let counts = self.counts(service.id, Some(&deployment.id));
            let requested = match deployment.status {
                DeploymentStatus::Primary => service.desired,
                DeploymentStatus::Active | DeploymentStatus::Inactive => deployment.held,
            };
            json!({
                "arn": deployment.revision,
                "requestedTaskCount": requested,
                "runningTaskCount": counts.running,
                "pendingTaskCount": counts.pending,
            })
        };
        service.deployments.iter().filter(shown).map(show).collect()
    }
}

fn show_event(event: &super::service::ServiceEvent) -> Value {
    json!({"id": event.id, "createdAt": event.at.epoch_seconds(), "message": event.message})
}

fn service_role(place: &Place) -> String {
    format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", place.account)
}
