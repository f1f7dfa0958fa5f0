//! What each operation of Application Auto Scaling takes, as AWS's model says it, and what can be scaled.
//!
//! Owns the shapes only. Source: the service model `application-autoscaling` of 2016-02-06.

use crate::simulator::model::Shape::{List, Map, Number, Structure, Text, Truth, Word};
use crate::simulator::model::{INTEGER, Member, Operations, Shape, TEXT, may, need};

const NAMESPACES: Shape = Word(&[
    "appstream",
    "cassandra",
    "comprehend",
    "custom-resource",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticache",
    "elasticmapreduce",
    "kafka",
    "lambda",
    "neptune",
    "rds",
    "sagemaker",
    "workspaces",
]);

const DIMENSIONS: Shape = Word(&[
    "appstream:fleet:DesiredCapacity",
    "cassandra:table:ReadCapacityUnits",
    "cassandra:table:WriteCapacityUnits",
    "comprehend:document-classifier-endpoint:DesiredInferenceUnits",
    "comprehend:entity-recognizer-endpoint:DesiredInferenceUnits",
    "custom-resource:ResourceType:Property",
    "dynamodb:index:ReadCapacityUnits",
    "dynamodb:index:WriteCapacityUnits",
    "dynamodb:table:ReadCapacityUnits",
    "dynamodb:table:WriteCapacityUnits",
    "ec2:spot-fleet-request:TargetCapacity",
    "ecs:service:DesiredCount",
    "elasticache:cache-cluster:Nodes",
    "elasticache:replication-group:NodeGroups",
    "elasticache:replication-group:Replicas",
    "elasticmapreduce:instancegroup:InstanceCount",
    "kafka:broker-storage:VolumeSize",
    "lambda:function:ProvisionedConcurrency",
    "neptune:cluster:ReadReplicaCount",
    "rds:cluster:ReadReplicaCount",
    "sagemaker:inference-component:DesiredCopyCount",
    "sagemaker:variant:DesiredInstanceCount",
    "sagemaker:variant:DesiredProvisionedConcurrency",
    "workspaces:workspacespool:DesiredUserSessions",
]);

const METRICS: Shape = Word(&[
    "ALBRequestCountPerTarget",
    "AppStreamAverageCapacityUtilization",
    "CassandraReadCapacityUtilization",
    "CassandraWriteCapacityUtilization",
    "ComprehendInferenceUtilization",
    "DynamoDBReadCapacityUtilization",
    "DynamoDBWriteCapacityUtilization",
    "EC2SpotFleetRequestAverageCPUUtilization",
    "EC2SpotFleetRequestAverageNetworkIn",
    "EC2SpotFleetRequestAverageNetworkOut",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageCPUUtilizationHighResolution",
    "ECSServiceAverageMemoryUtilization",
    "ECSServiceAverageMemoryUtilizationHighResolution",
    "ElastiCacheDatabaseCapacityUsageCountedForEvictPercentage",
    "ElastiCacheDatabaseMemoryUsageCountedForEvictPercentage",
    "ElastiCacheDatabaseMemoryUsagePercentage",
    "ElastiCacheEngineCPUUtilization",
    "ElastiCachePrimaryEngineCPUUtilization",
    "ElastiCacheReplicaEngineCPUUtilization",
    "KafkaBrokerStorageUtilization",
    "LambdaProvisionedConcurrencyUtilization",
    "NeptuneReaderAverageCPUUtilization",
    "RDSReaderAverageCPUUtilization",
    "RDSReaderAverageDatabaseConnections",
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution",
    "SageMakerInferenceComponentInvocationsPerCopy",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
    "SageMakerVariantInvocationsPerInstance",
    "SageMakerVariantProvisionedConcurrencyUtilization",
    "WorkSpacesAverageUserSessionsCapacityUtilization",
]);

const ID: Shape = Text(1, 1600);
const NAMESPACE: Member = need("ServiceNamespace", NAMESPACES);
const RESOURCE: Member = need("ResourceId", ID);
const DIMENSION: Member = need("ScalableDimension", DIMENSIONS);
const SOME_RESOURCE: Member = may("ResourceId", ID);
const SOME_DIMENSION: Member = may("ScalableDimension", DIMENSIONS);
const PAGE: Member = may("MaxResults", INTEGER);
const TOKEN: Member = may("NextToken", TEXT);
const IDS: Shape = List(&ID, 0, 50);
const BOUNDS: [Member; 2] = [may("MinCapacity", INTEGER), may("MaxCapacity", INTEGER)];
const ARN: Member = need("ResourceARN", Text(1, 1011));

