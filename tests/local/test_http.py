"""The HTTP server, over real sockets."""

import asyncio
import http.client
import socket
from collections.abc import AsyncIterator

import pytest

from selador_local.http import Handler, Request, Response, Upgrade, serve

from ..conftest import STUCK_SECONDS
from .rounds import ROUNDS, cancelled_after, open_files


async def echo(request: Request) -> Response:
    return Response(200, {"X-Method": request.method, "X-Target": request.target}, request.body)


async def raw(port: int, data: bytes) -> bytes:
    """Send `data`, and read until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    received = await reader.read()
    writer.close()
    return received


async def by_http_client(handler: Handler, *calls: tuple[str, str, bytes]) -> list[tuple[int, dict[str, str], bytes]]:
    """Make the calls one after another on one connection."""
    server = await serve(handler)

    def work() -> list[tuple[int, dict[str, str], bytes]]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=STUCK_SECONDS)
        answers = []
        for method, target, body in calls:
            connection.request(method, target, body)
            sock = connection.sock
            response = connection.getresponse()
            answers.append((response.status, dict(response.getheaders()), response.read()))
            assert connection.sock is sock
        connection.close()
        return answers

    try:
        return await asyncio.to_thread(work)
    finally:
        await server.close()


def test_one_connection_carries_several_requests() -> None:
    answers = asyncio.run(by_http_client(echo, ("POST", "/a?b=c%20d", b"one"), ("PUT", "/e", b"two")))

    assert [(status, body) for status, _, body in answers] == [(200, b"one"), (200, b"two")]
    assert answers[0][1]["X-Target"] == "/a?b=c%20d"
    assert answers[1][1]["X-Method"] == "PUT"


def test_a_connection_lost_while_it_was_idle_is_reset_at_its_next_request_and_a_new_one_works() -> None:
    handled: list[str] = []

    async def handler(request: Request) -> Response:
        handled.append(request.target)
        return Response(200)

    async def scenario() -> None:
        server = await serve(handler)
        idle, unused = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=STUCK_SECONDS) for _ in range(2)]

        def request(connection: http.client.HTTPConnection, target: str) -> int:
            connection.request("GET", target)
            with connection.getresponse() as response:
                return response.status

        await asyncio.to_thread(request, idle, "/first")
        await asyncio.to_thread(unused.connect)
        server.lose_idle_connections()

        with pytest.raises(ConnectionResetError):
            await asyncio.to_thread(request, idle, "/second")
        assert await asyncio.to_thread(request, unused, "/third") == 200
        idle.close()
        unused.close()
        await server.close()

    asyncio.run(scenario())

    assert handled == ["/first", "/third"]


def test_an_answer_without_a_body_leaves_the_connection_usable() -> None:
    async def handler(request: Request) -> Response:
        return Response(204) if request.method == "DELETE" else Response(200, body=b"a body")

    answers = asyncio.run(by_http_client(handler, ("DELETE", "/", b""), ("HEAD", "/", b""), ("GET", "/", b"")))

    assert [(status, body) for status, _, body in answers] == [(204, b""), (200, b""), (200, b"a body")]
    assert "Content-Length" not in answers[0][1]


def test_an_iterator_is_sent_in_chunks_as_they_come() -> None:
    async def scenario() -> tuple[bytes, bytes]:
        more = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await more.wait()
            yield b"second"

        async def handler(request: Request) -> Response:
            return Response(200, body=body())

        server = await serve(handler)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        before = await reader.readuntil(b"first\r\n")
        more.set()
        after = await reader.read()
        writer.close()
        await server.close()
        return before, after

    before, after = asyncio.run(scenario())

    assert b"Transfer-Encoding: chunked" in before
    assert after == b"6\r\nsecond\r\n0\r\n\r\n"


def test_a_client_that_hangs_up_closes_the_streamed_body() -> None:
    async def scenario() -> None:
        closed = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                closed.set()

        async def handler(request: Request) -> Response:
            return Response(200, body=body())

        server = await serve(handler)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"first\r\n")
        writer.close()

        await asyncio.wait_for(closed.wait(), STUCK_SECONDS)
        await server.close()

    asyncio.run(scenario())


def test_a_body_that_fails_half_way_never_looks_complete(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> bytes:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            raise RuntimeError("no more")

        async def handler(request: Request) -> Response:
            return Response(200, body=body())

        server = await serve(handler)
        received = await raw(server.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await server.close()
        return received

    received = asyncio.run(scenario())

    assert received.endswith(b"5\r\nfirst\r\n")
    assert "a streamed body failed" in caplog.text


def test_a_body_over_the_limit_is_refused_and_never_handled() -> None:
    async def scenario() -> bytes:
        server = await serve(echo, max_body_bytes=4)
        head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
        received = await raw(server.port, head + b"12345")
        await server.close()
        return received

    received = asyncio.run(scenario())

    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"12345" not in received


def test_a_handler_that_raises_answers_500_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request) -> Response:
        raise RuntimeError("a secret")

    answers = asyncio.run(by_http_client(handler, ("GET", "/", b"")))

    assert answers[0][0] == 500
    assert answers[0][2] == b""
    assert "the handler failed on GET" in caplog.text


def test_what_is_not_http_answers_400() -> None:
    async def scenario() -> bytes:
        server = await serve(echo)
        received = await raw(server.port, b"this is not HTTP\r\n\r\n")
        await server.close()
        return received

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 400 ")


def test_an_upgrade_takes_the_connection_over_with_what_was_already_sent() -> None:
    async def scenario() -> tuple[bytes, list[Upgrade]]:
        seen = []

        async def upgrade(connection: Upgrade) -> None:
            seen.append(connection)
            connection.writer.write(b"taken over: " + connection.received + await connection.reader.read())

        server = await serve(echo, upgrade=upgrade)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"GET /x HTTP/1.1\r\nHost: y\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX-Case: Z\r\n\r\nearly "
        )
        writer.write(b"late")
        writer.write_eof()
        received = await reader.read()
        writer.close()
        await server.close()
        return received, seen

    received, seen = asyncio.run(scenario())

    assert received == b"taken over: early late"
    assert seen[0].target == "/x"
    assert ("X-Case", "Z") in seen[0].headers


def test_close_cancels_requests_under_way() -> None:
    async def scenario() -> bytes:
        entered = asyncio.Event()

        async def handler(request: Request) -> Response:
            entered.set()
            await asyncio.Event().wait()
            raise AssertionError("unreachable")

        server = await serve(handler)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await entered.wait()
        await server.close()
        received = await reader.read()
        writer.close()
        return received

    assert asyncio.run(scenario()) == b""


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_client_that_connects_while_the_server_closes_keeps_nothing_open(rounds: int) -> None:
    async def scenario() -> set[str]:
        before = open_files()
        server = await serve(echo)
        with socket.create_connection(("127.0.0.1", server.port)):
            for _ in range(rounds):
                await asyncio.sleep(0)
            await asyncio.wait_for(server.close(), STUCK_SECONDS)
        return open_files() - before

    assert asyncio.run(scenario()) == set()


def test_close_waits_for_no_client_that_does_not_read() -> None:
    async def scenario() -> None:
        handled = asyncio.Event()

        async def handler(request: Request) -> Response:
            handled.set()
            return Response(200, body=bytes(2**24))  # more than the kernel keeps for a client

        server = await serve(handler)
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await handled.wait()
            await asyncio.wait_for(server.close(), STUCK_SECONDS)

    asyncio.run(scenario())


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_close_that_is_cancelled_leaves_nothing_open(rounds: int) -> None:
    async def scenario() -> set[str]:
        before = open_files()
        server = await serve(echo)
        with socket.create_connection(("127.0.0.1", server.port)):
            await asyncio.sleep(0)
            await cancelled_after(rounds, server.close())
            await asyncio.sleep(0)  # asyncio closes sockets in the next round
        return open_files() - before

    assert asyncio.run(scenario()) == set()


def test_repeated_headers_are_joined() -> None:
    async def scenario() -> str:
        async def handler(request: Request) -> Response:
            return Response(200, body=request.headers["x-many"].encode())

        server = await serve(handler)
        received = await raw(
            server.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Many: 1\r\nx-many: 2\r\n\r\n"
        )
        await server.close()
        return received.decode()

    assert asyncio.run(scenario()).endswith("1, 2")
