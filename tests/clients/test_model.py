"""The simulator's answers and the program's requests, held to AWS's own service models by machine."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest
from botocore.exceptions import ClientError

import journal
from model import service_model
from simulator import ROOT, SPEED
from tour import NETWORK, tour

#: Headings of the table in docs/simulator.md, and boto3's names of these services.
SERVICES = {
    "ECS": "ecs",
    "ECR": "ecr",
    "ELBv2": "elbv2",
    "EC2": "ec2",
    "Application Auto Scaling": "application-autoscaling",
    "STS": "sts",
    "CloudWatch Logs": "logs",
}

SMALL = """apiVersion: evenkeel.dev/v1
kind: ServiceTable
metadata: { name: small }
spec:
  account: "123456789012"
  region: us-east-1
  cluster: { name: small-cluster }
  image: { repository: small-app, tag: v1 }
  rows:
    - { name: web, service: { name: web }, container: web, count: 2, vcpu: .25, memory: 512 }
    - { name: worker, service: { name: worker }, container: worker, count: 1, vcpu: .25, memory: 512 }
    - name: migrate
      task: { definition: { name: migrate } }
      container: migrate
      count: 0
      spot: false
      vcpu: .25
      memory: 512
"""


def documented():
    """The operations that the docs say there are."""
    page = (ROOT / "docs" / "simulator.md").read_text()
    rows = re.findall(r"^\| ([\w ]+) \| (`.*) \|$", page, re.MULTILINE)
    tables = {SERVICES[name]: re.findall(r"`(\w+)`", cells) for name, cells in rows if name in SERVICES}
    assert set(tables) == set(SERVICES.values())
    return {(service, operation) for service, operations in tables.items() for operation in operations}


def holds(simulator, start=0):
    """Fails with everything in the journal that the models do not allow."""
    entries = simulator.journal(start)
    assert list(journal.findings(entries)) == []
    return entries


def test_every_operation_that_is_documented_answers_as_its_model_says(still):
    tour(still)
    assert still.watch.findings == []
    holds(still)
    # ECS Exec is refused whatever is asked: there is no Session Manager.
    assert documented() - set(still.watch.answered) == {("ecs", "ExecuteCommand")}


@pytest.mark.parametrize("service", SERVICES.values())
def test_what_is_not_documented_is_unknown(start, service):
    simulator = start()
    there = {operation for operation in service_model(service).operation_names if known(simulator, service, operation)}
    assert there == {operation for name, operation in documented() if name == service}


def known(simulator, service, operation):
    """Whether the simulator has an operation, asked without any input."""
    metadata = service_model(service).metadata
    if metadata["protocol"] in ("query", "ec2"):
        body = urllib.parse.urlencode({"Action": operation, "Version": metadata["apiVersion"]})
        headers = {"content-type": "application/x-www-form-urlencoded"}
    else:
        body = "{}"
        headers = {"x-amz-target": f"{metadata['targetPrefix']}.{operation}"}
        headers["content-type"] = "application/x-amz-json-1.1"
    request = urllib.request.Request(simulator.endpoint, body.encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            answer.read()
        return True
    except urllib.error.HTTPError as refusal:
        said = refusal.read().decode()
        return "UnknownOperationException" not in said and "InvalidAction" not in said


def test_a_reconcile_and_a_rollout_ask_and_are_answered_as_the_models_say(moving):
    assert moving.evenkeel("reconcile", "--once", "--timeout", "48h").returncode == 0
    assert moving.evenkeel("rollout", "start", "--wait", "--timeout", "48h").returncode == 0
    assert moving.evenkeel("status").returncode == 0
    entries = holds(moving)
    ours = {entry["operation"] for entry in journal.calls(entries) if journal.by_program(entry)}
    assert {"UpdateService", "RunTask", "TagResource", "DescribeTargetHealth", "DescribeImages"} <= ours
    assert len(journal.one_off_tasks(entries)) >= 1


def test_a_partial_kick_asks_and_is_answered_as_the_models_say(start, tmp_path):
    simulator = small(start, tmp_path)
    assert simulator.evenkeel("reconcile", "--once", "--timeout", "48h").returncode == 0
    ecs = simulator.client("ecs")
    ecs.update_service(cluster="small-cluster", service="worker", forceNewDeployment=True)
    assert simulator.evenkeel("reconcile", "--once", "--timeout", "48h").returncode == 5
    holds(simulator)


def test_a_rollback_asks_and_is_answered_as_the_models_say(start, tmp_path):
    simulator = small(start, tmp_path)
    assert simulator.evenkeel("reconcile", "--once", "--timeout", "48h").returncode == 0
    ecs = simulator.client("ecs")
    roll_to_an_image_that_is_not_there(ecs, "worker")
    for _ in range(20):
        simulator.advance(60)
        read_service(ecs, "worker")
    ecs.update_service(cluster="small-cluster", service="web", forceNewDeployment=True)
    assert simulator.evenkeel("reconcile", "--once", "--timeout", "48h").returncode == 1
    entries = holds(simulator)
    assert any("rolled back" in str(entry.get("result")) or "ROLLBACK" in str(entry.get("result")) for entry in entries)


@pytest.mark.parametrize("binary", ["unit", "lab", "cli"])
def test_all_that_the_tests_in_rust_saw_is_as_the_models_say(binary):
    seen = ROOT / "target" / "tmp" / "journals" / f"{binary}.jsonl"
    if not seen.exists():
        pytest.skip("`make test` leaves what it saw; run it first")
    entries = [json.loads(line) for line in seen.read_text().splitlines()]
    assert entries
    assert list(journal.findings(entries, well_meant=journal.by_program)) == []


def small(start, folder):
    """A simulator for a table without load balancers, in which time passes."""
    table = folder / "small.yaml"
    table.write_text(SMALL)
    return start(str(table), speed=SPEED)


def roll_to_an_image_that_is_not_there(ecs, service):
    shown = ecs.describe_services(cluster="small-cluster", services=[service])["services"][0]
    definition = ecs.describe_task_definition(taskDefinition=shown["taskDefinition"])["taskDefinition"]
    kept = {key: definition[key] for key in ("family", "cpu", "memory", "networkMode", "requiresCompatibilities")}
    containers = definition["containerDefinitions"]
    containers[0]["image"] = containers[0]["image"].replace(":v1", ":never-pushed")
    made = ecs.register_task_definition(
        **kept, executionRoleArn=definition["executionRoleArn"], containerDefinitions=containers
    )
    ecs.update_service(
        cluster="small-cluster",
        service=service,
        taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )


def read_service(ecs, service):
    ecs.describe_services(cluster="small-cluster", services=[service], include=["TAGS"])
    listed = ecs.list_service_deployments(cluster="small-cluster", service=service)["serviceDeployments"]
    ecs.describe_service_deployments(serviceDeploymentArns=[each["serviceDeploymentArn"] for each in listed])
    tasks = ecs.list_tasks(cluster="small-cluster", desiredStatus="STOPPED")["taskArns"]
    if tasks:
        ecs.describe_tasks(cluster="small-cluster", tasks=tasks, include=["TAGS"])


GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/missing/0123456789abcdef"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/missing/0123456789abcdef"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/missing/0123456789abcdef/0123456789abcdef"
RULE = LISTENER.replace(":listener/", ":listener-rule/") + "/0123456789abcdef"
TARGETS = [{"Id": "10.0.0.1"}]
NO_STRATEGY = {"capacityProviders": [], "defaultCapacityProviderStrategy": []}
TAKEN_NAME = {"Name": "TargetGroupPortal", "Port": 1, "Protocol": "HTTP", "VpcId": "vpc-1", "TargetType": "ip"}
NO_TAG = {"repositoryName": "cgap-devtest", "imageIds": [{"imageTag": "missing"}]}
NO_REPOSITORY = {"repositoryName": "missing", "imageIds": [{"imageTag": "a"}]}
SCALABLE = {"ServiceNamespace": "ecs", "ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount"}
BALANCED = {"targetGroupArn": GROUP, "containerName": "portal", "containerPort": 8000}
ATTRIBUTE = {"name": "a", "targetId": "missing"}
EXEC = {"task": "0" * 32, "command": "sh"}
DEPLOYMENT = "arn:aws:ecs:us-east-1:123456789012:service-deployment/missing/missing/missing"

#: Service, operation, input, and the code that AWS refuses it with. CLUSTER stands for the account's own.
REFUSALS = [
    ("ecs", "list_services", {"cluster": "missing"}, "ClusterNotFoundException"),
    ("ecs", "list_tasks", {"cluster": "missing"}, "ClusterNotFoundException"),
    ("ecs", "list_tasks", {"cluster": "CLUSTER", "serviceName": "missing"}, "ServiceNotFoundException"),
    ("ecs", "describe_services", {"cluster": "missing", "services": ["a"]}, "ClusterNotFoundException"),
    ("ecs", "describe_services", {"cluster": "CLUSTER", "services": []}, "InvalidParameterException"),
    ("ecs", "describe_services", {"cluster": "CLUSTER", "services": ["a"] * 11}, "InvalidParameterException"),
    ("ecs", "describe_tasks", {"cluster": "missing", "tasks": ["a"]}, "ClusterNotFoundException"),
    ("ecs", "describe_task_definition", {"taskDefinition": "missing:1"}, "ClientException"),
    ("ecs", "deregister_task_definition", {"taskDefinition": "missing:1"}, "ClientException"),
    ("ecs", "register_task_definition", {"family": "?", "containerDefinitions": []}, "ClientException"),
    ("ecs", "create_service", {"cluster": "missing", "serviceName": "a"}, "ClusterNotFoundException"),
    ("ecs", "update_service", {"cluster": "missing", "service": "a"}, "ClusterNotFoundException"),
    ("ecs", "update_service", {"cluster": "CLUSTER", "service": "missing"}, "ServiceNotFoundException"),
    ("ecs", "delete_service", {"cluster": "CLUSTER", "service": "missing"}, "ServiceNotFoundException"),
    ("ecs", "list_service_deployments", {"cluster": "CLUSTER", "service": "missing"}, "ServiceNotFoundException"),
    ("ecs", "stop_service_deployment", {"serviceDeploymentArn": DEPLOYMENT}, "ServiceDeploymentNotFoundException"),
    ("ecs", "run_task", {"cluster": "missing", "taskDefinition": "a"}, "ClusterNotFoundException"),
    ("ecs", "run_task", {"cluster": "CLUSTER", "taskDefinition": "missing"}, "ClientException"),
    ("ecs", "stop_task", {"cluster": "CLUSTER", "task": "0" * 32}, "InvalidParameterException"),
    ("ecs", "tag_resource", {"resourceArn": "nonsense", "tags": []}, "InvalidParameterException"),
    ("ecs", "list_tags_for_resource", {"resourceArn": "nonsense"}, "InvalidParameterException"),
    ("ecs", "put_cluster_capacity_providers", {"cluster": "missing", **NO_STRATEGY}, "ClusterNotFoundException"),
    ("ecs", "delete_cluster", {"cluster": "missing"}, "ClusterNotFoundException"),
    ("ecs", "delete_cluster", {"cluster": "CLUSTER"}, "ClusterContainsServicesException"),
    ("ecs", "update_cluster", {"cluster": "missing"}, "ClusterNotFoundException"),
    ("ecs", "put_account_setting", {"name": "missing", "value": "enabled"}, "InvalidParameterException"),
    ("ecs", "create_capacity_provider", {"name": "fargate-mine"}, "InvalidParameterException"),
    ("ecs", "delete_capacity_provider", {"capacityProvider": "FARGATE"}, "InvalidParameterException"),
    ("ecs", "delete_capacity_provider", {"capacityProvider": "missing"}, "InvalidParameterException"),
    ("ecs", "describe_container_instances", {"cluster": "CLUSTER", "containerInstances": []}, "ClientException"),
    ("ecs", "deregister_container_instance", {"containerInstance": "missing"}, "ClusterNotFoundException"),
    ("ecs", "put_attributes", {"cluster": "CLUSTER", "attributes": [ATTRIBUTE]}, "TargetNotFoundException"),
    ("ecs", "execute_command", {"cluster": "CLUSTER", **EXEC, "interactive": False}, "InvalidParameterException"),
    ("ecs", "execute_command", {"cluster": "CLUSTER", **EXEC, "interactive": True}, "InvalidParameterException"),
    ("elbv2", "describe_target_groups", {"TargetGroupArns": [GROUP]}, "TargetGroupNotFound"),
    ("elbv2", "describe_target_groups", {"Names": ["missing"]}, "TargetGroupNotFound"),
    ("elbv2", "describe_target_health", {"TargetGroupArn": GROUP}, "TargetGroupNotFound"),
    ("elbv2", "describe_target_health", {"TargetGroupArn": "nonsense"}, "ValidationError"),
    ("elbv2", "describe_target_group_attributes", {"TargetGroupArn": GROUP}, "TargetGroupNotFound"),
    ("elbv2", "modify_target_group_attributes", {"TargetGroupArn": GROUP, "Attributes": []}, "TargetGroupNotFound"),
    ("elbv2", "register_targets", {"TargetGroupArn": GROUP, "Targets": TARGETS}, "TargetGroupNotFound"),
    ("elbv2", "deregister_targets", {"TargetGroupArn": GROUP, "Targets": TARGETS}, "TargetGroupNotFound"),
    ("elbv2", "describe_load_balancers", {"LoadBalancerArns": [BALANCER]}, "LoadBalancerNotFound"),
    ("elbv2", "describe_load_balancer_attributes", {"LoadBalancerArn": BALANCER}, "LoadBalancerNotFound"),
    ("elbv2", "describe_listeners", {"LoadBalancerArn": BALANCER}, "LoadBalancerNotFound"),
    ("elbv2", "describe_listeners", {"ListenerArns": [LISTENER]}, "ListenerNotFound"),
    ("elbv2", "describe_rules", {"ListenerArn": LISTENER}, "ListenerNotFound"),
    ("elbv2", "describe_rules", {"RuleArns": [RULE]}, "RuleNotFound"),
    ("elbv2", "describe_tags", {"ResourceArns": [GROUP]}, "TargetGroupNotFound"),
    ("elbv2", "describe_tags", {"ResourceArns": [BALANCER]}, "LoadBalancerNotFound"),
    ("elbv2", "create_target_group", TAKEN_NAME, "DuplicateTargetGroupName"),
    ("ecr", "describe_images", {"repositoryName": "missing"}, "RepositoryNotFoundException"),
    ("ecr", "describe_images", NO_TAG, "ImageNotFoundException"),
    ("ecr", "describe_repositories", {"repositoryNames": ["missing"]}, "RepositoryNotFoundException"),
    ("ecr", "list_images", {"repositoryName": "missing"}, "RepositoryNotFoundException"),
    ("ecr", "batch_get_image", NO_REPOSITORY, "RepositoryNotFoundException"),
    ("ecr", "create_repository", {"repositoryName": "cgap-devtest"}, "RepositoryAlreadyExistsException"),
    ("ecr", "put_image", {"repositoryName": "missing", "imageManifest": "{}"}, "RepositoryNotFoundException"),
    ("application-autoscaling", "deregister_scalable_target", SCALABLE, "ObjectNotFoundException"),
    (
        "application-autoscaling",
        "register_scalable_target",
        {**SCALABLE, "MinCapacity": 1, "MaxCapacity": 2},
        "ValidationException",
    ),
]


def test_refusals_have_codes_that_their_operations_declare(still):
    cluster = still.cluster()
    refused = {}
    for service, operation, parameters, code in REFUSALS:
        given = {key: cluster if value == "CLUSTER" else value for key, value in parameters.items()}
        with pytest.raises(ClientError) as refusal:
            getattr(still.client(service), operation)(**given)
        said = refusal.value.response["Error"]["Code"]
        if said != code:
            refused[service, operation, str(parameters)] = f"{said} and not {code}"
    assert refused == {}
    holds(still)


def test_a_service_refuses_as_declared_whatever_is_wrong_with_it(still):
    ecs, cluster = still.client("ecs"), still.cluster()
    portal = still.service("CGAPportalService")
    definition = ecs.describe_services(cluster=cluster, services=[portal])["services"][0]["taskDefinition"]
    common = {"cluster": cluster, "serviceName": "new", "taskDefinition": definition, "launchType": "FARGATE"}
    for parameters in [
        {"networkConfiguration": NETWORK, "serviceName": portal.rsplit("/", 1)[1]},
        {},
        {"networkConfiguration": NETWORK, "desiredCount": -1},
        {"networkConfiguration": NETWORK, "loadBalancers": [BALANCED]},
        {"networkConfiguration": NETWORK, "taskDefinition": "missing"},
        {"networkConfiguration": NETWORK, "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
        {"networkConfiguration": NETWORK, "tags": [{"key": "aws:mine", "value": "a"}]},
    ]:
        with pytest.raises(ClientError):
            ecs.create_service(**{**common, **parameters})
    holds(still)
