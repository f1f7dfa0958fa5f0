//! The policies of a repository and of the registry.
//!
//! Owns keeping them and telling what is no policy. Nobody's rights depend on them.
//!
//! Divergence from AWS: principals, conditions and resources are not looked into.

use serde_json::{Value, json};

use crate::simulator::ecr::ops::{invalid, required};
use crate::simulator::ecr::registry::Ecr;
use crate::simulator::error::ApiError;

/// What the registry's policy can be about.
const REGISTRY_ACTIONS: [&str; 5] =
    ["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:*", "*"];

impl Ecr {
    pub(super) fn set_repository_policy(&mut self, input: &Value) -> Result<Value, ApiError> {
        let policy = required(input, "policyText")?;
        let repository = self.repository_mut(input)?;
        if !is_policy(policy, |action| action == "*" || action.starts_with("ecr:")) {
            return Err(no_policy("repository"));
        }
        repository.policy = Some(policy.to_owned());
        let name = repository.name.clone();
        Ok(self.told(&name, policy))
    }

    pub(super) fn get_repository_policy(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let policy = repository.policy.as_ref().ok_or_else(|| self.unwritten(&repository.name))?;
        Ok(self.told(&repository.name, policy))
    }

    pub(super) fn delete_repository_policy(&mut self, input: &Value) -> Result<Value, ApiError> {
        let answer = self.get_repository_policy(input)?;
        self.repository_mut(input)?.policy = None;
        Ok(answer)
    }

    pub(super) fn put_registry_policy(&mut self, input: &Value) -> Result<Value, ApiError> {
        let policy = required(input, "policyText")?;
        if !is_policy(policy, |action| REGISTRY_ACTIONS.contains(&action)) {
            return Err(no_policy("registry"));
        }
        self.policy = Some(policy.to_owned());
        Ok(json!({"registryId": self.account, "policyText": policy}))
    }

    pub(super) fn get_registry_policy(&self) -> Result<Value, ApiError> {
        match &self.policy {
            Some(policy) => Ok(json!({"registryId": self.account, "policyText": policy})),
            None => Err(ApiError::client(
                "RegistryPolicyNotFoundException",
                format!("Registry policy does not exist in the registry with id '{}'", self.account),
            )),
        }
    }

    pub(super) fn delete_registry_policy(&mut self) -> Result<Value, ApiError> {
        let answer = self.get_registry_policy()?;
        self.policy = None;
        Ok(answer)
    }

    fn told(&self, name: &str, policy: &str) -> Value {
        let mut answer = self.about(name);
        answer.insert("policyText".to_owned(), json!(policy));
        Value::Object(answer)
    }

    fn unwritten(&self, name: &str) -> ApiError {
        ApiError::client(
            "RepositoryPolicyNotFoundException",
            format!(
                "Repository policy does not exist for the repository with name '{name}' in the registry with id '{}'",
                self.account
            ),
        )
    }
}

/// Whether a text is a policy whose actions are all known.
fn is_policy(text: &str, known: impl Fn(&str) -> bool) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(text) else { return false };
    let version = policy.get("Version").is_none_or(|version| version == "2012-10-17" || version == "2008-10-17");
    let statements = list(&policy["Statement"]);
    version && !statements.is_empty() && statements.into_iter().all(|statement| is_statement(statement, &known))
}

fn is_statement(statement: &Value, known: impl Fn(&str) -> bool) -> bool {
    let one_of = |keys: [&str; 2]| keys.iter().filter(|key| !statement[**key].is_null()).count() == 1;
    let effect = statement["Effect"] == "Allow" || statement["Effect"] == "Deny";
    let actions = ["Action", "NotAction"].into_iter().flat_map(|key| list(&statement[key]));
    let known = actions.into_iter().all(|action| action.as_str().is_some_and(&known));
    effect && known && one_of(["Principal", "NotPrincipal"]) && one_of(["Action", "NotAction"])
}

/// A list, or the one thing that may stand instead of it.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

fn no_policy(of: &str) -> ApiError {
    invalid(format!("Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid {of} policy provided'"))
}
