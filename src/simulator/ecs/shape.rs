//! The types of nested members that are kept as they are given: task definitions, clusters and deployments.
//!
//! Owns the tables of their types and words, and the refusals for what does not fit. A member that no table names is
//! kept unread. What values mean, and which combinations make sense, belongs to the operations.
//!
//! Divergence from AWS: the texts about words and missing members are assumed.

use serde_json::Value;

use super::input::{invalid, mistyped, no_word};
use crate::simulator::error::ApiError;

/// The type of a member.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    /// One of AWS's words.
    Word(&'static [&'static str]),
    Whole,
    Truth,
    /// A map from strings to strings.
    Texts,
    List(&'static Shape),
    /// The members that are known, and those among them that must be there.
    Structure(&'static [(&'static str, Shape)], &'static [&'static str]),
}

use Shape::{List, Structure, Text, Texts, Truth, Whole, Word};

impl Shape {
    /// Checks a value and all that is in it; null counts as left out.
    ///
    /// # Errors
    ///
    /// `SerializationException` for another type; `InvalidParameterException` for a word that AWS does not have, and
    /// for a required member that is missing. `name` is the member's, as the texts say it.
    pub(super) fn check(self, name: &str, value: &Value) -> Result<(), ApiError> {
        match (self, value) {
            (_, Value::Null) | (Text, Value::String(_)) | (Truth, Value::Bool(_)) => Ok(()),
            (Whole, Value::Number(number)) if number.is_i64() => Ok(()),
            (Word(words), Value::String(word)) if words.contains(&word.as_str()) => Ok(()),
            (Word(words), Value::String(word)) => Err(no_word(name, word, words)),
            (List(item), Value::Array(items)) => items.iter().try_for_each(|value| item.check(name, value)),
            (Texts, Value::Object(members)) => members.values().try_for_each(|value| Text.check(name, value)),
            (Structure(members, required), Value::Object(given)) => {
                let missing = required.iter().find(|key| given.get(**key).is_none_or(Value::is_null));
                if let Some(key) = missing {
                    return Err(invalid(format!("{name}.{key} should not be null or empty.")));
                }
                let known = members.iter().filter_map(|(key, shape)| Some((key, shape, given.get(*key)?)));
                known.into_iter().try_for_each(|(key, shape, value)| shape.check(key, value))
            }
            (_, other) => Err(mistyped(other, self.word())),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Text | Word(_) => "a String",
            Whole => "an Integer",
            Truth => "a Boolean",
            Texts => "a Map",
            List(_) => "a List",
            Structure(..) => "a Structure",
        }
    }
}

/// `deploymentConfiguration` of CreateService and UpdateService.
pub(super) const DEPLOYMENT_CONFIGURATION: Shape = Structure(
    &[
        ("maximumPercent", Whole),
        ("minimumHealthyPercent", Whole),
        ("bakeTimeInMinutes", Whole),
        ("strategy", Word(&["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"])),
        ("deploymentCircuitBreaker", Structure(&[("enable", Truth), ("rollback", Truth)], &["enable", "rollback"])),
        (
            "alarms",
            Structure(
                &[("alarmNames", List(&Text)), ("enable", Truth), ("rollback", Truth)],
                &["alarmNames", "enable", "rollback"],
            ),
        ),
    ],
    &[],
);

/// Members of a service that its revisions keep as they are given.
pub(super) const REVISION_EXTRAS: Shape = Structure(
    &[
        (
            "serviceConnectConfiguration",
            Structure(&[("enabled", Truth), ("namespace", Text), ("services", List(&CONNECTED))], &["enabled"]),
        ),
        ("volumeConfigurations", List(&Structure(&[("name", Text)], &["name"]))),
        (
            "vpcLatticeConfigurations",
            List(&Structure(
                &[("roleArn", Text), ("targetGroupArn", Text), ("portName", Text)],
                &["roleArn", "targetGroupArn", "portName"],
            )),
        ),
    ],
    &[],
);

