"""Posts to one host with the standard library's HTTP, over connections that urllib3 opens.

urllib3 would send them too, at four times the CPU (benchmarks/streaming.md). A post needs little of what it does: no
redirects, no retries, no body in pieces.
"""

import http.client
import socket
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress

from urllib3.exceptions import HTTPError

from selador_main.sockets import interruptibly, still_open
from selador_shared.idle_connections import IDLE_SECONDS, Moment


class PostChannel:
    """Posts to one host; as many at once as threads ask it to, each over a connection of its own.

    A connection serves post after post, but is never used again once it has lain idle. `connected` returns the socket
    of a new one. `read_seconds` bounds each wait for bytes.
    """

    def __init__(self, connected: Callable[[], socket.socket], *, read_seconds: float) -> None:
        self._connected = connected
        self._read_seconds = read_seconds
        self._kept: list[tuple[socket.socket, Moment]] = []  # the last one kept is the first one used
        weakref.finalize(self, _close_all, self._kept)

    def open(self) -> None:
        """Open a connection ahead of the first post, which then saves its handshakes."""
        with suppress(HTTPError, OSError):  # the first post will say it better
            self._keep(self._opened())

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> http.client.HTTPResponse:
        """Post once; return the response, its body read.

        `headers` are sent as they are, Host among them. Raises urllib3's HTTPError if there is no connection, and
        OSError and HTTPException for what goes wrong on it.
        """
        sock = self._reused() or self._opened()
        response = http.client.HTTPResponse(sock, method="POST")
        try:
            # In one piece: http.client's own `request` would make two packets of it, at twice the CPU.
            sock.sendall(_head(path, headers, body) + body)
            interruptibly(sock, response.begin)
            response.read()  # whole, so that the connection serves the next post
        except BaseException:
            response.close()
            sock.close()
            raise
        if response.will_close:
            sock.close()
        else:
            self._keep(sock)
        return response

    def _opened(self) -> socket.socket:
        sock = self._connected()
        sock.settimeout(self._read_seconds)
        return sock

    def _reused(self) -> socket.socket | None:
        with suppress(IndexError):  # none is left
            while True:
                sock, kept_at = self._kept.pop()
                if kept_at.seconds_until(Moment.now()) <= IDLE_SECONDS and still_open(sock):
                    return sock
                sock.close()
        return None

    def _keep(self, sock: socket.socket) -> None:
        self._kept.append((sock, Moment.now()))


def _head(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    return f"POST {path} HTTP/1.1\r\n{''.join(lines)}Content-Length: {len(body)}\r\n\r\n".encode("ascii")


def _close_all(kept: list[tuple[socket.socket, Moment]]) -> None:
    for sock, _ in kept:
        sock.close()
