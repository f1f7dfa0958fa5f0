"""ECS beyond services on Fargate: clusters that end, protected tasks, settings, providers, container instances."""

import json

import pytest
from botocore.exceptions import ClientError

INGESTER = "CGAPIngesterService"


@pytest.fixture
def empty(start):
    """An account with nothing in it, where time passes only when it is pushed."""
    return start("--start", "empty")


def refused(call, **parameters):
    """The code and the words of a refusal."""
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]


def running(ecs, cluster, service):
    """Tasks of a service that are meant to run."""
    return ecs.list_tasks(cluster=cluster, serviceName=service)["taskArns"]


def test_a_cluster_is_deleted_once_nothing_lives_in_it(still):
    ecs, cluster = still.client("ecs"), still.cluster()
    assert refused(ecs.delete_cluster, cluster=cluster)[0] == "ClusterContainsServicesException"
    for service in still.services():
        ecs.delete_service(cluster=cluster, service=service, force=True)
    assert refused(ecs.delete_cluster, cluster=cluster)[0] == "ClusterContainsTasksException"
    still.advance(900)
    assert ecs.delete_cluster(cluster=cluster)["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []
    assert ecs.describe_clusters(clusters=[cluster])["clusters"][0]["status"] == "INACTIVE"
    assert refused(ecs.list_services, cluster=cluster)[0] == "ClusterNotFoundException"


def test_a_protected_task_outlives_a_scale_in_until_its_protection_ends(still):
    ecs, cluster, portal = still.client("ecs"), still.cluster(), still.service("CGAPportalService")
    guarded = running(ecs, cluster, portal)[:2]
    ecs.update_task_protection(cluster=cluster, tasks=guarded, protectionEnabled=True, expiresInMinutes=30)
    ecs.update_service(cluster=cluster, service=portal, desiredCount=1)
    still.advance(600)
    assert sorted(running(ecs, cluster, portal)) == sorted(guarded)
    said = [event["message"] for event in ecs.describe_services(cluster=cluster, services=[portal])["services"][0]["events"]]
    assert any("was unable to scale in due to (reason 1 tasks under protection)" in message for message in said)
    still.advance(1800)
    assert len(running(ecs, cluster, portal)) == 1
    shown = ecs.get_task_protection(cluster=cluster, tasks=running(ecs, cluster, portal))["protectedTasks"]
    assert [task["protectionEnabled"] for task in shown] == [False]


def test_a_deployment_waits_for_a_protected_task(still):
    ecs, cluster, ingester = still.client("ecs"), still.cluster(), still.service(INGESTER)
    guarded = running(ecs, cluster, ingester)[:1]
    ecs.update_task_protection(cluster=cluster, tasks=guarded, protectionEnabled=True)
    ecs.update_service(cluster=cluster, service=ingester, forceNewDeployment=True)
    still.advance(1200)
    assert guarded[0] in running(ecs, cluster, ingester)
    assert len(ecs.describe_services(cluster=cluster, services=[ingester])["services"][0]["deployments"]) == 2
    ecs.update_task_protection(cluster=cluster, tasks=guarded, protectionEnabled=False)
    still.advance(600)
    assert guarded[0] not in running(ecs, cluster, ingester)
    assert len(ecs.describe_services(cluster=cluster, services=[ingester])["services"][0]["deployments"]) == 1


def test_a_task_that_is_no_services_cannot_be_protected(empty):
    ecs = empty.client("ecs")
    task = on_instances(ecs, count=1)
    empty.advance(30)
    answer = ecs.update_task_protection(cluster="default", tasks=task, protectionEnabled=True)
    assert (answer["protectedTasks"], answer["failures"][0]["reason"]) == ([], "TASK_NOT_VALID")


def test_a_command_is_refused_for_the_reason_that_ecs_would_have(still):
    ecs, cluster, ingester = still.client("ecs"), still.cluster(), still.service(INGESTER)
    ask = {"cluster": cluster, "command": "sh", "interactive": True}
    code, words = refused(ecs.execute_command, task=running(ecs, cluster, ingester)[0], **ask)
    assert code == "InvalidParameterException" and "execute command was not enabled" in words
    ecs.update_service(cluster=cluster, service=ingester, enableExecuteCommand=True, forceNewDeployment=True)
    still.advance(900)
    task = running(ecs, cluster, ingester)[0]
    assert refused(ecs.execute_command, task=task, **ask)[0] == "TargetNotConnectedException"
    agents = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]["containers"][0]["managedAgents"]
    assert [(agent["name"], agent["lastStatus"]) for agent in agents] == [("ExecuteCommandAgent", "RUNNING")]


