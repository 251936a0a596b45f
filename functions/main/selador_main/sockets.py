"""What our HTTP clients ask of their sockets: waits that a cancellation ends, and whether the other side has closed."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from urllib3.util.wait import wait_for_read

from selador_main.cancellation import Cancellation

CONNECT_SECONDS = 2

_waiting: ContextVar[Cancellation | None] = ContextVar("_waiting", default=None)


@contextmanager
def interrupted_by(cancellation: Cancellation) -> Iterator[None]:
    """Let `cancellation` end the wait for an answer's head in this block, as if the other side had closed."""
    token = _waiting.set(cancellation)
    try:
        yield
    finally:
        _waiting.reset(token)


def interruptibly[Answer](sock: socket.socket | None, receive: Callable[[], Answer]) -> Answer:
    """Return what `receive` receives from `sock`, if the block's cancellation doesn't end the wait."""
    cancellation = _waiting.get()
    if cancellation is None or sock is None:
        return receive()

    def interrupt() -> None:
        with suppress(OSError):
            shut_down(sock, socket.SHUT_RDWR)

    with cancellation.calling(interrupt):
        return receive()


def shut_down(sock: socket.socket, how: int) -> None:
    """Let a read of `sock` that is under way in another thread find the end.

    TLS's own shutdown takes the session from that thread: it would read on, and take what is encrypted for an answer.
    """
    bare = getattr(sock, "socket", sock)  # of urllib3's TLS inside the TLS of a proxy
    socket.socket.shutdown(bare, how)


def still_open(sock: socket.socket) -> bool:
    """Whether a connection that waits for a request can take one.

    Bytes that nobody asked for usually mean that the other side has closed. In TLS 1.3 the server's session tickets are
    such bytes, and a connection that was opened ahead has not read them.
    """
    if not wait_for_read(sock, timeout=0):
        return True
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        sock.recv(1)
    except ssl.SSLWantReadError:
        return True  # no more than TLS's own
    except OSError:
        return False
    finally:
        sock.settimeout(timeout)
    return False
