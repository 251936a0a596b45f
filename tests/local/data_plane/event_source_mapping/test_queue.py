"""The queue of a mapping, reached with the credentials of the function's role."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.event_source_mapping.queue import EventSourceQueue

from .conftest import ARN, FixedCredentials, left

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


def run[T](control_plane: ControlPlane, scenario: Callable[[EventSourceQueue], Awaitable[T]]) -> T:
    async def run_it() -> T:
        return await scenario(EventSourceQueue(control_plane, FixedCredentials(), queue_arn=ARN, role_arn="role"))

    return asyncio.run(run_it())


def test_an_empty_queue_gives_nothing(control_plane: ControlPlane, sqs: "SQSClient") -> None:
    assert run(control_plane, lambda queue: queue.receive(10, 0)) == []


def test_a_message_comes_with_its_attributes(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    sqs.send_message(
        QueueUrl=url,
        MessageBody="one",
        MessageAttributes={"requestId": {"DataType": "String", "StringValue": "r-1"}},
    )

    (message,) = run(control_plane, lambda queue: queue.receive(10, 0))

    assert message["Body"] == "one"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["MessageAttributes"]["requestId"]["StringValue"] == "r-1"


def test_more_messages_than_a_batch_of_sqs_holds_are_deleted(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))

    async def scenario(queue: EventSourceQueue) -> int:
        messages = await queue.receive(10_000, 0)  # SQS gives ten at most, however many a mapping's batch may hold
        first = len(messages)
        messages += await queue.receive(10, 0)
        await queue.delete(messages)
        return first

    assert run(control_plane, scenario) == 10
    assert left(sqs, url) == (0, 0)


def test_its_visibility_timeout_is_asked_for(control_plane: ControlPlane, sqs: "SQSClient") -> None:
    assert run(control_plane, lambda queue: queue.visibility_timeout_seconds()) == 60
