"""Terraform as a child process: its environment variables, its signals, its exit status."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from selador_deploy.errors import DeployError


def child_environment(
    environ: Mapping[str, str], data_dir: Path, *, cli_configuration: Path | None, workspace: str | None, color: bool
) -> dict[str, str]:
    """Return Terraform's environment variables: `environ` and what this run needs.

    `workspace` is forced if it is given. Otherwise it is the one that `init` selected in `data_dir`: the shell's own
    TF_WORKSPACE is left out.
    """
    child = {name: value for name, value in environ.items() if name != "TF_WORKSPACE"}
    child["TF_DATA_DIR"] = str(data_dir)
    child["TF_IN_AUTOMATION"] = "1"  # no advice about commands: `make` has its own
    if cli_configuration is not None:
        child["TF_CLI_CONFIG_FILE"] = str(cli_configuration)
    if workspace is not None:
        child["TF_WORKSPACE"] = workspace
    if not color:
        child["TF_CLI_ARGS"] = f"{environ.get('TF_CLI_ARGS', '')} -no-color".strip()
    return child


def run_to_its_end(command: Sequence[str], environ: Mapping[str, str], stdout: int | IO[str] | None) -> tuple[int, str]:
    """Run `command` until it ends by itself; return its status and, if `stdout` is a pipe, what it wrote there.

    Ctrl-C reaches Terraform without our help. Terraform then finishes what it has begun and writes its state, but
    Python's subprocess would kill it a quarter of a second later. A SIGTERM to this process is handed on.
    """
    sys.stdout.flush()
    try:
        # What Terraform writes (a plan holds what the state holds) is for its owner only.
        child = subprocess.Popen(command, env=environ, stdout=stdout, text=True, umask=0o077)
    except FileNotFoundError:
        name = command[0]
        remedy = "install Terraform 1.11 or newer" if name == "terraform" else "install it, or unset TF,"
        raise DeployError(f"{name} is not on PATH", f"{remedy} and try again") from None
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.terminate()),
    }
    try:
        written, _ = child.communicate()
        status = child.returncode
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status, written or ""  # as a shell reports a signal
