"""What a connection lets through, and when and with which code it is closed."""

import asyncio
import errno
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode

from selador_local.clock import StackClock
from selador_local.data_plane.api_gateway.websocket import Handshake
from selador_local.http import Upgrade

from .conftest import ALL, Running, closing, scenario


def test_frame_over_32_kb_closes_with_1009(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            async with connect(api.url) as client:
                await client.send("x" * (32 * 1024))
                await api.function.event_of("$default")
                await client.send("x" * (32 * 1024 + 1))

                assert (await closing(client))[0] == CloseCode.MESSAGE_TOO_BIG
            event = await api.function.event_of("$disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == 1009

    scenario(run())


def test_message_of_128_kb_passes_in_fragments_and_no_more(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api, connect(api.url) as client:
            await client.send(["x" * (32 * 1024)] * 4)
            event = await api.function.event_of("$default")
            assert len(event["body"]) == 128 * 1024

            with pytest.raises(ConnectionClosed) as caught:
                await client.send(["x" * (32 * 1024)] * 4 + ["x"])
                await client.recv()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == CloseCode.MESSAGE_TOO_BIG

    scenario(run())


def test_binary_closes_with_1003(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api, connect(api.url) as client:
            await client.send(b"\x00")

            assert (await closing(client))[0] == CloseCode.UNSUPPORTED_DATA
            assert api.function.events_of("$default") == []

    scenario(run())


@pytest.mark.parametrize(
    ("code", "reason", "seen"),
    [
        (1001, "", (1001, "")),
        (4000, "bye", (4000, "bye")),
        (None, "", (1005, "Client-side close frame status not set")),
    ],
    ids=["tab-closed", "own-code", "no-code"],
)
def test_disconnect_reports_the_client_s_close(
    running: Running, code: int | None, reason: str, seen: tuple[int, str]
) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            client = await connect(api.url)
            if code is None:
                client.protocol.send_close()
                client.transport.write(b"".join(client.protocol.data_to_send()))
                await client.wait_closed()
            else:
                await client.close(code, reason)

            context = (await api.function.event_of("$disconnect"))["requestContext"]
            assert (context["disconnectStatusCode"], context["disconnectReason"]) == seen
            assert context["eventType"] == "DISCONNECT"

    scenario(run())


def test_a_close_between_two_fragments_is_a_close(running: Running) -> None:
    """Control frames may come between the fragments of a message (RFC 6455, section 5.4)."""

    async def run() -> None:
        async with running(*ALL) as api:
            client = await connect(api.url)
            client.protocol.send_text(b"half of a", fin=False)
            client.protocol.send_close(1000, "enough")
            client.transport.write(b"".join(client.protocol.data_to_send()))
            await client.wait_closed()

            assert client.protocol.close_rcvd is not None
            assert client.protocol.close_rcvd.code == CloseCode.NORMAL_CLOSURE
            context = (await api.function.event_of("$disconnect"))["requestContext"]
            assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1000, "enough")
            assert api.function.events_of("$default") == []

    scenario(run())


@pytest.mark.parametrize("lines", [1, 4])
def test_all_headers_together_have_10_kb_however_many_they_are(running: Running, lines: int) -> None:
    """The request line and the headers' values count (WS-81)."""

    async def run() -> None:
        async with running(*ALL) as api:
            async with connect(api.url):
                sent = (await api.function.event_of("$connect"))["headers"]
            added = {"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"}
            own = sum(len(value) for name, value in sent.items() if name not in added)
            own += len("Upgrade") + len("websocket")  # two headers that the event leaves out
            left = 10_240 - own - len("GET /a1b2c3/local HTTP/1.1")
            fitting = {f"X-{number}": "x" * (left // lines) for number in range(lines)}
            fitting["X-0"] += "x" * (left % lines)

            async with connect(api.url, additional_headers=fitting):
                pass
            with pytest.raises(InvalidStatus) as refused:
                await connect(api.url, additional_headers={**fitting, "X-0": fitting["X-0"] + "x"})

            assert refused.value.response.status_code == 431
            assert refused.value.response.body == b'{"message":"Request Header Fields Too Large"}'

    scenario(run())


def test_disconnect_reports_a_lost_connection(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            client = await connect(api.url)
            client.transport.abort()

            event = await api.function.event_of("$disconnect")
            assert event["requestContext"]["disconnectStatusCode"] == CloseCode.ABNORMAL_CLOSURE

    scenario(run())


class ResetWriter:
    """The writer of a connection that its client resets a moment before the server says that it ends."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write_eof(self) -> None:
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def test_a_client_that_resets_its_connection_while_it_is_closed_fails_nothing() -> None:
    async def run() -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
            headers = [(name, value) for name, _, value in (line.partition(": ") for line in request)]
            reset: Any = ResetWriter(writer)
            websocket = await Handshake(Upgrade("/", headers, b"", reader, reset)).accept(None, StackClock())
            websocket.close(CloseCode.GOING_AWAY, "")
            try:
                assert [message async for message in websocket.messages()] == []
                ended.set_result(None)
            except OSError as error:
                ended.set_exception(error)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            async with connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
                await client.wait_closed()
            await ended

    scenario(run())


def test_ten_idle_minutes_close_the_connection(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            api.function.answers["ping"] = {"statusCode": 200, "body": "pong"}
            async with connect(api.url) as client:
                api.clock.move(9 * 60)
                await client.send('{"action":"ping"}')
                assert await client.recv() == "pong"
                api.clock.move(9 * 60)
                await client.send('{"action":"ping"}')
                assert await client.recv() == "pong"
                api.clock.move(10 * 60)

                assert await closing(client) == (1001, "Going away")

    scenario(run())


def test_two_hours_close_the_connection(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            api.function.answers["ping"] = {"statusCode": 200, "body": "pong"}
            async with connect(api.url) as client:
                for _ in range(13):
                    api.clock.move(9 * 60)
                    await client.send('{"action":"ping"}')
                    assert await client.recv() == "pong"
                api.clock.move(3 * 60)

                assert await closing(client) == (1001, "Going away")

    scenario(run())


def test_malformed_handshake_is_400_and_never_reaches_connect(running: Running) -> None:
    async def run() -> None:
        async with running(*ALL) as api:
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(b"GET /a1b2c3/local HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")

            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            assert api.function.events == []
            writer.close()

    scenario(run())


def test_a_wish_to_upgrade_from_http_1_0_is_ignored(running: Running) -> None:
    """HTTP/1.0 has no upgrades (RFC 9110, section 7.8): what is left is a plain GET (WS-28)."""

    async def run() -> None:
        async with running(*ALL) as api:
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
            writer.write(b"GET /a1b2c3/local HTTP/1.0\r\nHost: x\r\n" + upgrade + key + b"\r\n")

            assert (await reader.read()).startswith(b"HTTP/1.1 426 ")
            assert api.function.events == []
            writer.close()

    scenario(run())
