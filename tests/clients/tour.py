"""A visit to every operation that the simulator has, by boto3, so that every kind of answer is seen once and more.

Owns the order of calls, in which each has what it needs. Asserts nothing: what was answered is judged by `wire` and
`journal`, and that nothing was left out by `test_model`.
"""

import hashlib
import json

from tour_ecs import operations
from network_tour import balance, network, read_balancing, read_network


def tour(simulator):
    """Calls every operation at least once with success."""
    read_everything(simulator)
    elb = simulator.client("elbv2")
    balance(elb, network(simulator.client("ec2")))
    group = load_balance(elb)
    repository(simulator)
    assume(simulator.client("sts"))
    ecs = simulator.client("ecs")
    definition = define(ecs)
    serve(simulator, ecs, definition, group)
    run(simulator, ecs, definition)
    write_logs(simulator.client("logs"))
    scale(simulator)
    operations(simulator, ecs)
    read_everything(simulator)


def read_everything(simulator):
    """Every reading operation on what is there, with all that it can include."""
    ecs = simulator.client("ecs")
    for arn in ecs.list_clusters()["clusterArns"]:
        ecs.describe_clusters(
            clusters=[arn, "missing"], include=["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"]
        )
        read_cluster(ecs, arn)
    for family in ecs.list_task_definition_families()["families"]:
        for arn in ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]:
            ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
            ecs.list_tags_for_resource(resourceArn=arn)
    read_load_balancers(simulator.client("elbv2"))
    read_balancing(simulator.client("elbv2"))
    read_network(simulator.client("ec2"))
    read_images(simulator.client("ecr"))
    read_scaling(simulator.client("application-autoscaling"))
    simulator.client("sts").get_caller_identity()


def read_scaling(scaling):
    scaling.describe_scalable_targets(ServiceNamespace="ecs")
    scaling.describe_scaling_policies(ServiceNamespace="ecs")
    scaling.describe_scheduled_actions(ServiceNamespace="ecs")
    scaling.describe_scaling_activities(ServiceNamespace="ecs", IncludeNotScaledActivities=True)


def read_cluster(ecs, cluster):
    for arn in ecs.list_services(cluster=cluster, maxResults=100)["serviceArns"]:
        ecs.describe_services(cluster=cluster, services=[arn, "missing"], include=["TAGS"])
        ecs.list_tags_for_resource(resourceArn=arn)
        read_deployments(ecs, cluster, arn)
    for status in ("RUNNING", "PENDING", "STOPPED"):
        tasks = ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
        ecs.describe_tasks(cluster=cluster, tasks=[*tasks, "0" * 32], include=["TAGS"])
        for arn in tasks:
            ecs.list_tags_for_resource(resourceArn=arn)


def read_deployments(ecs, cluster, service):
    listed = ecs.list_service_deployments(cluster=cluster, service=service)["serviceDeployments"]
    if listed:
        deployments = [deployment["serviceDeploymentArn"] for deployment in listed]
        ecs.describe_service_deployments(serviceDeploymentArns=[*deployments, f"{deployments[0]}x"])
        revisions = [deployment["targetServiceRevisionArn"] for deployment in listed]
        ecs.describe_service_revisions(serviceRevisionArns=[*revisions, f"{revisions[0]}x"])


def read_load_balancers(elb):
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        elb.describe_load_balancer_attributes(LoadBalancerArn=arn)
        elb.describe_tags(ResourceArns=[arn])
        for listener in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            elb.describe_rules(ListenerArn=listener["ListenerArn"])
    for group in elb.describe_target_groups()["TargetGroups"]:
        arn = group["TargetGroupArn"]
        elb.describe_target_group_attributes(TargetGroupArn=arn)
        elb.describe_target_health(TargetGroupArn=arn)
        missing = {"ip": "10.9.9.9", "instance": "i-0123456789abcdef0"}[group["TargetType"]]
        elb.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": missing, "Port": 1}])


def read_images(ecr):
    for repository in ecr.describe_repositories()["repositories"]:
        name = repository["repositoryName"]
        images = ecr.list_images(repositoryName=name)["imageIds"]
        ecr.describe_images(repositoryName=name)
        if images:
            ecr.batch_get_image(repositoryName=name, imageIds=[*images, {"imageTag": "missing"}])
        ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])
        ecr.batch_get_repository_scanning_configuration(repositoryNames=[name, "missing"])
    ecr.get_authorization_token(registryIds=["123456789012"])
    ecr.describe_registry()
    ecr.get_registry_scanning_configuration()


