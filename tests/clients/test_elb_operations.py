"""Load balancing and its networks as clients meet them: a balancer is built, used, changed and taken down by boto3."""

import pytest
from botocore.exceptions import ClientError

from network_tour import CERTIFICATES, network, target_group

ANSWER = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}


@pytest.fixture
def empty(start):
    """An account with nothing in it."""
    return start("--start", "empty")


@pytest.fixture
def built(empty):
    """A network with a load balancer, and its ARN among the ids."""
    there = network(empty.client("ec2"))
    made = empty.client("elbv2").create_load_balancer(
        Name="web", Subnets=there["subnets"], SecurityGroups=[there["group"]]
    )
    return {**there, "balancer": made["LoadBalancers"][0]["LoadBalancerArn"]}


def refused(call, **parameters):
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as refusal:
        call(**parameters)
    return refusal.value.response["Error"]["Code"]


def test_a_load_balancer_takes_zones_and_vpc_from_its_subnets(empty, built):
    elb = empty.client("elbv2")
    shown = elb.describe_load_balancers(Names=["web"])["LoadBalancers"][0]
    assert shown["VpcId"] == built["vpc"]
    assert [zone["ZoneName"] for zone in shown["AvailabilityZones"]] == ["us-east-1a", "us-east-1b"]
    elb.get_waiter("load_balancer_available").wait(Names=["web"])
    one_zone = {"Name": "narrow", "Subnets": [built["subnets"][0], built["subnets"][0]]}
    assert refused(elb.create_load_balancer, **one_zone) == "InvalidConfigurationRequest"
    assert refused(elb.create_load_balancer, Name="lost", Subnets=["nowhere"]) == "SubnetNotFound"


def test_instances_behind_a_rule_become_healthy(empty, built):
    elb = empty.client("elbv2")
    group = target_group(elb, "web", built["vpc"])
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": built["instance"]}])
    listener = elb.create_listener(
        LoadBalancerArn=built["balancer"], Protocol="HTTP", Port=80, DefaultActions=[ANSWER]
    )["Listeners"][0]["ListenerArn"]
    health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert health[0]["TargetHealth"]["Reason"] == "Target.NotInUse"
    elb.create_rule(
        ListenerArn=listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    empty.advance(10)
    health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [(each["Target"]["Id"], each["TargetHealth"]["State"]) for each in health] == [(built["instance"], "healthy")]


def test_a_target_group_in_use_is_not_deleted(empty, built):
    elb = empty.client("elbv2")
    group = target_group(elb, "web", built["vpc"])
    elb.create_listener(
        LoadBalancerArn=built["balancer"], Protocol="HTTPS", Port=443,
        Certificates=[{"CertificateArn": CERTIFICATES[0]}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    assert refused(elb.delete_target_group, TargetGroupArn=group) == "ResourceInUse"
    elb.delete_load_balancer(LoadBalancerArn=built["balancer"])
    elb.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[built["balancer"]])
    elb.delete_target_group(TargetGroupArn=group)
    assert elb.describe_target_groups()["TargetGroups"] == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"Name": "a--b"}, "ValidationError"),
        ({"Name": "a" * 33}, "ValidationError"),
        ({"Protocol": "FTP"}, "ValidationError"),
        ({"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 5}, "ValidationError"),
        ({"HealthCheckPath": "health"}, "ValidationError"),
        ({"Matcher": {"HttpCode": "99"}}, "ValidationError"),
        ({"VpcId": "nowhere"}, "ValidationError"),
    ],
)
def test_target_groups_that_cannot_be_are_refused(empty, settings, code):
    right = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-0"}
    assert refused(empty.client("elbv2").create_target_group, **{**right, **settings}) == code


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"Protocol": "TCP"}, "ValidationError"),
        ({"Protocol": "HTTPS"}, "InvalidConfigurationRequest"),
        ({"DefaultActions": []}, "ValidationError"),
        ({"DefaultActions": [ANSWER, ANSWER]}, "TooManyActions"),
        ({"DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "600"}}]}, "ValidationError"),
    ],
)
def test_listeners_that_cannot_be_are_refused(empty, built, settings, code):
    right = {"LoadBalancerArn": built["balancer"], "Protocol": "HTTP", "Port": 80, "DefaultActions": [ANSWER]}
    assert refused(empty.client("elbv2").create_listener, **{**right, **settings}) == code


def test_a_target_group_serves_one_load_balancer(empty, built):
    elb = empty.client("elbv2")
    other = elb.create_load_balancer(Name="other", Subnets=built["subnets"])["LoadBalancers"][0]["LoadBalancerArn"]
    group = target_group(elb, "web", built["vpc"])
    settings = {"Protocol": "HTTP", "Port": 80, "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]}
    elb.create_listener(LoadBalancerArn=built["balancer"], **settings)
    assert refused(elb.create_listener, LoadBalancerArn=other, **settings) == "TargetGroupAssociationLimit"


def test_the_address_of_a_task_is_found_by_its_interface(still):
    ecs, ec2 = still.client("ecs"), still.client("ec2")
    cluster = still.cluster()
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    details = [{each["name"]: each["value"] for each in task["attachments"][0]["details"]} for task in tasks]
    for detail in details:
        found = ec2.describe_network_interfaces(NetworkInterfaceIds=[detail["networkInterfaceId"]])
        interface = found["NetworkInterfaces"][0]
        assert interface["PrivateIpAddress"] == detail["privateIPv4Address"]
        assert interface["SubnetId"] == detail["subnetId"]
        assert ec2.describe_subnets(SubnetIds=[detail["subnetId"]])["Subnets"][0]["VpcId"] == interface["VpcId"]


def test_waiters_of_instances_come_to_their_end(empty):
    ec2 = empty.client("ec2")
    instance = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance])
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance])
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance])
