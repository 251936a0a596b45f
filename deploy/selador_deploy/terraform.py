"""Terraform, or OpenTofu, as a child process."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from selador_deploy import provider_mirror as terraform_mirror
from selador_deploy.environment import TerraformError, child_environment, configuration


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

    @property
    def executable(self) -> str:
        """`terraform`, unless TF says otherwise: `TF=tofu`."""
        return self.environ.get("TF") or "terraform"

    @property
    def init_arguments(self) -> tuple[str, ...]:
        """What every `init` is given."""
        # OpenTofu looks the provider up in a registry of its own, for which it has to add a line to the lock.
        read_only = () if Path(self.executable).name == "tofu" else ("-lockfile=readonly",)
        return ("init", "-input=false", *read_only)

    def choose_provider_source(self) -> None:
        """Settle, before an `init`, where it gets the provider; the commands after it keep to that."""
        lock = (configuration(self.root) / ".terraform.lock.hcl").read_text(encoding="utf-8")
        mirror = terraform_mirror.configure(self._mirror_file, self.environ, home=Path.home(), lock=lock)
        if mirror is not None:
            say(f"{terraform_mirror.REGISTRY} can't be reached; the provider comes from {mirror}")

    def run(self, *arguments: str, data_dir: Path, folder: Path | None = None, workspace: str | None = None) -> None:
        """Run `terraform` in `folder`, by default the root module's. Raises TerraformFailedError if it fails."""
        status, _ = self._run(arguments, data_dir, folder, workspace, captured=False)
        if status != 0:
            raise TerraformFailedError(status)

    def capture(
        self,
        *arguments: str,
        data_dir: Path,
        folder: Path | None = None,
        workspace: str | None = None,
        statuses: Sequence[int] = (0,),
    ) -> str:
        """Run it as `run` does and return what it wrote to stdout; that is shown only if it fails."""
        status, written = self._run(arguments, data_dir, folder, workspace, captured=True)
        if status not in statuses:
            sys.stderr.write(written)
            raise TerraformFailedError(status)
        return written

    def _run(
        self, arguments: Sequence[str], data_dir: Path, folder: Path | None, workspace: str | None, *, captured: bool
    ) -> tuple[int, str]:
        environ = child_environment(
            self.environ,
            data_dir,
            cli_configuration=terraform_mirror.configured(self._mirror_file, self.environ, home=Path.home()),
            workspace=workspace,
            color=self.color and not captured,
        )
        command = [self.executable, f"-chdir={folder or configuration(self.root)}", *arguments]
        return _run_to_its_end(command, environ, subprocess.PIPE if captured else None)

    @property
    def _mirror_file(self) -> Path:
        return self.root / "build" / "terraform" / "provider-mirror.tfrc"


def _run_to_its_end(
    command: Sequence[str], environ: Mapping[str, str], stdout: int | IO[str] | None
) -> tuple[int, str]:
    """Run `command`, however impatient the user is; return its status and what it wrote to `stdout`, if that is a pipe.

    Ctrl-C reaches Terraform by itself, which then finishes what it has begun and writes its state; subprocess would
    kill it a quarter of a second later. A SIGTERM to this process is handed on.
    """
    sys.stdout.flush()
    try:
        # What Terraform writes (a plan holds what the state holds) is for its owner alone.
        child = subprocess.Popen(command, env=environ, stdout=stdout, text=True, umask=0o077)
    except FileNotFoundError:
        name = command[0]
        wanted = "Terraform 1.11 or newer" if name == "terraform" else "it, or unset TF,"
        raise TerraformError(f"{name} is not on PATH; install {wanted} and try again") from None
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


def say(line: str) -> None:
    """Tell a person what is happening; stdout is for what was asked for."""
    print(f"terraform: {line}", file=sys.stderr, flush=True)
