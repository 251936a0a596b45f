"""Ctrl-C and SIGTERM as an event, so that what is being done comes to its end."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """Yield an event that Ctrl-C or SIGTERM sets; it also ends a wait on it."""
    stop = Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
