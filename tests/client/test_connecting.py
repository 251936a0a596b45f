"""What is said if no connection can be opened."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from selador_client.connecting import Token, connect
from selador_client.errors import ConnectionFailedError


def open_and_close(url: str, token: Token | None = None) -> None:
    async def run() -> None:
        await (await connect(url, token, "selador/test")).close()

    asyncio.run(run())


@pytest.mark.parametrize("token", ["not a token", "a,b", "Straße"])
def test_what_can_be_no_token_is_told_and_not_printed(token: str) -> None:
    with pytest.raises(ConnectionFailedError, match="the token has a character that no token has") as error:
        open_and_close("ws://127.0.0.1:1/", token)

    assert token not in str(error.value)


@contextmanager
def port_that_says(answer: bytes) -> Iterator[int]:
    """Listen on a port, answer whoever comes with these bytes, and hang up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("scheme", "answer", "words"),
    [
        ("wss", b"HTTP/1.1 400 Bad Request\r\n\r\n", "it doesn't speak TLS, as wss:// demands"),
        ("wss", b"", "it closes the connection at once; is ws:// or wss:// right for this port?"),
        ("ws", b"220 mail.example\r\n", "what answers there is no web server"),
        ("ws", b"", "what answers there is no web server"),
    ],
)
def test_a_server_of_another_kind_is_told_in_words(scheme: str, answer: bytes, words: str) -> None:
    with port_that_says(answer) as port, pytest.raises(ConnectionFailedError, match=re.escape(words)):
        open_and_close(f"{scheme}://127.0.0.1:{port}/test")


def test_a_host_that_can_not_be_a_name_leaves_nobody_waiting() -> None:
    with pytest.raises(ConnectionFailedError, match=re.escape("can't connect to ws://üü..example/dev")):
        open_and_close("ws://üü..example/dev")


@pytest.mark.parametrize(
    ("status", "token", "advice"),
    [
        (401, None, "it asks for a token: set SELADOR_TOKEN"),
        (401, "a.b.c", "this token, which has expired or is another API's: set SELADOR_TOKEN to a new one"),
        (403, None, "it wants a signed URL"),
        (500, "a.b.c", "try again"),
        (200, None, "is this the URL of a WebSocket API"),
    ],
)
def test_a_refused_handshake_says_what_to_do(status: int, token: str | None, advice: str) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus(status), "no")

    with serve(lambda connection: None, "127.0.0.1", 0, process_request=refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(ConnectionFailedError, match=f"{advice}.*HTTP status {status}"):
            open_and_close(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/test", token)
        server.shutdown()
        thread.join()


def test_a_secret_in_the_url_is_not_in_the_message() -> None:
    with pytest.raises(ConnectionFailedError, match=r"can't connect to ws://127\.0\.0\.1:1/dev: ") as error:
        open_and_close("ws://127.0.0.1:1/dev?token=a.b.c")

    assert "a.b.c" not in str(error.value)
