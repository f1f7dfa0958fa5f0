//! The operations of the ECR API by name, and what their inputs have in common.
//!
//! Owns the dispatch, repository look-up and paging. What inputs may be is in `inputs`; each subject has a file.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::simulator::ecr::inputs::OPERATIONS;
use crate::simulator::ecr::registry::{Ecr, repository_not_found};
use crate::simulator::ecr::repository::Repository;
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, whole};
use crate::simulator::model::{Leaves, members_of, violations};
use crate::simulator::time::Time;

/// Pages have this many items unless `maxResults` says otherwise.
const DEFAULT_PAGE: i64 = 100;

impl Ecr {
    /// Answers one call.
    ///
    /// # Errors
    /// AWS's own codes, for example `ImageNotFoundException`; `UnknownOperationException` for what is not simulated.
    pub fn handle(&mut self, operation: &str, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let members = members_of(OPERATIONS, operation).ok_or_else(ApiError::unknown_operation)?;
        if let Some(violation) = violations(members, input, Leaves::Typed)?.first() {
            return Err(invalid(violation.alone()));
        }
        match operation {
            "BatchCheckLayerAvailability" => self.batch_check_layer_availability(input),
            "BatchDeleteImage" => self.batch_delete_image(input),
            "BatchGetImage" => self.batch_get_image(input),
            "BatchGetRepositoryScanningConfiguration" => self.batch_get_scanning(input),
            "CompleteLayerUpload" => self.complete_layer_upload(input),
            "CreateRepository" => self.create_repository_op(input, now, rng),
            "DeleteLifecyclePolicy" => self.delete_lifecycle_policy(input),
            "DeleteRegistryPolicy" => self.delete_registry_policy(),
            "DeleteRepository" => self.delete_repository(input),
            "DeleteRepositoryPolicy" => self.delete_repository_policy(input),
            "DescribeImageScanFindings" => self.describe_image_scan_findings(input, now),
            "DescribeImages" => self.describe_images(input, now),
            "DescribeRegistry" => Ok(self.describe_registry()),
            "DescribeRepositories" => self.describe_repositories(input),
            "GetAuthorizationToken" => self.get_authorization_token(input, now, rng),
            "GetDownloadUrlForLayer" => self.get_download_url_for_layer(input),
            "GetLifecyclePolicy" => self.get_lifecycle_policy(input),
            "GetLifecyclePolicyPreview" => self.get_lifecycle_policy_preview(input, now),
            "GetRegistryPolicy" => self.get_registry_policy(),
            "GetRegistryScanningConfiguration" => Ok(self.get_registry_scanning()),
            "GetRepositoryPolicy" => self.get_repository_policy(input),
            "InitiateLayerUpload" => self.initiate_layer_upload(input, rng),
            "ListImages" => self.list_images(input),
            "ListTagsForResource" => self.list_labels(input),
            "PutImage" => self.put_image(input, now),
            "PutImageScanningConfiguration" => self.put_image_scanning(input),
            "PutImageTagMutability" => self.put_image_tag_mutability(input),
            "PutLifecyclePolicy" => self.put_lifecycle_policy(input, now),
            "PutRegistryPolicy" => self.put_registry_policy(input),
            "PutRegistryScanningConfiguration" => self.put_registry_scanning(input),
            "PutReplicationConfiguration" => self.put_replication(input),
            "SetRepositoryPolicy" => self.set_repository_policy(input),
            "StartImageScan" => self.start_image_scan(input, now),
            "StartLifecyclePolicyPreview" => self.start_lifecycle_policy_preview(input, now),
            "TagResource" => self.add_labels(input),
            "UntagResource" => self.remove_labels(input),
            "UploadLayerPart" => self.upload_layer_part(input),
            _ => Err(ApiError::unknown_operation()),
        }
    }

    /// The repository that `repositoryName` names, in the registry that `registryId` names.
    pub(super) fn repository(&self, input: &Value) -> Result<&Repository, ApiError> {
        let registry = self.registry_id(input)?;
        let name = required(input, "repositoryName")?;
        let repository = self.repositories.get(name).filter(|_| registry == self.account);
        repository.ok_or_else(|| repository_not_found(name, registry))
    }

    /// The same, to be changed.
    pub(super) fn repository_mut(&mut self, input: &Value) -> Result<&mut Repository, ApiError> {
        let name = self.repository(input)?.name.clone();
        Ok(self.repositories.get_mut(&name).expect("it was found a moment ago"))
    }

    /// `registryId` and `repositoryName`, with which most answers begin.
    pub(super) fn about(&self, repository: &str) -> Map<String, Value> {
        let members = [("registryId", json!(self.account)), ("repositoryName", json!(repository))];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The account's own registry unless the input names one; no other has any repositories.
    pub(super) fn registry_id<'a>(&'a self, input: &'a Value) -> Result<&'a str, ApiError> {
        Ok(text(input, "registryId")?.unwrap_or(&self.account))
    }
}

/// The page of `all` that `nextToken` and `maxResults` ask for, under `key`, with `nextToken` if there is more.
pub(super) fn page(input: &Value, key: &str, all: Vec<Value>) -> Result<Value, ApiError> {
    let size = whole(input, "maxResults")?.unwrap_or(DEFAULT_PAGE).max(1);
    let start: usize = match text(input, "nextToken")? {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|count| count.parse().ok())
            .ok_or_else(|| invalid("Invalid parameter at 'nextToken'"))?,
    };
    let end = start.saturating_add(usize::try_from(size).expect("the size was checked to be positive"));
    let more = all.len() > end;
    let page: Vec<Value> = all.into_iter().skip(start).take(end - start).collect();
    Ok(if more { json!({ key: page, "nextToken": format!("after-{end}") }) } else { json!({ key: page }) })
}

pub(super) fn required<'a>(input: &'a Value, key: &str) -> Result<&'a str, ApiError> {
    text(input, key)?.ok_or_else(|| {
        invalid(format!("Invalid parameter at '{key}' failed to satisfy constraint: 'must not be null'"))
    })
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterException", message)
}
