"""A function's connection to AWS's APIs, in front of a real control plane."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.aws_apis import AwsApis
from selador_local.http import Server, serve

from ...conftest import STUCK_SECONDS

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


def with_apis(control_plane: ControlPlane, scenario: Callable[[Server, "SQSClient"], Awaitable[None]]) -> None:
    """Run `scenario` with a client that repeats nothing."""

    async def run() -> None:
        server = await serve(AwsApis(control_plane.endpoint).handle)
        arguments: dict[str, Any] = {
            **control_plane.client_arguments,
            "endpoint_url": f"http://127.0.0.1:{server.port}",
            "config": Config(retries={"total_max_attempts": 1}),
        }
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                await scenario(server, boto3.Session().client("sqs", **arguments))
        finally:
            await server.close()

    asyncio.run(run())


def test_a_signed_call_is_answered_by_the_control_plane_and_so_is_one_that_it_refuses(
    control_plane: ControlPlane,
) -> None:
    async def scenario(server: Server, sqs: "SQSClient") -> None:
        url = (await asyncio.to_thread(sqs.create_queue, QueueName="by-way-of"))["QueueUrl"]
        sent = await asyncio.to_thread(sqs.send_message, QueueUrl=url, MessageBody="é" * 10_000)
        received = await asyncio.to_thread(sqs.receive_message, QueueUrl=url)

        assert [message["MessageId"] for message in received["Messages"]] == [sent["MessageId"]]
        with pytest.raises(ClientError, match="NonExistentQueue"):
            await asyncio.to_thread(sqs.send_message, QueueUrl=f"{url}-not", MessageBody="x")

    with_apis(control_plane, scenario)


def test_a_connection_lost_while_it_was_idle_fails_the_next_call_and_a_new_one_works(
    control_plane: ControlPlane,
) -> None:
    async def scenario(server: Server, sqs: "SQSClient") -> None:
        await asyncio.to_thread(sqs.list_queues)
        server.lose_idle_connections()

        with pytest.raises(ConnectionClosedError):
            await asyncio.to_thread(sqs.list_queues)
        await asyncio.to_thread(sqs.list_queues)

    with_apis(control_plane, scenario)


def test_a_control_plane_that_is_gone_hangs_up_on_the_function() -> None:
    nobody = ControlPlane("http://127.0.0.1:1", "us-east-1", "123456789012", "AKID", "secret")

    async def scenario(server: Server, sqs: "SQSClient") -> None:
        with pytest.raises(ConnectionClosedError):
            await asyncio.to_thread(sqs.list_queues)

    with_apis(nobody, scenario)
