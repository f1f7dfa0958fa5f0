//! Service deployments and service revisions: what stays known of deployments, and how to stop one.
//!
//! Owns ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions and StopServiceDeployment.
//!
//! Divergence from AWS: lifecycle stages are not shown; revisions of deployments that the service has forgotten are
//! MISSING.

use serde_json::{Value, json};

use super::completion::breaker_status;
use super::deployment::{Deployment, DeploymentStatus, Record, RecordStatus};
use super::input::{Input, invalid};
use super::paging::page;
use super::service::{Service, ServiceId};
use super::service_kept;
use super::state::{Ecs, Scene, at_most};
use crate::simulator::error::ApiError;

impl Ecs {
    /// ListServiceDeployments: newest first within a page, 20 to a page.
    pub(super) fn list_service_deployments(&self, scene: &Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let id = self.living_service(&cluster, input.required("service")?)?;
        let wanted = input.words("status", &RecordStatus::WORDS)?;
        let (after, before) = match input.get("createdAt").map(Input) {
            Some(range) => (range.0["after"].as_f64(), range.0["before"].as_f64()),
            None => (None, None),
        };
        let service = &self.services[&id];
        let listed = |record: &&Record| {
            let created = record.created_at.epoch_seconds();
            (wanted.is_empty() || wanted.contains(&record.status.word()))
                && after.is_none_or(|after| created > after)
                && before.is_none_or(|before| created < before)
        };
        let records: Vec<&Record> = service.records.iter().filter(listed).collect();
        // The page is cut by position: a key that sorts newest first and cannot collide.
        let keys: Vec<String> = (0..records.len()).map(|position| format!("{position:08}")).collect();
        let mut answer = page("serviceDeployments", &keys, input, 20)?;
        if let Some(given) = answer["serviceDeployments"].as_array_mut() {
            for item in given.iter_mut() {
                let position: usize = item.as_str().and_then(|key| key.parse().ok()).unwrap_or(0);
                let record = records[position];
                *item = brief(record, service, scene);
                item["targetServiceRevisionArn"] = json!(record.target);
            }
        }
        Ok(answer)
    }

