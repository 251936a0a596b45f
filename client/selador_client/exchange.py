"""What a client does, without sockets and clocks: when it connects, sends, sends again, and gives up.

Times are arguments, in seconds. What is to be done comes out of `actions`; whoever does it reports back. The caller
calls `wake` at `wakes_at`. client/cases/README.md says what is chosen here, and its cases run against this module.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from selador_client.request import Request
from selador_shared.protocol import (
    MAX_FRAME_BYTES,
    SUBPROTOCOL,
    Error,
    Frame,
    Pong,
    UnknownFrame,
    parse_frame,
    parse_gateway_error,
)

RENEW_SECONDS = 70 * 60
"""The age at which a connection takes no new request.

API Gateway closes every connection after two hours, and with the default settings a request may take 47 minutes.
"""

PING_SECONDS = 300
"""After so much quiet a connection with a request under way is pinged: API Gateway closes it after ten minutes."""

CONNECTION_TRIES = 5


class ConnectionState(StrEnum):
    """Of the connection for new requests. UNREACHABLE: given up, until the next question."""

    CLOSED = "closed"
    CONNECTING = "connecting"
    OPEN = "open"
    UNREACHABLE = "unreachable"


@dataclass(eq=False)
class Connection:
    """One connection. `number` counts them."""

    number: int
    opened_at: float | None = None
    last_traffic_at: float = 0.0
    is_retired: bool = False
    requests: list[Request] = field(default_factory=list)

    @property
    def is_busy(self) -> bool:
        return any(request.is_under_way for request in self.requests)

    def forget(self, request: Request) -> None:
        if request in self.requests:
            self.requests.remove(request)


@dataclass(frozen=True)
class Connect:
    connection: Connection


@dataclass(frozen=True)
class Send:
    connection: Connection
    text: str


@dataclass(frozen=True)
class Close:
    connection: Connection


@dataclass(frozen=True)
class News:
    """A frame that `request`'s user can be told of."""

    request: Request
    frame: Frame


@dataclass(frozen=True)
class Ended:
    request: Request


@dataclass(frozen=True)
class Fault:
    """What the server did wrong, in words for a log."""

    words: str


Action = Connect | Send | Close | News | Ended | Fault


