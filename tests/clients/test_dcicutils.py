"""dcicutils, the library with which Foursight kicks CGAP, and the program that supervises such a kick."""

import pytest

import journal

ecs_utils = pytest.importorskip("dcicutils.ecs_utils", reason="dcicutils supports Python 3.10 to 3.12")

#: What Foursight takes from the stack's outputs.
TASK_NETWORK = {"subnet": "subnet-0a", "security_group": "sg-0a"}


@pytest.fixture
def utils(moving, monkeypatch):
    """`ECSUtils` as Foursight makes it, with an account that has settled."""
    for name, value in moving.environment.items():
        monkeypatch.setenv(name, value)
    assert moving.evenkeel("reconcile", "--once", "--timeout", "48h").returncode == 0
    made = ecs_utils.ECSUtils()
    moving.watch.over(made.client)
    return made


def test_a_kick_of_all_services_ends_in_one_deployment_task(moving, utils):
    (cluster,) = utils.list_ecs_clusters()
    services = utils.list_ecs_services(cluster_name=cluster)
    assert len(services) == 4
    assert not utils.service_has_active_deployment(cluster_name=cluster, services=services)
    settled = len(moving.journal())
    old = set(utils.client.list_tasks(cluster=cluster)["taskArns"])

    assert utils.update_all_services(cluster_name=cluster)
    assert utils.service_has_active_deployment(cluster_name=cluster, services=services)
    done = moving.evenkeel("reconcile", "--once", "--timeout", "48h")
    assert done.returncode == 0, done.stdout + done.stderr

    entries = moving.journal(settled)
    (task,) = journal.one_off_tasks(entries)
    launched, stopped = journal.births(entries)[task]["seq"], journal.stopped_at(entries)
    groups = journal.groups(entries)
    supervised = {arn for arn in old if "qualys" not in groups[arn]}
    assert len(supervised) == 9
    assert all(stopped.get(arn, launched) < launched for arn in supervised)
    assert list(journal.findings(entries)) == []


def test_a_task_of_foursight_needs_a_default_strategy_of_the_cluster(moving, utils):
    (cluster,) = utils.list_ecs_clusters()
    definition = next(arn for arn in utils.list_ecs_tasks() if "CGAPDeployment-" in arn)
    task = {"cluster_name": cluster, "task_name": definition, **TASK_NETWORK}
    # It names no launch type, and CGAP's cluster has no default strategy: ECS then looks for EC2 instances.
    with pytest.raises(utils.client.exceptions.InvalidParameterException, match="No Container Instances were found"):
        utils.run_ecs_task(**task)
    utils.client.put_cluster_capacity_providers(
        cluster=cluster,
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
    )
    answer = utils.run_ecs_task(**task)
    assert answer["failures"] == []
    assert [started["taskDefinitionArn"] for started in answer["tasks"]] == [definition]
