"""Terraform's environment variables, and a child that outlives an impatient user."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from selador_deploy.child_process import child_environment, run_to_its_end
from selador_deploy.errors import DeployError

PROGRAM = """
import os, sys
from selador_deploy.child_process import run_to_its_end
print(run_to_its_end([sys.executable, "-c", sys.argv[1]], os.environ, None))
"""
ENDS_WITH_ITS_INPUT = 'import sys; print("ready", flush=True); sys.stdin.read()'
ENDS_WITH_7_AT_SIGTERM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("ready", flush=True)
while True:
    time.sleep(0.01)
"""


def catches_sigterm(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status").read_text()
    (caught,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(caught & 1 << (signal.SIGTERM - 1))


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process that has run the child of the test to its "ready", and handles signals."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, request.param], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        while not catches_sigterm(process.pid):
            time.sleep(0.01)
        yield process


@pytest.mark.parametrize("program", [ENDS_WITH_ITS_INPUT], indirect=True)
def test_ctrl_c_leaves_it_to_terraform_to_end(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGINT)

    assert program.communicate()[0] == "(0, '')\n"


@pytest.mark.parametrize("program", [ENDS_WITH_7_AT_SIGTERM], indirect=True)
def test_sigterm_is_handed_on(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGTERM)

    assert program.communicate()[0] == "(7, '')\n"


def test_a_child_that_a_signal_ended_has_a_shells_status() -> None:
    status, _ = run_to_its_end(["sh", "-c", "kill -KILL $$"], {}, None)

    assert status == 128 + signal.SIGKILL


def test_what_the_child_writes_is_for_its_owner_only(tmp_path: Path) -> None:
    run_to_its_end(["sh", "-c", f"touch '{tmp_path}/plan'"], {"PATH": "/usr/bin:/bin"}, None)

    assert (tmp_path / "plan").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "next_step"),
    [
        ("terraform", "install Terraform 1.11 or newer and try again"),
        ("terraform-1.12", "install it, or unset TF, and try again"),
    ],
)
def test_an_executable_that_is_not_there_is_named(name: str, next_step: str) -> None:
    with pytest.raises(DeployError) as raised:
        run_to_its_end([name], {"PATH": "/nowhere"}, None)

    assert str(raised.value) == f"{name} is not on PATH; {next_step}"


def test_the_shells_workspace_does_not_count_and_the_rest_of_its_environment_does() -> None:
    shell = {"TF_WORKSPACE": "prod", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    child = child_environment(shell, Path("/data"), cli_configuration=None, workspace=None, color=True)

    assert child == {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "TF_DATA_DIR": "/data", "TF_IN_AUTOMATION": "1"}


def test_a_child_is_told_its_workspace_its_provider_and_not_to_color() -> None:
    child = child_environment(
        {"TF_CLI_CONFIG_FILE": "gone.tfrc", "TF_CLI_ARGS": "-x"},
        Path("/data"),
        cli_configuration=Path("/mirror.tfrc"),
        workspace="default",
        color=False,
    )

    assert child["TF_WORKSPACE"] == "default"
    assert child["TF_CLI_CONFIG_FILE"] == "/mirror.tfrc"
    assert child["TF_CLI_ARGS"] == "-x -no-color"
