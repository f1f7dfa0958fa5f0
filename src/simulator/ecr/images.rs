//! ECR's operations on images.
//!
//! Owns finding an image by tag, by digest or by both, and the two ways of saying that it is not there:
//! DescribeImages refuses, BatchGetImage lists failures.

use serde_json::{Value, json};

use crate::simulator::ecr::ops::{invalid, page, required};
use crate::simulator::ecr::registry::{Ecr, Image, MANIFEST_TYPE, Repository, digest_of};
use crate::simulator::error::ApiError;
use crate::simulator::members::{items, text};
use crate::simulator::time::Time;

/// DescribeImages and BatchGetImage take this many ids at once.
const MAX_IDS: usize = 100;

/// A tag has this many characters at most.
const MAX_TAG: usize = 300;

/// `imageId`: a tag, a digest, or both.
#[derive(Clone, Copy)]
struct ImageId<'a> {
    digest: Option<&'a str>,
    tag: Option<&'a str>,
}

impl Ecr {
    /// By `imageIds`, each image once however often it is named; or a page of all, by digest.
    pub(super) fn describe_images(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let ids = image_ids(input)?;
        if ids.is_empty() {
            let wanted = tag_filter(input)?;
            let chosen = repository.images.values().filter(|image| wanted.admits(repository.is_tagged(image)));
            return page(input, "imageDetails", chosen.map(|image| self.detail(repository, image)).collect());
        }
        if text(input, "nextToken")?.is_some() || input.get("maxResults").is_some_and(|value| !value.is_null()) {
            return Err(invalid("nextToken and maxResults cannot be used with imageIds"));
        }
        let mut found: Vec<&Image> = Vec::new();
        for id in ids {
            let image = repository.find(id).ok_or_else(|| self.image_not_found(repository, id))?;
            if !found.iter().any(|there| there.digest == image.digest) {
                found.push(image);
            }
        }
        let details: Vec<Value> = found.into_iter().map(|image| self.detail(repository, image)).collect();
        Ok(json!({"imageDetails": details}))
    }

    pub(super) fn batch_get_image(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let ids = image_ids(input)?;
        if ids.is_empty() {
            return Err(invalid("Invalid parameter at 'imageIds' failed to satisfy constraint: 'must not be null'"));
        }
        let (mut images, mut failures) = (Vec::new(), Vec::new());
        for id in ids {
            match repository.find(id) {
                Some(image) => images.push(self.render_image(repository, image, id.tag)),
                None => failures.push(json!({
                    "imageId": id.render(),
                    "failureCode": "ImageNotFound",
                    "failureReason": "Requested image not found",
                })),
            }
        }
        Ok(json!({"images": images, "failures": failures}))
    }

    /// One item per tag, and one for each untagged image.
    pub(super) fn list_images(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let wanted = tag_filter(input)?;
        let mut ids = Vec::new();
        for image in repository.images.values() {
            let tags = repository.tags_of(image);
            if !wanted.admits(!tags.is_empty()) {
                continue;
            }
            if tags.is_empty() {
                ids.push(json!({"imageDigest": image.digest}));
            }
            ids.extend(tags.into_iter().map(|tag| json!({"imageDigest": image.digest, "imageTag": tag})));
        }
        page(input, "imageIds", ids)
    }

    pub(super) fn put_image(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let name = self.repository(input)?.name.clone();
        let manifest = required(input, "imageManifest")?;
        let parsed: Value = serde_json::from_str(manifest).map_err(|_| {
            invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'")
        })?;
        let digest = digest_of(manifest.as_bytes());
        if text(input, "imageDigest")?.is_some_and(|stated| stated != digest) {
            let message =
                "The specified image digest does not match the digest that Amazon ECR calculated for the image.";
            return Err(ApiError::client("ImageDigestDoesNotMatchException", message));
        }
        let tag = image_tag(input)?;
        let repository = self.repository(input)?;
        let there = repository.images.contains_key(&digest);
        let tagged = tag.is_none_or(|tag| repository.tags.get(tag) == Some(&digest));
        if there && tagged {
            let message = format!(
                "Image with digest '{digest}' and tag '{}' already exists in the repository with name '{name}' in registry with id '{}'",
                tag.unwrap_or("null"),
                self.account
            );
            return Err(ApiError::client("ImageAlreadyExistsException", message));
        }
        let media_type = text(input, "imageManifestMediaType")?.or(parsed["mediaType"].as_str());
        let media_type = media_type.unwrap_or(MANIFEST_TYPE).to_owned();
        let digest = self.put(&name, manifest.to_owned(), media_type, tag, now)?;
        let repository = &self.repositories[&name];
        Ok(json!({"image": self.render_image(repository, &repository.images[&digest], tag)}))
    }

