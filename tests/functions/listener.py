"""A server whose connections are each read, and closed, by a thread of its own."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ..conftest import STUCK_SECONDS


class Listener:
    """Serves on a free port of 127.0.0.1, over TLS if there is a context for it.

    `serve` gets each connection in a thread of its own, and may raise OSError. No thread closes what another one reads:
    TLS writes an alert to the number of its file when it finds the end, and that may be another file's by then.
    """

    def __init__(self, serve: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        """Hang up on everybody; return once every thread has closed what it read."""
        hang_up(self._socket)
        self._threads[0].join(STUCK_SECONDS)
        for connection in self._open:
            hang_up(connection)
        for thread in self._threads:
            thread.join(STUCK_SECONDS)

    def _accept(self) -> None:
        with self._socket, suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                self._open.append(connection)
                self._start(partial(self._serve_and_close, connection))

    def _serve_and_close(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            self._serve(connection)

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()


def hang_up(connection: socket.socket) -> None:
    """End a connection that another thread reads: it finds its end, and closes it."""
    with suppress(OSError):  # it has ended
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own, which takes its session from the reader
