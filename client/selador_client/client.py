"""A blocking client: one WebSocket connection, one question at a time, the answer as an iterator of frames."""

import json
import time
from collections.abc import Iterator
from importlib.metadata import version
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
from selador_client.errors import (
    ConnectionFailedError,
    DeadlinePassedError,
    MessageRefusedError,
    ProtocolError,
)
from selador_shared.protocol import (
    SUBPROTOCOL,
    TERMINAL_FRAMES,
    Accepted,
    Frame,
    UnknownFrame,
    parse_frame,
    parse_gateway_error,
)

ACCEPT_SECONDS = 35
"""How long to wait for the first frame: API Gateway gives up on the handler after 29 s."""

SILENCE_SECONDS = 120
"""How long to wait for another frame while no `accepted` has told the deadline.

After a minute the queue hands out the request of a worker that was killed.
"""

USER_AGENT = f"selador/{version('selador-client')}"

_REFUSALS = {
    401: "it asks for a token, and this one is missing or invalid: set SELADOR_TOKEN",
    403: "its stage doesn't exist, or this client's token or signature doesn't allow the connection",
    429: "it has too many new connections at the moment: try again",
    500: "it can't check tokens at the moment: try again",
}

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Client:
    """An open connection: use it as a context manager, or close it. To stop an answer, close the connection."""

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
        """Whether neither side has closed the connection; API Gateway does after 10 idle minutes or 2 hours."""
        return self._connection.state is State.OPEN

    def close(self) -> None:
        """Close the connection; an answer under way stops at the server's next frame."""
        self._connection.close()

    def ask(self, text: str, session_id: str | None = None) -> Iterator[Frame]:
        """Ask `text` and yield the answer's frames as they come, to the terminal one (`completed` or `error`).

        `session_id` continues the conversation in which an earlier `completed` named it. On a frame of a higher
        attempt, what was yielded of earlier attempts is void. Frames of types this version doesn't know are skipped.

        Raises ConnectionFailedError, DeadlinePassedError, MessageRefusedError, ProtocolError.
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
                frame = self._receive(deadline, SILENCE_SECONDS if attempts.have_begun else ACCEPT_SECONDS)
                if not attempts.counts(frame) or isinstance(frame, UnknownFrame):
                    continue
                if isinstance(frame, Accepted):
                    deadline = time.monotonic() + frame.deadline_seconds
                yield frame
                if isinstance(frame, TERMINAL_FRAMES):
                    return
        except ConnectionClosed as error:
            raise ConnectionFailedError(f"the connection was closed before the answer was complete: {error}") from error

    def _receive(self, deadline: float | None, silence_seconds: float) -> Frame | UnknownFrame:
        """Return the next frame; without a deadline, nothing may come for `silence_seconds`."""
        timeout = silence_seconds if deadline is None else max(0, deadline - time.monotonic())
        try:
            message = self._connection.recv(timeout)
        except TimeoutError:
            waited = f"for {silence_seconds} s nothing came" if deadline is None else "the deadline has passed"
            raise DeadlinePassedError(f"{waited}, so the request counts as lost: ask again") from None
        try:
            return parse_frame(message)
        except ValidationError as error:
            if (answer := parse_gateway_error(message)) is not None:
                raise MessageRefusedError(
                    f"API Gateway answered the question itself, with {answer.message!r}: wait, and ask again "
                    f"(its request id is {answer.request_id})"
                ) from None
            fault = error.errors(include_url=False, include_input=False)[0]
            raise ProtocolError(f"the server's message isn't a frame of {SUBPROTOCOL}: {fault['msg']}") from error


def connect(url: str, token: str | None = None) -> Client:
    """Connect to the WebSocket API at `url` (`wss://…/<stage>`), with a JWT if it asks for one.

    Raises ConnectionFailedError.
    """
    # A proxy from the environment can't reach this machine's own ports.
    proxy: Literal[True] | None = None if urlsplit(url).hostname in _LOOPBACK else True
    try:
        connection = websockets.connect(
            url,
            # The token is a subprotocol too: browsers can't set headers, and URLs are logged.
            subprotocols=[Subprotocol(SUBPROTOCOL), *([] if token is None else [Subprotocol(f"bearer.{token}")])],
            proxy=proxy,
            user_agent_header=USER_AGENT,
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
