//! BatchDeleteImage: by tag, by digest, and what cannot be deleted.
//!
//! Owns the rule that an image goes with its last tag, and that one which an index lists stays.

use serde_json::{Value, json};

use crate::simulator::ecr::image_id::ImageId;
use crate::simulator::ecr::registry::Ecr;
use crate::simulator::ecr::repository::Repository;
use crate::simulator::error::ApiError;

impl Ecr {
    /// One item for each tag that went, and one for each image that had none.
    pub(super) fn batch_delete_image(&mut self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository_mut(input)?;
        let (mut gone, mut failures) = (Vec::new(), Vec::new());
        for id in ImageId::read_all(input)? {
            match delete(repository, id) {
                Ok(ids) => gone.extend(ids),
                Err(failure) => failures.push(failure),
            }
        }
        Ok(json!({"imageIds": gone, "failures": failures}))
    }
}

/// The ids that are no more, or the failure.
fn delete(repository: &mut Repository, id: ImageId<'_>) -> Result<Vec<Value>, Value> {
    let Some(image) = repository.find(id) else {
        return Err(id.failure(repository));
    };
    let digest = image.digest.clone();
    let tags: Vec<String> = repository.tags_of(&digest).into_iter().map(str::to_owned).collect();
    let shown = |tag: Option<&str>| ImageId { digest: Some(&digest), tag }.render();
    if let (None, Some(tag)) = (id.digest, id.tag)
        && tags.len() > 1
    {
        let ids = vec![shown(Some(tag))];
        repository.tags.remove(tag);
        return Ok(ids);
    }
    let lists = repository.lists_with(&digest);
    if !lists.is_empty() {
        let reason = format!("Requested image referenced by manifest list: [{}]", lists.join(", "));
        let code = "ImageReferencedByManifestList";
        return Err(json!({"imageId": id.render(), "failureCode": code, "failureReason": reason}));
    }
    let ids = if tags.is_empty() { vec![shown(None)] } else { tags.iter().map(|tag| shown(Some(tag))).collect() };
    repository.forget(&digest);
    Ok(ids)
}