class Exchange:
    """A client's connections and requests.

    `new_id` makes a `requestId`; `random_wait` takes a wait in seconds and returns it with some randomness.
    `may_renew_token`: whether another connection may have another token.
    """

    def __init__(
        self, new_id: Callable[[], str], random_wait: Callable[[float], float], *, may_renew_token: bool
    ) -> None:
        self._new_id = new_id
        self._random_wait = random_wait
        self._may_renew_token = may_renew_token
        self._actions: list[Action] = []
        self._requests: list[Request] = []
        self._connections: list[Connection] = []
        self._current: Connection | None = None
        self._made = 0
        self._was_open = False
        self._is_unreachable = False
        self._failures = 0
        self._connect_at: float | None = None
        self._told: set[Request] = set()
        self.why_unreachable = ""

    def actions(self) -> list[Action]:
        """Return what is to be done, in order, once."""
        actions, self._actions = self._actions, []
        return actions

    @property
    def state(self) -> ConnectionState:
        if self._current is not None:
            return ConnectionState.CONNECTING if self._current.opened_at is None else ConnectionState.OPEN
        if self._is_unreachable:
            return ConnectionState.UNREACHABLE
        is_waiting = any(request.send_at is not None for request in self._requests)
        return ConnectionState.CONNECTING if is_waiting else ConnectionState.CLOSED

    @property
    def wakes_at(self) -> float | None:
        """When `wake` has something to do, None if never."""
        times = [request.wakes_at for request in self._requests if request.wakes_at is not None]
        times += [connection.last_traffic_at + PING_SECONDS for connection in self._connections if connection.is_busy]
        if self._current is None or self._is_open:  # while a connection opens, what is due waits for it
            earliest = self._connect_at or 0
            times += [max(request.send_at, earliest) for request in self._requests if request.send_at is not None]
        return min(times, default=None)

    @property
    def _is_open(self) -> bool:
        return self._current is not None and self._current.opened_at is not None

    # -- what the user does

    def connect(self, now: float) -> None:
        self._connect(now)

    def ask(self, message: Mapping[str, Any], now: float) -> Request:
        """Begin a request. `message` is what is sent, but for its `requestId`."""
        request = Request(message, now, self._random_wait)
        self._requests.append(request)
        self.wake(now)
        return request

    def stop(self, request: Request, now: float) -> None:
        """Stop a request under way. Closing the connection is how the service learns of it."""
        if not request.is_under_way:
            return
        request.stop()
        for connection in self._connections:
            if request in connection.requests:
                self._retire(connection)
        self.wake(now)

    def forget(self, request: Request) -> None:
        """Listen no longer for what may still come of an ended request."""
        self._requests.remove(request)
        self._told.discard(request)
        for connection in self._connections:
            connection.forget(request)

    # -- what the server and the network do

    def opened(self, connection: Connection, now: float) -> None:
        connection.opened_at = connection.last_traffic_at = now
        self._was_open, self._failures, self._connect_at = True, 0, None
        self.wake(now)

    def opened_another_protocol(self, connection: Connection, now: float) -> None:
        """Take note that the server takes the connection, but echoes no subprotocol of ours."""
        self._actions.append(Close(connection))
        self.refused(connection, f"its server doesn't speak {SUBPROTOCOL}", now, is_hopeless=True)

    def refused(self, connection: Connection, words: str, now: float, *, is_hopeless: bool) -> None:
        """Take note that a connection could not be opened, for a reason that waiting may mend or not."""
        self._drop(connection)
        self._failures += 1
        if is_hopeless or not self._was_open or self._failures == CONNECTION_TRIES:
            self._is_unreachable, self._failures, self._connect_at = True, 0, None
            self.why_unreachable = words
            for request in self._requests:
                if request.send_at is not None:
                    request.no_connection(words)
        else:
            self._connect_at = now + self._random_wait(2.0 ** (self._failures - 1))
        self.wake(now)

    def received(self, connection: Connection, text: str | bytes, now: float) -> None:
        connection.last_traffic_at = now
        try:
            frame = parse_frame(text)
        except ValidationError as error:
            self._received_no_frame(text, error, now)
        else:
            self._received(connection, frame, now)
        self.wake(now)

    def closed(self, connection: Connection, code: int, words: str, now: float) -> None:
        self._drop(connection)
        for request in connection.requests:
            request.connection_closed(code, words, now)
        self.wake(now)

    def wake(self, now: float) -> None:
        """Do what is due."""
        for request in self._requests:
            request.pass_time(now)
        for connection in self._connections:
            if connection.is_busy and now >= connection.last_traffic_at + PING_SECONDS:
                self._send(connection, {"action": "ping"}, now)
        self._send_what_is_due(now)
        for connection in [connection for connection in self._connections if connection.is_retired]:
            self._close_if_idle(connection)
        for request in [*self._requests]:
            self._tell_the_end(request)

    # -- frames

    def _received(self, connection: Connection, frame: Frame | UnknownFrame, now: float) -> None:
        if isinstance(frame, Pong):
            return
        request = next((each for each in connection.requests if each.request_id == frame.request_id), None)
        if isinstance(frame, Error) and frame.attempt is None:
            if request is None:
                request = self._waiting_for_the_door("an error for a request that was never made")
            if request is not None:
                self._refused(connection, request, frame, now)
        elif request is not None and request.receive(frame, now) and not isinstance(frame, UnknownFrame):
            self._actions.append(News(request, frame))

    def _refused(self, connection: Connection, request: Request, error: Error, now: float) -> None:
        if request.may_be_answered_by_the_door:
            self._actions.append(News(request, error))
        request.refuse(error, now, may_renew_token=self._may_renew_token)
        if error.code == "unauthorized" and request.send_at is not None:
            connection.forget(request)
            self._retire(connection)

    def _received_no_frame(self, text: str | bytes, error: ValidationError, now: float) -> None:
        answer = parse_gateway_error(text)
        if answer is None:
            fault = error.errors(include_url=False, include_input=False)[0]
            self._fault(f"the server's message isn't a frame of {SUBPROTOCOL}: {fault['msg']}")
        elif request := self._waiting_for_the_door(f"API Gateway's answer {answer.message!r}"):
            request.send_again_or_give_up(now, answer.message)

    def _waiting_for_the_door(self, what: str) -> Request | None:
        """Return the one request that an answer without a usable id can be for."""
        waiting = [request for request in self._requests if request.may_be_answered_by_the_door]
        if len(waiting) == 1:
            return waiting[0]
        self._fault(f"{what} came while {len(waiting)} messages had no answer")
        return None

    # -- connections

    def _send_what_is_due(self, now: float) -> None:
        due = [request for request in self._requests if request.send_at is not None and request.send_at <= now]
        if not due:
            return
        if self._current is not None and self._is_old(self._current, now):
            self._retire(self._current)
        if self._current is None and (self._connect_at is None or now >= self._connect_at):
            self._connect(now)
        if self._current is not None and self._is_open:
            for request in due:
                self._send_request(self._current, request, now)

    def _is_old(self, connection: Connection, now: float) -> bool:
        return connection.opened_at is not None and now >= connection.opened_at + RENEW_SECONDS

    def _send_request(self, connection: Connection, request: Request, now: float) -> None:
        request_id = self._new_id()
        message = {**request.message, "requestId": request_id}
        size = len(_json(message).encode())
        if size > MAX_FRAME_BYTES:
            request.too_large(f"the message is {size:,} bytes; API Gateway's limit for a frame is {MAX_FRAME_BYTES:,}")
            return
        request.sent(request_id, now)
        for each in self._connections:
            each.forget(request)
        connection.requests.append(request)
        self._send(connection, message, now)

    def _send(self, connection: Connection, message: Mapping[str, Any], now: float) -> None:
        connection.last_traffic_at = now
        self._actions.append(Send(connection, _json(message)))

    def _connect(self, now: float) -> None:
        self._made += 1
        self._is_unreachable = False
        self._current = Connection(self._made, last_traffic_at=now)
        self._connections.append(self._current)
        self._actions.append(Connect(self._current))

    def _retire(self, connection: Connection) -> None:
        connection.is_retired = True
        if self._current is connection:
            self._current = None
        self._close_if_idle(connection)

    def _close_if_idle(self, connection: Connection) -> None:
        if not connection.is_busy and connection in self._connections:
            self._drop(connection)
            self._actions.append(Close(connection))

    def _drop(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        if self._current is connection:
            self._current = None

    def _tell_the_end(self, request: Request) -> None:
        if request.is_under_way:
            self._told.discard(request)
            return
        if request not in self._told:
            self._told.add(request)
            self._actions.append(Ended(request))
        if not request.may_be_opened_again:
            self.forget(request)

    def _fault(self, words: str) -> None:
        self._actions.append(Fault(words))


def _json(message: Mapping[str, Any]) -> str:
    text = json.dumps(message, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: no WebSocket message can hold it, and the service refuses it
        return json.dumps(message)
    return text