    /// DescribeServiceDeployments: at most 20.
    pub(super) fn describe_service_deployments(&self, scene: &Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let asked = input.texts("serviceDeploymentArns")?;
        some("serviceDeploymentArns", &asked)?;
        at_most(20, "serviceDeploymentArns", asked.len())?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in asked {
            match self.find_record(arn) {
                Some((id, record)) => found.push(self.show_record(scene, id, record)),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        Ok(json!({"serviceDeployments": found, "failures": failures}))
    }

    /// DescribeServiceRevisions: at most 20. The digests are those that the deployment has pinned.
    pub(super) fn describe_service_revisions(&self, scene: &Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let asked = input.texts("serviceRevisionArns")?;
        some("serviceRevisionArns", &asked)?;
        at_most(20, "serviceRevisionArns", asked.len())?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in asked {
            let mut services = self.services.values();
            let owner = services.find_map(|service| {
                let deployment = service.deployments.iter().find(|deployment| deployment.revision == arn)?;
                Some((service, deployment))
            });
            match owner {
                Some((service, deployment)) => found.push(self.show_revision(scene, service, deployment)),
                None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
            }
        }
        Ok(json!({"serviceRevisions": found, "failures": failures}))
    }

    /// StopServiceDeployment with ROLLBACK: back to the last deployment that completed.
    pub(super) fn stop_service_deployment(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let arn = input.required("serviceDeploymentArn")?;
        match input.text("stopType")? {
            None | Some("ROLLBACK") => {}
            Some(other) => return Err(invalid(format!("The stop type {other} is not valid."))),
        }
        let missing =
            || ApiError::client("ServiceDeploymentNotFoundException", "The service deployment cannot be found.");
        let (id, record) = self.find_record(arn).ok_or_else(missing)?;
        let stoppable = record.status.is_open();
        if !stoppable || (record.status == RecordStatus::InProgress && !self.stop_deployment(scene, id)) {
            let message = "The service deployment cannot be stopped in its current state.";
            return Err(ApiError::client("ConflictException", message).with("resourceIds", json!([arn])));
        }
        Ok(json!({ "serviceDeploymentArn": arn }))
    }

    fn find_record(&self, arn: &str) -> Option<(ServiceId, &Record)> {
        let mut services = self.services.values();
        services.find_map(|service| {
            let record = service.records.iter().find(|record| record.arn == arn)?;
            Some((service.id, record))
        })
    }

    fn show_record(&self, scene: &Scene<'_>, id: ServiceId, record: &Record) -> Value {
        let service = &self.services[&id];
        let mut shown = brief(record, service, scene);
        shown["updatedAt"] = json!(record.updated_at.epoch_seconds());
        shown["targetServiceRevision"] = self.show_side(service, &record.target);
        shown["sourceServiceRevisions"] =
            record.sources.iter().map(|revision| self.show_side(service, revision)).collect();
        shown["deploymentConfiguration"] = json!(service.settings.deployment_configuration);
        let deployment = service.deployment(&record.deployment);
        shown["deploymentCircuitBreaker"] = json!({
            "status": breaker_status(service, record.breaker_triggered, record.status.is_open()),
            "failureCount": deployment.map_or(0, |deployment| deployment.breaker_failures),
            "threshold": service.settings.breaker_threshold(service.desired),
        });
        shown["alarms"] = alarms(service, deployment, record.status.is_open());
        if let Some(stopped) = record.stopped_at {
            shown["stoppedAt"] = json!(stopped.epoch_seconds());
        }
        if let Some(rollback) = &record.rollback {
            shown["rollback"] = json!({
                "reason": rollback.reason,
                "startedAt": rollback.started_at.epoch_seconds(),
                "serviceRevisionArn": rollback.revision,
            });
        }
        shown
    }

    /// A revision in a service deployment, with its tasks counted now.
    fn show_side(&self, service: &Service, revision: &str) -> Value {
        let deployment = service.deployments.iter().find(|deployment| deployment.revision == revision);
        let requested = deployment.map_or(0, |deployment| match deployment.status {
            DeploymentStatus::Primary => service.desired,
            DeploymentStatus::Active | DeploymentStatus::Inactive => deployment.held,
        });
        let counts = deployment.map(|deployment| self.counts(service.id, Some(&deployment.id))).unwrap_or_default();
        json!({
            "arn": revision,
            "requestedTaskCount": requested,
            "runningTaskCount": counts.running,
            "pendingTaskCount": counts.pending,
        })
    }

    fn show_revision(&self, scene: &Scene<'_>, service: &Service, deployment: &Deployment) -> Value {
        let spec = &deployment.spec;
        let definition = self.task_definition(&spec.task_definition);
        let images = definition.map_or(&[][..], |definition| definition.containers()).iter().map(|container| {
            let name = container["name"].as_str().unwrap_or_default();
            let mut image = json!({"containerName": name, "image": container["image"]});
            if let Some(digest) = deployment.pins.get(name) {
                image["imageDigest"] = json!(digest);
            }
            image
        });
        let mut shown = json!({
            "serviceRevisionArn": deployment.revision,
            "serviceArn": scene.place.service(&service.cluster, &service.name),
            "clusterArn": scene.place.cluster(&service.cluster),
            "taskDefinition": spec.task_definition,
            "loadBalancers": spec.load_balancers.iter().map(|balancer| balancer.show()).collect::<Value>(),
            "serviceRegistries": spec.registries,
            "containerImages": images.collect::<Value>(),
            "createdAt": deployment.created_at.epoch_seconds(),
        });
        spec.mode.show_in(&mut shown);
        spec.show_platform_in(&mut shown);
        service_kept::show_in(&spec.kept, &mut shown);
        if !spec.network.is_null() {
            shown["networkConfiguration"] = spec.network.clone();
        }
        shown
    }
}

fn some(key: &str, asked: &[&str]) -> Result<(), ApiError> {
    if asked.is_empty() { Err(invalid(format!("{key} can not be empty."))) } else { Ok(()) }
}

/// The state of the deployment alarms, as a service deployment shows it.
fn alarms(service: &Service, deployment: Option<&Deployment>, open: bool) -> Value {
    let triggered = deployment.map_or(&[][..], |deployment| &deployment.alarms);
    let deaf = deployment.is_some_and(|deployment| deployment.is_deaf);
    let status = match (service.settings.watches_alarms() && !deaf, triggered.is_empty(), open) {
        (_, false, _) => "TRIGGERED",
        (false, true, _) => "DISABLED",
        (true, true, true) => "MONITORING",
        (true, true, false) => "MONITORING_COMPLETE",
    };
    json!({"status": status, "alarmNames": service.settings.alarm_names(), "triggeredAlarmNames": triggered})
}

/// What a service deployment has in a list and in a description alike.
fn brief(record: &Record, service: &Service, scene: &Scene<'_>) -> Value {
    let mut shown = json!({
        "serviceDeploymentArn": record.arn,
        "serviceArn": scene.place.service(&service.cluster, &service.name),
        "clusterArn": scene.place.cluster(&service.cluster),
        "status": record.status.word(),
        "createdAt": record.created_at.epoch_seconds(),
        "startedAt": record.created_at.epoch_seconds(),
    });
    if let Some(finished) = record.finished_at {
        shown["finishedAt"] = json!(finished.epoch_seconds());
    }
    if let Some(reason) = &record.status_reason {
        shown["statusReason"] = json!(reason);
    }
    shown
}
