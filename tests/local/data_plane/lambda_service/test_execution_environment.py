"""An execution environment that is cancelled: whatever the moment, nothing of it stays open."""

import asyncio
import sys
from pathlib import Path

import pytest

from selador_local.data_plane.lambda_service.execution_environment import Launch, Runtime
from selador_local.data_plane.lambda_service.process import Process

from ....conftest import STUCK_SECONDS
from ...rounds import ROUNDS, cancelled_after, open_files


def launch_in(folder: Path) -> Launch:
    async def launch(runtime_api: str) -> Process:
        source = "import time; time.sleep(300)"
        return await Process.start(Path(sys.executable), ["-S", "-c", source], {}, folder, print, memory_limit_mb=512)

    return launch


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_start_that_is_cancelled_leaves_nothing_open(tmp_path: Path, rounds: int) -> None:
    async def scenario() -> set[str]:
        before = open_files()
        started = await cancelled_after(rounds, Runtime.start(launch_in(tmp_path)))
        if started is not None:
            await started.stop()
        return open_files() - before

    assert asyncio.run(scenario()) == set()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_stop_that_is_cancelled_leaves_nothing_open(tmp_path: Path, rounds: int) -> None:
    async def scenario() -> tuple[set[str], bool]:
        before = open_files()
        runtime = await Runtime.start(launch_in(tmp_path))
        await cancelled_after(rounds, runtime.stop())
        await asyncio.wait_for(asyncio.wait([runtime.process.exited]), STUCK_SECONDS)
        return open_files() - before, runtime.process.exited.cancelled()

    assert asyncio.run(scenario()) == (set(), False)
