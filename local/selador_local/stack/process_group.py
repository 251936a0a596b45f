"""Ends a command together with everything that it has started: its process group. Linux only."""

import asyncio
import contextlib
import math
import os
import signal
import time
from pathlib import Path

_LOOK_SECONDS = 0.05


async def end(process: asyncio.subprocess.Process, *, grace_seconds: float = 5) -> None:
    """End the group that `process` leads: by SIGTERM first, what is left after `grace_seconds` by SIGKILL.

    It returns when nothing of the group runs. The leader may be the first to go: Terraform's provider outlives a
    Terraform that was killed.
    """
    _signal(process, signal.SIGTERM)
    if not await _ended(process, grace_seconds):
        _signal(process, signal.SIGKILL)
        await _ended(process, math.inf)


async def _ended(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Wait until nothing of the group runs; return False if something still does after `seconds`."""
    gives_up_at = time.monotonic() + seconds
    while process.returncode is None or running_in(process.pid):
        if time.monotonic() > gives_up_at:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True


def running_in(group: int) -> set[int]:
    """Return the ids of the processes that run in a group; one that only waits to be reaped does not."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it may end at any moment
            # "id (name) state parent group …": the name may hold spaces and parentheses.
            state, _, its_group, *_ = path.read_text(errors="replace").rpartition(")")[2].split()
            if int(its_group) == group and state not in {"Z", "X"}:
                found.add(int(path.parent.name))
    return found


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
