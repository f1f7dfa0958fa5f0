"""A deploy tool that others wrote: it deploys, and it notices a deployment that fails."""

import os
import subprocess
import sys
from pathlib import Path

TOOL = Path(sys.executable).parent / "ecs"


def ecs(simulator, *arguments):
    """Runs fabfuel's `ecs` against a simulator; gives exit code and output."""
    environment = {**simulator.environment, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    done = subprocess.run(
        [TOOL, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120
    )
    return done.returncode, done.stdout


def ingester(simulator):
    """Names of the cluster and of a service, as the tool wants them."""
    return simulator.cluster().rsplit("/", 1)[1], simulator.service("CGAPIngesterService").rsplit("/", 1)[1]


def shown(simulator, cluster, service):
    return simulator.client("ecs").describe_services(cluster=cluster, services=[service])["services"][0]


def test_ecs_deploy_brings_a_new_revision_into_service(moving):
    cluster, service = ingester(moving)
    before = shown(moving, cluster, service)["taskDefinition"]
    code, said = ecs(moving, "deploy", cluster, service, "--sleep-time", "1", "--timeout", "60", "-e", "Ingester", "A", "1")
    assert (code, "Deployment successful" in said) == (0, True), said
    after = shown(moving, cluster, service)
    assert after["taskDefinition"] != before and after["runningCount"] == after["desiredCount"]
    definition = moving.client("ecs").describe_task_definition(taskDefinition=after["taskDefinition"])["taskDefinition"]
    assert {"name": "A", "value": "1"} in definition["containerDefinitions"][0]["environment"]


def test_ecs_deploy_fails_on_an_image_that_is_not_there_and_rolls_back(moving):
    cluster, service = ingester(moving)
    before = shown(moving, cluster, service)["taskDefinition"]
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/cgap-devtest:never-pushed"
    options = ["--sleep-time", "1", "--timeout", "60", "--rollback"]
    code, said = ecs(moving, "deploy", cluster, service, "-i", "Ingester", image, *options)
    assert code != 0 and "Rollback successful" in said, said
    assert shown(moving, cluster, service)["taskDefinition"] == before


def test_ecs_deploy_scales_a_service_and_runs_a_task(moving):
    cluster, service = ingester(moving)
    code, said = ecs(moving, "scale", cluster, service, "2", "--sleep-time", "1", "--timeout", "60")
    assert code == 0, said
    assert shown(moving, cluster, service)["runningCount"] == 2
    network = shown(moving, cluster, service)["networkConfiguration"]["awsvpcConfiguration"]
    family = shown(moving, cluster, service)["taskDefinition"].rsplit("/", 1)[1]
    where = ["--subnet", network["subnets"][0], "--securitygroup", network["securityGroups"][0]]
    code, said = ecs(moving, "run", cluster, family, "1", "--launchtype", "FARGATE", *where)
    assert (code, "Successfully started 1 instances" in said) == (0, True), said
