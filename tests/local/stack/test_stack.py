"""The stack as a process: whatever it is doing, a signal ends it and everything that it has started."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ...conftest import STUCK_SECONDS

# In Terraform's place: it says that it runs, leaves a child behind, and takes no notice of SIGTERM.
STUBBORN_TERRAFORM = """#!/bin/sh
trap '' TERM INT HUP
sleep 300 &
echo "terraform runs" >&2
wait
"""


class RunningStack:
    """`python -m selador_local up` in a folder of its own; all of its processes carry a mark in their environment."""

    def __init__(self, work_dir: Path, terraform: Path) -> None:
        self._mark = f"SELADOR_TEST_MARK={uuid4()}"
        name, _, value = self._mark.partition("=")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "selador_local", "up", "--work-dir", str(work_dir)],
            env={**os.environ, name: value, "TF": str(terraform)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, command: str) -> None:
        """Return once a process of the stack has `command` in its command line."""
        pause = select.poll()
        for _ in range(20 * STUCK_SECONDS):
            if any(command in line for line in self.processes()):
                return
            assert self.process.poll() is None, self.process.communicate()[0]
            pause.poll(50)
        raise AssertionError(f"no {command} among {self.processes()}")

    def processes(self) -> list[str]:
        """Return the command lines of everything that runs with the mark."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark in (folder / "environ").read_text(errors="replace").split("\0"):
                    found.append((folder / "cmdline").read_text(errors="replace").replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts are built in it once."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture
def stack(work_dir: Path, tmp_path: Path) -> Iterator[RunningStack]:
    terraform = tmp_path / "terraform"
    terraform.write_text(STUBBORN_TERRAFORM)
    terraform.chmod(0o755)
    stack = RunningStack(work_dir, terraform)
    yield stack
    stack.process.kill()
    stack.process.communicate()


@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("build_artifacts", signal.SIGTERM),
        ("selador_local.control_plane", signal.SIGINT),
        ("sleep 300", signal.SIGHUP),
    ],
    ids=["while it builds", "while the control plane starts", "while Terraform runs"],
)
def test_a_signal_ends_everything(stack: RunningStack, phase: str, number: signal.Signals) -> None:
    stack.wait_for(phase)

    stack.process.send_signal(number)
    output, _ = stack.process.communicate(timeout=STUCK_SECONDS)

    assert stack.process.returncode == 128 + number
    assert stack.processes() == []
    assert "\nstopping everything\n" in output
    assert "Traceback" not in output
