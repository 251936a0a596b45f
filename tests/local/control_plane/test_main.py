"""The control plane as a process: its ready line, its end, its refusals of wrong usage."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ...conftest import STUCK_SECONDS
from ...patience import first_line

COMMAND = [sys.executable, "-m", "selador_local.control_plane"]


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [*COMMAND, "--port", "0", "--data-plane-port", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate(timeout=STUCK_SECONDS)


def ready_line(process: subprocess.Popen[str]) -> dict[str, str]:
    line: dict[str, str] = json.loads(first_line(process))
    return line


def test_the_ready_line_says_all_that_a_client_needs(process: subprocess.Popen[str]) -> None:
    ready = ready_line(process)

    assert ready.keys() == {"endpoint", "region", "accountId", "accessKeyId", "secretAccessKey"}
    assert ready["endpoint"].startswith("http://127.0.0.1:")
    assert (ready["region"], ready["accountId"]) == ("us-east-1", "123456789012")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_at_a_signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    ready_line(process)

    process.send_signal(number)
    _, errors = process.communicate(timeout=STUCK_SECONDS)

    assert (process.returncode, errors) == (0, "")


def test_it_ends_when_whoever_started_it_is_gone() -> None:
    start = (
        "import subprocess, sys\n"
        f"command = [*{COMMAND!r}, '--port', '0', '--data-plane-port', '1']\n"
        "child = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = int(first_line(parent))
    handle = os.pidfd_open(child)

    parent.kill()
    parent.communicate(timeout=STUCK_SECONDS)

    ended, _, _ = select.select([handle], [], [], STUCK_SECONDS)  # a process's descriptor is readable once it has ended
    if not ended:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)
    assert ended


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [*COMMAND, "--port", str(port), "--data-plane-port", "1"], capture_output=True, text=True, check=False
        )

    assert ended.returncode == 1
    assert ended.stderr == f"port {port} on 127.0.0.1 can't be used (Address already in use); choose another\n"


def test_help_says_what_it_is() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout

    assert "--data-plane-port" in shown
