//! The registry of the account: pushing, and finding the digest of an image reference.
//!
//! Owns what `docker push` and a container runtime do; AWS's operations are in `ops`, what a repository holds is in
//! `repository`.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::simulator::ecr::mutability::Mutability;
use crate::simulator::ecr::repository::{Pushed, Repository, is_index};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

pub(super) const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG_TYPE: &str = "application/vnd.docker.container.image.v1+json";
const LAYER_TYPE: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// The simulated ECR of one account and region.
#[derive(Debug)]
pub struct Ecr {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) repositories: BTreeMap<String, Repository>,
    /// The registry's own policy.
    pub(super) policy: Option<String>,
    /// `rules` of the replication configuration.
    pub(super) replication: Value,
    /// The registry's scanning configuration.
    pub(super) scanning: Value,
}

/// What is behind an image reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolved {
    /// An image of this registry, as `sha256:…`.
    Digest(String),
    /// Nothing: the text of the task's stopped reason, `CannotPullContainerError: …`.
    Missing(String),
    /// An image of another registry: a made-up digest that is always the same for the same reference.
    Foreign(String),
}

impl Ecr {
    /// An empty registry.
    pub fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            repositories: BTreeMap::new(),
            policy: None,
            replication: json!([]),
            scanning: json!({"scanType": "BASIC", "rules": []}),
        }
    }

    /// Makes a repository whose tags can be moved, or not; an existing one is left as it is.
    pub fn create_repository(&mut self, name: &str, immutable: bool, now: Time) {
        let mutability = if immutable { Mutability::Immutable } else { Mutability::Mutable };
        let made = || Repository::new(name, mutability, now);
        self.repositories.entry(name.to_owned()).or_insert_with(made);
    }

    /// Host name of the registry, the first part of its image references.
    pub fn host(&self) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com", self.account, self.region)
    }

    /// Pushes a new image under `tag`, as a build does: always new content, so always a new digest, which is returned.
    ///
    /// # Errors
    /// `RepositoryNotFoundException`; `ImageTagAlreadyExistsException` if the repository is IMMUTABLE.
    pub fn push(&mut self, repository: &str, tag: &str, now: Time, rng: &mut Rng) -> Result<String, ApiError> {
        let manifest = made_up_manifest(rng);
        self.put(repository, manifest, MANIFEST_TYPE.to_owned(), Some(tag), now)
    }

    /// The digest behind an image reference as it stands in a container definition:
    /// `HOST/repository:tag`, `HOST/repository@sha256:…`, or the name of a public image.
    pub fn resolve(&self, image: &str) -> Resolved {
        let host = self.host();
        let Some(path) = image.strip_prefix(&host).and_then(|rest| rest.strip_prefix('/')) else {
            return Resolved::Foreign(foreign_digest(image));
        };
        let (name, reference) = split_reference(path);
        let Some(repository) = self.repositories.get(name) else {
            return Resolved::Missing(format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {image}: pulling from host {host} failed with status code [manifests {reference}]: 404 Not Found"
            ));
        };
        let digest = repository.tags.get(reference).map_or(reference, |tag| tag.digest.as_str());
        match repository.images.get(digest) {
            Some(image) => Resolved::Digest(image.digest.clone()),
            None => Resolved::Missing(format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {image}: {image}: not found"
            )),
        }
    }

    /// Deletes an image with its tags. False if it was not there.
    pub fn remove_image(&mut self, repository: &str, digest: &str) -> bool {
        let Some(repository) = self.repositories.get_mut(repository) else { return false };
        repository.tags.retain(|_, tagged| tagged.digest != digest);
        repository.images.remove(digest).is_some()
    }

    /// Every tag with its digest, by repository, sorted.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.repositories.values().flat_map(|repository| {
            let tags = repository.tags.iter();
            tags.map(|(name, tag)| (repository.name.as_str(), name.as_str(), tag.digest.as_str()))
        })
    }

    /// Keeps a manifest, under a tag if there is one; returns its digest.
    pub(super) fn put(
        &mut self,
        repository: &str,
        manifest: String,
        media_type: String,
        tag: Option<&str>,
        now: Time,
    ) -> Result<String, ApiError> {
        let (account, scans) = (self.account.clone(), self.scans_at_push(repository));
        let Some(repository) = self.repositories.get_mut(repository) else {
            return Err(repository_not_found(repository, &account));
        };
        let digest = digest_of(manifest.as_bytes());
        if let Some(tag) = tag
            && repository.mutability.pins(tag)
            && repository.tags.get(tag).is_some_and(|there| there.digest != digest)
        {
            return Err(ApiError::client(
                "ImageTagAlreadyExistsException",
                format!(
                    "The image tag '{tag}' already exists in the '{}' repository and cannot be overwritten because the \
                     tag is immutable.",
                    repository.name
                ),
            ));
        }
        let new = !repository.images.contains_key(&digest);
        let size = (!is_index(&media_type)).then(|| stated_size(&manifest));
        repository.keep(Pushed { digest: digest.clone(), manifest, media_type, size }, tag, now);
        if let Some(image) = repository.images.get_mut(&digest).filter(|image| new && scans && !image.is_index()) {
            image.scanned = Some(now);
        }
        Ok(digest)
    }
}

/// `sha256:` and the hex digest of exactly these bytes.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// `sha256:` and these bytes in hex.
pub(super) fn hex(hash: &[u8]) -> String {
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// AWS's answer to a repository that does not exist.
pub(super) fn repository_not_found(repository: &str, account: &str) -> ApiError {
    ApiError::client(
        "RepositoryNotFoundException",
        format!("The repository with name '{repository}' does not exist in the registry with id '{account}'"),
    )
}

/// The repository name, and its digest, tag or `latest`.
fn split_reference(path: &str) -> (&str, &str) {
    if let Some((name, digest)) = path.split_once('@') {
        // `name:tag@digest` is legal, and the digest decides.
        return (name.split_once(':').map_or(name, |(name, _)| name), digest);
    }
    path.split_once(':').unwrap_or((path, "latest"))
}

/// A digest that is named is taken at its word; another is made from the reference.
fn foreign_digest(image: &str) -> String {
    match image.split_once('@') {
        Some((_, digest)) => digest.to_owned(),
        None => digest_of(image.as_bytes()),
    }
}

fn made_up_manifest(rng: &mut Rng) -> String {
    let mut blob = |media_type: &str, size: std::ops::Range<u64>| {
        let digest = digest_of(&rng.u128(..).to_be_bytes());
        json!({"mediaType": media_type, "size": rng.u64(size), "digest": digest})
    };
    let config = blob(CONFIG_TYPE, 4_000..12_000);
    let layers = [blob(LAYER_TYPE, 20_000_000..60_000_000), blob(LAYER_TYPE, 100_000_000..900_000_000)];
    json!({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": layers}).to_string()
}

/// The sum of what the manifest says of config and layers, in bytes.
fn stated_size(manifest: &str) -> u64 {
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let blobs = layers.chain(std::iter::once(&manifest["config"]));
    blobs.filter_map(|blob| blob["size"].as_u64()).fold(0, u64::saturating_add)
}
