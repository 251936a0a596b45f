"""What happens at Ctrl-C and its like: the stack ends in order, whatever it was doing."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

_logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a polite `kill`, a terminal that was closed."""


async def interruptible(work: Coroutine[Any, Any, int], on_signal: Callable[[], None]) -> int:
    """Run `work` and return its exit status. At the first of SIGNALS it is cancelled, and the status is a shell's.

    `on_signal` is called at that first signal. Later ones change nothing: an interrupted clean-up would leave processes
    behind.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    received: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        if not received:
            received.append(number)
            on_signal()
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not received:
            raise
        return 128 + received[0]


async def until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    """Do `work` until one of SIGNALS ends `interruptible`; the work around goes on to its normal end."""
    try:
        await work
    except asyncio.CancelledError:
        task = asyncio.current_task()
        assert task is not None
        task.uncancel()


@contextlib.asynccontextmanager
async def meanwhile(endless: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do `endless` beside the block; the block's end cancels it, and waits until it has cleaned up.

    If it ends by an error, the block goes on without it, and the log says so at once.
    """
    task = asyncio.create_task(endless)
    task.add_done_callback(_tell_of_an_error)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _tell_of_an_error(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.error("what runs beside the stack has ended for good", exc_info=error)
