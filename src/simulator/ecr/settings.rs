//! The registry's settings: replication, and which repositories are scanned when.
//!
//! Owns them as records. Nothing is replicated; a push is scanned if a rule or the repository says so.

use serde_json::{Value, json};

use crate::simulator::ecr::mutability::matches;
use crate::simulator::ecr::ops::invalid;
use crate::simulator::ecr::registry::Ecr;
use crate::simulator::error::ApiError;
use crate::simulator::members::{items, text, texts};

impl Ecr {
    pub(super) fn describe_registry(&self) -> Value {
        json!({"registryId": self.account, "replicationConfiguration": {"rules": self.replication}})
    }

    pub(super) fn put_replication(&mut self, input: &Value) -> Result<Value, ApiError> {
        let configuration = &input["replicationConfiguration"];
        let rules = items(configuration, "rules")?;
        let destinations = rules.iter().flat_map(|rule| rule["destinations"].as_array()).flatten();
        for destination in destinations {
            if destination["region"] == json!(self.region) && destination["registryId"] == json!(self.account) {
                return Err(invalid(
                    "Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'Replication \
                     destination cannot be the same as the source registry'",
                ));
            }
        }
        self.replication = json!(rules);
        Ok(json!({"replicationConfiguration": {"rules": rules}}))
    }

    pub(super) fn get_registry_scanning(&self) -> Value {
        json!({"registryId": self.account, "scanningConfiguration": self.scanning})
    }

    pub(super) fn put_registry_scanning(&mut self, input: &Value) -> Result<Value, ApiError> {
        let kind = text(input, "scanType")?.unwrap_or("BASIC");
        let rules = items(input, "rules")?;
        if kind == "BASIC" && rules.iter().any(|rule| rule["scanFrequency"] == "CONTINUOUS_SCAN") {
            return Err(invalid(
                "Invalid parameter at 'rules' failed to satisfy constraint: 'CONTINUOUS_SCAN is not supported when \
                 scanType is BASIC'",
            ));
        }
        self.scanning = json!({"scanType": kind, "rules": rules});
        Ok(json!({"registryScanningConfiguration": self.scanning}))
    }

    pub(super) fn batch_get_scanning(&self, input: &Value) -> Result<Value, ApiError> {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in texts(input, "repositoryNames")? {
            let Some(repository) = self.repositories.get(name) else {
                let code = "REPOSITORY_NOT_FOUND";
                failures.push(json!({"repositoryName": name, "failureCode": code, "failureReason": code}));
                continue;
            };
            let (frequency, filters) = self.scan_rule(name).unwrap_or(("MANUAL", Vec::new()));
            found.push(json!({
                "repositoryArn": self.repository_arn(name),
                "repositoryName": name,
                "scanOnPush": repository.scan_on_push,
                "scanFrequency": frequency,
                "appliedScanFilters": filters,
            }));
        }
        Ok(json!({"scanningConfigurations": found, "failures": failures}))
    }

    /// Whether an image that is pushed to this repository is scanned.
    pub(super) fn scans_at_push(&self, name: &str) -> bool {
        let own = self.repositories.get(name).is_some_and(|repository| repository.scan_on_push);
        own || self.scan_rule(name).is_some_and(|(frequency, _)| frequency != "MANUAL")
    }

    /// The frequency of the first rule that is about a repository, with the filters that say so.
    fn scan_rule(&self, name: &str) -> Option<(&str, Vec<&Value>)> {
        self.scanning["rules"].as_array()?.iter().find_map(|rule| {
            let filters = rule["repositoryFilters"].as_array()?.iter();
            let applied: Vec<&Value> =
                filters.filter(|filter| filter["filter"].as_str().is_some_and(|filter| covers(filter, name))).collect();
            (!applied.is_empty()).then_some((rule["scanFrequency"].as_str()?, applied))
        })
    }
}

/// A filter without a wildcard covers all names that have it; one with wildcards the names that it describes.
fn covers(filter: &str, name: &str) -> bool {
    if filter.contains('*') { matches(filter, name) } else { name.contains(filter) }
}
