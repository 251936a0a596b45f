"""Queues on the running server, and what is asked of them by boto3."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

ACCOUNT = "123456789012"


@pytest.fixture
def sqs(server: Any) -> Any:
    return server.client("sqs")


@pytest.fixture
def queue(sqs: Any, name: str) -> Iterator[str]:
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def arn(queue_name: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue_name}"


def attributes(sqs: Any, url: str, *names: str) -> dict[str, str]:
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]
    return found


def receive(sqs: Any, url: str, **parameters: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"], **parameters
    ).get("Messages", [])
    return messages


@pytest.fixture
def pair(sqs: Any, name: str) -> tuple[str, str]:
    """A queue whose messages are received twice at most, and its dead-letter queue."""
    dead: str = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn(f"{name}-dlq"), "maxReceiveCount": 2}, separators=(",", ":"))
    source: str = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})[
        "QueueUrl"
    ]
    return source, dead
