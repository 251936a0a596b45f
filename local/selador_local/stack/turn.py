"""Stacks side by side take turns with Terraform: in one checkout they share its folder and the saved plan."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

_ASK_SECONDS = 0.2


@contextlib.asynccontextmanager
async def turn(lock_file: Path, on_wait: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the turn during the block; `on_wait` is called if another stack has it. It ends with its process."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        while not _taken(lock.fileno()):
            on_wait()
            await asyncio.sleep(_ASK_SECONDS)
        yield


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
