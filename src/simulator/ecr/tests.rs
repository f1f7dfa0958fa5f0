//! Claims about the registry: what a push leaves behind, and what an image reference is.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::ecr::{Ecr, Resolved};
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

fn registry() -> (Ecr, Rng) {
    let mut ecr = Ecr::new("123456789012", "us-east-1");
    ecr.create_repository("app", false, Time(0));
    ecr.create_repository("fixed", true, Time(0));
    (ecr, Rng::with_seed(1))
}

fn call(ecr: &mut Ecr, operation: &str, input: Value) -> Result<Value, ApiError> {
    ecr.handle(operation, &input, Time(5_000), &mut Rng::with_seed(9))
}

#[test]
fn moves_a_tag_and_leaves_the_old_digest_untagged() {
    let (mut ecr, mut rng) = registry();
    let old = ecr.push("app", "prod", Time(1_000), &mut rng).unwrap();
    let new = ecr.push("app", "prod", Time(2_000), &mut rng).unwrap();
    assert_ne!(old, new);
    assert_eq!(ecr.resolve(&format!("{HOST}/app:prod")), Resolved::Digest(new.clone()));
    assert_eq!(ecr.resolve(&format!("{HOST}/app@{old}")), Resolved::Digest(old.clone()));

    let ids = json!([{"imageDigest": old}, {"imageTag": "prod"}]);
    let described = call(&mut ecr, "DescribeImages", json!({"repositoryName": "app", "imageIds": ids})).unwrap();
    assert_eq!(described["imageDetails"][0].get("imageTags"), None);
    assert_eq!(described["imageDetails"][1]["imageTags"], json!(["prod"]));
    assert_eq!(described["imageDetails"][1]["imagePushedAt"], json!(2.0));
    let listed = call(&mut ecr, "ListImages", json!({"repositoryName": "app", "filter": {"tagStatus": "UNTAGGED"}}));
    assert_eq!(listed.unwrap()["imageIds"], json!([{"imageDigest": old}]));
}

#[test]
fn digests_are_of_the_manifest_bytes() {
    let (mut ecr, mut rng) = registry();
    let digest = ecr.push("app", "prod", Time(0), &mut rng).unwrap();
    let input = json!({"repositoryName": "app", "imageIds": [{"imageTag": "prod"}]});
    let got = call(&mut ecr, "BatchGetImage", input).unwrap();
    let manifest = got["images"][0]["imageManifest"].as_str().unwrap();
    assert_eq!(super::registry::digest_of(manifest.as_bytes()), digest);

    let again = json!({"repositoryName": "app", "imageManifest": manifest, "imageTag": "prod"});
    assert_eq!(call(&mut ecr, "PutImage", again).unwrap_err().code, "ImageAlreadyExistsException");
    let other_tag = json!({"repositoryName": "app", "imageManifest": manifest, "imageTag": "next"});
    let put = call(&mut ecr, "PutImage", other_tag).unwrap();
    assert_eq!(put["image"]["imageId"], json!({"imageDigest": digest, "imageTag": "next"}));
    let wrong = json!({"repositoryName": "app", "imageManifest": "{}", "imageDigest": digest});
    assert_eq!(call(&mut ecr, "PutImage", wrong).unwrap_err().code, "ImageDigestDoesNotMatchException");
}

#[test]
fn keeps_tags_of_an_immutable_repository() {
    let (mut ecr, mut rng) = registry();
    let first = ecr.push("fixed", "v1", Time(0), &mut rng).unwrap();
    let refusal = ecr.push("fixed", "v1", Time(0), &mut rng).unwrap_err();
    assert_eq!(refusal.code, "ImageTagAlreadyExistsException");
    assert_eq!(ecr.resolve(&format!("{HOST}/fixed:v1")), Resolved::Digest(first));
}

