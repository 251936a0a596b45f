"""Rounds of the event loop: what happens half-way through a coroutine, and what it leaves open then."""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path

from ..conftest import STUCK_SECONDS

ROUNDS = range(1, 12)
"""Rounds of the event loop after which a task is cancelled, the first being its first step."""


async def cancelled_after[T](rounds: int, coroutine: Coroutine[object, object, T]) -> T | None:
    """Let it run for that many rounds of the event loop, then cancel it; return its result if it had one by then."""
    task = asyncio.create_task(coroutine)
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=STUCK_SECONDS)
    return None if task.cancelled() else task.result()


def open_files() -> set[str]:
    """What this process holds open. A socket or a pipe is named by its inode."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found.add(str(link.readlink()))
    return found
