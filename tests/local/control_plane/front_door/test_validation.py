"""What a service's model doesn't allow is refused by the running server, as that service refuses it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

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


def test_attributes_of_messages_may_be_named_where_the_model_knows_only_those_of_queues(server: Any, name: str) -> None:
    sqs = server.client("sqs", checks_parameters=False)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")

    received = sqs.receive_message(QueueUrl=url, AttributeNames=["SentTimestamp"])

    assert list(received["Messages"][0]["Attributes"]) == ["SentTimestamp"]
