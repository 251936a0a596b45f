"""A function's process: what it sees and says, and that it ends."""

import asyncio
import errno
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from selador_local.data_plane.lambda_service.log_lines import LinePipe
from selador_local.data_plane.lambda_service.process import Process

from ....conftest import STUCK_SECONDS


def run(
    tmp_path: Path, source: str, scenario: Callable[[Process], Awaitable[None]], *, memory_limit_mb: int = 512
) -> tuple[int, list[str]]:
    """Run Python source, and `scenario` beside it; return the exit status and the lines that were logged."""
    lines: list[str] = []

    async def run_it() -> int:
        process = await Process.start(
            Path(sys.executable),
            ["-S", "-c", source],
            {"SEEN": "this and nothing else"},
            tmp_path,
            lines.append,
            memory_limit_mb=memory_limit_mb,
        )
        await scenario(process)
        return await asyncio.wait_for(process.exited, STUCK_SECONDS)

    return asyncio.run(run_it()), lines


async def wait(process: Process) -> None:
    """Let it end by itself."""


def test_output_is_logged_line_by_line_and_the_exit_status_is_known(tmp_path: Path) -> None:
    source = "import os, sys\nprint(dict(os.environ)['SEEN'], os.getcwd())\nsys.stderr.write('last')\nsys.exit(3)"

    status, lines = run(tmp_path, source, wait)

    assert (status, lines) == (3, [f"this and nothing else {tmp_path}", "last"])


def test_once_it_has_ended_no_other_file_is_read_for_its_output(tmp_path: Path) -> None:
    async def use_its_numbers(process: Process) -> None:
        await process.exited
        others = [os.pipe() for _ in range(8)]  # they take the lowest numbers that are free
        try:
            for read_end, write_end in others:
                os.set_blocking(read_end, False)
                os.write(write_end, b"not a line of its\n")
            process.drain()
            assert all(os.read(read_end, 100) == b"not a line of its\n" for read_end, _ in others)
        finally:
            for both_ends in others:
                for end in both_ends:
                    os.close(end)

    status, lines = run(tmp_path, "print('its only line')", use_its_numbers)

    assert (status, lines) == (0, ["its only line"])


class FullDisk(LinePipe):
    """A pipe whose lines can't be logged."""

    def drain(self) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_its_pipe_is_closed_though_its_output_cannot_be_logged() -> None:
    async def run_it() -> None:
        output = FullDisk(lambda _: None)
        started = await asyncio.create_subprocess_exec("/bin/true", stdout=output.write_end)
        os.close(output.write_end)
        process = Process(started, output, memory_limit_mb=512)
        with pytest.raises(OSError, match="No space left"):
            await asyncio.wait_for(process.exited, STUCK_SECONDS)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(output.read_end)

    asyncio.run(run_it())


def test_killing_it_ends_what_it_has_started_too(tmp_path: Path) -> None:
    source = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(['/bin/sleep', '300'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "time.sleep(300)"
    )
    handles: list[int] = []

    async def kill(process: Process) -> None:
        async with asyncio.timeout(STUCK_SECONDS):
            while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
                await asyncio.sleep(0.01)
        handles.append(os.pidfd_open(int((tmp_path / "child").read_text())))
        await process.kill()

    status, _ = run(tmp_path, source, kill)

    assert status == -signal.SIGKILL
    # A process's descriptor is readable once it has ended.
    assert select.select(handles, [], [], STUCK_SECONDS)[0] == handles
    os.close(handles[0])


def test_more_memory_than_its_limit_kills_it(tmp_path: Path) -> None:
    source = "import time\nheld = bytearray(100_000_000)\ntime.sleep(300)"

    status, _ = run(tmp_path, source, wait, memory_limit_mb=50)

    assert status == -signal.SIGKILL


def test_a_signal_to_one_that_has_ended_goes_nowhere(tmp_path: Path) -> None:
    async def end_then_signal(process: Process) -> None:
        await process.exited
        process.signal(signal.SIGTERM)
        assert process.peak_memory_mb() >= 0

    assert run(tmp_path, "", end_then_signal)[0] == 0
