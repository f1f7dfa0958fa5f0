//! The rules of a lifecycle policy: reading them, and the images that they select.
//!
//! Owns how rules compete: by priority, and an image that a rule looked at is out of reach for later ones. Source: ECR's
//! user guide, "How lifecycle policies work".
//!
//! Divergence from AWS: `expire` is the only action; images are never archived. The texts are assumed but for the first.

use serde_json::Value;

use crate::simulator::ecr::mutability::matches;
use crate::simulator::ecr::ops::invalid;
use crate::simulator::ecr::repository::{Image, Repository};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const DAY_MS: i64 = 24 * 3_600_000;

/// The rules of a policy, by priority.
#[derive(Clone, Default, Debug)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    priority: i64,
    status: Status,
    /// All must be met by tags of an image; with `*` for anything.
    patterns: Vec<String>,
    limit: Limit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    Any,
    Tagged,
    Untagged,
}

#[derive(Clone, Copy, Debug)]
enum Limit {
    /// All but so many of the newest.
    Count(usize),
    /// All that were pushed more than so many milliseconds ago.
    Age(i64),
}

/// An image that a rule lets expire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Expiring {
    pub(super) digest: String,
    pub(super) priority: i64,
}

impl Rules {
    /// # Errors
    /// `InvalidParameterException` for what is no policy.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        let policy: Value = serde_json::from_str(text).map_err(|_| no_policy("could not be parsed"))?;
        let rules = policy["rules"]
            .as_array()
            .ok_or_else(|| no_policy("object has missing required properties ([\"rules\"])"))?;
        let mut rules: Vec<Rule> = rules.iter().map(Rule::read).collect::<Result<_, ApiError>>()?;
        rules.sort_by_key(|rule| rule.priority);
        if rules.is_empty() || rules.windows(2).any(|pair| pair[0].priority == pair[1].priority) {
            return Err(no_policy("rules need priorities, each its own"));
        }
        Ok(Rules(rules))
    }

    /// What expires now.
    pub(super) fn select(&self, repository: &Repository, now: Time) -> Vec<Expiring> {
        let mut seen: Vec<&str> = Vec::new();
        let mut expiring: Vec<Expiring> = Vec::new();
        for rule in &self.0 {
            let mut mine: Vec<&Image> = repository.in_order();
            mine.retain(|image| !seen.contains(&image.digest.as_str()) && rule.is_about(repository, image));
            seen.extend(mine.iter().map(|image| image.digest.as_str()));
            let old = match rule.limit {
                Limit::Count(most) => mine.len().saturating_sub(most),
                Limit::Age(ms) => mine.iter().take_while(|image| now.since(image.pushed) > ms).count(),
            };
            let chosen = mine.into_iter().take(old).filter(|image| repository.lists_with(&image.digest).is_empty());
            expiring.extend(chosen.map(|image| Expiring { digest: image.digest.clone(), priority: rule.priority }));
        }
        expiring
    }
}

impl Rule {
    fn read(rule: &Value) -> Result<Self, ApiError> {
        let selection = &rule["selection"];
        let priority = rule["rulePriority"].as_i64().filter(|priority| *priority >= 1);
        let count = selection["countNumber"].as_i64().filter(|count| *count >= 1);
        let (Some(priority), Some(count)) = (priority, count) else {
            return Err(no_policy("a rule needs a rulePriority and a countNumber of at least 1"));
        };
        if rule["action"]["type"] != "expire" {
            return Err(no_policy("the action of a rule is expire"));
        }
        let status = match selection["tagStatus"].as_str() {
            Some("any") => Status::Any,
            Some("tagged") => Status::Tagged,
            Some("untagged") => Status::Untagged,
            Some(_) | None => return Err(no_policy("tagStatus is one of any, tagged, untagged")),
        };
        let strings = |key: &str| {
            let items = selection[key].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
        };
        let mut patterns = strings("tagPatternList");
        patterns.extend(strings("tagPrefixList").into_iter().map(|prefix| format!("{prefix}*")));
        if status == Status::Tagged && patterns.is_empty() {
            return Err(no_policy("tagPatternList or tagPrefixList is required when tagStatus is tagged"));
        }
        let limit = match (selection["countType"].as_str(), selection["countUnit"].as_str()) {
            (Some("imageCountMoreThan"), _) => Limit::Count(usize::try_from(count).unwrap_or(usize::MAX)),
            (Some("sinceImagePushed"), Some("days")) => Limit::Age(count.saturating_mul(DAY_MS)),
            (Some(_) | None, _) => {
                return Err(no_policy("countType is imageCountMoreThan, or sinceImagePushed with the countUnit days"));
            }
        };
        Ok(Rule { priority, status, patterns, limit })
    }

    fn is_about(&self, repository: &Repository, image: &Image) -> bool {
        let tags = repository.tags_of(&image.digest);
        match self.status {
            Status::Any => true,
            Status::Untagged => tags.is_empty(),
            Status::Tagged => self.patterns.iter().all(|pattern| tags.iter().any(|tag| matches(pattern, tag))),
        }
    }
}

fn no_policy(why: &str) -> ApiError {
    invalid(format!(
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: {why}'"
    ))
}
