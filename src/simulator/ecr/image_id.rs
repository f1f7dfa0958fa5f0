//! `imageId`: the ways in which calls name an image, and what ECR says of those that name none.
//!
//! Owns reading and writing of it. Finding the image belongs to `repository`.

use serde_json::{Value, json};

use crate::simulator::ecr::registry::Ecr;
use crate::simulator::ecr::repository::Repository;
use crate::simulator::error::ApiError;
use crate::simulator::members::{items, text};

/// A tag, a digest, or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImageId<'a> {
    pub(super) digest: Option<&'a str>,
    pub(super) tag: Option<&'a str>,
}

impl<'a> ImageId<'a> {
    pub(super) fn read(id: &'a Value) -> Result<Self, ApiError> {
        Ok(ImageId { digest: text(id, "imageDigest")?, tag: text(id, "imageTag")? })
    }

    /// `imageIds` of an input.
    pub(super) fn read_all(input: &'a Value) -> Result<Vec<Self>, ApiError> {
        items(input, "imageIds")?.iter().map(ImageId::read).collect()
    }

    pub(super) fn render(self) -> Value {
        match (self.digest, self.tag) {
            (Some(digest), Some(tag)) => json!({"imageDigest": digest, "imageTag": tag}),
            (Some(digest), None) => json!({"imageDigest": digest}),
            (None, Some(tag)) => json!({"imageTag": tag}),
            (None, None) => json!({}),
        }
    }

    /// An item of `failures`: why this id finds no image in a repository.
    pub(super) fn failure(self, repository: &Repository) -> Value {
        let tagged = self.tag.and_then(|tag| repository.tags.get(tag));
        let (code, reason) = match (self.digest, tagged) {
            (None, _) if self.tag.is_none() => {
                ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
            }
            (Some(digest), _) if !is_digest(digest) => (
                "InvalidImageDigest",
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            ),
            (Some(_), Some(_)) => ("ImageTagDoesNotMatchDigest", "Requested image tag does not match digest"),
            (Some(_) | None, Some(_) | None) => ("ImageNotFound", "Requested image not found"),
        };
        json!({"imageId": self.render(), "failureCode": code, "failureReason": reason})
    }

    /// `{imageDigest:'null', imageTag:'v1'}`, as refusals name an image.
    pub(super) fn said(self) -> String {
        let quoted = |part: Option<&str>| format!("'{}'", part.unwrap_or("null"));
        format!("{{imageDigest:{}, imageTag:{}}}", quoted(self.digest), quoted(self.tag))
    }
}

impl Ecr {
    pub(super) fn image_not_found(&self, repository: &Repository, id: ImageId<'_>) -> ApiError {
        ApiError::client(
            "ImageNotFoundException",
            format!(
                "The image with imageId {} does not exist within the repository with name '{}' in the registry with \
                 id '{}'",
                id.said(),
                repository.name,
                self.account
            ),
        )
    }
}

/// `algorithm:hex`.
pub(super) fn is_digest(digest: &str) -> bool {
    let algorithm = |letter: char| letter.is_ascii_alphanumeric() || "-_+.".contains(letter);
    digest.split_once(':').is_some_and(|(name, hex)| {
        !name.is_empty()
            && name.chars().all(algorithm)
            && !hex.is_empty()
            && hex.chars().all(|it| it.is_ascii_hexdigit())
    })
}