const CONNECTED: Shape = Structure(
    &[
        ("portName", Text),
        ("discoveryName", Text),
        ("clientAliases", List(&Structure(&[("port", Whole), ("dnsName", Text)], &["port"]))),
        ("ingressPortOverride", Whole),
    ],
    &["portName"],
);

/// Members of a service about where its tasks go.
pub(super) const PLACEMENT: Shape = Structure(
    &[
        (
            "placementConstraints",
            List(&Structure(&[("type", Word(&["distinctInstance", "memberOf"])), ("expression", Text)], &[])),
        ),
        (
            "placementStrategy",
            List(&Structure(&[("type", Word(&["random", "spread", "binpack"])), ("field", Text)], &[])),
        ),
    ],
    &[],
);

/// What CreateCluster and UpdateCluster take alike.
pub(super) const CLUSTER: Shape = Structure(
    &[
        ("settings", List(&Structure(&[("name", Word(&["containerInsights"])), ("value", Text)], &[]))),
        (
            "configuration",
            Structure(
                &[
                    (
                        "executeCommandConfiguration",
                        Structure(
                            &[
                                ("kmsKeyId", Text),
                                ("logging", Word(&["NONE", "DEFAULT", "OVERRIDE"])),
                                ("logConfiguration", EXEC_LOG),
                            ],
                            &[],
                        ),
                    ),
                    (
                        "managedStorageConfiguration",
                        Structure(&[("kmsKeyId", Text), ("fargateEphemeralStorageKmsKeyId", Text)], &[]),
                    ),
                ],
                &[],
            ),
        ),
        ("serviceConnectDefaults", Structure(&[("namespace", Text)], &["namespace"])),
    ],
    &[],
);

const EXEC_LOG: Shape = Structure(
    &[
        ("cloudWatchLogGroupName", Text),
        ("cloudWatchEncryptionEnabled", Truth),
        ("s3BucketName", Text),
        ("s3EncryptionEnabled", Truth),
        ("s3KeyPrefix", Text),
    ],
    &[],
);

