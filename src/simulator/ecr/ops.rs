//! The operations of the ECR API by name, and what their inputs have in common.
//!
//! Owns the dispatch, repository look-up and paging; repositories are in `repositories`, images in `images`.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::ecr::registry::{Ecr, Repository, repository_not_found};
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, whole};
use crate::simulator::time::Time;

/// Pages have this many items unless `maxResults` says otherwise, and at most [`MAX_PAGE`].
const DEFAULT_PAGE: i64 = 100;
const MAX_PAGE: i64 = 1000;

impl Ecr {
    /// Answers one call.
    ///
    /// # Errors
    /// AWS's own codes, for example `ImageNotFoundException`; `UnknownOperationException` for what is not simulated.
    pub fn handle(&mut self, operation: &str, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        match operation {
            "BatchGetImage" => self.batch_get_image(input),
            "CreateRepository" => self.create_repository_op(input, now),
            "DescribeImages" => self.describe_images(input),
            "DescribeRepositories" => self.describe_repositories(input),
            "GetAuthorizationToken" => Ok(self.get_authorization_token(now, rng)),
            "ListImages" => self.list_images(input),
            "PutImage" => self.put_image(input, now),
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

    /// The account's own registry unless the input names one; no other has any repositories.
    pub(super) fn registry_id<'a>(&'a self, input: &'a Value) -> Result<&'a str, ApiError> {
        Ok(text(input, "registryId")?.unwrap_or(&self.account))
    }
}

/// The page of `all` that `nextToken` and `maxResults` ask for, under `key`, with `nextToken` if there is more.
pub(super) fn page(input: &Value, key: &str, all: Vec<Value>) -> Result<Value, ApiError> {
    let size = whole(input, "maxResults")?.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&size) {
        return Err(invalid(format!(
            "Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value between 1 and {MAX_PAGE}'"
        )));
    }
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
