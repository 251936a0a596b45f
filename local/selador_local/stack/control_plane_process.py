"""The control plane as a process: it is started, watched and ended."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Self

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.commands import StackError
from selador_local.stack.process_group import end

# It serves each connection in a thread of its own. glibc gives threads heaps of their own, which keep what the largest
# calls needed: 200 MB in five minutes of four requests a second. Python's threads take turns, so one heap does as well.
_ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}


class ControlPlaneEndedError(StackError):
    """The control plane has ended by itself, or somebody killed it. Nothing runs without it."""


class ControlPlaneProcess:
    """A control plane that is ready. `client` says where it listens, `beginning` with what it began."""

    def __init__(self, process: asyncio.subprocess.Process, client: ControlPlane, beginning: str, log: Path) -> None:
        self.client = client
        self.beginning = beginning
        self._process = process
        self._log = log
        self._ended = asyncio.ensure_future(process.wait())

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, arguments: list[str], log: Path) -> AsyncIterator[Self]:
        """Start it with `arguments` and its errors in `log`; end it at the end of the block.

        Raises ControlPlaneEndedError if it doesn't get ready.
        """
        with log.open("w", encoding="utf-8") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "selador_local.control_plane", *arguments),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **_ONE_HEAP},
                start_new_session=True,  # Ctrl-C is ours to handle: the control plane goes last
            )
        try:
            assert process.stdout is not None
            ready = await process.stdout.readline()
            if not ready:
                raise ControlPlaneEndedError(_how_it_ended(await process.wait(), log))
            facts = json.loads(ready)
            client = ControlPlane(
                endpoint=facts["endpoint"],
                region=facts["region"],
                account_id=facts["accountId"],
                access_key_id=facts["accessKeyId"],
                secret_access_key=facts["secretAccessKey"],
            )
            yield cls(process, client, _beginning(facts), log)
        finally:
            await end(process)

    @contextlib.asynccontextmanager
    async def while_running(self) -> AsyncIterator[None]:
        """Run the block. If the control plane ends before the block does, cancel that.

        Raises ControlPlaneEndedError then, whatever the block made of it: a failing Terraform is a consequence.
        """
        task = asyncio.current_task()
        assert task is not None
        interrupted = False

        def interrupt(_: asyncio.Future[int]) -> None:
            nonlocal interrupted
            interrupted = task.cancel()

        self._ended.add_done_callback(interrupt)
        try:
            yield
        except (asyncio.CancelledError, Exception):
            if not self._ended.done():
                raise
        finally:
            self._ended.remove_done_callback(interrupt)
        if self._ended.done():
            if interrupted:
                task.uncancel()
            raise ControlPlaneEndedError(_how_it_ended(self._ended.result(), self._log))


def _beginning(facts: Mapping[str, Any]) -> str:
    if facts.get("restored"):
        return "with what the last stack left"
    return f"anew: {facts['refused']}" if "refused" in facts else "anew"


def _how_it_ended(status: int, log: Path) -> str:
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = f": {lines[-1].strip()}" if lines and status > 0 else ""
    return f"the control plane {how}{said}; its log is {log}"
