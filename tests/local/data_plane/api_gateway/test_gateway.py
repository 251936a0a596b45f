"""A connection's life, seen by a real WebSocket client."""

import asyncio
import json
import re
from typing import Any
from unittest.mock import ANY

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from selador_local.data_plane.deployment import AccessLog, Throttle

from .conftest import ALL, API, STAGE, MovableClock, Running, closing, scenario


async def refusal(url: str) -> int:
    """The status that refuses the handshake."""
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url):
            pass
    return caught.value.response.status_code


def test_handshake_waits_for_connect(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            api.function.blocked["$connect"] = asyncio.Event()
            connecting = asyncio.ensure_future(connect(api.url))
            await api.function.event_of("$connect")
            assert not connecting.done()

            api.function.blocked["$connect"].set()
            async with await connecting as client:
                assert client.response is not None
                assert client.response.status_code == 101

    scenario(run())


@pytest.mark.parametrize("status", [301, 400, 401, 403, 501])
def test_connect_s_status_refuses_the_handshake(running: Running, status: int) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            api.function.answers["$connect"] = {"statusCode": status}

            assert await refusal(api.url) == status
            assert api.function.events_of("$disconnect") == []

    scenario(run())


@pytest.mark.parametrize(("fault", "status"), [("raises", 502), ("throttled", 502)])
def test_connect_that_fails_refuses_the_handshake(running: Running, fault: str, status: int) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            getattr(api.function, fault).add("$connect")

            assert await refusal(api.url) == status

    scenario(run())


def test_connect_that_times_out_refuses_the_handshake(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL, timeout_ms=50) as api:
            api.function.blocked["$connect"] = asyncio.Event()

            assert await refusal(api.url) == 504

    scenario(run())


def test_no_connect_route_lets_everybody_in(running: Running) -> None:
    async def run() -> None:
        async with running("invoke") as api, connect(api.url) as client:
            await client.send('{"action":"invoke"}')

            await api.function.event_of("invoke")

    scenario(run())


def test_subprotocol_is_what_connect_returns(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            offered = [Subprotocol("bearer.x"), Subprotocol("selador.v1")]
            async with connect(api.url, subprotocols=offered) as client:
                assert client.subprotocol is None

            api.function.answers["$connect"] = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "selador.v1"}}
            async with connect(api.url, subprotocols=offered) as client:
                assert client.subprotocol == "selador.v1"

            event = api.function.events_of("$connect")[0]
            assert event["headers"]["Sec-WebSocket-Protocol"] == "bearer.x, selador.v1"

    scenario(run())


def test_unknown_stage_is_forbidden(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            assert await refusal(api.url + "x") == 403

    scenario(run())


def test_two_way_route_answers_with_exactly_the_body(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api, connect(api.url) as client:
            api.function.answers["invoke"] = {"statusCode": 200, "body": '{"type":"accepted", "é":1}'}
            await client.send('{"action":"invoke","text":"é"}')

            assert await client.recv() == '{"type":"accepted", "é":1}'
            event = await api.function.event_of("invoke")
            assert event["body"] == '{"action":"invoke","text":"é"}'
            connected = api.function.events_of("$connect")[0]["requestContext"]
            for constant in ("connectionId", "connectedAt", "domainName", "apiId", "stage", "identity"):
                assert event["requestContext"][constant] == connected[constant]

    scenario(run())


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("one-way", {"statusCode": 200, "body": "not for the client"}),
        ("one-way", {"statusCode": 501}),
        ("invoke", {"statusCode": 200}),
        ("invoke", {"statusCode": 200, "body": ""}),
    ],
    ids=["one-way", "one-way-501", "no-body", "empty-body"],
)
def test_what_answers_nothing(running: Running, action: str, answer: dict[str, Any]) -> None:
    async def run() -> None:
        async with running(*ALL) as api, connect(api.url) as client:
            api.function.answers |= {action: answer, "ping": {"statusCode": 200, "body": "pong"}}
            await client.send(json.dumps({"action": action}))
            await api.function.event_of(action)
            await client.send('{"action":"ping"}')

            assert await client.recv() == "pong"

    scenario(run())


@pytest.mark.parametrize("action", ["invoke", "one-way"])
@pytest.mark.parametrize("fault", ["raises", "throttled", "malformed", "timeout"])
def test_failing_integration_says_internal_server_error(running: Running, action: str, fault: str) -> None:
    async def run() -> None:
        async with running(*ALL, timeout_ms=200) as api, connect(api.url) as client:
            match fault:
                case "malformed":
                    api.function.answers[action] = "ok"
                case "timeout":
                    api.function.blocked[action] = asyncio.Event()
                case _:
                    getattr(api.function, fault).add(action)
            await client.send(json.dumps({"action": action}))

            frame = await client.recv()
            context = api.function.events_of(action)[0]["requestContext"]
            assert frame == (
                f'{{"message": "Internal server error", "connectionId":"{context["connectionId"]}", '
                f'"requestId":"{context["requestId"]}"}}'
            )
            await client.ping()

    scenario(run())


@pytest.mark.parametrize(("size", "arrives"), [(128 * 1024, True), (128 * 1024 + 1, False)])
def test_a_route_response_has_at_most_128_kb(running: Running, size: int, *, arrives: bool) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            api.function.answers["invoke"] = {"statusCode": 200, "body": "x" * size}
            async with connect(api.url) as client:
                await client.send('{"action":"invoke"}')

                frame = await client.recv()
                assert (frame == "x" * size) is arrives
                assert arrives or '"message": "Internal server error"' in str(frame)

    scenario(run())


