//! ECR's operations on repositories, and the token of `docker login`.
//!
//! Owns their answers. The token opens nothing: there is no Docker registry behind it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::simulator::arn;
use crate::simulator::ecr::labels;
use crate::simulator::ecr::mutability::Mutability;
use crate::simulator::ecr::ops::{invalid, page, required};
use crate::simulator::ecr::registry::{Ecr, repository_not_found};
use crate::simulator::ecr::repository::{Encryption, Repository};
use crate::simulator::error::ApiError;
use crate::simulator::members::{text, texts, truth};
use crate::simulator::time::Time;

/// A token is good for 12 hours.
const TOKEN_MS: i64 = 12 * 3_600_000;

impl Ecr {
    pub(super) fn create_repository_op(&mut self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let name = required(input, "repositoryName")?;
        if !is_repository_name(name) {
            return Err(invalid(format!(
                "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
                 '{NAME_PATTERN}''"
            )));
        }
        let registry = self.registry_id(input)?;
        if registry != self.account {
            let message = format!("The registry with id '{registry}' is not yours");
            return Err(ApiError::client("AccessDeniedException", message));
        }
        if self.repositories.contains_key(name) {
            let message =
                format!("The repository with name '{name}' already exists in the registry with id '{}'", self.account);
            return Err(ApiError::client("RepositoryAlreadyExistsException", message));
        }
        let mut repository = Repository::new(name, Mutability::read(input)?, now);
        repository.scan_on_push = scan_on_push(input)?;
        repository.labels = labels::read(input)?;
        repository.encryption = self.encryption(input, rng)?;
        let answer = json!({"repository": self.render(&repository)});
        self.repositories.insert(name.to_owned(), repository);
        Ok(answer)
    }

    pub(super) fn delete_repository(&mut self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let name = repository.name.clone();
        if !repository.images.is_empty() && truth(input, "force")? != Some(true) {
            let message = format!(
                "The repository with name '{name}' in registry with id '{}' cannot be deleted because it still contains \
                 images",
                self.account
            );
            return Err(ApiError::client("RepositoryNotEmptyException", message));
        }
        let mut shown = self.render(repository);
        if let Some(members) = shown.as_object_mut() {
            members.shift_remove("imageScanningConfiguration");
            members.shift_remove("encryptionConfiguration");
        }
        self.repositories.remove(&name);
        Ok(json!({"repository": shown}))
    }

    pub(super) fn put_image_tag_mutability(&mut self, input: &Value) -> Result<Value, ApiError> {
        let mutability = Mutability::read(input)?;
        let repository = self.repository_mut(input)?;
        repository.mutability = mutability.clone();
        let name = repository.name.clone();
        let mut answer = self.about(&name);
        mutability.show(&mut answer);
        Ok(Value::Object(answer))
    }

    pub(super) fn put_image_scanning(&mut self, input: &Value) -> Result<Value, ApiError> {
        let on = scan_on_push(input)?;
        let repository = self.repository_mut(input)?;
        repository.scan_on_push = on;
        let name = repository.name.clone();
        let mut answer = self.about(&name);
        answer.insert("imageScanningConfiguration".to_owned(), json!({"scanOnPush": on}));
        Ok(Value::Object(answer))
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

    /// One token for each registry that is named; without names for the caller's own.
    pub(super) fn get_authorization_token(&self, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let named = texts(input, "registryIds")?;
        let registries = if named.is_empty() { vec![self.account.as_str()] } else { named };
        let expires = now.plus_millis(TOKEN_MS).epoch_seconds();
        let tokens = registries.into_iter().map(|registry| {
            let token = STANDARD.encode(format!("AWS:{:032x}", rng.u128(..)));
            let proxy = format!("https://{registry}.dkr.ecr.{}.amazonaws.com", self.region);
            json!({"authorizationToken": token, "expiresAt": expires, "proxyEndpoint": proxy})
        });
        Ok(json!({"authorizationData": tokens.collect::<Vec<Value>>()}))
    }

    pub(super) fn repository_arn(&self, name: &str) -> String {
        format!("arn:aws:ecr:{}:{}:repository/{name}", self.region, self.account)
    }

    fn render(&self, repository: &Repository) -> Value {
        let Repository { name, mutability, scan_on_push, encryption, created, .. } = repository;
        let mut shown = Map::new();
        shown.insert("repositoryArn".to_owned(), json!(self.repository_arn(name)));
        shown.extend(self.about(name));
        shown.insert("repositoryUri".to_owned(), json!(format!("{}/{name}", self.host())));
        shown.insert("createdAt".to_owned(), json!(created.epoch_seconds()));
        mutability.show(&mut shown);
        shown.insert("imageScanningConfiguration".to_owned(), json!({"scanOnPush": scan_on_push}));
        let mut at_rest = json!({"encryptionType": encryption.kind});
        if let Some(key) = &encryption.key {
            at_rest["kmsKey"] = json!(key);
        }
        shown.insert("encryptionConfiguration".to_owned(), at_rest);
        Value::Object(shown)
    }

    /// AES256 unless the input says otherwise; KMS has a key, which AWS makes if none is named.
    fn encryption(&self, input: &Value, rng: &mut Rng) -> Result<Encryption, ApiError> {
        let Some(given) = input.get("encryptionConfiguration").filter(|given| given.is_object()) else {
            return Ok(Encryption::default());
        };
        let (kind, key) = (required(given, "encryptionType")?, text(given, "kmsKey")?);
        let key = match (kind, key) {
            ("AES256", Some(_)) => {
                return Err(invalid(
                    "Invalid parameter at 'encryptionConfiguration' failed to satisfy constraint: 'kmsKey must be null \
                     when encryptionType is AES256'",
                ));
            }
            ("AES256", None) => None,
            (_, Some(key)) => Some(key.to_owned()),
            (_, None) => Some(format!("arn:aws:kms:{}:{}:key/{}", self.region, self.account, arn::uuid(rng))),
        };
        Ok(Encryption { kind: kind.to_owned(), key })
    }
}

fn scan_on_push(input: &Value) -> Result<bool, ApiError> {
    let given = input.get("imageScanningConfiguration").filter(|given| given.is_object());
    Ok(given.map(|given| truth(given, "scanOnPush")).transpose()?.flatten().unwrap_or(false))
}

/// What names must match; checked by [`is_repository_name`].
const NAME_PATTERN: &str = "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*";

/// `[a-z0-9]` words with `.`, `_` and `-` within, in parts between slashes, 2 to 256 characters.
fn is_repository_name(name: &str) -> bool {
    let word = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let part = |part: &str| {
        part.starts_with(word) && part.ends_with(word) && part.chars().all(|it| word(it) || "._-".contains(it))
    };
    (2..=256).contains(&name.len()) && name.split('/').all(part)
}
