"""SQS's rules, as values: what lies on a limit is allowed, what lies beyond it is refused in AWS's words."""

import json
from typing import Any

import pytest

from selador_local.control_plane.service_rules import sqs

DEAD_LETTERS = "arn:aws:sqs:us-east-1:123456789012:dlq"


class Queues:
    """One queue, for dead letters."""

    def visibility_timeout(self, queue_arn: str) -> int | None:
        return 30 if queue_arn == DEAD_LETTERS else None


def refused(operation: str, **request: Any) -> list[tuple[str, str]]:
    return [(refusal.code, refusal.message) for refusal in getattr(sqs, operation)(request, Queues())]


def redrive(**members: Any) -> dict[str, str]:
    return {"RedrivePolicy": json.dumps(members)}


RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}


@pytest.mark.parametrize("name", RANGES)
def test_attributes_may_lie_on_their_limits_and_not_beyond(name: str) -> None:
    least, most = RANGES[name]

    for value in (str(least), str(most)):
        assert refused("create_queue", QueueName="q", Attributes={name: value}) == []
    for value in (str(least - 1), str(most + 1), "many", ""):
        assert refused("set_queue_attributes", Attributes={name: value}) == [
            ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        ]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"Policy": '{"Statement": []}', "KmsMasterKeyId": "alias/aws/sqs"},
        {"Policy": "", "RedrivePolicy": "", "RedriveAllowPolicy": ""},
        {"KmsMasterKeyId": "k", "SqsManagedSseEnabled": "false"},
        {"RedriveAllowPolicy": '{"redrivePermission": "byQueue", "sourceQueueArns": []}'},
        redrive(deadLetterTargetArn=DEAD_LETTERS, maxReceiveCount=1),
        redrive(deadLetterTargetArn=DEAD_LETTERS, maxReceiveCount="1000"),
    ],
)
def test_attributes_that_sqs_takes_are_taken(attributes: dict[str, str]) -> None:
    assert refused("set_queue_attributes", Attributes=attributes) == []


@pytest.mark.parametrize("count", [0, 1_001, "few"])
def test_messages_may_be_received_1_to_1000_times(count: Any) -> None:
    attributes = redrive(deadLetterTargetArn=DEAD_LETTERS, maxReceiveCount=count)

    assert refused("set_queue_attributes", Attributes=attributes) == [
        (
            "InvalidParameterValue",
            (
                f"Value {attributes['RedrivePolicy']} for parameter RedrivePolicy is invalid. Reason: "
                f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (
            {"maxReceiveCount": 3},
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            {"deadLetterTargetArn": DEAD_LETTERS},
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ),
        (
            {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:gone", "maxReceiveCount": 3},
            "Dead letter target does not exist.",
        ),
    ],
)
def test_a_redrive_policy_names_a_queue_that_exists_and_a_count(policy: dict[str, Any], reason: str) -> None:
    attributes = redrive(**policy)

    assert refused("create_queue", QueueName="q", Attributes=attributes) == [
        (
            "InvalidParameterValue",
            f"Value {attributes['RedrivePolicy']} for parameter RedrivePolicy is invalid. Reason: {reason}",
        )
    ]


@pytest.mark.parametrize(
    ("attributes", "code", "message"),
    [
        ({"Colour": "red"}, "InvalidAttributeName", "Unknown Attribute Colour."),
        ({"Policy": "allow"}, "InvalidAttributeValue", "Invalid value for the parameter Policy."),
        (
            {"RedriveAllowPolicy": '{"redrivePermission": "some"}'},
            "InvalidParameterValue",
            "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.",
        ),
        (
            {"KmsMasterKeyId": "k", "SqsManagedSseEnabled": "true"},
            "InvalidAttributeValue",
            (
                "You can use one type of server-side encryption (SSE) at one time. "
                "You can either enable KMS SSE or SQS SSE."
            ),
        ),
    ],
)
def test_attributes_that_sqs_refuses_are_refused(attributes: dict[str, str], code: str, message: str) -> None:
    assert refused("set_queue_attributes", Attributes=attributes) == [(code, message)]


@pytest.mark.parametrize("name", ["q", "a-B_9", "q" * 80, "orders.fifo"])
def test_names_of_queues(name: str) -> None:
    assert refused("create_queue", QueueName=name) == []


@pytest.mark.parametrize("name", ["", "a.b", "a b", "q" * 81])
def test_names_that_no_queue_may_have(name: str) -> None:
    assert refused("create_queue", QueueName=name) == [
        (
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    ]


@pytest.mark.parametrize(
    ("operation", "name", "bounds", "reason"),
    [
        ("receive_message", "MaxNumberOfMessages", (1, 10), "Must be between 1 and 10, if provided."),
        ("receive_message", "WaitTimeSeconds", (0, 20), "Must be >= 0 and <= 20, if provided."),
        ("receive_message", "VisibilityTimeout", (0, 43_200), "Must be >= 0 and <= 43200, if provided."),
        (
            "change_message_visibility",
            "VisibilityTimeout",
            (0, 43_200),
            "VisibilityTimeout must be an integer between 0 and 43200.",
        ),
        ("list_message_move_tasks", "MaxResults", (1, 10), "Must be between 1 and 10, if provided."),
    ],
)
def test_parameters_may_lie_on_their_limits_and_not_beyond(
    operation: str, name: str, bounds: tuple[int, int], reason: str
) -> None:
    least, most = bounds

    assert refused(operation) == []
    for value in (least, most):
        assert refused(operation, **{name: value}) == []
    for value in (least - 1, most + 1):
        assert refused(operation, **{name: value}) == [
            ("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}")
        ]
