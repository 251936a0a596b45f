"""What is done again and again beside a drill, in threads: a heartbeat, a metric, a thief at the queue."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 0.5
"""A failure waits so long in addition: one that is tried without a pause would fill the log."""


@contextmanager
def repeated(what: str, act: Callable[[], None], pause_seconds: float, threads: int = 1) -> Iterator[None]:
    """Do `act` again and again, beside the block. A failure is logged with `what` failed, and ends nothing."""
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            try:
                act()
            except Exception as error:  # any would end the thread unseen, and the drill would blame an alarm
                _logger.warning("%s failed, and is tried again: %s", what, error)
                stopping.wait(_AGAIN_SECONDS)
            stopping.wait(pause_seconds)

    running = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in running:
            thread.join()
