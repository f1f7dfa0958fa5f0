"""boto3 as anybody uses it: waiters, paginators, error classes, and a forced deployment seen minute by minute."""

import pytest

from tour import NETWORK


def of(simulator, part):
    """Cluster and ARN of a service."""
    return {"cluster": simulator.cluster(), "services": [simulator.service(part)]}


def test_services_stable_waits_until_a_forced_deployment_is_over(still):
    ecs, portal = still.client("ecs"), of(still, "CGAPportalService")
    ecs.update_service(cluster=portal["cluster"], service=portal["services"][0], forceNewDeployment=True)
    assert len(ecs.describe_services(**portal)["services"][0]["deployments"]) == 2
    ecs.get_waiter("services_stable").wait(**portal, WaiterConfig={"MaxAttempts": 80})
    service = ecs.describe_services(**portal)["services"][0]
    assert [deployment["rolloutState"] for deployment in service["deployments"]] == ["COMPLETED"]
    assert service["runningCount"] == service["desiredCount"] == 4


def test_services_inactive_waits_until_a_deleted_service_has_drained(still):
    ecs, ingester = still.client("ecs"), of(still, "CGAPIngesterService")
    ecs.delete_service(cluster=ingester["cluster"], service=ingester["services"][0], force=True)
    ecs.get_waiter("services_inactive").wait(**ingester)
    assert ecs.describe_services(**ingester)["services"][0]["status"] == "INACTIVE"


def test_tasks_running_and_tasks_stopped_see_a_one_off_task_through(still):
    ecs, cluster = still.client("ecs"), still.cluster()
    task = deployment_task(ecs, cluster)
    # This waiter takes MISSING for an end, and ECS does not show a task at once: whoever uses it waits a little first.
    still.advance(2)
    ecs.get_waiter("tasks_running").wait(cluster=cluster, tasks=[task])
    ecs.get_waiter("tasks_stopped").wait(cluster=cluster, tasks=[task])
    shown = ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]
    assert [container["exitCode"] for container in shown["containers"]] == [0]
    assert shown["stopCode"] == "EssentialContainerExited"


def test_targets_are_waited_for_in_service_and_deregistered(still):
    ecs, elb, portal = still.client("ecs"), still.client("elbv2"), of(still, "CGAPportalService")
    group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    old = targets(elb, group)
    ecs.update_service(cluster=portal["cluster"], service=portal["services"][0], forceNewDeployment=True)
    still.advance(60)
    new = [target for target in targets(elb, group) if target not in old]
    assert new
    elb.get_waiter("target_in_service").wait(TargetGroupArn=group, Targets=new)
    elb.get_waiter("target_deregistered").wait(TargetGroupArn=group, Targets=old, WaiterConfig={"MaxAttempts": 80})
    states = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert {state["TargetHealth"]["State"] for state in states} == {"healthy"}


def test_paginators_give_everything_once(still):
    ecs, cluster = still.client("ecs"), still.cluster()
    paging = {"PageSize": 1}
    for operation, key, parameters in [
        ("list_services", "serviceArns", {"cluster": cluster}),
        ("list_tasks", "taskArns", {"cluster": cluster}),
        ("list_clusters", "clusterArns", {}),
        ("list_task_definitions", "taskDefinitionArns", {}),
        ("list_task_definition_families", "families", {}),
    ]:
        pages = list(ecs.get_paginator(operation).paginate(**parameters, PaginationConfig=paging))
        given = [item for page in pages for item in page[key]]
        assert {len(page[key]) for page in pages} == {1}, operation
        assert given == getattr(ecs, operation)(**parameters)[key], operation
    elb, ecr = still.client("elbv2"), still.client("ecr")
    repository = ecr.describe_repositories()["repositories"][0]["repositoryName"]
    still.push(repository, "latest")
    for client, operation, key, parameters in [
        (elb, "describe_target_groups", "TargetGroups", {}),
        (elb, "describe_load_balancers", "LoadBalancers", {}),
        (ecr, "describe_images", "imageDetails", {"repositoryName": repository}),
        (ecr, "list_images", "imageIds", {"repositoryName": repository}),
    ]:
        paged = client.get_paginator(operation).paginate(**parameters, PaginationConfig=paging)
        assert list(paged.search(key)) == getattr(client, operation)(**parameters)[key], operation


def test_refusals_are_the_exceptions_of_their_client(still):
    ecs, elb, ecr, cluster = still.client("ecs"), still.client("elbv2"), still.client("ecr"), still.cluster()
    with pytest.raises(ecs.exceptions.ClusterNotFoundException, match="Cluster not found."):
        ecs.list_services(cluster="missing")
    with pytest.raises(ecs.exceptions.ServiceNotFoundException, match="Service not found."):
        ecs.update_service(cluster=cluster, service="missing")
    with pytest.raises(ecs.exceptions.ClientException, match="Unable to describe task definition."):
        ecs.describe_task_definition(taskDefinition="missing")
    with pytest.raises(ecs.exceptions.InvalidParameterException):
        ecs.describe_services(cluster=cluster, services=[])
    with pytest.raises(elb.exceptions.TargetGroupNotFoundException):
        elb.describe_target_groups(Names=["missing"])
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        ecr.describe_images(repositoryName="missing")


