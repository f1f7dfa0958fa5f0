//! Layers: uploads in parts, and which layers are there.
//!
//! Owns the operations that `docker push` makes through ECR's proxy. Of a layer only digest and size are kept; the
//! layers that a manifest names count as there.
//!
//! Divergence from AWS: there is nothing behind a download URL; parts may be small; the texts are assumed but for
//! those of the API reference.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::simulator::arn;
use crate::simulator::ecr::image_id::is_digest;
use crate::simulator::ecr::ops::{invalid, required};
use crate::simulator::ecr::registry::{Ecr, hex};
use crate::simulator::ecr::repository::Upload;
use crate::simulator::error::ApiError;
use crate::simulator::members::{texts, whole};

/// The size of parts that ECR asks for, in bytes.
const PART: u64 = 10_485_760;

impl Ecr {
    pub(super) fn initiate_layer_upload(&mut self, input: &Value, rng: &mut Rng) -> Result<Value, ApiError> {
        let id = arn::uuid(rng);
        self.repository_mut(input)?.uploads.insert(id.clone(), Upload::default());
        Ok(json!({"uploadId": id, "partSize": PART}))
    }

    pub(super) fn upload_layer_part(&mut self, input: &Value) -> Result<Value, ApiError> {
        let (first, last) = (whole(input, "partFirstByte")?.unwrap_or(0), whole(input, "partLastByte")?.unwrap_or(0));
        let part = STANDARD
            .decode(required(input, "layerPartBlob")?)
            .map_err(|_| ApiError::client("SerializationException", "layerPartBlob is not base64"))?;
        let (account, id) = (self.account.clone(), required(input, "uploadId")?.to_owned());
        let missing = self.no_upload(input, &id);
        let repository = self.repository_mut(input)?;
        let name = repository.name.clone();
        let upload = repository.uploads.get_mut(&id).ok_or(missing)?;
        let fits = u64::try_from(first).ok() == Some(upload.bytes)
            && last.checked_sub(first).and_then(|span| usize::try_from(span).ok()) == part.len().checked_sub(1);
        if !fits {
            let message = "The layer part size is not valid, or the first byte specified is not consecutive to the last \
                           byte of a previous layer part upload.";
            return Err(ApiError::client("InvalidLayerPartException", message)
                .with("registryId", json!(account))
                .with("repositoryName", json!(name))
                .with("uploadId", json!(id))
                .with("lastValidByteReceived", json!(upload.bytes.saturating_sub(1))));
        }
        upload.hash.update(&part);
        upload.bytes += part.len() as u64;
        let received = upload.bytes.saturating_sub(1);
        Ok(json!({"registryId": account, "repositoryName": name, "uploadId": id, "lastByteReceived": received}))
    }

    pub(super) fn complete_layer_upload(&mut self, input: &Value) -> Result<Value, ApiError> {
        let (account, id) = (self.account.clone(), required(input, "uploadId")?.to_owned());
        let missing = self.no_upload(input, &id);
        let digests: Vec<String> = texts(input, "layerDigests")?.into_iter().map(str::to_owned).collect();
        let repository = self.repository_mut(input)?;
        let Upload { bytes, hash } = repository.uploads.get(&id).cloned().ok_or(missing)?;
        if bytes == 0 {
            return Err(ApiError::client(
                "EmptyUploadException",
                "The specified layer upload does not contain any layer parts.",
            ));
        }
        let digest = hex(&hash.finalize());
        if !digests.contains(&digest) {
            let message = format!("Layer digest '{digest}' does not match the digests that were given");
            return Err(ApiError::client("InvalidLayerException", message));
        }
        if repository.layers.contains_key(&digest) {
            let message = format!(
                "Layer with digest '{digest}' already exists in the repository with name '{}'",
                repository.name
            );
            return Err(ApiError::client("LayerAlreadyExistsException", message));
        }
        repository.uploads.remove(&id);
        repository.layers.insert(digest.clone(), bytes);
        let name = &repository.name;
        Ok(json!({"registryId": account, "repositoryName": name, "uploadId": id, "layerDigest": digest}))
    }

    pub(super) fn batch_check_layer_availability(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let (mut layers, mut failures) = (Vec::new(), Vec::new());
        for digest in texts(input, "layerDigests")? {
            match repository.layers.get(digest) {
                Some(size) => layers.push(json!({
                    "layerDigest": digest,
                    "layerAvailability": "AVAILABLE",
                    "layerSize": size,
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                })),
                None if is_digest(digest) => {
                    layers.push(json!({"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}));
                }
                None => failures.push(json!({
                    "layerDigest": digest,
                    "failureCode": "InvalidLayerDigest",
                    "failureReason": "Invalid request parameters: layer digest is not valid",
                })),
            }
        }
        Ok(json!({"layers": layers, "failures": failures}))
    }

    pub(super) fn get_download_url_for_layer(&self, input: &Value) -> Result<Value, ApiError> {
        let repository = self.repository(input)?;
        let digest = required(input, "layerDigest")?;
        if !is_digest(digest) {
            return Err(invalid(format!(
                "Invalid parameter at 'layerDigest' failed to satisfy constraint: '{digest}'"
            )));
        }
        if !repository.layers.contains_key(digest) {
            let message = format!(
                "Layer with digest '{digest}' does not exist in the repository with name '{}' in the registry with id '{}'",
                repository.name, self.account
            );
            return Err(ApiError::client("LayersNotFoundException", message));
        }
        let (region, account, name) = (&self.region, &self.account, &repository.name);
        let bucket = format!("prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com");
        Ok(json!({"downloadUrl": format!("https://{bucket}/{account}/{name}/{digest}"), "layerDigest": digest}))
    }

    fn no_upload(&self, input: &Value, id: &str) -> ApiError {
        let name = required(input, "repositoryName").unwrap_or_default();
        let message = format!(
            "The upload with id '{id}' could not be found in the repository with name '{name}' in the registry with id '{}'",
            self.account
        );
        ApiError::client("UploadNotFoundException", message)
    }
}
