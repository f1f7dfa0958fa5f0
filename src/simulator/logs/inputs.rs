//! What the operations of CloudWatch Logs may be asked. Source: the service model `logs` of 2014-03-28.

use crate::simulator::model::Shape::{List, Map, Structure, Text, Truth, Whole, Word};
use crate::simulator::model::{Member, Operations, Shape, may, need};

const NAME: Shape = Text(1, 512);
const IDENTIFIER: Member = may("logGroupIdentifier", Text(1, 2048));
const IDENTIFIERS: Member = may("logGroupIdentifiers", List(&Text(1, 2048), 1, 50));
const TOKEN: Member = may("nextToken", Text(1, usize::MAX));
const FEW: Member = may("limit", Whole(1, 50));
const MANY: Member = may("limit", Whole(1, 10_000));
const FROM: Member = may("startTime", Whole(0, i64::MAX));
const UNTIL: Member = may("endTime", Whole(0, i64::MAX));
const FROM_HEAD: Member = may("startFromHead", Truth);
const UNMASK: Member = may("unmask", Truth);
const CLASS: Member = may("logGroupClass", Word(&["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"]));
const EVENT: Shape = Structure(&[need("timestamp", Whole(0, i64::MAX)), need("message", Text(1, usize::MAX))]);

/// The members of each operation's input.
pub(super) const OPERATIONS: Operations = &[
    (
        "CreateLogGroup",
        &[
            need("logGroupName", NAME),
            may("kmsKeyId", Text(0, 256)),
            may("tags", Map),
            CLASS,
            may("deletionProtectionEnabled", Truth),
        ],
    ),
    ("DeleteLogGroup", &[need("logGroupName", NAME)]),
    (
        "DescribeLogGroups",
        &[
            may("accountIdentifiers", List(&Text(12, 12), 0, 20)),
            may("logGroupNamePrefix", NAME),
            may("logGroupNamePattern", Text(0, 512)),
            TOKEN,
            FEW,
            may("includeLinkedAccounts", Truth),
            CLASS,
            IDENTIFIERS,
        ],
    ),
    ("CreateLogStream", &[need("logGroupName", NAME), need("logStreamName", NAME)]),
    (
        "DescribeLogStreams",
        &[
            may("logGroupName", NAME),
            IDENTIFIER,
            may("logStreamNamePrefix", NAME),
            may("orderBy", Word(&["LogStreamName", "LastEventTime"])),
            may("descending", Truth),
            TOKEN,
            FEW,
        ],
    ),
    (
        "PutLogEvents",
        &[
            need("logGroupName", NAME),
            need("logStreamName", NAME),
            need("logEvents", List(&EVENT, 1, 10_000)),
            may("sequenceToken", Text(1, usize::MAX)),
            may("entity", Structure(&[])),
        ],
    ),
    (
        "GetLogEvents",
        &[
            may("logGroupName", NAME),
            IDENTIFIER,
            need("logStreamName", NAME),
            FROM,
            UNTIL,
            TOKEN,
            MANY,
            FROM_HEAD,
            UNMASK,
        ],
    ),
    (
        "FilterLogEvents",
        &[
            may("logGroupName", NAME),
            IDENTIFIER,
            may("logStreamNames", List(&NAME, 1, 100)),
            may("logStreamNamePrefix", NAME),
            FROM,
            UNTIL,
            may("filterPattern", Text(0, 1024)),
            TOKEN,
            MANY,
            FROM_HEAD,
            may("interleaved", Truth),
            UNMASK,
        ],
    ),
];
