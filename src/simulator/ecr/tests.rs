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
fn pages_through_images() {
    let (mut ecr, mut rng) = registry();
    let mut pushed: Vec<String> =
        (0..5).map(|number| ecr.push("app", &format!("v{number}"), Time(0), &mut rng).unwrap()).collect();
    pushed.sort();
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
