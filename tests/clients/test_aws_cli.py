"""The AWS CLI, as an operator types it."""

import json
import subprocess
import sys
from pathlib import Path

CLI = Path(__file__).with_name("virtual_time.py")


def aws(simulator, *arguments, code=0):
    """Runs `aws`; gives its output, read from JSON if there is any, or what it complains about."""
    command = [sys.executable, str(CLI), "aws", *arguments, "--output", "json"]
    environment = {**simulator.environment, "HOME": "/nonexistent", "AWS_PAGER": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
    if code:
        return done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_an_operator_kicks_a_service_and_waits(still):
    cluster, portal = still.cluster(), still.service("CGAPportalService")
    of_portal = ["--cluster", cluster, "--services", portal]
    kicked = aws(still, "ecs", "update-service", "--cluster", cluster, "--service", portal, "--force-new-deployment")
    assert [each["status"] for each in kicked["service"]["deployments"]] == ["PRIMARY", "ACTIVE"]
    aws(still, "ecs", "wait", "services-stable", *of_portal)
    shown = aws(still, "ecs", "describe-services", *of_portal)["services"][0]
    assert [each["rolloutState"] for each in shown["deployments"]] == ["COMPLETED"]


def test_an_operator_looks_around(still):
    cluster = still.cluster()
    assert aws(still, "sts", "get-caller-identity")["Account"] == "123456789012"
    group = aws(still, "elbv2", "describe-target-groups")["TargetGroups"][0]["TargetGroupArn"]
    health = aws(still, "elbv2", "describe-target-health", "--target-group-arn", group)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["State"] for each in health] == ["healthy"] * 4
    images = aws(still, "ecr", "describe-images", "--repository-name", "cgap-devtest")["imageDetails"]
    assert images[0]["imageTags"] == ["latest"]
    assert len(aws(still, "ecs", "list-tasks", "--cluster", cluster, "--page-size", "3")["taskArns"]) == 10


def test_an_operator_is_refused_in_awss_words(still):
    said = aws(still, "ecs", "list-services", "--cluster", "missing", code=255)
    words = "An error occurred (ClusterNotFoundException) when calling the ListServices operation: Cluster not found."
    assert words in said
