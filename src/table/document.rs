//! The file's own types: their docs are the schema's descriptions, their fields the only fields there are.
//!
//! Every field is an `Option`, also where the schema requires it: what the walk could not use was reported and taken
//! out, and the checks go on with the rest. Numbers and texts are not judged here; bounds are, where the schema can
//! say them.

use schemars::JsonSchema;
use serde::Deserialize;

/// An evenkeel service table: what the services of one ECS cluster should look like, and the task that ends a
/// rollout. A field that is left out is left alone.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "ServiceTable")]
pub(super) struct TableDocument {
    /// The version of this format.
    #[schemars(required)]
    #[expect(dead_code, reason = "the walk compares it with its only value; nothing is left to read")]
    pub(super) api_version: Option<ApiVersion>,
    /// What the file is.
    #[schemars(required)]
    #[expect(dead_code, reason = "the walk compares it with its only value; nothing is left to read")]
    pub(super) kind: Option<Kind>,
    /// What the table is called.
    #[schemars(with = "MetadataDocument")]
    pub(super) metadata: Option<MetadataDocument>,
    /// What the table says.
    #[schemars(with = "SpecDocument")]
    pub(super) spec: Option<SpecDocument>,
}

/// The version of the format.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum ApiVersion {
    #[serde(rename = "evenkeel.dev/v1")]
    V1,
}

/// The kind of the file.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) enum Kind {
    ServiceTable,
}

/// What the table is called.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Metadata")]
pub(super) struct MetadataDocument {
    /// The table's name: up to 40 lowercase letters, digits and dashes, a letter first. The record of its rollouts is
    /// kept under it, as tags on the cluster.
    #[schemars(required, extend("pattern" = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"))]
    pub(super) name: Option<String>,
}

/// What the table says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Spec")]
pub(super) struct SpecDocument {
    /// The only AWS account in which anything may be written: twelve digits in quotes.
    #[schemars(required, extend("pattern" = "^[0-9]{12}$"))]
    pub(super) account: Option<String>,
    /// The AWS region of everything in the table, as us-east-1.
    #[schemars(required, extend("pattern" = "^[a-z]{2,}(-[a-z]{2,}){1,2}-[0-9]$"))]
    pub(super) region: Option<String>,
    /// The ECS cluster.
    #[schemars(with = "SelectorDocument")]
    pub(super) cluster: Option<SelectorDocument>,
    /// The image of the rows' containers. Without it images are left alone.
    pub(super) image: Option<ImageDocument>,
    /// How rollouts are judged.
    pub(super) rollout: Option<RolloutDocument>,
    /// The rows, one for each service, and at most one for the task that ends a rollout.
    #[schemars(required, length(min = 1))]
    pub(super) rows: Option<Vec<RowDocument>>,
}

/// Finds one resource; exactly one of name, glob and tag. CloudFormation names resources
/// STACK-LOGICALID-RANDOM, so most tables use glob.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Selector")]
pub(super) enum SelectorDocument {
    /// The resource with exactly this name.
    Name(String),
    /// The resource whose last dash-separated name parts match, with * and ? inside of a part:
    /// CGAPIndexerService-* matches c4-ecs-trial-stack-CGAPIndexerService-YihcMquIc354.
    Glob(String),
    /// The resource that carries this tag.
    Tag(TagDocument),
}

/// A tag of an AWS resource.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Tag")]
pub(super) struct TagDocument {
    /// The tag's key, as aws:cloudformation:logical-id.
    #[schemars(required, length(min = 1, max = 128))]
    pub(super) key: Option<String>,
    /// The tag's value.
    #[schemars(required, length(max = 256))]
    pub(super) value: Option<String>,
}

/// An image: an ECR repository in the table's account and region, and a tag.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Image")]
pub(super) struct ImageDocument {
    /// The ECR repository's name, without account, region and tag.
    #[schemars(required)]
    pub(super) repository: Option<String>,
    /// The image tag, as latest.
    #[schemars(required)]
    pub(super) tag: Option<String>,
}

/// How rollouts are judged.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Rollout")]
pub(super) struct RolloutDocument {
    /// For how many seconds all conditions of the gate must have held before the task runs; 15 if left out.
    #[schemars(range(min = 15, max = 600))]
    pub(super) settle_seconds: Option<u32>,
    /// For how many seconds nobody may have kicked another row before the task runs; 60 if left out.
    #[schemars(range(min = 10, max = 3600))]
    pub(super) quiet_seconds: Option<u32>,
}

/// One row: a service, or the task that ends a rollout. Exactly one of service and task.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Row", extend("oneOf" = [{ "required": ["service"] }, { "required": ["task"] }]))]
pub(super) struct RowDocument {
    /// The row's name, unique in the table: up to 24 lowercase letters, digits and dashes, a letter first.
    #[schemars(required, extend("pattern" = "^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$"))]
    pub(super) name: Option<String>,
    /// What the row is for, in words.
    #[serde(rename = "use")]
    pub(super) usage: Option<String>,
    /// The ECS service that the row keeps.
    pub(super) service: Option<SelectorDocument>,
    /// The one-off task that the row runs at the end of a rollout.
    pub(super) task: Option<TaskDocument>,
    /// The target group in which the service's tasks must be healthy; one of the service's own.
    pub(super) target_group: Option<SelectorDocument>,
    /// The container that runs the table's image; needed only where a task definition has several.
    pub(super) container: Option<String>,
    /// How many tasks the service keeps; 0 on a task row.
    #[schemars(range(min = 0, max = 5000))]
    pub(super) count: Option<u32>,
    /// Whether the tasks run on Fargate Spot (true) or on Fargate (false).
    pub(super) spot: Option<bool>,
    /// The vCPU of one task.
    #[schemars(extend("enum" = [0.25, 0.5, 1, 2, 4, 8, 16]))]
    pub(super) vcpu: Option<f64>,
    /// The memory of one task, in MiB.
    #[schemars(range(min = 1, max = 122_880))]
    pub(super) memory: Option<u32>,
    /// The operating system of the task definition; linux if left out. Only used to check the other fields.
    pub(super) os: Option<OsDocument>,
    /// What else there is to say.
    pub(super) notes: Option<String>,
}

/// The one-off task that ends a rollout.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Task")]
pub(super) struct TaskDocument {
    /// The family of its task definition; the newest active revision runs.
    #[schemars(with = "SelectorDocument")]
    pub(super) definition: Option<SelectorDocument>,
    /// Its service, in stacks that have one; kept at count 0.
    pub(super) service: Option<SelectorDocument>,
    /// How often a start may be tried when the task never started; 3 if left out.
    #[schemars(range(min = 1, max = 10))]
    pub(super) attempts: Option<u32>,
    /// Whether later attempts run on Fargate, where the first runs on Fargate Spot; false if left out.
    pub(super) spot_fallback: Option<bool>,
    /// What counts as success beside the exit code 0 of its container.
    pub(super) success: Option<SuccessDocument>,
}

/// What counts as success of the one-off task, beside its exit code.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Success")]
pub(super) struct SuccessDocument {
    /// What the log of its container has to say.
    #[schemars(with = "LogDocument")]
    pub(super) log: Option<LogDocument>,
}

/// What a log must have in it, and what not; one of the two at least.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Log")]
pub(super) struct LogDocument {
    /// A text that some line has: a plain text, capitals told apart.
    pub(super) must_contain: Option<String>,
    /// A text that no line has: a plain text, capitals told apart.
    pub(super) must_not_contain: Option<String>,
}

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum OsDocument {
    Linux,
    Windows,
}