def test_a_new_cluster_begins_with_what_the_account_has_set(empty):
    ecs = empty.client("ecs")
    insights = lambda name: ecs.create_cluster(clusterName=name)["cluster"]["settings"][0]["value"]
    assert insights("before") == "disabled"
    ecs.put_account_setting(name="containerInsights", value="enhanced")
    assert insights("between") == "enhanced"
    ecs.delete_account_setting(name="containerInsights")
    assert insights("after") == "disabled"


def test_fargates_providers_are_always_there_and_others_come_and_go(empty):
    ecs = empty.client("ecs")
    names = lambda: [each["name"] for each in ecs.describe_capacity_providers()["capacityProviders"]]
    assert names() == ["FARGATE", "FARGATE_SPOT"]
    group = {"autoScalingGroupArn": "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:0:autoScalingGroupName/a"}
    ecs.create_capacity_provider(name="mine", autoScalingGroupProvider=group)
    ecs.create_cluster(capacityProviders=["mine"])
    assert refused(ecs.delete_capacity_provider, capacityProvider="mine")[0] == "ClientException"
    ecs.put_cluster_capacity_providers(cluster="default", capacityProviders=[], defaultCapacityProviderStrategy=[])
    ecs.delete_capacity_provider(capacityProvider="mine")
    assert names() == ["FARGATE", "FARGATE_SPOT"]


def on_instances(ecs, count, **container):
    """Tasks on the one instance of the default cluster, which both are made if they are not there."""
    ecs.create_cluster()
    if not ecs.list_container_instances()["containerInstanceArns"]:
        room = [("CPU", 2048), ("MEMORY", 2048)]
        resources = [{"name": name, "type": "INTEGER", "integerValue": value} for name, value in room]
        document = json.dumps({"instanceId": "i-0123456789abcdef0", "availabilityZone": "us-east-1b"})
        ecs.register_container_instance(instanceIdentityDocument=document, totalResources=resources)
    definition = {"name": "app", "image": "nginx", "memory": 512, **container}
    made = ecs.register_task_definition(family="app", containerDefinitions=[definition])["taskDefinition"]
    answer = ecs.run_task(taskDefinition=made["taskDefinitionArn"], count=count)
    assert len(answer["tasks"]) + len(answer["failures"]) == count
    return [task["taskArn"] for task in answer["tasks"]]


def test_an_instance_takes_tasks_until_its_memory_is_full(empty):
    ecs = empty.client("ecs")
    tasks = on_instances(ecs, count=5)
    assert len(tasks) == 4
    empty.advance(30)
    shown = ecs.describe_tasks(tasks=tasks)["tasks"]
    assert {task["launchType"] for task in shown} == {"EC2"} and {task["lastStatus"] for task in shown} == {"RUNNING"}
    assert {task["availabilityZone"] for task in shown} == {"us-east-1b"}
    arn = ecs.list_container_instances()["containerInstanceArns"][0]
    left = ecs.describe_container_instances(containerInstances=[arn])["containerInstances"][0]["remainingResources"]
    assert {each["name"]: each["integerValue"] for each in left if each["type"] == "INTEGER"} == {"CPU": 2048, "MEMORY": 0}
    again = ecs.run_task(taskDefinition="app")
    assert again["failures"] == [{"arn": arn, "reason": "RESOURCE:MEMORY"}]
    ecs.stop_task(task=tasks[0])
    empty.advance(60)
    assert len(ecs.run_task(taskDefinition="app")["tasks"]) == 1


def test_a_port_of_an_instance_is_given_once(empty):
    tasks = on_instances(empty.client("ecs"), count=2, portMappings=[{"containerPort": 80, "hostPort": 80}])
    assert len(tasks) == 1


def test_a_service_on_instances_gets_its_tasks_when_there_is_an_instance(empty):
    ecs = empty.client("ecs")
    ecs.create_cluster()
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "nginx", "memory": 128}])
    ecs.create_service(serviceName="app", taskDefinition="app", desiredCount=2)
    empty.advance(60)
    service = ecs.describe_services(services=["app"])["services"][0]
    assert (service["launchType"], service["runningCount"]) == ("EC2", 0)
    assert "No Container Instances were found in your cluster." in service["events"][0]["message"]
    ecs.register_container_instance()
    empty.advance(1800)
    assert ecs.describe_services(services=["app"])["services"][0]["runningCount"] == 2


