"""`make local` is told to stop in the middle of a start: nothing of it is left, and the next one comes up."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from selador_local.stack import ports
from selador_local.stack.stack import PROJECT, WORK_DIR

from ..conftest import STUCK_SECONDS, first_port

pytestmark = pytest.mark.slow

PORT = first_port()
PATIENCE_SECONDS = 5 * STUCK_SECONDS
MARK = "SELADOR_TEST_START"


class Start:
    """A start of the stack as a terminal's foreground job: make, and below it everything that it starts."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._mark = uuid.uuid4().hex
        self._log = WORK_DIR / "logs" / "terraform.log"
        self._logged_before = self._log.stat().st_size if self._log.exists() else 0
        with output.open("w") as file:
            self._make = subprocess.Popen(
                ["make", "local", f"PORT={PORT}", "FRESH=1", "PLAIN=1"],
                cwd=PROJECT,
                env=os.environ | {MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def reaches(self, place: Callable[["Start"], bool]) -> None:
        ends = time.monotonic() + PATIENCE_SECONDS
        while not place(self):
            assert self._make.poll() is None, self.output
            assert time.monotonic() < ends, self.output
            time.sleep(0.1)

    @property
    def output(self) -> str:
        return self._output.read_text()

    def is_planning(self) -> bool:
        """Return whether Terraform has its provider, which it starts to plan."""
        commands = list(map(command, self.processes()))
        return "✓ terraform init" in self.output and any("terraform-provider-aws" in one for one in commands)

    def is_applying(self) -> bool:
        return ": Creating..." in self._log.read_text()[self._logged_before :]

    def is_up(self) -> bool:
        return "Ctrl-C stops everything" in self.output

    def processes(self) -> set[int]:
        """Return the ids of what was started, by a mark in the environment, or by its parents."""
        found = {self._make.pid}
        parents = {pid: parent for pid in running() if (parent := parent_of(pid)) is not None}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found | {pid for pid in parents if self._mark in environment(pid)}

    def end(self, number: signal.Signals) -> int:
        """Send the signal to the whole job, as a terminal does, or SIGTERM to make alone, as `kill` does."""
        if number == signal.SIGTERM:
            self._make.send_signal(number)
        else:
            os.killpg(self._make.pid, number)
        return self._make.wait(STUCK_SECONDS)

    def kill(self) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._make.wait()


def running() -> set[int]:
    return {int(path.name) for path in Path("/proc").glob("[0-9]*")}


def parent_of(pid: int) -> int | None:
    """Return the parent of a process; None if it has ended, reaped or not."""
    with suppress(OSError):
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return None if state in {"Z", "X"} else int(parent)
    return None


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    return ""


def environment(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    return ""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started = Start(tmp_path / "output")
    try:
        yield started
    finally:
        started.kill()
        shutil.rmtree(WORK_DIR / f"port-{PORT}", ignore_errors=True)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CASES = [*((Start.is_planning, number) for number in SIGNALS), *((Start.is_applying, number) for number in SIGNALS)]


@pytest.mark.parametrize(
    ("place", "number"),
    [*CASES, (Start.is_up, signal.SIGHUP)],
    ids=lambda value: getattr(value, "__name__", None) or value.name,
)
def test_a_start_that_is_stopped_leaves_nothing_and_the_next_one_goes_as_far(
    start: Start, place: Callable[[Start], bool], number: signal.Signals
) -> None:
    """Each case is the next start of the case before, and the last one comes up."""
    start.reaches(place)
    before = start.processes()

    status = start.end(number)

    left = {pid: command(pid) for pid in before | start.processes() if parent_of(pid) is not None}
    assert len(before) > 3  # make, Python, the control plane, and Terraform or a function
    assert left == {}
    assert [port for port in range(PORT, PORT + 4) if not ports.is_free(port)] == []
    assert not (WORK_DIR / "stack.json").exists()
    assert status == -number, start.output