/// The input of RegisterTaskDefinition.
pub(super) const TASK_DEFINITION: Shape = Structure(
    &[
        ("taskRoleArn", Text),
        ("executionRoleArn", Text),
        ("networkMode", Word(&["bridge", "host", "awsvpc", "none"])),
        ("containerDefinitions", List(&CONTAINER)),
        ("volumes", List(&Structure(&[("name", Text), ("configuredAtLaunch", Truth)], &[]))),
        ("requiresCompatibilities", List(&Word(&["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]))),
        ("cpu", Text),
        ("memory", Text),
        ("pidMode", Word(&["host", "task"])),
        ("ipcMode", Word(&["host", "task", "none"])),
        ("ephemeralStorage", Structure(&[("sizeInGiB", Whole)], &["sizeInGiB"])),
        (
            "runtimePlatform",
            Structure(&[("cpuArchitecture", Word(&["X86_64", "ARM64"])), ("operatingSystemFamily", SYSTEM)], &[]),
        ),
        ("enableFaultInjection", Truth),
    ],
    &[],
);

const SYSTEM: Shape = Word(&[
    "LINUX",
    "WINDOWS_SERVER_2016_FULL",
    "WINDOWS_SERVER_2019_CORE",
    "WINDOWS_SERVER_2019_FULL",
    "WINDOWS_SERVER_2004_CORE",
    "WINDOWS_SERVER_20H2_CORE",
    "WINDOWS_SERVER_2022_CORE",
    "WINDOWS_SERVER_2022_FULL",
    "WINDOWS_SERVER_2025_CORE",
    "WINDOWS_SERVER_2025_FULL",
]);

const CONTAINER: Shape = Structure(
    &[
        ("name", Text),
        ("image", Text),
        ("repositoryCredentials", Structure(&[("credentialsParameter", Text)], &["credentialsParameter"])),
        ("cpu", Whole),
        ("memory", Whole),
        ("memoryReservation", Whole),
        ("links", List(&Text)),
        ("portMappings", List(&PORT)),
        ("essential", Truth),
        ("entryPoint", List(&Text)),
        ("command", List(&Text)),
        ("environment", List(&Structure(&[("name", Text), ("value", Text)], &[]))),
        ("environmentFiles", List(&Structure(&[("value", Text), ("type", Word(&["s3"]))], &["value", "type"]))),
        ("secrets", List(&SECRET)),
        ("dependsOn", List(&DEPENDENCY)),
        ("startTimeout", Whole),
        ("stopTimeout", Whole),
        ("versionConsistency", Word(&["enabled", "disabled"])),
        ("user", Text),
        ("workingDirectory", Text),
        ("privileged", Truth),
        ("readonlyRootFilesystem", Truth),
        ("dockerLabels", Texts),
        ("logConfiguration", LOG),
        ("healthCheck", HEALTH_CHECK),
    ],
    &[],
);

const PORT: Shape = Structure(
    &[
        ("containerPort", Whole),
        ("hostPort", Whole),
        ("protocol", Word(&["tcp", "udp"])),
        ("name", Text),
        ("appProtocol", Word(&["http", "http2", "grpc"])),
        ("containerPortRange", Text),
    ],
    &[],
);

const SECRET: Shape = Structure(&[("name", Text), ("valueFrom", Text)], &["name", "valueFrom"]);

const DEPENDENCY: Shape = Structure(
    &[("containerName", Text), ("condition", Word(&["START", "COMPLETE", "SUCCESS", "HEALTHY"]))],
    &["containerName", "condition"],
);

const LOG: Shape = Structure(
    &[
        (
            "logDriver",
            Word(&["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"]),
        ),
        ("options", Texts),
        ("secretOptions", List(&SECRET)),
    ],
    &["logDriver"],
);

const HEALTH_CHECK: Shape = Structure(
    &[("command", List(&Text)), ("interval", Whole), ("timeout", Whole), ("retries", Whole), ("startPeriod", Whole)],
    &["command"],
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(shape: Shape, value: &Value) -> String {
        shape.check("input", value).map_or_else(|error| error.code, |()| String::new())
    }

    #[test]
    fn lets_pass_what_it_does_not_know_and_what_is_left_out() {
        let definition = json!({
            "containerDefinitions": [{"name": "app", "user": null, "colour": "red", "dockerLabels": {"a": "b"}}],
        });
        assert_eq!(code(TASK_DEFINITION, &definition), "");
        assert_eq!(code(DEPLOYMENT_CONFIGURATION, &json!({"maximumPercent": 200})), "");
    }

    #[test]
    fn refuses_other_types_at_any_depth() {
        for container in [
            json!({"essential": "yes"}),
            json!({"portMappings": [{"containerPort": "80"}]}),
            json!({"portMappings": {"containerPort": 80}}),
            json!({"environment": [{"name": "a", "value": 1}]}),
            json!({"dockerLabels": {"a": true}}),
            json!({"stopTimeout": 1.5}),
            json!("app"),
        ] {
            let definition = json!({ "containerDefinitions": [container] });
            assert_eq!(code(TASK_DEFINITION, &definition), "SerializationException", "{definition}");
        }
        assert_eq!(code(DEPLOYMENT_CONFIGURATION, &json!("ROLLING")), "SerializationException");
    }

    #[test]
    fn refuses_words_that_aws_does_not_have_and_members_that_are_missing() {
        for wrong in [
            json!({"networkMode": "moon"}),
            json!({"requiresCompatibilities": ["FARGATE", "MOON"]}),
            json!({"containerDefinitions": [{"healthCheck": {"interval": 5}}]}),
            json!({"ephemeralStorage": {}}),
        ] {
            assert_eq!(code(TASK_DEFINITION, &wrong), "InvalidParameterException", "{wrong}");
        }
    }
}
