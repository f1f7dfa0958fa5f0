"""The checks themselves: what they must find, and what they must let pass."""

from model import check, check_error, service_model
from wire import json_findings, query_findings

ECS = service_model("ecs")
ELB = service_model("elbv2")


def task_findings(**members):
    return list(check(ECS.shape_for("Task"), members, "task"))


def test_finds_nothing_in_what_aws_allows():
    assert task_findings(taskArn="arn", createdAt=1.5, launchType="FARGATE", version=3, tags=[{"key": "a"}]) == []


def test_finds_members_types_enums_and_sizes_that_aws_does_not_have():
    assert task_findings(colour="red") == ["task: Task has no member colour"]
    assert task_findings(createdAt="2026-11-22T20:00:00Z") == ["task.createdAt: '2026-11-22T20:00:00Z' is no timestamp"]
    assert task_findings(version=True) == ["task.version: True is no long"]
    assert task_findings(stopCode=None) == ["task.stopCode: None is no string"]
    assert task_findings(containers={}) == ["task.containers: {} is no list"]
    assert "is none of" in task_findings(launchType="MOON")[0]
    assert "at least 1" in task_findings(tags=[{"key": ""}])[0]


def test_finds_required_members_that_are_missing():
    found = check(ECS.operation_model("RunTask").input_shape, {}, "input")
    assert list(found) == ["input: required member taskDefinition is missing"]


def test_finds_codes_and_statuses_that_an_operation_does_not_declare():
    run_task = ECS.operation_model("RunTask")
    assert list(check_error(run_task, "ClusterNotFoundException", 400, {})) == []
    assert list(check_error(run_task, "ThrottlingException", 400, {})) == []
    assert "not declared" in next(check_error(run_task, "ServiceNotFoundException", 400, {}))
    assert "status 400" in next(check_error(run_task, "ServerException", 400, {}))
    assert "no member colour" in next(check_error(run_task, "ConflictException", 400, {"colour": "red"}))


def test_finds_a_refusal_without_words():
    assert "no message" in next(json_findings(ECS.operation_model("RunTask"), 400, b'{"__type": "ClientException"}'))


def query(body):
    """The findings of a DescribeTargetHealth whose result is this."""
    namespace = ELB.metadata["xmlNamespace"]
    envelope = (
        f'<DescribeTargetHealthResponse xmlns="{namespace}"><DescribeTargetHealthResult>{body}'
        "</DescribeTargetHealthResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        "</DescribeTargetHealthResponse>"
    )
    return list(query_findings(ELB.operation_model("DescribeTargetHealth"), 200, envelope.encode()))


def test_finds_in_xml_what_a_client_would_not_see():
    target = "<{0}><Target><Id>10.0.0.1</Id><Port>{1}</Port></Target></{0}>"
    group = f"<TargetHealthDescriptions>{target}</TargetHealthDescriptions>"
    assert query(group.format("member", "80")) == []
    assert "has no member item" in query(group.format("item", "80"))[0]
    assert "'eighty' is no integer" in query(group.format("member", "eighty"))[0]
    assert "has no member Colour" in query("<Colour>red</Colour>")[0]
    assert "no member TargetHealthDescriptions again" in query(2 * group.format("member", "80"))[0]
