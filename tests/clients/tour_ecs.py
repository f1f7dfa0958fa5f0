"""The part of the tour through ECS that is about more than services and tasks on Fargate.

Owns the order of calls, as `tour`. Needs nothing that others made, and leaves nothing behind but settings.
"""

import json

CLUSTER = "tour-instances"


def operations(simulator, ecs):
    """Calls every operation of clusters, settings, providers, container instances and protection."""
    clusters(ecs)
    settings(ecs)
    providers(ecs)
    instance = instances(ecs)
    on_an_instance(simulator, ecs, instance)
    task_sets(simulator, ecs)
    ends(ecs, instance)


def clusters(ecs):
    ecs.create_cluster(
        clusterName=CLUSTER,
        settings=[{"name": "containerInsights", "value": "enabled"}],
        configuration={"executeCommandConfiguration": {"logging": "DEFAULT"}},
        tags=[{"key": "made-by", "value": "tour"}],
    )
    ecs.update_cluster(
        cluster=CLUSTER,
        settings=[{"name": "containerInsights", "value": "enhanced"}],
        configuration={"executeCommandConfiguration": {"logging": "NONE"}},
        serviceConnectDefaults={"namespace": "tour"},
    )
    ecs.update_cluster_settings(cluster=CLUSTER, settings=[{"name": "containerInsights", "value": "disabled"}])
    ecs.describe_clusters(clusters=[CLUSTER], include=["CONFIGURATIONS", "SETTINGS", "TAGS"])


def settings(ecs):
    ecs.put_account_setting(name="containerInsights", value="enhanced")
    ecs.put_account_setting_default(name="taskLongArnFormat", value="enabled")
    ecs.list_account_settings()
    page = ecs.list_account_settings(effectiveSettings=True, maxResults=5)
    ecs.list_account_settings(effectiveSettings=True, maxResults=5, nextToken=page["nextToken"])
    ecs.delete_account_setting(name="containerInsights")


def providers(ecs):
    group = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:0:autoScalingGroupName/tour"
    scaling = {"status": "ENABLED", "targetCapacity": 80, "minimumScalingStepSize": 1, "maximumScalingStepSize": 10}
    ecs.create_capacity_provider(
        name="tour",
        autoScalingGroupProvider={
            "autoScalingGroupArn": group,
            "managedScaling": {**scaling, "instanceWarmupPeriod": 60},
            "managedTerminationProtection": "DISABLED",
            "managedDraining": "ENABLED",
        },
        tags=[{"key": "a", "value": "b"}],
    )
    ecs.update_capacity_provider(name="tour", autoScalingGroupProvider={"managedScaling": {"targetCapacity": 100}})
    ecs.describe_capacity_providers(include=["TAGS"])
    arn = ecs.describe_capacity_providers(capacityProviders=["tour", "missing"])["capacityProviders"][0]
    ecs.list_tags_for_resource(resourceArn=arn["capacityProviderArn"])
    ecs.delete_capacity_provider(capacityProvider="tour")


def instances(ecs):
    ecs.discover_poll_endpoint(cluster=CLUSTER)
    document = {"instanceId": "i-0123456789abcdef0", "availabilityZone": "us-east-1a", "instanceType": "m5.large"}
    instance = ecs.register_container_instance(
        cluster=CLUSTER,
        instanceIdentityDocument=json.dumps(document),
        totalResources=[
            {"name": "CPU", "type": "INTEGER", "integerValue": 2048},
            {"name": "MEMORY", "type": "INTEGER", "integerValue": 4096},
            {"name": "PORTS", "type": "STRINGSET", "stringSetValue": ["22"]},
        ],
        tags=[{"key": "made-by", "value": "tour"}],
    )["containerInstance"]["containerInstanceArn"]
    ecs.list_container_instances(cluster=CLUSTER, status="ACTIVE")
    attribute = {"name": "stack", "targetId": instance, "targetType": "container-instance"}
    ecs.put_attributes(cluster=CLUSTER, attributes=[{**attribute, "value": "tour"}])
    ecs.list_attributes(cluster=CLUSTER, targetType="container-instance", attributeName="stack")
    ecs.delete_attributes(cluster=CLUSTER, attributes=[attribute])
    for status in ("DRAINING", "ACTIVE"):
        ecs.update_container_instances_state(cluster=CLUSTER, containerInstances=[instance], status=status)
    return instance


