"""A wait that a cancellation ends, and whether the other side has closed; over TLS in `test_transport.py`."""

import socket
import threading
from collections.abc import Iterator

import pytest

from selador_main.cancellation import Cancellation, Reason
from selador_main.sockets import interrupted_by, interruptibly, still_open

from ...conftest import STUCK_SECONDS

type Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_cancellation_ends_a_wait_in_its_block(pair: Pair) -> None:
    ours, _ = pair
    cancellation = Cancellation()
    waiting = threading.Event()

    def receive() -> bytes:
        waiting.set()
        return ours.recv(1)

    def cancel() -> None:
        waiting.wait(STUCK_SECONDS)
        cancellation.cancel(Reason.CLIENT_GONE)

    threading.Thread(target=cancel).start()
    with interrupted_by(cancellation):
        received = interruptibly(ours, receive)

    assert received == b""  # as if the other side had closed


def test_outside_the_block_a_cancellation_ends_nothing(pair: Pair) -> None:
    ours, theirs = pair
    cancellation = Cancellation()
    with interrupted_by(cancellation):
        pass

    cancellation.cancel(Reason.CLIENT_GONE)
    theirs.sendall(b"!")

    assert interruptibly(ours, lambda: ours.recv(1)) == b"!"


def test_a_connection_on_which_nothing_has_come_is_open(pair: Pair) -> None:
    ours, _ = pair

    assert still_open(ours)
    assert ours.gettimeout() == 5


def test_a_connection_that_the_other_side_closed_is_not(pair: Pair) -> None:
    ours, theirs = pair

    theirs.close()

    assert not still_open(ours)


def test_a_connection_with_bytes_that_nobody_asked_for_is_not(pair: Pair) -> None:
    ours, theirs = pair

    theirs.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")

    assert not still_open(ours)
    assert ours.gettimeout() == 5
