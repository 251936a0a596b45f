"""A small HTTP/1.1 server on h11, for the parts of the laptop stack that AWS's clients call.

It listens on 127.0.0.1 only. Each connection is a task that handles one request after another. A handler may wait as
long as it likes. If the client hangs up, its request is cancelled and a streamed body is closed.
"""

import asyncio
import contextlib
import json
import logging
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import h11

_logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
MAX_BODY_BYTES = 8 * 2**20  # more than any body AWS accepts here: 6 MB is Lambda's largest payload (LAM-39)
_MAX_HEAD_BYTES = 2 * 2**20  # awslambdaric sends up to 1 MB of X-Ray cause in one header
_READ_BYTES = 2**16
_FLUSH_SECONDS = 1


@dataclass(frozen=True)
class Request:
    """A request. `target` is the raw path and query. Header names are lower-case, repeated values joined by commas."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """A response. A body of bytes gets a Content-Length; an iterator is sent in chunks as they come."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with `value` as JSON, and `headers` beside the Content-Type."""
    return Response(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode())


@dataclass(frozen=True)
class Upgrade:
    """A connection whose client asks for a WebSocket. `headers` keep the order and the case in which they were sent."""

    target: str
    headers: Sequence[tuple[str, str]]
    received: bytes
    """Bytes that the client sent right after the request; they come before those of `reader`."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


Handler = Callable[[Request], Awaitable[Response]]
UpgradeHandler = Callable[[Upgrade], Awaitable[None]]
"""Owns the connection, handshake included; it is closed when the hook returns."""


class Server:
    """A listening server; `port` is the one it got."""

    def __init__(self, listener: asyncio.Server, connections: "dict[asyncio.Task[None], _Connection]") -> None:
        self._listener = listener
        self._connections = connections
        self.port: int = listener.sockets[0].getsockname()[1]

    def lose_idle_connections(self) -> None:
        """Reset each connection that waits for its next request once one comes, as a network does that forgot it."""
        for connection in self._connections.values():
            connection.lost = connection.answered

    async def close(self) -> None:
        """Stop listening, cancel the requests under way and close every connection.

        A client has `_FLUSH_SECONDS` to read what was written for it.
        """
        for listening in self._listener.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
        try:
            await asyncio.sleep(0)  # asyncio loses a connection, and leaves it open, that it accepts while it closes
            self._listener.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            self._listener.close_clients()  # those, too, whose task is still to come
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listener.wait_closed(), _FLUSH_SECONDS)
        finally:
            self._listener.close()
            self._listener.abort_clients()
        await self._listener.wait_closed()


async def serve(
    handler: Handler,
    *,
    port: int = 0,
    upgrade: UpgradeHandler | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    tls: ssl.SSLContext | None = None,
) -> Server:
    """Serve on 127.0.0.1 and `port` (0: any free one), by https if there is a context for TLS.

    `upgrade`, if given, gets requests to change to the WebSocket protocol. A body above `max_body_bytes` is answered
    with 413 and never reaches the handler. An exception in a handler is logged and answered with 500.

    Raises OSError if the port is taken.
    """
    connections: dict[asyncio.Task[None], _Connection] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections[task] = _Connection(reader, writer, handler, upgrade, max_body_bytes)
        try:
            await connections[task].run()
        finally:
            del connections[task]
            writer.close()

    listener = await asyncio.start_server(connected, HOST, port, ssl=tls, start_serving=False)
    try:
        await listener.start_serving()
    except BaseException:  # asyncio leaves the port open if it is cancelled while it begins to listen
        listener.close()
        raise
    return Server(listener, connections)


class _Connection:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        upgrade: UpgradeHandler | None,
        max_body_bytes: int,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._upgrade = upgrade
        self._max_body_bytes = max_body_bytes
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self.answered = False
        """Whether the newest request has its answer, or will have it without another step of its handler."""
        self.lost = False

    async def run(self) -> None:
        with contextlib.suppress(ConnectionError):  # a client may leave at any moment
            try:
                while isinstance(event := await self._next_event(), h11.Request):
                    self.answered = False
                    if self._upgrade is not None and _wants_websocket(event):
                        await self._hand_over(event, self._upgrade)
                        return
                    if not await self._serve(event):
                        return
                    self._http.start_next_cycle()
            except h11.RemoteProtocolError as error:
                await self._refuse(error)

    async def _next_event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]  # h11 types its sentinels as classes
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._read())

    async def _read(self) -> bytes:
        data = await self._reader.read(_READ_BYTES)
        if self.lost:
            _reset_when_closed(self._writer.get_extra_info("socket"))
            raise ConnectionResetError("lost while it was idle")
        return data

    async def _hand_over(self, head: h11.Request, upgrade: UpgradeHandler) -> None:
        await self._next_event()  # the end of the request, which has no body
        received, _ = self._http.trailing_data
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
        await upgrade(Upgrade(head.target.decode("latin-1"), headers, received, self._reader, self._writer))

    async def _serve(self, head: h11.Request) -> bool:
        """Answer one request; return False if the connection can't be used for another one."""
        body = await self._read_body()
        stays = True
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._raise_on_hangup())
                await self._answer(head, body)
                watch.cancel()
        except* ConnectionError:
            stays = False
        return stays and self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _read_body(self) -> bytes | None:
        """Return the body, or None if it is over the limit. It is read to its end even then, before a response."""
        body = bytearray()
        size = 0
        while isinstance(event := await self._next_event(), h11.Data):
            size += len(event.data)
            if size <= self._max_body_bytes:
                body += event.data
        return bytes(body) if size <= self._max_body_bytes else None

    async def _raise_on_hangup(self) -> None:
        data = await self._read()
        if not data:
            raise ConnectionResetError("the client hung up")
        self._http.receive_data(data)  # an early next request: its client still waits for this response

    async def _answer(self, head: h11.Request, body: bytes | None) -> None:
        if body is None:
            response = Response(413, body=b"body exceeds %d bytes" % self._max_body_bytes)
        else:
            try:
                response = await self._handler(_request(head, body))
            except ConnectionError:  # how a handler hangs up without an answer
                raise
            except Exception:
                _logger.exception("the handler failed on %s", head.method.decode("latin-1"))
                response = Response(500)
        if isinstance(response.body, bytes):
            await self._send_whole(head, response, response.body)
        else:
            await self._send_stream(response, response.body)

    async def _send_whole(self, head: h11.Request, response: Response, body: bytes) -> None:
        self.answered = True
        headers = list(response.headers.items())
        if response.status != 204:
            headers.append(("Content-Length", str(len(body))))
        await self._send(h11.Response(status_code=response.status, headers=headers))
        if head.method != b"HEAD":
            await self._send(h11.Data(data=body))
        await self._send(h11.EndOfMessage())

    async def _send_stream(self, response: Response, body: AsyncIterator[bytes]) -> None:
        try:
            await self._send(h11.Response(status_code=response.status, headers=list(response.headers.items())))
            async for chunk in body:
                await self._send(h11.Data(data=chunk))
            self.answered = True
            await self._send(h11.EndOfMessage())
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            # The status is sent already: only the missing end tells the client that the body is incomplete.
            _logger.exception("a streamed body failed")
            raise ConnectionAbortedError("the body ended early") from error
        finally:
            if isinstance(body, AsyncGenerator):
                await body.aclose()

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = str(error).encode()
            headers = [("Content-Length", str(len(body))), ("Connection", "close")]
            await self._send(h11.Response(status_code=error.error_status_hint, headers=headers))
            await self._send(h11.Data(data=body))
            await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()


def _reset_when_closed(connection: socket.socket) -> None:
    """Have the connection's end be a reset, as of one that nobody knows."""
    linger_for_0_seconds = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_0_seconds)


def _wants_websocket(head: h11.Request) -> bool:
    """Return whether the client asks for a WebSocket. A wish to upgrade from HTTP/1.0 is ignored (RFC 9110, 7.8)."""
    return (head.method, head.http_version) == (b"GET", b"1.1") and any(
        name == b"upgrade" and value.lower() == b"websocket" for name, value in head.headers
    )


def _request(head: h11.Request, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in head.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Request(head.method.decode("latin-1"), head.target.decode("latin-1"), headers, body)
