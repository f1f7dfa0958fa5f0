//! Lifecycle policies: keeping them, trying them, and letting images expire.
//!
//! Owns the operations and the daily evaluation. What a policy selects is in `lifecycle_rules`.
//!
//! Divergence from AWS: a policy is evaluated exactly a day after it was put, and every day from then on; a preview
//! takes five seconds.

use serde_json::{Value, json};

use crate::simulator::ecr::image_id::ImageId;
use crate::simulator::ecr::images::tag_filter;
use crate::simulator::ecr::lifecycle_rules::{Expiring, Rules};
use crate::simulator::ecr::ops::{page, required};
use crate::simulator::ecr::registry::Ecr;
use crate::simulator::ecr::repository::{Lifecycle, Repository};
use crate::simulator::error::ApiError;
use crate::simulator::members::text;
use crate::simulator::time::Time;

const DAY_MS: i64 = 24 * 3_600_000;

/// From the start of a preview to its end.
const PREVIEW_MS: i64 = 5_000;

impl Ecr {
    /// When a lifecycle policy is evaluated next.
    pub fn next_event(&self) -> Option<Time> {
        let policies = self.repositories.values().filter_map(|repository| repository.lifecycle.as_ref());
        policies.map(|policy| policy.evaluated.plus_millis(DAY_MS)).min()
    }

    /// Evaluates the lifecycle policies that are due, and tells what expired, as repository and digest.
    pub fn advance_to(&mut self, now: Time) -> Vec<(String, String)> {
        let mut gone = Vec::new();
        for repository in self.repositories.values_mut() {
            let due = repository.lifecycle.as_mut().filter(|policy| policy.evaluated.plus_millis(DAY_MS) <= now);
            let Some(policy) = due else { continue };
            policy.evaluated = now;
            let rules = Rules::read(&policy.text).unwrap_or_default();
            for expiring in rules.select(repository, now) {
                repository.forget(&expiring.digest);
                gone.push((repository.name.clone(), expiring.digest));
            }
        }
        gone
    }

    pub(super) fn put_lifecycle_policy(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let policy = required(input, "lifecyclePolicyText")?;
        let repository = self.repository_mut(input)?;
        Rules::read(policy)?;
        repository.lifecycle = Some(Lifecycle { text: policy.to_owned(), evaluated: now });
        let name = repository.name.clone();
        let mut answer = self.about(&name);
        answer.insert("lifecyclePolicyText".to_owned(), json!(policy));
        Ok(Value::Object(answer))
    }

    pub(super) fn get_lifecycle_policy(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let policy = repository.lifecycle.as_ref().ok_or_else(|| self.no_lifecycle(&repository.name))?;
        let mut answer = self.about(&repository.name);
        answer.insert("lifecyclePolicyText".to_owned(), json!(policy.text));
        answer.insert("lastEvaluatedAt".to_owned(), json!(policy.evaluated.epoch_seconds()));
        Ok(Value::Object(answer))
    }

    pub(super) fn delete_lifecycle_policy(&mut self, input: &Value) -> Result<Value, ApiError> {
        let answer = self.get_lifecycle_policy(input)?;
        self.repository_mut(input)?.lifecycle = None;
        Ok(answer)
    }

    pub(super) fn start_lifecycle_policy_preview(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        if repository.preview.as_ref().is_some_and(|preview| now.since(preview.evaluated) < PREVIEW_MS) {
            let message = format!(
                "Lifecycle policy preview is already in progress for the repository with name '{}' in the registry with id '{}'",
                repository.name, self.account
            );
            return Err(ApiError::client("LifecyclePolicyPreviewInProgressException", message));
        }
        let policy = match text(input, "lifecyclePolicyText")? {
            Some(policy) => policy.to_owned(),
            None => {
                let stored = repository.lifecycle.as_ref().ok_or_else(|| self.no_lifecycle(&repository.name))?;
                stored.text.clone()
            }
        };
        Rules::read(&policy)?;
        let mut answer = self.about(&repository.name);
        answer.insert("lifecyclePolicyText".to_owned(), json!(policy));
        answer.insert("status".to_owned(), json!("IN_PROGRESS"));
        self.repository_mut(input)?.preview = Some(Lifecycle { text: policy, evaluated: now });
        Ok(Value::Object(answer))
    }

    pub(super) fn get_lifecycle_policy_preview(&self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let Some(preview) = &repository.preview else {
            let message = format!(
                "Lifecycle policy preview does not exist for the repository with name '{}' in the registry with id '{}'",
                repository.name, self.account
            );
            return Err(ApiError::client("LifecyclePolicyPreviewNotFoundException", message));
        };
        let mut answer = self.about(&repository.name);
        answer.insert("lifecyclePolicyText".to_owned(), json!(preview.text));
        if now.since(preview.evaluated) < PREVIEW_MS {
            answer.insert("status".to_owned(), json!("IN_PROGRESS"));
            return Ok(Value::Object(answer));
        }
        let expiring = Rules::read(&preview.text)?.select(repository, now);
        answer.insert("status".to_owned(), json!("COMPLETE"));
        let (ids, wanted) = (ImageId::read_all(input)?, tag_filter(input)?);
        let asked = |expiring: &&Expiring| {
            let named = |id: &ImageId<'_>| repository.find(*id).is_some_and(|image| image.digest == expiring.digest);
            (ids.is_empty() || ids.iter().any(named)) && wanted.admits(repository.is_tagged(&expiring.digest))
        };
        let results = expiring.iter().filter(asked).map(|expiring| result(repository, expiring)).collect();
        if let Value::Object(page) = page(input, "previewResults", results)? {
            answer.extend(page);
        }
        answer.insert("summary".to_owned(), json!({"expiringImageTotalCount": expiring.len()}));
        Ok(Value::Object(answer))
    }

    fn no_lifecycle(&self, name: &str) -> ApiError {
        ApiError::client(
            "LifecyclePolicyNotFoundException",
            format!(
                "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{}'",
                self.account
            ),
        )
    }
}

fn result(repository: &Repository, expiring: &Expiring) -> Value {
    let Expiring { digest, priority } = expiring;
    let tags = repository.tags_of(digest);
    json!({
        "imageTags": tags,
        "imageDigest": digest,
        "imagePushedAt": repository.images[digest].pushed.epoch_seconds(),
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": priority,
    })
}
