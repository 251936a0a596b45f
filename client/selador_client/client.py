"""A blocking client: one WebSocket connection, one question at a time, the answer as an iterator of frames."""

import json
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.protocol import State
from websockets.sync import client as websockets
from websockets.typing import Subprotocol

from selador_client.attempts import Attempts
from selador_client.errors import ConnectionFailedError, DeadlinePassedError, ProtocolError
from selador_shared.protocol import SUBPROTOCOL, TERMINAL_FRAMES, Accepted, Frame, parse_frame

ACCEPT_SECONDS = 35
"""The longest silence before `accepted` has told the deadline.

API Gateway gives up on the handler after 29 s, and the main function is never silent for longer than 15.
"""

_REFUSALS = {
    401: "it asks for a token, and this one doesn't count or there is none: set SELADOR_TOKEN",
    403: "it lets this client in neither with a token nor with a signature",
    429: "too many connections at the moment: try again",
    500: "it can't check tokens at the moment: try again",
}

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Client:
    """An open connection; use it as a context manager, or close it. Closing is also how an answer is stopped."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """False once either side has closed the connection; API Gateway does after 10 idle minutes or 2 hours."""
        return self._connection.state is State.OPEN

    def close(self) -> None:
        """Close the connection; an answer under way stops at the server's next frame."""
        self._connection.close()

    def ask(self, text: str, session_id: str | None = None) -> Iterator[Frame]:
        """Ask `text` and yield the answer's frames as they come, to the terminal one (`completed` or `error`).

        `session_id` continues the conversation in which an earlier `completed` named it. On a `started` of a higher
        attempt, what was yielded of earlier attempts is void. Frames of types this version doesn't know are skipped.

        Raises ConnectionFailedError, DeadlinePassedError, ProtocolError.
        """
        request_id = uuid4().hex
        message = {"action": "invoke", "type": "query", "text": text, "requestId": request_id}
        if session_id is not None:
            message["sessionId"] = session_id
        attempts = Attempts(request_id)
        deadline = None
        try:
            self._connection.send(json.dumps(message))
            while True:
                frame = self._receive(deadline)
                if frame is None or not attempts.counts(frame):
                    continue
                if isinstance(frame, Accepted):
                    deadline = time.monotonic() + frame.deadline_seconds
                yield frame
                if isinstance(frame, TERMINAL_FRAMES):
                    return
        except ConnectionClosed as error:
            raise ConnectionFailedError(f"the connection was closed before the answer was complete: {error}") from error

    def _receive(self, deadline: float | None) -> Frame | None:
        """Return the next frame, or None for one of an unknown type."""
        timeout = ACCEPT_SECONDS if deadline is None else max(0, deadline - time.monotonic())
        try:
            message = self._connection.recv(timeout)
        except TimeoutError:
            waited = f"for {ACCEPT_SECONDS} s nothing came" if deadline is None else "the deadline has passed"
            raise DeadlinePassedError(f"{waited}, so the request counts as lost: ask again") from None
        try:
            return parse_frame(message)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            if fault["type"] == "union_tag_invalid":
                return None
            raise ProtocolError(f"the server sent what is no frame of {SUBPROTOCOL}: {fault['msg']}") from error


def connect(url: str, token: str | None = None) -> Client:
    """Connect to the WebSocket API at `url` (`wss://…/<stage>`), with a JWT where it asks for one.

    Raises ConnectionFailedError.
    """
    # A proxy named in the environment can't reach this machine's own ports.
    proxy: Literal[True] | None = None if urlsplit(url).hostname in _LOOPBACK else True
    try:
        connection = websockets.connect(
            url,
            # The token is a subprotocol too: browsers can't set headers, and URLs are logged.
            subprotocols=[Subprotocol(SUBPROTOCOL), *([] if token is None else [Subprotocol(f"bearer.{token}")])],
            proxy=proxy,
            # Whether API Gateway answers pings is not documented (WS-59), and a missing pong would close the
            # connection. The protocol's heartbeats and deadlines do what pings are for.
            ping_interval=None,
            legacy=True,  # returns the connection itself, not a context manager: Client is one
        )
    except InvalidStatus as error:
        status = error.response.status_code
        reason = _REFUSALS.get(status, "the server refused the connection")
        raise ConnectionFailedError(f"can't connect to {url}: {reason} (HTTP status {status})") from error
    except (OSError, WebSocketException) as error:
        raise ConnectionFailedError(f"can't connect to {url}: {error}") from error
    return Client(connection)