def on_an_instance(simulator, ecs, instance):
    ports = [{"containerPort": 80}, {"containerPort": 53, "protocol": "udp"}]
    ecs.register_task_definition(
        family="tour-instances",
        containerDefinitions=[{"name": "app", "image": "nginx", "memory": 512, "portMappings": ports}],
    )
    common = {"cluster": CLUSTER, "taskDefinition": "tour-instances"}
    ecs.create_service(**common, serviceName="tour", desiredCount=1, launchType="EC2", enableExecuteCommand=True)
    ecs.create_service(
        **common,
        serviceName="daemon",
        schedulingStrategy="DAEMON",
        placementConstraints=[{"type": "memberOf", "expression": "attribute:stack == tour"}],
        serviceConnectConfiguration={"enabled": True, "namespace": "tour", "services": [{"portName": "web"}]},
    )
    ecs.list_services_by_namespace(namespace="tour")
    simulator.advance(60)
    ecs.start_task(**common, containerInstances=[instance], startedBy="tour")
    ecs.run_task(**common, count=9)
    simulator.advance(30)
    tasks = ecs.list_tasks(cluster=CLUSTER)["taskArns"]
    ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)
    ecs.describe_services(cluster=CLUSTER, services=["tour", "daemon"])
    ecs.describe_container_instances(
        cluster=CLUSTER, containerInstances=[instance, "missing"], include=["TAGS", "CONTAINER_INSTANCE_HEALTH"]
    )
    ecs.update_task_protection(cluster=CLUSTER, tasks=tasks, protectionEnabled=True, expiresInMinutes=60)
    ecs.get_task_protection(cluster=CLUSTER, tasks=tasks)


def task_sets(simulator, ecs):
    ecs.create_service(
        cluster=CLUSTER, serviceName="external", desiredCount=1, deploymentController={"type": "EXTERNAL"}
    )
    common = {"cluster": CLUSTER, "service": "external"}
    made = ecs.create_task_set(
        **common,
        taskDefinition="tour-instances",
        externalId="tour",
        scale={"value": 50.0, "unit": "PERCENT"},
        tags=[{"key": "a", "value": "b"}],
    )["taskSet"]["taskSetArn"]
    simulator.advance(120)
    ecs.describe_task_sets(**common, taskSets=[made, "missing"], include=["TAGS"])
    ecs.list_tags_for_resource(resourceArn=made)
    ecs.update_service_primary_task_set(**common, primaryTaskSet=made)
    ecs.describe_services(cluster=CLUSTER, services=["external"])
    ecs.update_task_set(**common, taskSet=made, scale={"value": 0.0, "unit": "PERCENT"})
    ecs.delete_task_set(**common, taskSet=made, force=True)


def ends(ecs, instance):
    for service in ("tour", "daemon", "external"):
        ecs.delete_service(cluster=CLUSTER, service=service, force=True)
    ecs.deregister_container_instance(cluster=CLUSTER, containerInstance=instance, force=True)
    ecs.deregister_task_definition(taskDefinition="tour-instances:1")
    ecs.delete_task_definitions(taskDefinitions=["tour-instances:1", "missing:1"])
    ecs.list_task_definitions(status="DELETE_IN_PROGRESS")
    ecs.create_cluster(clusterName="tour-empty")
    ecs.delete_cluster(cluster="tour-empty")
    ecs.describe_clusters(clusters=["tour-empty"])
