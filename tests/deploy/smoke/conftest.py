"""A deployment as its clients see it: a server that plays a script for each kind of message."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

FRAME_LIMIT = 32 * 1024


def frame(type_: str, attempt: int | None = None, seq: int | None = None, **members: Any) -> dict[str, Any]:
    """Return a frame, without its request's id."""
    numbers = {} if attempt is None else {"attempt": attempt, "seq": seq}
    return {"type": type_, **numbers, **members}


ACCEPTED = frame("accepted", messageId="m-1", deadlineSeconds=60)
STARTED = frame("started", 1, 0)
ANSWER = (ACCEPTED, STARTED, frame("delta", 1, 1, text="Gladly."), frame("completed", 1, 2, sessionId="s-1"))


@dataclass
class Deployment:
    """What the server does. By default it does all as it should."""

    pong: Any = field(default_factory=lambda: frame("pong"))
    answer: tuple[dict[str, Any], ...] = ANSWER
    refuses_large: bool = True
    closes_after_answer: bool = False
    statuses: Callable[[Request], int | None] = lambda _: None
    subprotocol: str = "selador.v1"

    def serve(self, connection: ServerConnection) -> None:
        """Answer until the client goes."""
        for text in connection:
            message = json.loads(text)
            if len(text) > FRAME_LIMIT and self.refuses_large:
                connection.close(1009)
            elif message["action"] == "ping":
                self._send(connection, self.pong)
            else:
                for one in self.answer:
                    self._send(connection, {"requestId": message["requestId"], **one} if "type" in one else one)
                if self.closes_after_answer:
                    connection.close(1001)

    @staticmethod
    def _send(connection: ServerConnection, message: Any) -> None:
        if message is not None:
            connection.send(json.dumps(message))


type Deployed = Callable[[Deployment], str]


@contextmanager
def _served(deployment: Deployment) -> Iterator[str]:
    def handle(connection: ServerConnection) -> None:
        try:
            deployment.serve(connection)
        except ConnectionClosed:
            return

    def judge(_: ServerConnection, request: Request) -> Response | None:
        status = deployment.statuses(request)
        return (
            None
            if status is None
            else Response(
                status, HTTPStatus(status).phrase, Headers({"Content-Length": "0", "Connection": "close"}), b""
            )
        )

    with serve(
        handle, "127.0.0.1", 0, subprotocols=[Subprotocol(deployment.subprotocol)], process_request=judge
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/test"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    """Start a server; return its URL."""
    with ExitStack() as servers:
        yield lambda deployment: servers.enter_context(_served(deployment))
