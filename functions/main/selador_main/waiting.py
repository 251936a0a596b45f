"""Time, and the threads that wait for it: an argument of all that waits, so that an hour can pass in a second."""

import contextvars
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self


class Condition(Protocol):
    """As `threading.Condition`, as far as it is used here."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def wait_for(self, predicate: Callable[[], object], timeout: float | None = None) -> object: ...

    def notify_all(self) -> None: ...


class Thread(Protocol):
    """A thread that was started."""

    def join(self) -> None: ...


class Waiting(Protocol):
    """A clock, and what waits by it."""

    def now(self) -> float:
        """Return seconds that only rise."""
        ...

    def epoch_ms(self) -> int:
        """Return the time of day, in milliseconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None: ...

    def condition(self) -> Condition: ...

    def start(self, run: Callable[[], None], *, name: str) -> Thread:
        """Run `run` in a thread, whose log lines carry the facts bound by the one that starts it."""
        ...


class RealWaiting:
    """The clock of this machine, and its threads."""

    def now(self) -> float:
        return time.monotonic()

    def epoch_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def condition(self) -> Condition:
        return threading.Condition()

    def start(self, run: Callable[[], None], *, name: str) -> Thread:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name=name)
        thread.start()
        return thread


class Alarm:
    """Calls `ring` once, in a thread of its own, when `seconds` have passed inside the block, and not after it."""

    def __init__(self, seconds: float, ring: Callable[[], None], waiting: Waiting) -> None:
        self._seconds = seconds
        self._ring = ring
        self._waiting = waiting
        self._changed = waiting.condition()
        self._over = False

    def __enter__(self) -> Self:
        self._thread = self._waiting.start(self._run, name="alarm")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            over = self._changed.wait_for(lambda: self._over, timeout=max(0, self._seconds))
        if not over:
            self._ring()
