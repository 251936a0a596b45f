"""A command is ended with all that it started, however stubborn."""

import asyncio
import signal
import sys

import pytest

from selador_local.stack.process_group import end, running_in

from ...conftest import STUCK_SECONDS

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(300)"


async def started(source: str) -> asyncio.subprocess.Process:
    """Start Python source as the leader of a group; return once it has printed its first line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    await process.stdout.readline()
    return process


@pytest.mark.parametrize(
    ("at_sigterm", "status"), [("SIG_DFL", -signal.SIGTERM), ("SIG_IGN", -signal.SIGKILL)], ids=["at once", "stubborn"]
)
def test_a_process_is_asked_to_end_and_then_killed(at_sigterm: str, status: int) -> None:
    source = (
        f"import signal, time\nsignal.signal(signal.SIGTERM, signal.{at_sigterm})\nprint(flush=True)\ntime.sleep(300)"
    )

    async def scenario() -> int | None:
        process = await started(source)
        await end(process, grace_seconds=0.1 if at_sigterm == "SIG_IGN" else STUCK_SECONDS)
        await end(process)  # one that has ended stays so
        return process.returncode

    assert asyncio.run(scenario()) == status


def test_a_child_that_outlives_its_parent_is_killed_too() -> None:
    source = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], stdout=1).communicate()"

    async def scenario() -> tuple[set[int], set[int]]:
        process = await started(source)
        before = running_in(process.pid)
        await end(process, grace_seconds=0.1)
        return before, running_in(process.pid)

    before, after = asyncio.run(scenario())

    assert len(before) == 2
    assert after == set()


def test_a_group_whose_leader_has_ended_by_itself_is_ended() -> None:
    source = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], stdout=1)"

    async def scenario() -> tuple[set[int], set[int]]:
        process = await started(source)
        while process.returncode is None:  # wait() may wait for the pipe, too, which the other holds
            await asyncio.sleep(0.01)
        before = running_in(process.pid)
        await end(process, grace_seconds=0.1)
        return before, running_in(process.pid)

    before, after = asyncio.run(scenario())

    assert len(before) == 1
    assert after == set()
