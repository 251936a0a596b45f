"""A stack that is killed outright leaves no function behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selador_local.data_plane.lambda_service import die_with_parent

from ....conftest import STUCK_SECONDS
from ....patience import first_line

# Starts a child by way of die_with_parent, prints the child's process id, and waits to be killed.
PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), "/bin/sleep", "300"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_the_program_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", PARENT, die_with_parent.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(first_line(parent))
        wait_until_it_sleeps(child)
        parent.kill()

    deadline = time.monotonic() + STUCK_SECONDS
    while is_alive(child):
        if time.monotonic() > deadline:
            pytest.fail("the program outlived its parent")
        time.sleep(0.01)


def test_it_does_not_start_for_a_parent_that_has_ended() -> None:
    command = [sys.executable, die_with_parent.__file__, "1", "/bin/echo", "started"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stdout == ""


def test_modes_hold_for_root_too(tmp_path: Path) -> None:
    """On Lambda no function writes into its code folder."""
    folder = tmp_path / "code"
    folder.mkdir(mode=0o555)
    write = f"open({str(folder / 'new')!r}, 'w')"
    command = [sys.executable, die_with_parent.__file__, str(os.getpid()), sys.executable, "-c", write]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "PermissionError" in ended.stderr
    assert list(folder.iterdir()) == []


def wait_until_it_sleeps(pid: int) -> None:
    while Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0] != b"/bin/sleep":
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