def test_no_route_and_no_default_is_forbidden_and_stays_open(running: Running) -> None:
    async def run() -> None:
        async with running("$connect", "ping") as api, connect(api.url) as client:
            api.function.answers["ping"] = {"statusCode": 200, "body": "pong"}
            await client.send("not JSON")
            frame = await client.recv()
            await client.send('{"action":"ping"}')

            assert isinstance(frame, str)
            assert re.fullmatch(r'\{"message": "Forbidden", "connectionId":"\S{16}", "requestId":"\S{16}"\}', frame)
            assert await client.recv() == "pong"

    scenario(run())


def test_messages_do_not_wait_for_each_other(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api, connect(api.url) as client:
            api.function.blocked["invoke"] = asyncio.Event()
            api.function.answers |= {
                "invoke": {"statusCode": 200, "body": "slow"},
                "ping": {"statusCode": 200, "body": "pong"},
            }
            await client.send('{"action":"invoke"}')
            await client.send('{"action":"ping"}')
            first = await client.recv()
            api.function.blocked["invoke"].set()

            assert [first, await client.recv()] == ["pong", "slow"]

    scenario(run())


def test_stopping_closes_with_1001_and_runs_disconnect(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api, connect(api.url) as client:
            seen = asyncio.ensure_future(closing(client))
            await api.gateway.close()

            assert await seen == (1001, "Going away")
            assert len(api.function.events_of("$disconnect")) == 1

    scenario(run())


def test_throttled_connect_is_429(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL, throttle=Throttle(rate=1, burst=1)) as api, connect(api.url):
            assert await refusal(api.url) == 429

    scenario(run())


def test_throttled_message_says_too_many_requests(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL, throttle=Throttle(rate=1, burst=1)) as api, connect(api.url) as client:
            await client.send('{"action":"invoke"}')

            frame = json.loads(await client.recv())
            assert frame["message"] == "Too Many Requests"
            assert api.function.events_of("invoke") == []

    scenario(run())


def test_a_throttled_route_leaves_the_others_alone(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL, route_throttles={"invoke": Throttle(rate=0, burst=0)}) as api:
            api.function.answers["ping"] = {"statusCode": 200, "body": "pong"}
            async with connect(api.url) as client:
                await client.send('{"action":"invoke"}')
                assert json.loads(await client.recv())["message"] == "Too Many Requests"
                await client.send('{"action":"ping"}')
                assert await client.recv() == "pong"

    scenario(run())


def test_plain_get_needs_an_upgrade(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(b"GET /a1b2c3/local HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

            assert (await reader.read()).startswith(b"HTTP/1.1 426 ")
            writer.close()

    scenario(run())


def test_cloudwatch_is_told_of_each_exchange(running: Running) -> None:
    access_log = AccessLog("/aws/apigateway/selador/access", "$context.eventType $context.routeKey $context.status")

    async def run() -> None:
        async with running(*ALL, access_log=access_log, detailed_metrics=True) as api:
            api.function.answers["invoke"] = {"statusCode": 200, "body": "accepted"}
            api.function.raises.add("ping")
            async with connect(api.url) as client:
                for action in ("invoke", "ping"):
                    await client.send(json.dumps({"action": action}))
                    await client.recv()
            await api.function.event_of("$disconnect")
            await api.gateway.close()

            counted = {"ConnectCount": 1, "MessageCount": 4, "IntegrationError": 1, "IntegrationLatency": ANY}
            assert api.outbox.sums(ApiId=API) == counted
            assert api.outbox.sums(ApiId=API, Stage=STAGE) == counted
            assert api.outbox.sums(ApiId=API, Route="ping", Stage=STAGE)["IntegrationError"] == 1
            assert {line.to.group for line in api.outbox.lines} == {access_log.group}
            assert [line.text for line in api.outbox.lines] == [
                "CONNECT $connect 200",
                "MESSAGE invoke 200",
                "MESSAGE ping 500",
                "DISCONNECT $disconnect 200",
            ]

    scenario(run())


def test_cloudwatch_is_told_of_clients_that_are_turned_away(running: Running) -> None:
    access_log = AccessLog("log", "$context.eventType $context.routeKey $context.status $context.error.message")

    async def run() -> None:
        async with running("invoke", throttle=Throttle(0, 2), access_log=access_log) as api:
            async with connect(api.url) as client:
                for _ in range(2):
                    await client.send('{"action":"unknown"}')
                    await client.recv()
            assert await refusal(api.url) == 429

            assert api.outbox.sums(ApiId=API) == {"ClientError": 3, "MessageCount": 4}
            assert sorted(line.text for line in api.outbox.lines if "DISCONNECT" not in line.text) == [
                "CONNECT $connect 200 -",
                "CONNECT $connect 429 Too Many Requests",
                "MESSAGE - 403 Forbidden",
                "MESSAGE - 429 Too Many Requests",
            ]

    scenario(run())


def test_a_route_whose_function_does_not_permit_it_fails_without_a_call(running: Running) -> None:
    async def run() -> None:
        async with running("$connect", "invoke") as api:
            async with connect(api.url) as client:
                api.sources_refused.add("local/invoke")
                await client.send('{"action":"invoke"}')

                assert json.loads(await client.recv())["message"] == "Internal server error"
            assert api.function.events_of("invoke") == []

            api.sources_refused.add("local/$connect")
            assert await refusal(api.url) == 500

    scenario(run())


def test_a_connection_begins_at_the_time_of_its_connect_event(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tick(clock: MovableClock) -> float:
        clock.move(0.001)
        return clock.monotonic()

    monkeypatch.setattr(MovableClock, "time", tick)

    async def run() -> None:
        async with running("$connect") as api, connect(api.url):
            context = (await api.function.event_of("$connect"))["requestContext"]

            assert context["connectedAt"] == context["requestTimeEpoch"]

    scenario(run())
