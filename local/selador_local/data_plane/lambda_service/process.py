"""The process of a function: its own process group, its output in the log, certain to end."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from selador_local.data_plane.lambda_service import die_with_parent
from selador_local.data_plane.lambda_service.log_lines import LinePipe, Log

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
_MEMORY_CHECK_SECONDS = 0.1


class Process:
    """A running function. When it has ended, `exited` is done with its return code, negative for a signal.

    As on Lambda, it is killed if it holds more than `memory_limit_mb`; it then `ran_out_of_memory`.
    """

    def __init__(self, process: asyncio.subprocess.Process, output: LinePipe, memory_limit_mb: int) -> None:
        self.memory_limit_mb = memory_limit_mb
        self._process = process
        self._output = output
        self._last_peak_mb = 0
        self.ran_out_of_memory = False
        self.exited: asyncio.Task[int] = asyncio.create_task(self._wait())
        self._memory_guard = asyncio.create_task(self._guard_memory())
        asyncio.get_running_loop().add_reader(output.read_end, self.drain)

    @classmethod
    async def start(
        cls,
        python: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        log: Log,
        *,
        memory_limit_mb: int,
    ) -> Self:
        """Run `python` with `arguments` in `folder` and with no other variables than `environment`.

        The kernel ends it with the thread that runs this event loop, which must live as long as the functions.
        """
        output = LinePipe(log)
        try:
            process = await asyncio.create_subprocess_exec(
                str(python),
                *("-I", "-S", die_with_parent.__file__, str(os.getpid())),
                *(str(python), *arguments),
                env=environment,
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.write_end,
                stderr=output.write_end,
                start_new_session=True,
            )
        except BaseException:
            os.close(output.read_end)
            raise
        finally:
            os.close(output.write_end)
        return cls(process, output, memory_limit_mb)

    def drain(self) -> None:
        """Log the output so far."""
        if self.exited.done():  # all of it is logged, and the pipe's number may be another file's by now
            return
        if not self._output.drain():
            asyncio.get_running_loop().remove_reader(self._output.read_end)

    def peak_memory_mb(self) -> int:
        """Return the most memory that it has held; after its end, the last known figure."""
        self._last_peak_mb = self._status_mb(_PEAK) or self._last_peak_mb
        return self._last_peak_mb

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; do nothing if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def freeze(self) -> None:
        """Stop it and its children with all their threads, until `thaw` (LAM-31)."""
        self._signal_group(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_group(signal.SIGCONT)

    async def kill(self) -> None:
        """Kill it and all its children, without a notice: it has no extension (LAM-27). Returns when it has ended."""
        self._signal_group(signal.SIGKILL)
        await asyncio.shield(self.exited)  # whoever is cancelled meanwhile mustn't cancel what closes its output

    async def _guard_memory(self) -> None:
        while (self._status_mb(_RESIDENT) or 0) <= self.memory_limit_mb:
            await asyncio.sleep(_MEMORY_CHECK_SECONDS)
        self.ran_out_of_memory = True
        self._signal_group(signal.SIGKILL)

    def _status_mb(self, line: re.Pattern[str]) -> int | None:
        with contextlib.suppress(OSError):
            found = line.search(Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii"))
            return None if found is None else -(-int(found[1]) // 1024)
        return None

    async def _wait(self) -> int:
        try:
            code = await self._process.wait()
            self._memory_guard.cancel()
            self._signal_group(signal.SIGKILL)
            self.drain()
        finally:
            asyncio.get_running_loop().remove_reader(self._output.read_end)
            os.close(self._output.read_end)
        return code

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
