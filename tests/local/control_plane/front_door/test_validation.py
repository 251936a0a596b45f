"""What a service's model doesn't allow is refused by the running server, as that service refuses it."""

from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.front_door.validation import check

FUNCTION = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": b"x"}}
ALARM = {
    "AlarmName": "a",
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "MetricName": "m",
    "Namespace": "n",
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1,
}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "message"),
    [
        (
            "lambda",
            "create_function",
            {**FUNCTION, "MemorySize": 127, "Timeout": 0},
            "ValidationException",
            (
                "2 validation errors detected: Value '0' at 'timeout' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1; Value '127' at 'memorySize' failed to satisfy "
                "constraint: Member must have value greater than or equal to 128"
            ),
        ),
        (
            "lambda",
            "create_event_source_mapping",
            {"FunctionName": "f", "ScalingConfig": {"MaximumConcurrency": 1}},
            "ValidationException",
            (
                "1 validation error detected: Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy "
                "constraint: Member must have value greater than or equal to 2"
            ),
        ),
        (
            "logs",
            "create_log_group",
            {"logGroupName": "a b"},
            "InvalidParameterException",
            (
                "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
            ),
        ),
        (
            "cloudwatch",
            "put_metric_alarm",
            {**ALARM, "EvaluationPeriods": 0},
            "ValidationError",
            (
                "1 validation error detected: Value '0' at 'evaluationPeriods' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ),
        ),
        (
            "iam",
            "create_role",
            {"RoleName": "r" * 65, "AssumeRolePolicyDocument": "{}"},
            "ValidationError",
            (
                f"1 validation error detected: Value '{'r' * 65}' at 'roleName' failed to satisfy constraint: "
                "Member must have length less than or equal to 64"
            ),
        ),
        (
            "kms",
            "create_key",
            {"KeyUsage": "LOCK"},
            "ValidationException",
            (
                "1 validation error detected: Value 'LOCK' at 'keyUsage' failed to satisfy constraint: "
                "Member must satisfy enum value set: [SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, "
                "KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]"
            ),
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": "http://127.0.0.1/1/q"},
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ),
        (
            "sts",
            "get_session_token",
            {"DurationSeconds": 899},
            "ValidationError",
            (
                "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
                "Member must have value greater than or equal to 900"
            ),
        ),
        (
            "apigatewayv2",
            "create_api",
            {"Name": "n", "ProtocolType": "GOPHER"},
            "BadRequestException",
            (
                "1 validation error detected: Value 'GOPHER' at 'protocolType' failed to satisfy constraint: "
                "Member must satisfy enum value set: [WEBSOCKET, HTTP]"
            ),
        ),
    ],
    ids=["memory", "concurrency", "log group", "alarm", "role", "key", "message", "session", "API"],
)
def test_a_request_beyond_the_model_is_refused(
    server: Any, service: str, operation: str, parameters: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(server.client(service, checks_parameters=False), operation)(**parameters)

    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        ({"ScalingConfig": {"MaximumConcurrency": 2}}, False),
        ({"ScalingConfig": {"MaximumConcurrency": 1_000}}, False),
        ({"ScalingConfig": {"MaximumConcurrency": 1_001}}, True),
        ({"MaximumBatchingWindowInSeconds": 0}, False),
        ({"MaximumBatchingWindowInSeconds": 300}, False),
        ({"MaximumBatchingWindowInSeconds": 301}, True),
        ({"BatchSize": 1}, False),
        ({"BatchSize": 10_000}, False),
        ({"BatchSize": 10_001}, True),
        ({"FunctionResponseTypes": ["ReportBatchItemFailures"]}, False),
        ({"FunctionResponseTypes": ["ReportFailures"]}, True),
    ],
)
def test_a_mappings_ranges_are_those_of_the_model(members: dict[str, Any], *, refused: bool) -> None:
    """2 to 1,000 invocations at once (ESM-03), up to 10,000 messages and 300 s (ESM-05)."""
    call = ApiCall("lambda", "lambda", "CreateEventSourceMapping", {"FunctionName": "main", **members}, "POST")
    expected = pytest.raises(CallRefusedError, match="validation error detected") if refused else nullcontext()

    with expected:
        check(call)


def test_a_compressed_request_is_taken(server: Any, name: str) -> None:
    """boto3 compresses metric data above 10 KB."""
    data = [{"MetricName": f"m-{number}", "Value": 1.0, "Unit": "Count"} for number in range(400)]

    server.client("cloudwatch").put_metric_data(Namespace=name, MetricData=data)


def test_attributes_of_messages_may_be_named_where_the_model_knows_only_those_of_queues(server: Any, name: str) -> None:
    sqs = server.client("sqs", checks_parameters=False)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")

    received = sqs.receive_message(QueueUrl=url, AttributeNames=["SentTimestamp"])

    assert list(received["Messages"][0]["Attributes"]) == ["SentTimestamp"]