#[test]
fn says_what_is_missing_in_the_words_of_aws() {
    let (mut ecr, _) = registry();
    let input = json!({"repositoryName": "app", "imageIds": [{"imageTag": "zz"}]});
    assert_eq!(
        call(&mut ecr, "DescribeImages", input.clone()).unwrap_err(),
        ApiError::client(
            "ImageNotFoundException",
            "The image with imageId {imageDigest:'null', imageTag:'zz'} does not exist within the repository with \
             name 'app' in the registry with id '123456789012'"
        )
    );
    let got = call(&mut ecr, "BatchGetImage", input).unwrap();
    let failure = json!({"imageId": {"imageTag": "zz"}, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"});
    assert_eq!(got, json!({"images": [], "failures": [failure]}));
    assert_eq!(
        call(&mut ecr, "DescribeImages", json!({"repositoryName": "nope"})).unwrap_err(),
        ApiError::client(
            "RepositoryNotFoundException",
            "The repository with name 'nope' does not exist in the registry with id '123456789012'"
        )
    );
    let elsewhere = json!({"repositoryName": "app", "registryId": "999999999999"});
    assert_eq!(call(&mut ecr, "DescribeImages", elsewhere).unwrap_err().code, "RepositoryNotFoundException");
}

#[test]
fn pages_through_images_in_the_order_of_their_pushes() {
    let (mut ecr, mut rng) = registry();
    let pushed: Vec<String> =
        (0..5).map(|number| ecr.push("app", &format!("v{number}"), Time(0), &mut rng).unwrap()).collect();
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let input = json!({"repositoryName": "app", "maxResults": 2, "nextToken": token});
        let page = call(&mut ecr, "DescribeImages", input).unwrap();
        let details = page["imageDetails"].as_array().unwrap();
        seen.extend(details.iter().map(|detail| detail["imageDigest"].as_str().unwrap().to_owned()));
        match page.get("nextToken") {
            Some(next) => token = next.clone(),
            None => break,
        }
    }
    assert_eq!(seen, pushed);
    for bad in [json!({"maxResults": 0}), json!({"maxResults": 1001}), json!({"nextToken": "x"})] {
        let mut input = json!({"repositoryName": "app"});
        input.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        assert_eq!(call(&mut ecr, "DescribeImages", input).unwrap_err().code, "InvalidParameterException");
    }
}

#[test]
fn resolves_what_a_container_definition_may_say() {
    let (mut ecr, mut rng) = registry();
    let digest = ecr.push("app", "latest", Time(0), &mut rng).unwrap();
    for image in [format!("{HOST}/app"), format!("{HOST}/app:latest"), format!("{HOST}/app:old@{digest}")] {
        assert_eq!(ecr.resolve(&image), Resolved::Digest(digest.clone()), "{image}");
    }
    for image in [format!("{HOST}/app:gone"), format!("{HOST}/nope:latest"), format!("{HOST}/app@sha256:00")] {
        match ecr.resolve(&image) {
            Resolved::Missing(text) => {
                assert!(text.starts_with("CannotPullContainerError: ") && text.contains(&image))
            }
            other @ (Resolved::Digest(_) | Resolved::Foreign(_)) => panic!("{image} is {other:?}"),
        }
    }
    let public = ecr.resolve("public.ecr.aws/nginx/nginx:1");
    assert!(matches!(&public, Resolved::Foreign(digest) if digest.starts_with("sha256:")));
    assert_eq!(public, ecr.resolve("public.ecr.aws/nginx/nginx:1"));
}

/// A repository `app` with images of these tags; their digests.
fn stocked(tags: &[&str]) -> (Ecr, Vec<String>) {
    let (mut ecr, mut rng) = registry();
    let pushed = tags.iter().zip(1..).map(|(tag, at)| ecr.push("app", tag, Time(at * 1_000), &mut rng).unwrap());
    let digests = pushed.collect();
    (ecr, digests)
}

fn tags(ecr: &mut Ecr) -> Vec<String> {
    let listed = call(ecr, "ListImages", json!({"repositoryName": "app"})).unwrap();
    let ids = listed["imageIds"].as_array().unwrap().iter();
    ids.map(|id| id["imageTag"].as_str().unwrap_or("untagged").to_owned()).collect()
}

#[test]
fn an_image_goes_with_its_last_tag_and_not_before() {
    let (mut ecr, digests) = stocked(&["a"]);
    let manifest = ecr.repositories["app"].images[&digests[0]].manifest.clone();
    call(&mut ecr, "PutImage", json!({"repositoryName": "app", "imageManifest": manifest, "imageTag": "b"})).unwrap();
    let mut delete = |id: Value| {
        let input = json!({"repositoryName": "app", "imageIds": [id]});
        (call(&mut ecr, "BatchDeleteImage", input).unwrap(), tags(&mut ecr))
    };
    assert_eq!(delete(json!({"imageTag": "a"})).1, ["b"]);
    let (answer, left) = delete(json!({"imageTag": "b"}));
    assert_eq!((answer["imageIds"][0]["imageDigest"].as_str(), left), (Some(digests[0].as_str()), vec![]));
    for (id, code) in [
        (json!({"imageTag": "a"}), "ImageNotFound"),
        (json!({"imageDigest": "sha256:xyz"}), "InvalidImageDigest"),
        (json!({}), "MissingDigestAndTag"),
    ] {
        assert_eq!(delete(id).0["failures"][0]["failureCode"], code);
    }
}

#[test]
fn an_image_that_an_index_lists_stays() {
    let (mut ecr, digests) = stocked(&["a"]);
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{"digest": digests[0], "size": 1}]});
    let input = json!({"repositoryName": "app", "imageManifest": index.to_string(), "imageTag": "all"});
    call(&mut ecr, "PutImage", input).unwrap();
    let both = json!({"repositoryName": "app", "imageIds": [{"imageDigest": digests[0]}]});
    let answer = call(&mut ecr, "BatchDeleteImage", both).unwrap();
    assert_eq!(answer["failures"][0]["failureCode"], "ImageReferencedByManifestList");
    let shown = call(&mut ecr, "DescribeImages", json!({"repositoryName": "app"})).unwrap();
    assert_eq!(shown["imageDetails"][1].get("imageSizeInBytes"), None);
}