const STEP: Shape = Structure(&[
    may("MetricIntervalLowerBound", Number),
    may("MetricIntervalUpperBound", Number),
    need("ScalingAdjustment", INTEGER),
]);
const STEPS: Shape = Structure(&[
    may("AdjustmentType", Word(&["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"])),
    may("StepAdjustments", List(&STEP, 0, usize::MAX)),
    may("MinAdjustmentMagnitude", INTEGER),
    may("Cooldown", INTEGER),
    may("MetricAggregationType", Word(&["Average", "Maximum", "Minimum"])),
]);
const CUSTOMIZED: Shape = Structure(&[
    may("MetricName", TEXT),
    may("Namespace", TEXT),
    may("Dimensions", List(&Structure(&[need("Name", TEXT), need("Value", TEXT)]), 0, usize::MAX)),
    may("Statistic", Word(&["Average", "Maximum", "Minimum", "SampleCount", "Sum"])),
    may("Unit", TEXT),
    may("Metrics", List(&Structure(&[need("Id", Text(1, 255))]), 0, usize::MAX)),
]);
const TRACKING: Shape = Structure(&[
    need("TargetValue", Number),
    may(
        "PredefinedMetricSpecification",
        Structure(&[need("PredefinedMetricType", METRICS), may("ResourceLabel", Text(1, 1023))]),
    ),
    may("CustomizedMetricSpecification", CUSTOMIZED),
    may("ScaleOutCooldown", INTEGER),
    may("ScaleInCooldown", INTEGER),
    may("DisableScaleIn", Truth),
]);
const PREDICTIVE: Shape =
    Structure(&[need("MetricSpecifications", List(&Structure(&[need("TargetValue", Number)]), 0, usize::MAX))]);
const SUSPENDED: Shape = Structure(&[
    may("DynamicScalingInSuspended", Truth),
    may("DynamicScalingOutSuspended", Truth),
    may("ScheduledScalingSuspended", Truth),
]);

/// The members of each operation's input.
pub(super) const OPERATIONS: Operations = &[
    ("DeleteScalingPolicy", &[need("PolicyName", ID), NAMESPACE, RESOURCE, DIMENSION]),
    ("DeleteScheduledAction", &[NAMESPACE, need("ScheduledActionName", ID), RESOURCE, DIMENSION]),
    ("DeregisterScalableTarget", &[NAMESPACE, RESOURCE, DIMENSION]),
    ("DescribeScalableTargets", &[NAMESPACE, may("ResourceIds", IDS), SOME_DIMENSION, PAGE, TOKEN]),
    (
        "DescribeScalingActivities",
        &[NAMESPACE, SOME_RESOURCE, SOME_DIMENSION, PAGE, TOKEN, may("IncludeNotScaledActivities", Truth)],
    ),
    ("DescribeScalingPolicies", &[may("PolicyNames", IDS), NAMESPACE, SOME_RESOURCE, SOME_DIMENSION, PAGE, TOKEN]),
    (
        "DescribeScheduledActions",
        &[may("ScheduledActionNames", IDS), NAMESPACE, SOME_RESOURCE, SOME_DIMENSION, PAGE, TOKEN],
    ),
    ("ListTagsForResource", &[ARN]),
    (
        "PutScalingPolicy",
        &[
            need("PolicyName", Text(1, 256)),
            NAMESPACE,
            RESOURCE,
            DIMENSION,
            may("PolicyType", Word(&["PredictiveScaling", "StepScaling", "TargetTrackingScaling"])),
            may("StepScalingPolicyConfiguration", STEPS),
            may("TargetTrackingScalingPolicyConfiguration", TRACKING),
            may("PredictiveScalingPolicyConfiguration", PREDICTIVE),
        ],
    ),
    (
        "PutScheduledAction",
        &[
            NAMESPACE,
            may("Schedule", ID),
            may("Timezone", ID),
            need("ScheduledActionName", Text(1, 256)),
            RESOURCE,
            DIMENSION,
            may("StartTime", Number),
            may("EndTime", Number),
            may("ScalableTargetAction", Structure(&BOUNDS)),
        ],
    ),
    (
        "RegisterScalableTarget",
        &[
            NAMESPACE,
            RESOURCE,
            DIMENSION,
            may("MinCapacity", INTEGER),
            may("MaxCapacity", INTEGER),
            may("RoleARN", ID),
            may("SuspendedState", SUSPENDED),
            may("Tags", Map),
        ],
    ),
    ("TagResource", &[ARN, need("Tags", Map)]),
    ("UntagResource", &[ARN, need("TagKeys", List(&Text(1, 128), 0, 200))]),
];