def load_balance(elb):
    """A load balancer with a target group, and a target that comes and goes; gives the group."""
    tags = [{"Key": "made-by", "Value": "tour"}]
    balancer = elb.create_load_balancer(
        Name="tour", Subnets=["subnet-0a", "subnet-0b"], SecurityGroups=["sg-0a"], Tags=tags
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(
        Name="tour", Protocol="HTTP", Port=80, VpcId="vpc-0a", TargetType="ip", Matcher={"HttpCode": "200-299"}
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    elb.add_tags(ResourceArns=[balancer, group], Tags=tags)
    elb.remove_tags(ResourceArns=[balancer], TagKeys=["made-by"])
    attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=attributes)
    targets = [{"Id": "10.9.0.1", "Port": 80}]
    elb.register_targets(TargetGroupArn=group, Targets=targets)
    elb.describe_target_health(TargetGroupArn=group)
    elb.deregister_targets(TargetGroupArn=group, Targets=targets)
    elb.describe_target_health(TargetGroupArn=group)
    return group


def repository(simulator):
    """A repository with one image under two tags, and everything that can be set on it and around it."""
    ecr = simulator.client("ecr")
    arn = ecr.create_repository(
        repositoryName="tour",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "KMS"},
        tags=[{"Key": "a", "Value": "b"}],
    )["repository"]["repositoryArn"]
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
    for tag in ("one", "two"):
        ecr.put_image(repositoryName="tour", imageManifest=json.dumps(manifest), imageTag=tag)
    ecr.describe_images(repositoryName="tour", imageIds=[{"imageTag": "one"}])
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
    ecr.put_image(repositoryName="tour", imageManifest=json.dumps(index), imageTag="all")
    ecr.describe_images(repositoryName="tour", filter={"tagStatus": "TAGGED"})
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "c", "Value": "d"}])
    ecr.untag_resource(resourceArn=arn, tagKeys=["c"])
    scan(simulator, ecr)
    upload(ecr)
    rule(simulator, ecr)
    ecr.put_image(repositoryName="tour", imageManifest=json.dumps({**manifest, "annotations": {}}), imageTag="dev-1")
    ecr.batch_delete_image(
        repositoryName="tour", imageIds=[{"imageTag": "dev-1"}, {"imageTag": "missing"}, {"imageDigest": "nonsense"}, {}]
    )
    ecr.put_image_tag_mutability(repositoryName="tour", imageTagMutability="MUTABLE")
    ecr.create_repository(repositoryName="tour/gone")
    ecr.delete_repository(repositoryName="tour/gone", force=True)


