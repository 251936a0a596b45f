"""Terraform as a child process."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import terraform_mirror
from terraform_environment import TerraformError, child_environment, configuration


class TerraformFailedError(TerraformError):
    """Terraform ended with `status` and has said why itself."""

    def __init__(self, status: int) -> None:
        super().__init__(f"terraform ended with status {status}", status)


@dataclass(frozen=True)
class Terraform:
    """How Terraform is run: for which repository, with which environment variables and whether in color."""

    root: Path
    environ: Mapping[str, str]
    color: bool

    def choose_provider_source(self) -> None:
        """Settle, before an `init`, where it gets the provider; the commands after it keep to that."""
        lock = (configuration(self.root) / ".terraform.lock.hcl").read_text(encoding="utf-8")
        mirror = terraform_mirror.configure(self._mirror_file, self.environ, home=Path.home(), lock=lock)
        if mirror is not None:
            _say(f"{terraform_mirror.REGISTRY} can't be reached; the provider comes from {mirror}")

    def run(self, *arguments: str, data_dir: Path, folder: Path | None = None, workspace: str | None = None) -> None:
        """Run `terraform` in `folder`, by default the root module's. Raises TerraformFailedError if it fails."""
        environ = child_environment(
            self.environ,
            data_dir,
            cli_configuration=terraform_mirror.configured(self._mirror_file, self.environ, home=Path.home()),
            workspace=workspace,
            color=self.color,
        )
        status = _run_to_its_end(["terraform", f"-chdir={folder or configuration(self.root)}", *arguments], environ)
        if status != 0:
            raise TerraformFailedError(status)

    @property
    def _mirror_file(self) -> Path:
        return self.root / "build" / "terraform" / "provider-mirror.tfrc"


def _run_to_its_end(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` and return its status, however impatient the user is.

    Ctrl-C reaches Terraform by itself, which then finishes what it has begun and writes its state; subprocess would
    kill it a quarter of a second later. A SIGTERM to this process is handed on.
    """
    sys.stdout.flush()
    try:
        # What Terraform writes (a plan holds what the state holds) is for its owner alone.
        child = subprocess.Popen(command, env=environ, umask=0o077)
    except FileNotFoundError:
        raise TerraformError("terraform is not on PATH; install Terraform 1.11 or newer and try again") from None
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.terminate()),
    }
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status  # as a shell reports a signal


def _say(line: str) -> None:
    print(f"terraform: {line}", file=sys.stderr, flush=True)
