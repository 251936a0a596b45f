"""The laptop stack as its processes: one that is brought up to be measured, and what its processes hold."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
WORK_DIR = PROJECT / ".local" / "bench-stack"
PORT = 9687
_START_SECONDS = 600


@dataclass(frozen=True)
class RunningStack:
    """A stack of a process of its own, `pid`; the facts are those of its stack.json."""

    pid: int
    facts: dict[str, Any]

    @property
    def url(self) -> str:
        url: str = self.facts["websocketUrl"]
        return url

    @property
    def environment(self) -> dict[str, str]:
        environment: dict[str, str] = self.facts["environment"]
        return environment


@contextmanager
def running_stack() -> Iterator[RunningStack]:
    """Run a stack with a work folder of its own. Raises RuntimeError if it doesn't come up; its output says why."""
    command = [sys.executable, "-m", "selador_local", "up", "--plain", "--port", str(PORT), "--work-dir", str(WORK_DIR)]
    WORK_DIR.mkdir(parents=True, exist_ok=True)
    output = WORK_DIR / "output"
    with output.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            yield RunningStack(process.pid, _facts(process, output))
        finally:
            process.terminate()


def _facts(process: "subprocess.Popen[bytes]", output: Path) -> dict[str, Any]:
    ends = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        with suppress(OSError):  # it is there once the stack runs
            facts: dict[str, Any] = json.loads((WORK_DIR / "stack.json").read_text(encoding="utf-8"))
            if "websocketUrl" in facts and facts["pid"] == process.pid:
                return facts
        time.sleep(0.1)
    raise RuntimeError(f"the stack did not come up: {output.read_text(encoding='utf-8')}")


@dataclass(frozen=True)
class Held:
    """What processes of one kind hold together."""

    processes: int = 0
    memory_mb: float = 0
    threads: int = 0
    files: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(
            self.processes + other.processes,
            self.memory_mb + other.memory_mb,
            self.threads + other.threads,
            self.files + other.files,
        )


def held_by(pid: int) -> dict[str, Held]:
    """Return what a process and all below it hold, by their kinds."""
    held: dict[str, Held] = {}
    for one in sorted(_family(pid)):
        with suppress(OSError):  # it may end at any moment
            folder = Path(f"/proc/{one}")
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
            own = Held(
                processes=1,
                memory_mb=int(status["VmRSS"].split()[0]) / 1024,
                threads=int(status["Threads"]),
                files=len(list((folder / "fd").iterdir())),
            )
            kind = _kind(folder)
            held[kind] = held.get(kind, Held()) + own
    return held


def cpu_seconds(pid: int) -> dict[str, float]:
    """Return the CPU time that a process and all below it have used, by their kinds."""
    used: dict[str, float] = {}
    for one in _family(pid):
        with suppress(OSError):
            folder = Path(f"/proc/{one}")
            user, system = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
            kind = _kind(folder)
            used[kind] = used.get(kind, 0) + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return used


def _family(pid: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, *_ = path.read_text(errors="replace").rpartition(")")[2].split()
            if state not in {"Z", "X"}:
                parents[int(path.parent.name)] = int(parent)
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _kind(folder: Path) -> str:
    if "selador_local.control_plane" in (folder / "cmdline").read_text():
        return "control plane"
    environment = dict(line.split("=", 1) for line in (folder / "environ").read_text().split("\0") if "=" in line)
    return environment.get("AWS_LAMBDA_FUNCTION_NAME", "data plane and Bedrock")