def test_run_task_starts_one_task_for_one_token(still):
    ecs, cluster = still.client("ecs"), still.cluster()
    first = deployment_task(ecs, cluster, clientToken="once")
    assert deployment_task(ecs, cluster, clientToken="once") == first
    assert deployment_task(ecs, cluster) != deployment_task(ecs, cluster)
    with pytest.raises(ecs.exceptions.ConflictException) as refusal:
        deployment_task(ecs, cluster, clientToken="once", count=2)
    assert refusal.value.response["resourceIds"] == [first]


def deployment_task(ecs, cluster, **parameters):
    """Runs CGAP's deployment task; gives the task."""
    families = ecs.list_task_definition_families()["families"]
    family = next(family for family in families if "CGAPDeployment-" in family)
    answer = ecs.run_task(
        cluster=cluster, taskDefinition=family, launchType="FARGATE", networkConfiguration=NETWORK, **parameters
    )
    assert answer["failures"] == []
    return answer["tasks"][0]["taskArn"]


def targets(elb, group):
    """The targets of a group that are not on their way out."""
    shown = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    kept = [each for each in shown if each["TargetHealth"]["State"] != "draining"]
    return [{"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]} for each in kept]


class Minute:
    """What boto3 sees of a service at one moment."""

    def __init__(self, simulator, portal):
        ecs, elb, (service,) = simulator.client("ecs"), simulator.client("elbv2"), portal["services"]
        shown = ecs.describe_services(**portal)["services"][0]
        self.deployments = {each["status"]: each for each in shown["deployments"]}
        self.running_count, self.pending_count = shown["runningCount"], shown["pendingCount"]
        listed = {"cluster": portal["cluster"], "serviceName": service}
        self.running = ecs.list_tasks(**listed, desiredStatus="RUNNING")["taskArns"]
        self.stopped = ecs.list_tasks(**listed, desiredStatus="STOPPED")["taskArns"]
        self.tasks = {}
        if self.running or self.stopped:
            described = ecs.describe_tasks(cluster=portal["cluster"], tasks=[*self.running, *self.stopped])["tasks"]
            self.tasks = {task["taskArn"]: task for task in described}
        group = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
        health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        self.targets = {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in health}

    def with_status(self, *statuses):
        return {arn for arn, task in self.tasks.items() if task["lastStatus"] in statuses}

    def addresses(self, tasks):
        details = [self.tasks[arn]["attachments"][0]["details"] for arn in tasks]
        return {item["value"] for detail in details for item in detail if item["name"] == "privateIPv4Address"}


def rolled(simulator):
    """A forced deployment of the portal, minute by minute until one deployment is left that is COMPLETED."""
    ecs, portal = simulator.client("ecs"), of(simulator, "CGAPportalService")
    minutes = [Minute(simulator, portal)]
    ecs.update_service(cluster=portal["cluster"], service=portal["services"][0], forceNewDeployment=True)
    while len(minutes) < 40:
        minutes.append(Minute(simulator, portal))
        deployments = minutes[-1].deployments
        if len(deployments) == 1 and deployments["PRIMARY"]["rolloutState"] == "COMPLETED":
            return minutes
        simulator.advance(60)
    raise AssertionError("forty minutes were not enough")


def test_a_forced_deployment_minute_by_minute(still):
    before, *minutes = rolled(still)
    assert set(before.deployments) == {"PRIMARY"}
    first, last = minutes[0], minutes[-1]
    assert first.deployments["ACTIVE"]["id"] == before.deployments["PRIMARY"]["id"]
    assert first.deployments["PRIMARY"]["rolloutState"] == "IN_PROGRESS"
    assert 7 <= len(minutes) <= 20, "draining alone takes five minutes"
    for minute in minutes:
        # 100 % are there all the time, and never more than 200 %.
        assert minute.running_count >= 4
        assert minute.running_count + minute.pending_count <= 8
        assert len(minute.running) == minute.running_count + minute.pending_count
        # What drains still runs, and the list that everybody reads does not have it.
        draining = minute.with_status("DEACTIVATING")
        assert draining <= set(minute.stopped)
        states = {minute.targets.get(address) for address in minute.addresses(draining)}
        assert states <= {"draining", "healthy", None}
        assert set(minute.targets.values()) <= {"initial", "healthy", "draining"}
    assert any(minute.with_status("DEACTIVATING") for minute in minutes)
    assert any("draining" in minute.targets.values() for minute in minutes)
    assert set(last.running).isdisjoint(before.running)
    assert set(last.targets.values()) == {"healthy"} and len(last.targets) == 4
    assert last.deployments["PRIMARY"]["id"] == first.deployments["PRIMARY"]["id"]
