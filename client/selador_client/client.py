"""The client: asks over WebSockets, and yields answers as they come.

    async with Client(url) as client:
        async for frame in client.query("How long is the notice period?"):
            ...

It is the rim of `exchange`, which decides: here are the sockets, the clock and the randomness.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, override
from uuid import uuid4

from websockets.asyncio import client as websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from selador_client.connecting import Token, connect
from selador_client.errors import ConnectionFailedError
from selador_client.exchange import (
    Close,
    Connect,
    Connection,
    ConnectionState,
    Ended,
    Exchange,
    Fault,
    News,
    Send,
)
from selador_client.outcome import error_of
from selador_client.request import Request
from selador_shared.protocol import SUBPROTOCOL, Frame

USER_AGENT = f"selador/{version('selador-client')}"

_LOG = logging.getLogger(__name__)


class Answer(AsyncIterator[Frame]):
    """The frames of an answer that count, as they come, to `completed`.

    On a frame of a higher attempt, what was yielded of earlier attempts is void. Another end raises a RequestError or
    a ConnectionFailedError, after its `error` if there is one. A slow reader slows nobody: frames wait here. `request`
    has what is known at any moment. Call `stop` if you leave before the end: the answer goes on, and is paid for,
    otherwise.
    """

    def __init__(self, request: Request, stop: Callable[[Request], None]) -> None:
        self.request = request
        self._stop = stop
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._is_over = False

    @override
    async def __anext__(self) -> Frame:
        frame = None if self._is_over else await self._frames.get()
        if frame is not None:
            return frame
        self._is_over = True
        if (error := error_of(self.request)) is not None:
            raise error
        raise StopAsyncIteration

    def stop(self) -> None:
        """Stop the answer. Its connection is closed as soon as no other answer needs it."""
        self._stop(self.request)

    def put(self, frame: Frame | None) -> None:
        """Take a frame from the client; None is the end."""
        self._frames.put_nowait(frame)


class Client:
    """Asks the WebSocket API at `url` (`wss://…/<stage>`). Several answers may be under way at once."""

    def __init__(self, url: str, token: Token | None = None) -> None:
        self._url = url
        self._token = token
        self._exchange = Exchange(
            lambda: uuid4().hex,
            lambda seconds: seconds * random.uniform(0.5, 1.5),  # noqa: S311  # spreads clients, hides nothing
            may_renew_token=callable(token),
        )
        self._answers: dict[Request, Answer] = {}
        self._sockets: dict[Connection, _Socket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._first_connection = asyncio.Event()

    @property
    def connection_state(self) -> ConnectionState:
        return self._exchange.state

    async def __aenter__(self) -> Self:
        """Connect. Raises ConnectionFailedError."""
        await self.connect()
        return self

    async def connect(self) -> None:
        """Open the first connection, unless that is done. Raises ConnectionFailedError."""
        if self._first_connection.is_set():
            return
        self._exchange.connect(self._now())
        self._perform()
        try:
            await self._first_connection.wait()
        except asyncio.CancelledError:
            await self._close()
            raise
        if self._exchange.state is ConnectionState.UNREACHABLE:
            await self._close()
            raise ConnectionFailedError(self._exchange.why_unreachable)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    def query(self, text: str, session_id: str | None = None) -> Answer:
        """Ask `text`; `session_id` continues the conversation in which an earlier `completed` named it."""
        session = {} if session_id is None else {"sessionId": session_id}
        return self._ask({"action": "invoke", "type": "query", "text": text, **session})

    def workflow(self, name: str, inputs: Mapping[str, str]) -> Answer:
        """Run the workflow `name`."""
        return self._ask({"action": "invoke", "type": "workflow", "workflow": name, "inputs": dict(inputs)})

    def _ask(self, message: Mapping[str, Any]) -> Answer:
        request = self._exchange.ask(message, self._now())
        answer = self._answers[request] = Answer(request, self._stop)
        self._perform()
        return answer

    def _stop(self, request: Request) -> None:
        self._exchange.stop(request, self._now())
        self._perform()

    async def _close(self) -> None:
        for answer in [*self._answers.values()]:
            answer.stop()  # whoever waits for it waits no longer
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- what the exchange wants done

    def _perform(self) -> None:
        for action in self._exchange.actions():
            match action:
                case Connect(connection):
                    self._sockets[connection] = _Socket()
                    task = asyncio.create_task(self._run(connection, self._sockets[connection]))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                case Send(connection, text):
                    self._sockets[connection].outgoing.put_nowait(text)
                case Close(connection):
                    self._sockets[connection].outgoing.put_nowait(None)
                case News(request, frame):
                    self._answers[request].put(frame)
                case Ended(request):
                    self._end(request)
                case Fault(words):
                    _LOG.warning("%s", words)
        self._wind_timer()

    def _end(self, request: Request) -> None:
        self._answers.pop(request).put(None)
        if request.may_be_opened_again:
            self._exchange.forget(request)  # nobody reads what an operator's replay would bring

    def _wind_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        at = self._exchange.wakes_at
        self._timer = None if at is None else asyncio.get_running_loop().call_at(at, self._wake)

    def _wake(self) -> None:
        self._exchange.wake(self._now())
        self._perform()

    # -- one connection

    async def _run(self, connection: Connection, socket: "_Socket") -> None:
        try:
            websocket = await connect(self._url, self._token, USER_AGENT)
        except ConnectionFailedError as error:
            status = error.__cause__.response.status_code if isinstance(error.__cause__, InvalidStatus) else None
            is_hopeless = status is not None and status != 429 and status < 500
            self._exchange.refused(connection, str(error), self._now(), is_hopeless=is_hopeless)
            del self._sockets[connection]
            self._report_first()
            return
        try:
            if websocket.subprotocol != SUBPROTOCOL:
                self._exchange.opened_another_protocol(connection, self._now())
            else:
                self._exchange.opened(connection, self._now())
            self._report_first()
            sending = asyncio.create_task(socket.send_to(websocket))
            try:
                async for text in websocket:
                    self._exchange.received(connection, text, self._now())
                    self._perform()
            except ConnectionClosed:
                pass  # what it was closed with is told below
            finally:
                sending.cancel()
        finally:
            await websocket.close()
        self._exchange.closed(connection, websocket.close_code or 1006, _words_of_close(websocket), self._now())
        del self._sockets[connection]
        self._perform()

    def _report_first(self) -> None:
        self._first_connection.set()
        self._perform()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class _Socket:
    """What waits to be sent over a connection; None closes it."""

    def __init__(self) -> None:
        self.outgoing: asyncio.Queue[str | None] = asyncio.Queue()

    async def send_to(self, websocket: websockets.ClientConnection) -> None:
        try:
            while (text := await self.outgoing.get()) is not None:
                await websocket.send(text)
            await websocket.close()
        except ConnectionClosed:
            pass  # whoever receives tells it


def _words_of_close(websocket: websockets.ClientConnection) -> str:
    reason = f", {websocket.close_reason!r}" if websocket.close_reason else ""
    return f"the connection was closed before the answer was complete (code {websocket.close_code or 1006}{reason})"
