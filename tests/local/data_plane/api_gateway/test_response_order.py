"""A route's response and a post, in either order."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from selador_local.data_plane.api_gateway import response_order

from ....conftest import STUCK_SECONDS
from .conftest import Running, scenario
from .test_connections_api import connection_id, management

ROUTES = ("$connect", "invoke")
ACCEPTED = {"statusCode": 200, "body": "accepted"}


def test_a_post_may_overtake_the_response_of_its_own_request(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_order, "HELD_SECONDS", STUCK_SECONDS)

    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            api.overtaking = True
            api.function.answers["invoke"] = ACCEPTED
            identifier = await connection_id(api)
            await client.send(json.dumps({"action": "invoke"}))
            await api.function.event_of("invoke")
            posts = management(api.url)
            await api.held.wait()
            await asyncio.to_thread(posts.post_to_connection, ConnectionId=identifier, Data=b"started")

            assert [await client.recv(), await client.recv()] == ["started", "accepted"]

    scenario(run())


def test_a_held_response_comes_without_a_post_too(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES) as api, connect(api.url) as client:
            api.overtaking = True
            api.function.answers["invoke"] = ACCEPTED
            await client.send(json.dumps({"action": "invoke"}))

            assert await client.recv() == "accepted"

    scenario(run())


def test_a_seed_holds_some_responses_and_always_the_same() -> None:
    decisions = [[decide() for _ in range(40)] for decide in map(response_order.by_seed, (7, 7, 8))]

    assert decisions[0] == decisions[1] != decisions[2]
    assert 0 < sum(decisions[0]) < 40
