"""The server's side of one WebSocket: handshake, messages within API Gateway's limits, close codes.

The protocol itself is websockets' sans-I/O `ServerProtocol`; this module moves its bytes.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.http11 import Response as HandshakeResponse
from websockets.protocol import State
from websockets.server import ServerProtocol

from selador_local.clock import Clock
from selador_local.data_plane.api_gateway.limits import FRAME_BYTES, MESSAGE_BYTES, seconds_left
from selador_local.data_plane.api_gateway.refusals import Refusal
from selador_local.errors import SeladorLocalError
from selador_local.http import Upgrade

WRITE_BUFFER_BYTES = 256 * 1024
"""How much may wait for a slow reader. AWS doesn't publish its figure; two of the largest messages fit."""
_KERNEL_BUFFER_BYTES = 64 * 1024  # by default the kernel's own buffer takes megabytes more
_CLOSE_SECONDS = 5  # how long a client may take to answer a close
_READ_BYTES = 2**16


class WebSocketClosedError(SeladorLocalError):
    """The connection is closed, or closing."""


class WriteBufferFullError(SeladorLocalError):
    """The client reads too slowly: `@connections` answers 429 (CB-04)."""


class _Protocol(ServerProtocol):
    def recv_frame(self, frame: Frame) -> None:
        """Take a close between the fragments of a message, where control frames may come (RFC 6455, section 5.4).

        websockets takes it for an error, and would answer 1002 to a client that only left.
        """
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Handshake:
    """A client's wish to connect: it waits while `$connect` runs, then is accepted or refused (WS-48)."""

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade
        # A larger message or frame closes the connection with 1009 (WS-54).
        self._protocol = _Protocol(max_size=(MESSAGE_BYTES, FRAME_BYTES))
        # The request was read already. websockets' own reader, which takes no line above 8 KB, gets a placeholder.
        self._protocol.receive_data(HandshakeRequest("/", Headers()).serialize())
        self._protocol.events_received()
        self._response = self._protocol.accept(HandshakeRequest(upgrade.target, Headers(upgrade.headers)))

    @property
    def is_valid(self) -> bool:
        """Whether the client keeps to RFC 6455; if not, `refuse_invalid` tells it what is wrong."""
        return self._response.status_code == HTTPStatus.SWITCHING_PROTOCOLS

    async def accept(self, subprotocol: str | None, clock: Clock) -> "WebSocket":
        """Send `subprotocol` as it is: a client fails the connection over one that it didn't offer (WS-75)."""
        if subprotocol is not None:
            self._response.headers["Sec-WebSocket-Protocol"] = subprotocol
        await self._send(self._response)
        return WebSocket(self._protocol, self._upgrade, clock)

    async def refuse(self, refusal: Refusal) -> None:
        body = refusal.body
        headers = Headers([("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        if refusal.error_type:
            headers["x-amzn-ErrorType"] = refusal.error_type
        headers["Connection"] = "close"
        phrase = HTTPStatus(refusal.status).phrase if refusal.status in HTTPStatus else "Refused"
        await self._send(HandshakeResponse(refusal.status, phrase, headers, body))

    async def refuse_invalid(self) -> None:
        await self._send(self._response)

    async def _send(self, response: HandshakeResponse) -> None:
        self._protocol.send_response(response)
        self._upgrade.writer.write(b"".join(self._protocol.data_to_send()))
        await self._upgrade.writer.drain()


class WebSocket:
    """An open connection. Writing never waits: if the client reads too slowly, the message is refused."""

    def __init__(self, protocol: ServerProtocol, upgrade: Upgrade, clock: Clock) -> None:
        self._protocol = protocol
        self._reader = upgrade.reader
        self._writer = upgrade.writer
        self._received = upgrade.received
        self._clock = clock
        self._closing: asyncio.TimerHandle | None = None
        self._fragments: list[bytes] = []
        self.connected_at = self.last_active_at = clock.time()
        self._writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)

    def send(self, message: bytes) -> None:
        """Send one text message of UTF-8, in frames of 32 KB; whether AWS splits it is not known (WS-56).

        Raises WebSocketClosedError, and WriteBufferFullError without having sent anything.
        """
        if self._protocol.state is not State.OPEN:
            raise WebSocketClosedError
        if self._writer.transport.get_write_buffer_size() + len(message) > WRITE_BUFFER_BYTES:
            raise WriteBufferFullError
        self._protocol.send_text(message[:FRAME_BYTES], fin=len(message) <= FRAME_BYTES)
        for start in range(FRAME_BYTES, len(message), FRAME_BYTES):
            end = start + FRAME_BYTES
            self._protocol.send_continuation(message[start:end], fin=end >= len(message))
        self.last_active_at = self._clock.time()  # a message to the client counts too (WS-58)
        self._flush()

    def close(self, code: int, reason: str) -> None:
        """Begin to close. `messages` ends when the client has answered, or after 5 s."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
            self._flush()

    async def messages(self) -> AsyncIterator[str]:
        """Yield the client's messages until the connection is closed."""
        data = self._received
        try:
            while self._protocol.state is not State.CLOSED:
                if data:
                    self._protocol.receive_data(data)
                for frame in self._protocol.events_received():
                    assert isinstance(frame, Frame)  # the handshake is over
                    text = self._message(frame)
                    if text is not None:
                        self.last_active_at = self._clock.time()
                        yield text
                self._flush()
                await self._writer.drain()
                data = await self._reader.read(_READ_BYTES)
                if not data:
                    self._protocol.receive_eof()
        except ConnectionError:
            self._protocol.receive_eof()
        finally:
            if self._closing is not None:
                self._closing.cancel()
            self._writer.close()

    async def expire(self) -> None:
        """Close the connection with 1001 (WS-51) once it has been idle or open for too long (WS-57)."""
        while (left := seconds_left(self._clock.time(), self.connected_at, self.last_active_at)) > 0:
            await self._clock.sleep(left)
        self.close(CloseCode.GOING_AWAY, "Going away")

    def closed_by(self) -> tuple[int, str]:
        """Return the code and reason that a `$disconnect` event reports (WS-50): those of whoever closed first."""
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        if received is not None and self._protocol.close_rcvd_then_sent:
            if received.code == CloseCode.NO_STATUS_RCVD:
                return received.code, "Client-side close frame status not set"
            return received.code, received.reason
        return (sent.code, sent.reason) if sent is not None else (CloseCode.ABNORMAL_CLOSURE, "")

    def _message(self, frame: Frame) -> str | None:
        """Return the text that `frame` completes, if any."""
        if frame.opcode is Opcode.BINARY:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA)  # code 1003: API Gateway takes text only (WS-53)
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                message = b"".join(self._fragments)
                self._fragments.clear()
                try:
                    return message.decode()
                except UnicodeDecodeError:
                    self._protocol.fail(CloseCode.INVALID_DATA)
        return None

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
            elif self._writer.can_write_eof():
                with suppress(OSError):  # the client has reset the connection, and nobody has noticed yet
                    self._writer.write_eof()
        if self._closing is None and self._protocol.close_expected():
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(_CLOSE_SECONDS, self._writer.transport.abort)
