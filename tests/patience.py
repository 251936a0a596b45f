"""Waits that end: what doesn't come is a failure that says what was waited for."""

import asyncio
import select
import subprocess
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from .conftest import STUCK_SECONDS

COMMAND_SECONDS = 15 * STUCK_SECONDS
"""How long a test waits for a command that plans or applies, and for a stack to come up."""


def in_loop[T](
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], what: str, seconds: float = STUCK_SECONDS
) -> T:
    """Let a loop of another thread do the work; return its result."""
    doing = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return doing.result(seconds)
    except TimeoutError:
        if doing.done():  # the work's own error
            raise
        doing.cancel()
        pytest.fail(f"waited {seconds:.0f} s in vain until {what}")


def first_line(process: subprocess.Popen[str], seconds: float = STUCK_SECONDS) -> str:
    """Return the first line that a process writes to its stdout, a pipe."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], seconds)[0]:
        pytest.fail(f"waited {seconds:.0f} s in vain for a line of {process.args!r}")
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"{process.args!r} has ended without a line, with exit status {process.wait(seconds)}")
    return line


def output_until(process: subprocess.Popen[str], words: str, seconds: float = STUCK_SECONDS) -> str:
    """Return what a process writes to its stdout, a pipe, up to the first line with `words`."""
    said: list[str] = []
    found = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)
            if words in line:
                found.set()
                return

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(seconds)
    if not found.is_set():
        pytest.fail(f"waited {seconds:.0f} s in vain for {words!r}; {process.args!r} said: {''.join(said)}")
    return "".join(said)
