"""The control plane's process: its end ends what needs it, with one clear line."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from selador_local.stack.commands import StackError
from selador_local.stack.control_plane_process import ControlPlaneEndedError, ControlPlaneProcess

ARGUMENTS = ["--port", "0", "--data-plane-port", "1"]


def pid_of(process: ControlPlaneProcess) -> int:
    return process._process.pid


async def killed_during(process: ControlPlaneProcess, consequence: type[BaseException] | None = None) -> None:
    """Kill the control plane while a block waits, which then fails with `consequence` if any."""
    async with process.while_running():
        os.kill(pid_of(process), signal.SIGKILL)
        try:
            await asyncio.Event().wait()
        finally:
            if consequence is not None:
                raise consequence


@pytest.mark.parametrize("consequence", [None, StackError, OSError], ids=["waits", "fails", "can't connect"])
def test_a_control_plane_that_is_killed_is_the_reason_whatever_follows(
    tmp_path: Path, consequence: type[BaseException] | None
) -> None:
    log = tmp_path / "log"

    async def scenario() -> int:
        async with ControlPlaneProcess.started(ARGUMENTS, log) as process:
            with pytest.raises(ControlPlaneEndedError) as ended:
                await killed_during(process, consequence)
            assert str(ended.value) == f"the control plane was ended by SIGKILL; its log is {log}"
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert asyncio.run(scenario()) == 0


def test_its_threads_share_one_heap_as_well_as_all_else_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELADOR_TEST", "is handed on")

    async def scenario() -> bytes:
        async with ControlPlaneProcess.started(ARGUMENTS, tmp_path / "log") as process:
            return Path(f"/proc/{pid_of(process)}/environ").read_bytes()

    variables = asyncio.run(scenario()).split(b"\0")

    assert {b"MALLOC_ARENA_MAX=1", b"SELADOR_TEST=is handed on"} <= set(variables)


def test_while_it_runs_the_block_is_left_alone(tmp_path: Path) -> None:
    async def scenario() -> str:
        async with ControlPlaneProcess.started(ARGUMENTS, tmp_path / "log") as process:
            async with process.while_running():
                found = await asyncio.to_thread(process.client.ask, "authorize", FACTS)
            with pytest.raises(KeyError):
                async with process.while_running():
                    raise KeyError
        return str(found["allowed"])

    assert asyncio.run(scenario()) == "False"


FACTS = {"accessKeyId": "AKIAUNKNOWN", "action": "sqs:SendMessage", "resource": "*"}


def test_a_port_in_use_is_named_when_it_starts(tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def scenario() -> None:
        async with ControlPlaneProcess.started(ARGUMENTS, tmp_path / "other") as other:
            port = other.client.endpoint.rpartition(":")[2]
            async with ControlPlaneProcess.started(["--port", port, "--data-plane-port", "1"], log):
                raise AssertionError("two processes listen on one port")

    with pytest.raises(ControlPlaneEndedError) as ended:
        asyncio.run(scenario())

    assert str(ended.value).startswith("the control plane ended with status 1: port ")
    assert str(ended.value).endswith(f"choose another; its log is {log}")
