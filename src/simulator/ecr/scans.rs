//! Image scans: begun by hand or by a push, ended after a while, and clean.
//!
//! Owns the operations on scans of one image. What is scanned at a push is in `settings` and with the repository.
//!
//! Divergence from AWS: nothing is looked into, so nothing is ever found; how long a scan takes is assumed; enhanced
//! scanning is not modelled.

use serde_json::{Value, json};

use crate::simulator::ecr::image_id::ImageId;
use crate::simulator::ecr::ops::invalid;
use crate::simulator::ecr::registry::Ecr;
use crate::simulator::ecr::repository::Image;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// From the start of a scan to its end.
const TAKES_MS: i64 = 5_000;

/// Basic scanning takes an image once in 24 hours.
const PAUSE_MS: i64 = 24 * 3_600_000;

impl Ecr {
    pub(super) fn start_image_scan(&mut self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let (digest, tag) = self.scanned_image(input)?;
        let account = self.account.clone();
        let repository = self.repository_mut(input)?;
        let name = repository.name.clone();
        let image = repository.images.get_mut(&digest).expect("the image was found a moment ago");
        if image.is_index() {
            let message = format!("The image type '{}' is not supported by image scanning", image.media_type);
            return Err(ApiError::client("UnsupportedImageTypeException", message));
        }
        if image.scanned.is_some_and(|before| now.since(before) < PAUSE_MS) {
            let message = "The scan quota per image has been exceeded. Wait and try again.";
            return Err(ApiError::client("LimitExceededException", message));
        }
        image.scanned = Some(now);
        let id = ImageId { digest: Some(&digest), tag: tag.as_deref() };
        let status = json!({"status": "IN_PROGRESS"});
        Ok(json!({"registryId": account, "repositoryName": name, "imageId": id.render(), "imageScanStatus": status}))
    }

    pub(super) fn describe_image_scan_findings(&self, input: &Value, now: Time) -> Result<Value, ApiError> {
        let (digest, tag) = self.scanned_image(input)?;
        let repository = self.repository(input)?;
        let Some(status) = scan_status(&repository.images[&digest], now) else {
            let asked = ImageId::read(&input["imageId"])?.said();
            let message = format!(
                "Image scan does not exist for the image with '{asked}' in the repository with name '{}' in the registry \
                 with id '{}'",
                repository.name, self.account
            );
            return Err(ApiError::client("ScanNotFoundException", message));
        };
        let id = ImageId { digest: Some(&digest), tag: tag.as_deref() };
        let mut answer = json!({
            "registryId": self.account,
            "repositoryName": repository.name,
            "imageId": id.render(),
            "imageScanStatus": status,
        });
        if let Some(mut findings) = findings_summary(&repository.images[&digest], now) {
            findings["findings"] = json!([]);
            answer["imageScanFindings"] = findings;
        }
        Ok(answer)
    }

    /// Digest and tag of the image that `imageId` names.
    fn scanned_image(&self, input: &Value) -> Result<(String, Option<String>), ApiError> {
        let repository = self.repository(input)?;
        let id = ImageId::read(&input["imageId"])?;
        if id.digest.is_none() && id.tag.is_none() {
            return Err(invalid("Invalid request parameters: both tag and digest cannot be null"));
        }
        let image = repository.find(id).ok_or_else(|| self.image_not_found(repository, id))?;
        Ok((image.digest.clone(), id.tag.map(str::to_owned)))
    }
}

/// `imageScanStatus`, if there was a scan.
pub(super) fn scan_status(image: &Image, now: Time) -> Option<Value> {
    let done = now.since(image.scanned?) >= TAKES_MS;
    Some(if done {
        json!({"status": "COMPLETE", "description": "The scan was completed successfully."})
    } else {
        json!({"status": "IN_PROGRESS"})
    })
}

/// When a scan ended and what it found, once it did.
pub(super) fn findings_summary(image: &Image, now: Time) -> Option<Value> {
    let (begun, ended) = (image.scanned?, image.scanned?.plus_millis(TAKES_MS));
    (ended <= now).then(|| {
        json!({
            "imageScanCompletedAt": ended.epoch_seconds(),
            "vulnerabilitySourceUpdatedAt": begun.epoch_seconds(),
            "findingSeverityCounts": {},
        })
    })
}
