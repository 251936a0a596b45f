"""@connections, called by boto3 as the functions call it."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from selador_local.data_plane.api_gateway.connections_api import ConnectionsTarget, target_of
from selador_local.data_plane.api_gateway.post_faults import PostFault

from .conftest import Running, scenario

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi.client import ApiGatewayManagementApiClient

ROUTES = ("$connect", "$disconnect", "$default")


def management(url: str, access_key_id: str = "AKIDALLOWED") -> "ApiGatewayManagementApiClient":
    """A client for the callback URL that belongs to the client's `ws://` URL."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url.replace("ws://", "http://"),
        region_name="us-east-1",
        aws_access_key_id=access_key_id,
        aws_secret_access_key="not verified",
        config=Config(retries={"total_max_attempts": 1}),
    )


async def code_of(call: Callable[[], Any]) -> tuple[int, str]:
    """The status and error code that `call` ends with."""
    with pytest.raises(ClientError) as caught:
        await asyncio.to_thread(call)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


async def connection_id(api: Any) -> str:
    identifier: str = (await api.function.event_of("$connect"))["requestContext"]["connectionId"]
    return identifier


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/stage/@connections/abc%3D", ConnectionsTarget("api", "stage", "abc=")),
        ("/api/stage/%40connections/abc=", ConnectionsTarget("api", "stage", "abc=")),
        ("/api/stage/@connections/", ConnectionsTarget("api", "stage", "")),
        ("/api/stage/@connections", None),
        ("/api/@connections/abc=", None),
        ("/api/stage", None),
    ],
)
def test_paths(path: str, target: ConnectionsTarget | None) -> None:
    assert target_of(path) == target


def test_post_reaches_the_client_as_text(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            posts = management(api.url)
            identifier = await connection_id(api)
            answer = await asyncio.to_thread(
                posts.post_to_connection, ConnectionId=identifier, Data='{"type":"delta","é":1}'
            )

            assert await client.recv() == '{"type":"delta","é":1}'
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200

    scenario(run())


def test_post_asks_for_permission_on_the_connection(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url):
            identifier = await connection_id(api)
            posts = management(api.url)
            await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data="x")

            resource = f"arn:aws:execute-api:us-east-1:123456789012:a1b2c3/local/POST/@connections/{identifier}"
            assert api.asked == [("AKIDALLOWED", "execute-api:ManageConnections", resource)]

    scenario(run())


def test_post_without_permission_is_forbidden(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url):
            identifier = await connection_id(api)
            posts = management(api.url, "AKIDOTHER")

            refused = await code_of(lambda: posts.post_to_connection(ConnectionId=identifier, Data=b"x"))
            assert refused == (403, "ForbiddenException")

    scenario(run())


def test_post_without_signature_is_forbidden(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url):
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            path = f"/a1b2c3/local/@connections/{await connection_id(api)}"
            writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())

            assert (await reader.read()).startswith(b"HTTP/1.1 403 ")
            assert api.asked == []
            writer.close()

    scenario(run())


def test_wrong_stage_is_forbidden(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url):
            identifier = await connection_id(api)
            posts = management(api.url + "x")

            refused = await code_of(lambda: posts.post_to_connection(ConnectionId=identifier, Data=b"x"))
            assert refused == (403, "ForbiddenException")

    scenario(run())


@pytest.mark.parametrize("call", ["post_to_connection", "get_connection", "delete_connection"])
def test_closed_and_unknown_connections_are_gone(running: Running, call: str) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api:
            async with connect(api.url):
                closed = await connection_id(api)
            await api.function.event_of("$disconnect")
            posts = management(api.url)
            arguments = {"Data": b"x"} if call == "post_to_connection" else {}

            for identifier in (closed, "AAAAAAAAAAAAAAA="):
                with pytest.raises(posts.exceptions.GoneException) as caught:
                    await asyncio.to_thread(getattr(posts, call), ConnectionId=identifier, **arguments)
                assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410

    scenario(run())


def test_post_before_connect_has_returned_is_gone(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api:
            api.function.blocked["$connect"] = asyncio.Event()
            connecting = asyncio.ensure_future(connect(api.url))
            identifier = await connection_id(api)
            posts = management(api.url)

            gone = await code_of(lambda: posts.post_to_connection(ConnectionId=identifier, Data=b"x"))
            assert gone == (410, "GoneException")
            api.function.blocked["$connect"].set()
            await (await connecting).close()

    scenario(run())


def test_malformed_id_is_a_bad_request(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api:
            posts = management(api.url)

            with pytest.raises(ClientError, match="Invalid connectionId: not-an-id") as caught:
                await asyncio.to_thread(posts.post_to_connection, ConnectionId="not-an-id", Data=b"x")
            assert caught.value.response["Error"]["Code"] == "BadRequestException"

    scenario(run())


def test_128_kb_may_be_posted_and_no_more(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            identifier = await connection_id(api)
            posts = management(api.url)
            largest = "x" * (128 * 1024)
            await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data=largest)

            assert await client.recv() == largest
            with pytest.raises(posts.exceptions.PayloadTooLargeException):
                await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data=largest + "x")

    scenario(run())


def test_slow_reader_s_full_buffer_is_limit_exceeded(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            identifier = await connection_id(api)
            posts = management(api.url)
            client.transport.pause_reading()

            def post_until_refused() -> int:
                for count in range(1000):
                    try:
                        posts.post_to_connection(ConnectionId=identifier, Data=b"x" * (128 * 1024))
                    except posts.exceptions.LimitExceededException:
                        return count
                raise AssertionError("the buffer is not bounded")

            taken = await asyncio.to_thread(post_until_refused)
            client.transport.resume_reading()

            for _ in range(taken):
                assert len(await client.recv()) == 128 * 1024

    scenario(run())


def test_get_describes_the_connection(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url, user_agent_header="a browser"):
            identifier = await connection_id(api)
            posts = management(api.url)
            api.clock.move(60)
            await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data=b"x")

            found = await asyncio.to_thread(posts.get_connection, ConnectionId=identifier)
            assert (found["LastActiveAt"] - found["ConnectedAt"]).total_seconds() == 60
            assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "a browser"}

    scenario(run())


def test_delete_closes_with_1000(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            identifier = await connection_id(api)
            posts = management(api.url)
            answer = await asyncio.to_thread(posts.delete_connection, ConnectionId=identifier)

            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
            with pytest.raises(ConnectionClosed) as caught:
                await client.recv()
            assert caught.value.rcvd is not None
            assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1000, "")

    scenario(run())


def test_a_post_keeps_an_idle_connection_open(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            identifier = await connection_id(api)
            posts = management(api.url)
            api.clock.move(9 * 60)
            await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data=b"one")
            api.clock.move(9 * 60)
            await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data=b"two")

            assert [await client.recv(), await client.recv()] == ["one", "two"]

    scenario(run())


def test_a_fault_meets_the_posts_of_its_request_and_of_no_other(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            identifier = await connection_id(api)
            posts = management(api.url)
            api.gateway.connections_api.faults.add("killed", PostFault(429, "LimitExceededException"))

            def post(request_id: str) -> None:
                posts.post_to_connection(
                    ConnectionId=identifier, Data=f'{{"requestId":"{request_id}","text":"killed"}}'
                )

            await asyncio.to_thread(post, "killed-thrice")
            refused = await code_of(lambda: post("killed"))
            await asyncio.to_thread(post, "killed")

            assert refused == (429, "LimitExceededException")
            arrived = [json.loads(await client.recv())["requestId"] for _ in range(2)]
            assert arrived == ["killed-thrice", "killed"]

    scenario(run())