#[test]
fn a_layer_comes_in_parts_that_follow_each_other() {
    let (mut ecr, _) = registry();
    let mut upload = |operation: &str, extra: Value| {
        let mut input = json!({"repositoryName": "app"});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        call(&mut ecr, operation, input)
    };
    let id = upload("InitiateLayerUpload", json!({})).unwrap()["uploadId"].clone();
    let part = |first: i64, last: i64, blob: &str| json!({"uploadId": id, "partFirstByte": first, "partLastByte": last, "layerPartBlob": blob});
    assert_eq!(upload("UploadLayerPart", part(0, 2, "YWJj")).unwrap()["lastByteReceived"], 2);
    let gap = upload("UploadLayerPart", part(4, 6, "ZGVm")).unwrap_err();
    assert_eq!((gap.code.as_str(), &gap.extra["lastValidByteReceived"]), ("InvalidLayerPartException", &json!(2)));
    upload("UploadLayerPart", part(3, 5, "ZGVm")).unwrap();
    let digest = super::registry::digest_of(b"abcdef");
    let wrong = json!({"uploadId": id, "layerDigests": ["sha256:00"]});
    assert_eq!(upload("CompleteLayerUpload", wrong).unwrap_err().code, "InvalidLayerException");
    upload("CompleteLayerUpload", json!({"uploadId": id, "layerDigests": [digest]})).unwrap();
    let there = upload("BatchCheckLayerAvailability", json!({"layerDigests": [digest, "sha256:00", "?"]})).unwrap();
    assert_eq!(
        (&there["layers"][0]["layerSize"], &there["layers"][1]["layerAvailability"]),
        (&json!(6), &json!("UNAVAILABLE"))
    );
    assert_eq!(there["failures"][0]["failureCode"], "InvalidLayerDigest");
    assert!(upload("GetDownloadUrlForLayer", json!({"layerDigest": digest})).is_ok());
}

