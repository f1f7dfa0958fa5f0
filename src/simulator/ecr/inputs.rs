//! What each operation of ECR takes, as AWS's model says it.
//!
//! Owns the shapes only; patterns are looked at where names are made. Source: the service model `ecr` of 2015-09-21.

use crate::simulator::model::Shape::{List, Structure, Text, Truth, Whole, Word};
use crate::simulator::model::{Member, Operations, Shape, TEXT, may, need};

const REGISTRY: Member = may("registryId", TEXT);
const NAME: Shape = Text(2, 256);
const REPOSITORY: Member = need("repositoryName", NAME);
const IMAGE_ID: Shape = Structure(&[may("imageDigest", TEXT), may("imageTag", Text(1, 300))]);
const IMAGE_IDS: Shape = List(&IMAGE_ID, 1, 100);
const PAGE: Member = may("maxResults", Whole(1, 1000));
const TOKEN: Member = may("nextToken", TEXT);
const TAGGED: Shape = Word(&["TAGGED", "UNTAGGED", "ANY"]);
const FILTER: Member = may(
    "filter",
    Structure(&[may("tagStatus", TAGGED), may("imageStatus", Word(&["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"]))]),
);
const SCANNING: Shape = Structure(&[may("scanOnPush", Truth)]);
const LABELS: Shape = List(&Structure(&[need("Key", TEXT), need("Value", TEXT)]), 0, usize::MAX);
const POLICY: Member = need("policyText", Text(0, 10_240));
const LIFECYCLE: Shape = Text(100, 30_720);
const UPLOAD: Member = need("uploadId", TEXT);
const FREQUENCY: Shape = Word(&["SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"]);
/// In the order in which AWS names them.
const MUTABILITY: Shape = Word(&["IMMUTABLE", "MUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION"]);
const EXCLUSIONS: Member = may(
    "imageTagMutabilityExclusionFilters",
    List(&Structure(&[need("filterType", Word(&["WILDCARD"])), need("filter", Text(1, 128))]), 1, 5),
);
const ENCRYPTION: Shape =
    Structure(&[need("encryptionType", Word(&["AES256", "KMS", "KMS_DSSE"])), may("kmsKey", Text(1, 2048))]);
const SCAN_FILTER: Shape = Structure(&[need("filter", Text(1, 255)), need("filterType", Word(&["WILDCARD"]))]);
const SCAN_RULE: Shape =
    Structure(&[need("scanFrequency", FREQUENCY), need("repositoryFilters", List(&SCAN_FILTER, 0, 100))]);
const DESTINATION: Shape = Structure(&[need("region", Text(2, 25)), need("registryId", TEXT)]);
const PREFIX: Shape = Structure(&[need("filter", Text(2, 256)), need("filterType", Word(&["PREFIX_MATCH"]))]);
const REPLICATION_RULE: Shape = Structure(&[
    need("destinations", List(&DESTINATION, 0, 100)),
    may("repositoryFilters", List(&PREFIX, 1, 100)),
    may("deleteReplication", Structure(&[need("enabled", Truth)])),
]);