    fn detail(&self, repository: &Repository, image: &Image) -> Value {
        let Image { digest, manifest: _, media_type, size, pushed } = image;
        let mut detail = json!({
            "registryId": self.account,
            "repositoryName": repository.name,
            "imageDigest": digest,
            "imageTags": repository.tags_of(image),
            "imageSizeInBytes": size,
            "imagePushedAt": pushed.epoch_seconds(),
            "imageManifestMediaType": media_type,
        });
        if !repository.is_tagged(image)
            && let Some(members) = detail.as_object_mut()
        {
            // An untagged image has no list of tags at all, not an empty one.
            members.shift_remove("imageTags");
        }
        detail
    }

    fn render_image(&self, repository: &Repository, image: &Image, tag: Option<&str>) -> Value {
        let id = ImageId { digest: Some(&image.digest), tag };
        json!({
            "registryId": self.account,
            "repositoryName": repository.name,
            "imageId": id.render(),
            "imageManifest": image.manifest,
            "imageManifestMediaType": image.media_type,
        })
    }

    fn image_not_found(&self, repository: &Repository, id: ImageId) -> ApiError {
        let quoted = |part: Option<&str>| format!("'{}'", part.unwrap_or("null"));
        ApiError::client(
            "ImageNotFoundException",
            format!(
                "The image with imageId {{imageDigest:{}, imageTag:{}}} does not exist within the repository with name \
                 '{}' in the registry with id '{}'",
                quoted(id.digest),
                quoted(id.tag),
                repository.name,
                self.account
            ),
        )
    }
}

impl Repository {
    fn find(&self, id: ImageId) -> Option<&Image> {
        let ImageId { digest, tag } = id;
        let tagged = match tag {
            Some(tag) => Some(self.tags.get(tag)?.as_str()),
            None => None,
        };
        match (digest, tagged) {
            (Some(digest), Some(tagged)) if digest != tagged => None,
            (Some(digest), Some(_) | None) => self.images.get(digest),
            (None, tagged) => self.images.get(tagged?),
        }
    }

    fn tags_of(&self, image: &Image) -> Vec<&str> {
        let tags = self.tags.iter().filter(|(_, digest)| **digest == image.digest);
        tags.map(|(tag, _)| tag.as_str()).collect()
    }

    fn is_tagged(&self, image: &Image) -> bool {
        self.tags.values().any(|digest| *digest == image.digest)
    }
}

impl ImageId<'_> {
    fn render(self) -> Value {
        match (self.digest, self.tag) {
            (Some(digest), Some(tag)) => json!({"imageDigest": digest, "imageTag": tag}),
            (Some(digest), None) => json!({"imageDigest": digest}),
            (None, Some(tag)) => json!({"imageTag": tag}),
            (None, None) => json!({}),
        }
    }
}

/// `filter.tagStatus`.
enum TagFilter {
    Any,
    Tagged,
    Untagged,
}

impl TagFilter {
    fn admits(&self, tagged: bool) -> bool {
        match self {
            TagFilter::Any => true,
            TagFilter::Tagged => tagged,
            TagFilter::Untagged => !tagged,
        }
    }
}

fn tag_filter(input: &Value) -> Result<TagFilter, ApiError> {
    let Some(filter) = input.get("filter") else {
        return Ok(TagFilter::Any);
    };
    match text(filter, "tagStatus")? {
        None | Some("ANY") => Ok(TagFilter::Any),
        Some("TAGGED") => Ok(TagFilter::Tagged),
        Some("UNTAGGED") => Ok(TagFilter::Untagged),
        Some(other) => Err(invalid(format!("Invalid parameter at 'filter.tagStatus': '{other}'"))),
    }
}

fn image_tag(input: &Value) -> Result<Option<&str>, ApiError> {
    let tag = text(input, "imageTag")?;
    if tag.is_some_and(|tag| !(1..=MAX_TAG).contains(&tag.len())) {
        return Err(invalid(format!(
            "Invalid parameter at 'imageTag' failed to satisfy constraint: 'Member must have length between 1 and {MAX_TAG}'"
        )));
    }
    Ok(tag)
}

fn image_ids(input: &Value) -> Result<Vec<ImageId<'_>>, ApiError> {
    let ids = items(input, "imageIds")?;
    if ids.len() > MAX_IDS {
        return Err(invalid(format!(
            "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length less than or equal to {MAX_IDS}'"
        )));
    }
    if ids.is_empty() && input.get("imageIds").is_some_and(Value::is_array) {
        return Err(invalid(
            "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length greater than or equal to 1'",
        ));
    }
    ids.iter().map(|id| Ok(ImageId { digest: text(id, "imageDigest")?, tag: image_tag(id)? })).collect()
}
