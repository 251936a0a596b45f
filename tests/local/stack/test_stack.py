"""The stack as a process: whatever it is doing, a signal ends it and everything that it has started."""

import fcntl
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from ...conftest import STUCK_SECONDS, first_port

UP = [sys.executable, "-m", "selador_local", "up"]

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
            [*UP, "--port", str(first_port()), "--work-dir", str(work_dir)],
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


def refusal(work_dir: Path, *arguments: str, **environment: str) -> str:
    """Start a stack that can't come up; return the line that says why."""
    done = subprocess.run(
        [*UP, "--port", str(first_port()), "--work-dir", str(work_dir), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_without_terraform_nothing_is_begun(tmp_path: Path) -> None:
    assert refusal(tmp_path, TF="no-such-terraform") == (
        "no-such-terraform is not on PATH; install Terraform 1.11 or newer, or name it with TF=…"
    )


def test_without_documents_nothing_is_built(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--documents", str(tmp_path / "none"))

    assert said == f"{tmp_path}/none is not a folder; name a folder with the documents to answer from"
    assert not (tmp_path / "dist").exists()


def test_a_second_stack_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert refusal(tmp_path) == (
            "a stack is already running here: use it with make chat, or end it with Ctrl-C where make local runs"
        )


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "packaging.log").symlink_to("/dev/full")

    assert "the disk is full; free some space" in refusal(tmp_path)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "work").touch()

    assert refusal(tmp_path / "work") == f"{tmp_path}/work/logs: Not a directory"
