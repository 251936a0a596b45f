"""Dead letters, moved back and deleted in a real control plane."""

import asyncio
import json
from typing import Any

import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.http import Request, Response
from selador_local.stack import dead_letters


def ask(control_plane: ControlPlane, method: str, target: str) -> Response:
    async def next_one(_: Request) -> Response:
        return Response(418)

    async def answer() -> Response:
        return await dead_letters.around(next_one, control_plane)(Request(method, target, {}, b""))

    return asyncio.run(answer())


@pytest.fixture
def urls(terraform: Any) -> dict[str, str]:
    """The URLs of a queue and of its dead-letter queue, which holds one message."""
    sqs = terraform.sqs
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("asked-dlq", "asked")}
    attributes = sqs.get_queue_attributes(QueueUrl=urls["asked-dlq"], AttributeNames=["QueueArn"])["Attributes"]
    policy = json.dumps({"deadLetterTargetArn": attributes["QueueArn"], "maxReceiveCount": 1})
    sqs.set_queue_attributes(QueueUrl=urls["asked"], Attributes={"RedrivePolicy": policy})
    sqs.send_message(QueueUrl=urls["asked"], MessageBody="a dead letter")
    for _ in range(2):  # the second receive is one too many
        sqs.receive_message(QueueUrl=urls["asked"], VisibilityTimeout=0)
    return urls


def received(terraform: Any, url: str, *, wait_seconds: int) -> list[str]:
    answer = terraform.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait_seconds)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_dead_letter_is_moved_back_to_its_queue(
    control_plane: ControlPlane, terraform: Any, urls: dict[str, str]
) -> None:
    assert ask(control_plane, "POST", "/_control/dead-letters/redrive").status == 204

    assert received(terraform, urls["asked"], wait_seconds=20) == ["a dead letter"]
    assert received(terraform, urls["asked-dlq"], wait_seconds=0) == []


def test_a_dead_letter_is_deleted(control_plane: ControlPlane, terraform: Any, urls: dict[str, str]) -> None:
    assert ask(control_plane, "POST", "/_control/dead-letters/purge").status == 204

    assert received(terraform, urls["asked-dlq"], wait_seconds=0) == []
    assert received(terraform, urls["asked"], wait_seconds=0) == []


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/_control/dead-letters/purge"), ("POST", "/_control/dead-letters/eat"), ("POST", "/purge")],
)
def test_other_requests_are_handed_on(control_plane: ControlPlane, method: str, target: str) -> None:
    assert ask(control_plane, method, target).status == 418
