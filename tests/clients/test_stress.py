"""Services in trouble, as boto3 sees them: what they say, what their deployments show, and what RunTask answers."""

import pytest

from tour import NETWORK

ALARMS = {"alarms": {"alarmNames": ["portal-5xx"], "enable": True, "rollback": True}}


def portal(simulator):
    """Parameters that name the portal."""
    return {"cluster": simulator.cluster(), "service": simulator.service("CGAPportalService")}


def described(simulator, ecs):
    """The portal now."""
    named = portal(simulator)
    return ecs.describe_services(cluster=named["cluster"], services=[named["service"]])["services"][0]


def newest_deployment(simulator, ecs):
    """The portal's newest service deployment, described."""
    listed = ecs.list_service_deployments(**portal(simulator))["serviceDeployments"]
    arns = [listed[0]["serviceDeploymentArn"]]
    return ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"][0]


def until(simulator, what, limit=240):
    """Pushes time until it is so."""
    for _ in range(limit):
        if what():
            return
        simulator.advance(10)
    raise AssertionError("it did not come to that")


def test_an_alarm_takes_a_deployment_back(still):
    ecs = still.client("ecs")
    before = described(still, ecs)["deployments"][0]["id"]
    ecs.update_service(**portal(still), deploymentConfiguration=ALARMS)
    ecs.update_service(**portal(still), forceNewDeployment=True)
    assert newest_deployment(still, ecs)["alarms"]["status"] == "MONITORING"
    still.advance(60)
    still.alarm("portal-5xx", "ALARM")
    until(still, lambda: described(still, ecs)["deployments"][0]["id"] == before)
    until(still, lambda: described(still, ecs)["deployments"][0]["rolloutState"] == "COMPLETED")
    messages = [event["message"] for event in described(still, ecs)["events"]]
    assert any(message.endswith("deployment failed: alarm detected.") for message in messages)
    ended = newest_deployment(still, ecs)
    assert ended["status"] == "ROLLBACK_SUCCESSFUL"
    assert ended["alarms"]["triggeredAlarmNames"] == ["portal-5xx"]


def test_a_deployment_bakes_before_it_is_completed(still):
    ecs = still.client("ecs")
    ecs.update_service(**portal(still), deploymentConfiguration={"bakeTimeInMinutes": 10}, forceNewDeployment=True)
    until(still, lambda: len(described(still, ecs)["deployments"]) == 1)
    still.advance(300)
    assert described(still, ecs)["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert newest_deployment(still, ecs)["status"] == "IN_PROGRESS"
    still.advance(360)
    assert described(still, ecs)["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_task_of_several_target_groups_is_activating_before_it_runs(still):
    ecs, cluster = still.client("ecs"), still.cluster()
    groups = [two_ended(still.client("elbv2"), name) for name in ("one", "two")]
    ecs.register_task_definition(
        family="twice",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "nginx", "portMappings": [{"containerPort": 80}]}],
    )
    balancers = [{"targetGroupArn": group, "containerName": "app", "containerPort": 80} for group in groups]
    ecs.create_service(
        cluster=cluster,
        serviceName="twice",
        taskDefinition="twice",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        loadBalancers=balancers,
    )
    seen = []
    for _ in range(60):
        still.advance(1)
        arns = ecs.list_tasks(cluster=cluster, serviceName="twice")["taskArns"]
        seen += [task["lastStatus"] for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]] if arns else []
    assert list(dict.fromkeys(seen)) == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]


def test_daemons_are_refused_on_fargate(still):
    ecs = still.client("ecs")
    definition = described(still, ecs)["taskDefinition"]
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="DAEMON|daemon"):
        ecs.create_service(
            cluster=still.cluster(),
            serviceName="daemon",
            taskDefinition=definition,
            launchType="FARGATE",
            schedulingStrategy="DAEMON",
            networkConfiguration=NETWORK,
        )


def two_ended(elb, name):
    """A target group behind a balancer of its own; its ARN."""
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name=name, Subnets=["subnet-a", "subnet-b"])["LoadBalancers"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    return arn
