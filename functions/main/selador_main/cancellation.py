"""Why an attempt stops before its agent is done, told once to everything that works on it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from selador_main.errors import SeladorMainError


class Reason(Enum):
    """What ended the work."""

    CLIENT_GONE = auto()
    """`@connections` answered 410: the connection is closed (CB-07), so nobody reads the answer."""

    CLIENT_UNRESPONSIVE = auto()
    """The connection took no frame for so long that nobody seems to read there any more."""

    EXPIRED = auto()
    """The request's useful life is over, and no more may be paid for; the client has still to be told."""

    LEASE_LOST = auto()
    """The message may be another worker's by now, so this one must not say another word."""

    OUT_OF_TIME = auto()
    """The function's own timeout is near; the client has still to be told."""

    UNDELIVERABLE = auto()
    """`@connections` takes no frames of ours."""

    @property
    def silences(self) -> bool:
        """Whether nothing more may be, or can be, sent to the client."""
        return self not in {Reason.OUT_OF_TIME, Reason.EXPIRED}


class AttemptCancelledError(SeladorMainError):
    """The attempt was cancelled while something worked or waited for it."""


class Cancellation:
    """A switch that any thread may throw, once; the first reason stays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self.reason: Reason | None = None

    def cancel(self, reason: Reason) -> None:
        """Stop the attempt. A reason that silences replaces one that doesn't; otherwise the first one stays."""
        with self._lock:
            if self.reason is None or (reason.silences and not self.reason.silences):
                self.reason = reason
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Raise AttemptCancelledError if the attempt is cancelled."""
        if self.reason is not None:
            raise AttemptCancelledError

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` on cancellation, from the thread that cancels, while the block runs (at once if already so).

        It may be called more than once, and must not raise.
        """
        with self._lock:
            self._callbacks.append(callback)
            thrown = self.reason is not None
        if thrown:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