/// The members of each operation's input.
pub(super) const OPERATIONS: Operations = &[
    ("BatchCheckLayerAvailability", &[REGISTRY, REPOSITORY, need("layerDigests", List(&Text(0, 1000), 1, 100))]),
    ("BatchDeleteImage", &[REGISTRY, REPOSITORY, need("imageIds", IMAGE_IDS)]),
    (
        "BatchGetImage",
        &[REGISTRY, REPOSITORY, need("imageIds", IMAGE_IDS), may("acceptedMediaTypes", List(&TEXT, 1, 100))],
    ),
    ("BatchGetRepositoryScanningConfiguration", &[need("repositoryNames", List(&NAME, 1, 25))]),
    ("CompleteLayerUpload", &[REGISTRY, REPOSITORY, UPLOAD, need("layerDigests", List(&TEXT, 1, 100))]),
    (
        "CreateRepository",
        &[
            REGISTRY,
            REPOSITORY,
            may("tags", LABELS),
            may("imageTagMutability", MUTABILITY),
            EXCLUSIONS,
            may("imageScanningConfiguration", SCANNING),
            may("encryptionConfiguration", ENCRYPTION),
        ],
    ),
    ("DeleteLifecyclePolicy", &[REGISTRY, REPOSITORY]),
    ("DeleteRegistryPolicy", &[]),
    ("DeleteRepository", &[REGISTRY, REPOSITORY, may("force", Truth)]),
    ("DeleteRepositoryPolicy", &[REGISTRY, REPOSITORY]),
    ("DescribeImageScanFindings", &[REGISTRY, REPOSITORY, need("imageId", IMAGE_ID), TOKEN, PAGE]),
    ("DescribeImages", &[REGISTRY, REPOSITORY, may("imageIds", IMAGE_IDS), TOKEN, PAGE, FILTER]),
    ("DescribeRegistry", &[]),
    ("DescribeRepositories", &[REGISTRY, may("repositoryNames", List(&NAME, 1, 100)), TOKEN, PAGE]),
    ("GetAuthorizationToken", &[may("registryIds", List(&TEXT, 1, 10))]),
    ("GetDownloadUrlForLayer", &[REGISTRY, REPOSITORY, need("layerDigest", TEXT)]),
    ("GetLifecyclePolicy", &[REGISTRY, REPOSITORY]),
    (
        "GetLifecyclePolicyPreview",
        &[
            REGISTRY,
            REPOSITORY,
            may("imageIds", IMAGE_IDS),
            TOKEN,
            may("maxResults", Whole(1, 100)),
            may("filter", Structure(&[may("tagStatus", TAGGED)])),
        ],
    ),
    ("GetRegistryPolicy", &[]),
    ("GetRegistryScanningConfiguration", &[]),
    ("GetRepositoryPolicy", &[REGISTRY, REPOSITORY]),
    ("InitiateLayerUpload", &[REGISTRY, REPOSITORY]),
    ("ListImages", &[REGISTRY, REPOSITORY, TOKEN, PAGE, FILTER]),
    ("ListTagsForResource", &[need("resourceArn", TEXT)]),
    (
        "PutImage",
        &[
            REGISTRY,
            REPOSITORY,
            need("imageManifest", Text(1, 4_194_304)),
            may("imageManifestMediaType", TEXT),
            may("imageTag", Text(1, 300)),
            may("imageDigest", TEXT),
        ],
    ),
    ("PutImageScanningConfiguration", &[REGISTRY, REPOSITORY, need("imageScanningConfiguration", SCANNING)]),
    ("PutImageTagMutability", &[REGISTRY, REPOSITORY, need("imageTagMutability", MUTABILITY), EXCLUSIONS]),
    ("PutLifecyclePolicy", &[REGISTRY, REPOSITORY, need("lifecyclePolicyText", LIFECYCLE)]),
    ("PutRegistryPolicy", &[POLICY]),
    (
        "PutRegistryScanningConfiguration",
        &[may("scanType", Word(&["BASIC", "ENHANCED"])), may("rules", List(&SCAN_RULE, 0, 2))],
    ),
    (
        "PutReplicationConfiguration",
        &[need("replicationConfiguration", Structure(&[need("rules", List(&REPLICATION_RULE, 0, 25))]))],
    ),
    ("SetRepositoryPolicy", &[REGISTRY, REPOSITORY, POLICY, may("force", Truth)]),
    ("StartImageScan", &[REGISTRY, REPOSITORY, need("imageId", IMAGE_ID)]),
    ("StartLifecyclePolicyPreview", &[REGISTRY, REPOSITORY, may("lifecyclePolicyText", LIFECYCLE)]),
    ("TagResource", &[need("resourceArn", TEXT), need("tags", LABELS)]),
    ("UntagResource", &[need("resourceArn", TEXT), need("tagKeys", List(&TEXT, 0, usize::MAX))]),
    (
        "UploadLayerPart",
        &[
            REGISTRY,
            REPOSITORY,
            UPLOAD,
            need("partFirstByte", Whole(0, i64::MAX)),
            need("partLastByte", Whole(0, i64::MAX)),
            // 20 MiB, as base64.
            need("layerPartBlob", Text(0, 27_962_028)),
        ],
    ),
];
