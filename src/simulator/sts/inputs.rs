//! What each operation of STS takes, as AWS's model says it.
//!
//! Owns the shapes only. Source: the service model `sts` of 2011-06-15.

use crate::simulator::model::Shape::{List, Structure, Text, Whole};
use crate::simulator::model::{Member, Operations, may, need};

const ARN: crate::simulator::model::Shape = Text(20, 2048);
const SESSION: crate::simulator::model::Shape = Text(2, 64);
const POLICIES: Member = may("PolicyArns", List(&Structure(&[may("arn", ARN)]), 0, usize::MAX));
const TAGS: Member = may("Tags", List(&Structure(&[need("Key", Text(1, 128)), need("Value", Text(0, 256))]), 0, 50));
const SERIAL: Member = may("SerialNumber", Text(9, 256));
const CODE: Member = may("TokenCode", Text(6, 6));

/// The members of each operation's input.
pub(super) const OPERATIONS: Operations = &[
    (
        "AssumeRole",
        &[
            need("RoleArn", ARN),
            need("RoleSessionName", SESSION),
            POLICIES,
            may("Policy", Text(1, usize::MAX)),
            may("DurationSeconds", Whole(900, 43_200)),
            TAGS,
            may("TransitiveTagKeys", List(&Text(1, 128), 0, 50)),
            may("ExternalId", Text(2, 1224)),
            SERIAL,
            CODE,
            may("SourceIdentity", SESSION),
        ],
    ),
    (
        "AssumeRoleWithWebIdentity",
        &[
            need("RoleArn", ARN),
            need("RoleSessionName", SESSION),
            need("WebIdentityToken", Text(4, 20_000)),
            may("ProviderId", Text(4, 2048)),
            POLICIES,
            may("Policy", Text(1, 2048)),
            may("DurationSeconds", Whole(900, 43_200)),
        ],
    ),
    ("GetAccessKeyInfo", &[need("AccessKeyId", Text(16, 128))]),
    ("GetCallerIdentity", &[]),
    (
        "GetFederationToken",
        &[
            need("Name", Text(2, 32)),
            may("Policy", Text(1, 2048)),
            POLICIES,
            may("DurationSeconds", Whole(900, 129_600)),
            TAGS,
        ],
    ),
    ("GetSessionToken", &[may("DurationSeconds", Whole(900, 129_600)), SERIAL, CODE]),
];
