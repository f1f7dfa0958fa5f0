//! ECR's operations on images.
//!
//! Owns the two ways of saying that an image is not there: DescribeImages refuses, BatchGetImage lists failures.
//! Deletion is in `deletion`.

use serde_json::{Value, json};

use crate::simulator::ecr::image_id::ImageId;
use crate::simulator::ecr::ops::{invalid, page, required};
use crate::simulator::ecr::registry::{Ecr, digest_of};
use crate::simulator::ecr::repository::{Image, Repository};
use crate::simulator::ecr::scans::{findings_summary, scan_status};
use crate::simulator::error::ApiError;
use crate::simulator::members::text;
use crate::simulator::time::Time;

impl Ecr {
    /// By `imageIds`, each image once however often it is named; or a page of all, by digest.
    pub(super) fn describe_images(&self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let ids = ImageId::read_all(input)?;
        if ids.is_empty() {
            let wanted = tag_filter(input)?;
            let chosen =
                repository.in_order().into_iter().filter(|image| wanted.admits(repository.is_tagged(&image.digest)));
            return page(input, "imageDetails", chosen.map(|image| self.detail(repository, image, now)).collect());
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
        let details: Vec<Value> = found.into_iter().map(|image| self.detail(repository, image, now)).collect();
        Ok(json!({"imageDetails": details}))
    }

    pub(super) fn batch_get_image(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let ids = ImageId::read_all(input)?;
        let (mut images, mut failures) = (Vec::new(), Vec::new());
        for id in ids {
            match repository.find(id) {
                Some(image) => images.push(self.render_image(repository, image, id.tag)),
                None => failures.push(id.failure(repository)),
            }
        }
        Ok(json!({"images": images, "failures": failures}))
    }

    /// One item per tag, and one for each untagged image.
    pub(super) fn list_images(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let wanted = tag_filter(input)?;
        let mut ids = Vec::new();
        for image in repository.in_order() {
            let tags = repository.tags_of(&image.digest);
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
        let tag = text(input, "imageTag")?;
        let repository = self.repository(input)?;
        let there = repository.images.contains_key(&digest);
        let tagged = tag.is_none_or(|tag| repository.tags.get(tag).is_some_and(|there| there.digest == digest));
        if there && tagged {
            let message = format!(
                "Image with digest '{digest}' and tag '{}' already exists in the repository with name '{name}' in registry with id '{}'",
                tag.unwrap_or("null"),
                self.account
            );
            return Err(ApiError::client("ImageAlreadyExistsException", message));
        }
        let media_type = text(input, "imageManifestMediaType")?.or(parsed["mediaType"].as_str());
        let media_type = media_type
            .ok_or_else(|| invalid("image manifest mediatype not provided in manifest or parameter"))?
            .to_owned();
        let digest = self.put(&name, manifest.to_owned(), media_type, tag, now)?;
        let repository = &self.repositories[&name];
        Ok(json!({"image": self.render_image(repository, &repository.images[&digest], tag)}))
    }

    fn detail(&self, repository: &Repository, image: &Image, now: Time) -> Value {
        let mut detail = self.about(&repository.name);
        let mut put = |name: &str, value: Value| detail.insert(name.to_owned(), value);
        put("imageDigest", json!(image.digest));
        let tags = repository.tags_of(&image.digest);
        if !tags.is_empty() {
            put("imageTags", json!(tags));
        }
        if let Some(size) = image.size {
            put("imageSizeInBytes", json!(size));
        }
        put("imagePushedAt", json!(image.pushed.epoch_seconds()));
        if let Some(status) = scan_status(image, now) {
            put("imageScanStatus", status);
        }
        if let Some(summary) = findings_summary(image, now) {
            put("imageScanFindingsSummary", summary);
        }
        put("imageManifestMediaType", json!(image.media_type));
        put("imageStatus", json!("ACTIVE"));
        Value::Object(detail)
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
}

/// `filter.tagStatus`.
pub(super) enum TagFilter {
    Any,
    Tagged,
    Untagged,
}

impl TagFilter {
    pub(super) fn admits(&self, tagged: bool) -> bool {
        match self {
            TagFilter::Any => true,
            TagFilter::Tagged => tagged,
            TagFilter::Untagged => !tagged,
        }
    }
}

pub(super) fn tag_filter(input: &Value) -> Result<TagFilter, ApiError> {
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
