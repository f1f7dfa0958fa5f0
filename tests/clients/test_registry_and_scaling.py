"""ECR, Application Auto Scaling and STS as boto3 meets them: what stays, what goes, and what moves by itself."""

import hashlib
import json

import pytest
from botocore.exceptions import ClientError

MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}


def put(ecr, tag, number):
    """An image that differs by its number; gives its digest."""
    manifest = json.dumps({**MANIFEST, "annotations": {"number": str(number)}})
    image = ecr.put_image(repositoryName="app", imageManifest=manifest, imageTag=tag)["image"]
    assert image["imageId"]["imageDigest"] == "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    return image["imageId"]["imageDigest"]


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def test_an_immutable_tag_stays_where_it_is_but_for_its_exclusions(still):
    ecr = still.client("ecr")
    ecr.create_repository(
        repositoryName="app",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
    )
    put(ecr, "v1", 1)
    put(ecr, "dev-1", 2)
    other = json.dumps({**MANIFEST, "annotations": {"number": "3"}})
    parameters = {"repositoryName": "app", "imageManifest": other}
    assert refusal(ecr.put_image, **parameters, imageTag="v1") == "ImageTagAlreadyExistsException"
    ecr.put_image(**parameters, imageTag="dev-1")
    without_type = json.dumps({"schemaVersion": 2})
    assert refusal(ecr.put_image, repositoryName="app", imageManifest=without_type) == "InvalidParameterException"


def test_images_expire_a_day_after_their_policy_was_put(still):
    ecr = still.client("ecr")
    ecr.create_repository(repositoryName="app")
    for number in range(4):
        put(ecr, f"v{number}", number)
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=json.dumps({"rules": [rule]}))
    ecr.start_lifecycle_policy_preview(repositoryName="app")
    waiter = ecr.get_waiter("lifecycle_policy_preview_complete")
    waiter.wait(repositoryName="app")
    preview = ecr.get_lifecycle_policy_preview(repositoryName="app")
    assert preview["summary"]["expiringImageTotalCount"] == 3
    still.advance(25 * 3_600)
    assert [image["imageTag"] for image in ecr.list_images(repositoryName="app")["imageIds"]] == ["v3"]


def test_a_scan_is_waited_for_and_finds_nothing(still):
    ecr = still.client("ecr")
    ecr.create_repository(repositoryName="app", imageScanningConfiguration={"scanOnPush": True})
    put(ecr, "v1", 1)
    ecr.get_waiter("image_scan_complete").wait(repositoryName="app", imageId={"imageTag": "v1"})
    found = ecr.describe_image_scan_findings(repositoryName="app", imageId={"imageTag": "v1"})
    assert found["imageScanFindings"]["findings"] == []


def test_a_service_follows_its_load_out_and_in_without_a_deployment(still):
    scaling, ecs = still.client("application-autoscaling"), still.client("ecs")
    cluster, service = still.cluster(), still.service("CGAPportalService")

    def shown():
        return ecs.describe_services(cluster=cluster, services=[service])["services"][0]

    still.advance(1_800)
    before = shown()
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/" + service.split(":service/")[1],
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=6)
    scaling.put_scaling_policy(
        **target,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    assert still.load({"service": "CGAPportalService", "cpu": 1_000.0}) == 1
    still.advance(10 * 60)
    assert (shown()["desiredCount"], shown()["runningCount"]) == (6, 6)
    still.load({"service": "CGAPportalService", "cpu": 10.0})
    still.advance(40 * 60)
    assert shown()["desiredCount"] == 1
    assert [deployment["id"] for deployment in shown()["deployments"]] == [before["deployments"][0]["id"]]
    activities = scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"]
    assert [activity["Description"] for activity in activities][:2] == [
        "Setting desired count to 1.",
        "Setting desired count to 6.",
    ]
    assert "AlarmLow" in activities[0]["Cause"] and "AlarmHigh" in activities[1]["Cause"]


def test_what_is_not_registered_is_not_found(still):
    scaling = still.client("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount"}
    missing = {**target, "PolicyName": "missing"}
    assert refusal(scaling.delete_scaling_policy, **missing) == "ObjectNotFoundException"
    assert refusal(scaling.put_scaling_policy, **missing, PolicyType="StepScaling") == "ObjectNotFoundException"
    action = {**target, "ScheduledActionName": "missing"}
    assert refusal(scaling.delete_scheduled_action, **action) == "ObjectNotFoundException"


def test_an_assumed_role_has_a_name_of_its_own(still):
    sts = still.client("sts")
    role = "arn:aws:iam::123456789012:role/team/deploy"
    user = sts.assume_role(RoleArn=role, RoleSessionName="ci")["AssumedRoleUser"]
    assert user["Arn"] == "arn:aws:sts::123456789012:assumed-role/deploy/ci"
    assert refusal(sts.assume_role, RoleArn=role.replace("role/", "user/"), RoleSessionName="ci") == "ValidationError"
