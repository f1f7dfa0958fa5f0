//! ECR's operations on repositories, and the token of `docker login`.
//!
//! Owns their answers. The token opens nothing: there is no Docker registry behind it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::ecr::ops::{invalid, page, required};
use crate::simulator::ecr::registry::{Ecr, Repository, repository_not_found};
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts};
use crate::simulator::time::Time;

/// A token is good for 12 hours.
const TOKEN_MS: i64 = 12 * 3_600_000;

impl Ecr {
    pub(super) fn create_repository_op(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let name = required(input, "repositoryName")?;
        if !is_repository_name(name) {
            return Err(invalid(format!(
                "Invalid parameter at 'repositoryName' failed to satisfy constraint: '{name}' is not a repository name"
            )));
        }
        if self.repositories.contains_key(name) {
            let message =
                format!("The repository with name '{name}' already exists in the registry with id '{}'", self.account);
            return Err(ApiError::client("RepositoryAlreadyExistsException", message));
        }
        let immutable = match text(input, "imageTagMutability")? {
            None | Some("MUTABLE") => false,
            Some("IMMUTABLE") => true,
            Some(other) => {
                return Err(invalid(format!("imageTagMutability '{other}' is not simulated")));
            }
        };
        self.create_repository(name, immutable, now);
        Ok(json!({"repository": self.render(&self.repositories[name])}))
    }

    pub(super) fn describe_repositories(&self, input: &Value) -> Result<Value, ApiError> {
        let registry = self.registry_id(input)?;
        let names = texts(input, "repositoryNames")?;
        let own = registry == self.account;
        if let Some(name) = names.iter().find(|name| !own || !self.repositories.contains_key(**name)) {
            return Err(repository_not_found(name, registry));
        }
        let chosen = self
            .repositories
            .values()
            .filter(|there| own && (names.is_empty() || names.contains(&there.name.as_str())));
        page(input, "repositories", chosen.map(|there| self.render(there)).collect())
    }

    pub(super) fn get_authorization_token(&self, now: Time, rng: &mut Rng) -> Value {
        let token = STANDARD.encode(format!("AWS:{:032x}", rng.u128(..)));
        let proxy = format!("https://{}", self.host());
        let expires = now.plus_millis(TOKEN_MS).epoch_seconds();
        json!({"authorizationData": [{"authorizationToken": token, "expiresAt": expires, "proxyEndpoint": proxy}]})
    }

    fn render(&self, repository: &Repository) -> Value {
        let Repository { name, immutable, created, images: _, tags: _ } = repository;
        json!({
            "repositoryArn": format!("arn:aws:ecr:{}:{}:repository/{name}", self.region, self.account),
            "registryId": self.account,
            "repositoryName": name,
            "repositoryUri": format!("{}/{name}", self.host()),
            "createdAt": created.epoch_seconds(),
            "imageTagMutability": if *immutable { "IMMUTABLE" } else { "MUTABLE" },
            "imageScanningConfiguration": {"scanOnPush": false},
            "encryptionConfiguration": {"encryptionType": "AES256"},
        })
    }
}

/// `[a-z0-9]` words with `.`, `_` and `-` within, in parts between slashes, 2 to 256 characters.
fn is_repository_name(name: &str) -> bool {
    let word = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let part = |part: &str| {
        part.starts_with(word) && part.ends_with(word) && part.chars().all(|it| word(it) || "._-".contains(it))
    };
    (2..=256).contains(&name.len()) && name.split('/').all(part)
}
