//! The digest behind an image tag, out of ECR.

use aws_sdk_ecr::types::ImageIdentifier;

use crate::model::image::{Digest, ImageRef};
use crate::model::observed::Seen;

use super::client::Aws;
use super::error::AwsError;

impl Aws {
    /// What the tag means now. A tag that is not there is `Absent`; a repository that is not there is too.
    pub async fn digest(&self, image: &ImageRef) -> Seen<Digest> {
        const OPERATION: &str = "ecr:DescribeImages";
        let tag = ImageIdentifier::builder().image_tag(image.tag.as_str()).build();
        let answer = self
            .repeat(OPERATION, async || {
                let call = self.ecr.describe_images().repository_name(image.repository.as_str());
                call.image_ids(tag.clone()).send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await;
        match answer {
            Ok(answer) => {
                let digest = answer.image_details.unwrap_or_default().into_iter().find_map(|image| image.image_digest);
                digest.map_or(Seen::Absent, |digest| Seen::Present(Digest::told(digest)))
            }
            Err(error) => match error.code.as_str() {
                "ImageNotFoundException" | "RepositoryNotFoundException" => Seen::Absent,
                _ => Seen::Unknown(error.why()),
            },
        }
    }
}