def test_a_daemon_has_one_task_on_every_instance(empty):
    ecs = empty.client("ecs")
    ecs.create_cluster()
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "nginx", "memory": 128}])
    first = ecs.register_container_instance()["containerInstance"]["containerInstanceArn"]
    ecs.create_service(serviceName="app", taskDefinition="app", schedulingStrategy="DAEMON")
    empty.advance(120)
    second = ecs.register_container_instance()["containerInstance"]["containerInstanceArn"]
    empty.advance(120)
    tasks = ecs.describe_tasks(tasks=running(ecs, "default", "app"))["tasks"]
    assert sorted(task["containerInstanceArn"] for task in tasks) == sorted([first, second])
    service = ecs.describe_services(services=["app"])["services"][0]
    assert (service["schedulingStrategy"], service["desiredCount"], service["runningCount"]) == ("DAEMON", 2, 2)
    assert ecs.list_services(schedulingStrategy="REPLICA")["serviceArns"] == []


def test_what_a_service_is_told_is_told_again(empty):
    ecs = empty.client("ecs")
    ecs.create_cluster()
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "nginx", "memory": 128}])
    spread = [{"type": "spread", "field": "instanceId"}]
    connect = {"enabled": True, "namespace": "mesh"}
    role = "arn:aws:iam::123456789012:role/mine"
    ecs.create_service(
        serviceName="app",
        taskDefinition="app",
        placementStrategy=spread,
        serviceConnectConfiguration=connect,
        role=role,
    )
    service = ecs.describe_services(services=["app"])["services"][0]
    assert (service["placementStrategy"], service["roleArn"]) == (spread, role)
    assert service["deployments"][0]["serviceConnectConfiguration"] == connect
    assert ecs.list_services_by_namespace(namespace="mesh")["serviceArns"] == [service["serviceArn"]]
    deployment = lambda: ecs.describe_services(services=["app"])["services"][0]["deployments"][0]["id"]
    before = deployment()
    ecs.update_service(service="app", placementStrategy=[])
    assert deployment() == before
    ecs.update_service(service="app", serviceConnectConfiguration={"enabled": False})
    assert deployment() != before


def test_an_instance_with_tasks_is_only_deregistered_by_force_and_its_tasks_end(empty):
    ecs = empty.client("ecs")
    tasks = on_instances(ecs, count=1)
    empty.advance(30)
    arn = ecs.list_container_instances()["containerInstanceArns"][0]
    assert refused(ecs.deregister_container_instance, containerInstance=arn)[1] == "Found running tasks on the instance."
    ecs.deregister_container_instance(containerInstance=arn, force=True)
    empty.advance(120)
    ended = ecs.describe_tasks(tasks=tasks)["tasks"][0]
    assert (ended["lastStatus"], ended["stopCode"]) == ("STOPPED", "TerminationNotice")


def test_a_revision_is_deregistered_before_it_is_deleted(empty):
    ecs = empty.client("ecs")
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "nginx", "memory": 128}])
    assert "still in ACTIVE status" in ecs.delete_task_definitions(taskDefinitions=["app:1"])["failures"][0]["reason"]
    ecs.deregister_task_definition(taskDefinition="app:1")
    deleted = ecs.delete_task_definitions(taskDefinitions=["app:1"])["taskDefinitions"]
    assert [each["status"] for each in deleted] == ["DELETE_IN_PROGRESS"]
    ecs.create_cluster()
    assert refused(ecs.run_task, taskDefinition="app:1")[0] == "ClientException"


def test_an_arn_of_another_account_region_or_kind_means_nothing(still):
    ecs, cluster, ingester = still.client("ecs"), still.cluster(), still.service(INGESTER)
    for wrong in (
        ingester.replace("us-east-1", "us-west-2"),
        ingester.replace("123456789012", "111111111111"),
        ingester.replace(":service/", ":cluster/"),
        ingester.replace(":service/", ":service/another/"),
    ):
        answer = ecs.describe_services(cluster=cluster, services=[wrong])
        assert (answer["services"], answer["failures"]) == ([], [{"arn": wrong, "reason": "MISSING"}])
        assert refused(ecs.update_service, cluster=cluster, service=wrong)[0] == "ServiceNotFoundException"
    elsewhere = cluster.replace("us-east-1", "us-west-2")
    assert refused(ecs.list_services, cluster=elsewhere)[0] == "ClusterNotFoundException"