def scan(simulator, ecr):
    """Scans, by a push and by hand."""
    ecr.put_image_scanning_configuration(repositoryName="tour", imageScanningConfiguration={"scanOnPush": False})
    ecr.describe_image_scan_findings(repositoryName="tour", imageId={"imageTag": "one"})
    simulator.advance(86_400)
    ecr.start_image_scan(repositoryName="tour", imageId={"imageTag": "one"})
    simulator.advance(60)
    ecr.describe_image_scan_findings(repositoryName="tour", imageId={"imageTag": "one"}, maxResults=10)
    ecr.describe_images(repositoryName="tour")
    filters = [{"filter": "tour*", "filterType": "WILDCARD"}]
    ecr.put_registry_scanning_configuration(
        scanType="BASIC", rules=[{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]
    )
    ecr.batch_get_repository_scanning_configuration(repositoryNames=["tour"])


def upload(ecr):
    """A layer in two parts."""
    data = b"a layer"
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    started = ecr.initiate_layer_upload(repositoryName="tour")["uploadId"]
    place = {"repositoryName": "tour", "uploadId": started}
    ecr.upload_layer_part(**place, partFirstByte=0, partLastByte=2, layerPartBlob=data[:3])
    ecr.upload_layer_part(**place, partFirstByte=3, partLastByte=len(data) - 1, layerPartBlob=data[3:])
    ecr.complete_layer_upload(**place, layerDigests=[digest])
    ecr.batch_check_layer_availability(repositoryName="tour", layerDigests=[digest, "sha256:00", "nonsense"])
    ecr.get_download_url_for_layer(repositoryName="tour", layerDigest=digest)


def rule(simulator, ecr):
    """Policies of every kind."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ecr.set_repository_policy(repositoryName="tour", policyText=policy)
    ecr.get_repository_policy(repositoryName="tour")
    ecr.delete_repository_policy(repositoryName="tour")
    statement = {**statement, "Action": "ecr:ReplicateImage", "Resource": "*"}
    ecr.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    ecr.get_registry_policy()
    ecr.delete_registry_policy()
    destinations = [{"region": "us-west-2", "registryId": "123456789012"}]
    ecr.put_replication_configuration(
        replicationConfiguration={
            "rules": [
                {
                    "destinations": destinations,
                    "repositoryFilters": [{"filter": "tour", "filterType": "PREFIX_MATCH"}],
                }
            ]
        }
    )
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    lifecycle = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})
    ecr.put_lifecycle_policy(repositoryName="tour", lifecyclePolicyText=lifecycle)
    ecr.get_lifecycle_policy(repositoryName="tour")
    ecr.start_lifecycle_policy_preview(repositoryName="tour", lifecyclePolicyText=lifecycle)
    ecr.get_lifecycle_policy_preview(repositoryName="tour")
    simulator.advance(60)
    ecr.get_lifecycle_policy_preview(repositoryName="tour", maxResults=10, filter={"tagStatus": "ANY"})
    ecr.delete_lifecycle_policy(repositoryName="tour")


def define(ecs):
    """A task definition with nearly everything that Fargate has; gives its ARN. Another is deregistered."""
    container = {
        "name": "app",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/tour:one",
        "essential": True,
        "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
        "environment": [{"name": "a", "value": "b"}],
        "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 5, "retries": 2},
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "tour"}},
        "stopTimeout": 5,
    }
    settings = {
        "family": "tour",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "ephemeralStorage": {"sizeInGiB": 30},
        "containerDefinitions": [container],
    }
    made = ecs.register_task_definition(**settings, tags=[{"key": "made-by", "value": "tour"}])["taskDefinition"]
    again = ecs.register_task_definition(**settings)["taskDefinition"]["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=again)
    ecs.list_task_definitions(status="INACTIVE")
    return made["taskDefinitionArn"]


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0a"], "securityGroups": ["sg-0a"], "assignPublicIp": "ENABLED"}}


def serve(simulator, ecs, definition, group):
    """A service from birth to death: rolled, stopped half-way, scaled, tagged, deleted."""
    tags = [{"key": "made-by", "value": "tour"}]
    cluster = ecs.create_cluster(clusterName="tour", tags=tags)["cluster"]["clusterArn"]
    ecs.put_cluster_capacity_providers(
        cluster=cluster,
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 1}],
    )
    service = ecs.create_service(
        cluster=cluster,
        serviceName="tour",
        taskDefinition=definition,
        desiredCount=2,
        networkConfiguration=NETWORK,
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}],
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        healthCheckGracePeriodSeconds=30,
        tags=tags,
        propagateTags="SERVICE",
        enableECSManagedTags=True,
    )["service"]["serviceArn"]
    for _ in range(20):
        simulator.advance(30)
        read_cluster(ecs, cluster)
    ecs.tag_resource(resourceArn=service, tags=[{"key": "b", "value": "c"}])
    ecs.untag_resource(resourceArn=service, tagKeys=["b"])
    ecs.update_service(cluster=cluster, service=service, desiredCount=3, forceNewDeployment=True)
    simulator.advance(60)
    read_cluster(ecs, cluster)
    open_one = ecs.list_service_deployments(cluster=cluster, service=service, status=["IN_PROGRESS"])
    ecs.stop_service_deployment(
        serviceDeploymentArn=open_one["serviceDeployments"][0]["serviceDeploymentArn"], stopType="ROLLBACK"
    )
    for _ in range(20):
        simulator.advance(30)
        read_cluster(ecs, cluster)
    ecs.delete_service(cluster=cluster, service=service, force=True)
    read_cluster(ecs, cluster)
    ecs.describe_services(cluster=cluster, services=[service])
    simulator.advance(600)
    ecs.describe_services(cluster=cluster, services=[service])


def run(simulator, ecs, definition):
    """One-off tasks: one that ends by itself, and one that is stopped."""
    common = {"cluster": "tour", "taskDefinition": definition, "networkConfiguration": NETWORK}
    changed = {"name": "app", "command": ["true"], "environment": [{"name": "a", "value": "c"}]}
    overrides = {"containerOverrides": [changed]}
    ecs.run_task(**common, count=2, overrides=overrides, startedBy="tour", tags=[{"key": "a", "value": "b"}])
    stopped = ecs.run_task(**common, launchType="FARGATE", clientToken="tour")["tasks"][0]["taskArn"]
    ecs.run_task(**common, launchType="FARGATE", clientToken="tour")
    simulator.advance(30)
    ecs.stop_task(cluster="tour", task=stopped, reason="the tour is over")
    for _ in range(10):
        simulator.advance(30)
        read_cluster(ecs, "tour")


def scale(simulator):
    """A scalable target with policies, schedules and tags, a load that moves it, and its end."""
    scaling = simulator.client("application-autoscaling")
    name = simulator.service("CGAPportalService").split(":service/")[1]
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    suspended = {"DynamicScalingInSuspended": False, "ScheduledScalingSuspended": False}
    arn = scaling.register_scalable_target(
        **target, MinCapacity=2, MaxCapacity=8, SuspendedState=suspended, Tags={"made-by": "tour"}
    )["ScalableTargetARN"]
    scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])
    scaling.put_scaling_policy(
        **target,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 50.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
            "DisableScaleIn": False,
        },
    )
    scaling.put_scaling_policy(
        **target,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            "Cooldown": 60,
        },
    )
    scaling.put_scheduled_action(
        **target,
        ScheduledActionName="hourly",
        Schedule="rate(1 hour)",
        Timezone="UTC",
        ScalableTargetAction={"MinCapacity": 3, "MaxCapacity": 9},
    )
    simulator.load({"service": "CGAPportalService", "cpu": 300.0})
    for _ in range(8):
        simulator.advance(60)
        read_scaling(scaling)
    simulator.advance(3_600)
    read_scaling(scaling)
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "c"})
    scaling.list_tags_for_resource(ResourceARN=arn)
    scaling.untag_resource(ResourceARN=arn, TagKeys=["b"])
    scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["cpu"])
    scaling.describe_scheduled_actions(ServiceNamespace="ecs", ScheduledActionNames=["hourly"])
    scaling.delete_scheduled_action(**target, ScheduledActionName="hourly")
    scaling.delete_scaling_policy(**target, PolicyName="steps")
    scaling.deregister_scalable_target(**target)


def assume(sts):
    """Credentials of every kind."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = {"RoleArn": "arn:aws:iam::123456789012:role/tour", "RoleSessionName": "tour", "DurationSeconds": 900}
    tags = [{"Key": "a", "Value": "b"}]
    sts.assume_role(**role, Policy=policy, Tags=tags, ExternalId="tour", SourceIdentity="tour")
    sts.assume_role_with_web_identity(**role, WebIdentityToken="token")
    sts.get_session_token(DurationSeconds=900)
    sts.get_federation_token(Name="tour", Policy=policy, DurationSeconds=900, Tags=tags)
    sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE")


def write_logs(logs):
    """A group with a stream and two lines, found in every way, and its end."""
    logs.create_log_group(logGroupName="lines")
    logs.create_log_stream(logGroupName="lines", logStreamName="one")
    moment = logs.describe_log_groups(logGroupNamePrefix="lines")["logGroups"][0]["creationTime"]
    lines = [{"timestamp": moment, "message": "first"}, {"timestamp": moment, "message": "second"}]
    logs.put_log_events(logGroupName="lines", logStreamName="one", logEvents=lines)
    logs.describe_log_streams(logGroupName="lines")
    logs.get_log_events(logGroupName="lines", logStreamName="one", startFromHead=True)
    logs.filter_log_events(logGroupName="lines", filterPattern="second")
    logs.delete_log_group(logGroupName="lines")