#[test]
fn lets_images_expire_by_count_once_a_day() {
    let (mut ecr, _) = stocked(&["v1", "v2", "v3", "keep"]);
    let policy = json!({"rules": [{"rulePriority": 1, "description": "two of the releases", "selection": {
        "tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "imageCountMoreThan", "countNumber": 2},
        "action": {"type": "expire"}}]})
    .to_string();
    let input = json!({"repositoryName": "app", "lifecyclePolicyText": policy});
    call(&mut ecr, "PutLifecyclePolicy", input.clone()).unwrap();
    call(&mut ecr, "StartLifecyclePolicyPreview", input).unwrap();
    let preview = ecr.get_lifecycle_policy_preview(&json!({"repositoryName": "app"}), Time(10_000)).unwrap();
    assert_eq!(preview["previewResults"][0]["imageTags"], json!(["v1"]));
    let due = ecr.next_event().unwrap();
    assert_eq!(due, Time(5_000 + 24 * 3_600_000));
    assert_eq!(ecr.advance_to(due).len(), 1);
    assert_eq!(tags(&mut ecr), ["v2", "v3", "keep"]);
    let bad = json!({"repositoryName": "app", "lifecyclePolicyText": "x".repeat(100)});
    assert_eq!(call(&mut ecr, "PutLifecyclePolicy", bad).unwrap_err().code, "InvalidParameterException");
}

#[test]
fn a_scan_ends_clean_and_may_be_repeated_after_a_day() {
    let (mut ecr, _) = stocked(&["a"]);
    let input = json!({"repositoryName": "app", "imageId": {"imageTag": "a"}});
    assert_eq!(ecr.describe_image_scan_findings(&input, Time(0)).unwrap_err().code, "ScanNotFoundException");
    let mut start = |ms: i64| ecr.start_image_scan(&input, Time(ms)).map_err(|error| error.code);
    assert_eq!(start(0).unwrap()["imageScanStatus"]["status"], "IN_PROGRESS");
    assert_eq!(start(3_600_000).unwrap_err(), "LimitExceededException");
    assert!(start(24 * 3_600_000).is_ok());
    let found = ecr.describe_image_scan_findings(&input, Time(25 * 3_600_000)).unwrap();
    assert_eq!(
        (&found["imageScanStatus"]["status"], &found["imageScanFindings"]["findings"]),
        (&json!("COMPLETE"), &json!([]))
    );
}

#[test]
fn a_repository_with_images_is_deleted_by_force_only() {
    let (mut ecr, _) = stocked(&["a"]);
    let refusal = call(&mut ecr, "DeleteRepository", json!({"repositoryName": "app"})).unwrap_err();
    assert_eq!(refusal.code, "RepositoryNotEmptyException");
    call(&mut ecr, "DeleteRepository", json!({"repositoryName": "app", "force": true})).unwrap();
    assert!(matches!(ecr.resolve(&format!("{HOST}/app:a")), Resolved::Missing(_)));
}

#[test]
fn keeps_policies_that_are_policies() {
    let (mut ecr, _) = registry();
    let policy = |action: &str| {
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"});
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let text = policy("ecr:BatchGetImage");
    call(&mut ecr, "SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": text})).unwrap();
    let got = call(&mut ecr, "GetRepositoryPolicy", json!({"repositoryName": "app"})).unwrap();
    assert_eq!(got["policyText"], json!(text));
    for (operation, input) in [
        ("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": "{}"})),
        ("SetRepositoryPolicy", json!({"repositoryName": "app", "policyText": policy("s3:GetObject")})),
        ("PutRegistryPolicy", json!({"policyText": text})),
    ] {
        assert_eq!(call(&mut ecr, operation, input).unwrap_err().code, "InvalidParameterException");
    }
    assert_eq!(call(&mut ecr, "GetRegistryPolicy", json!({})).unwrap_err().code, "RegistryPolicyNotFoundException");
}
