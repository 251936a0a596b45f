"""Terraform: which executable, in which folder, with which provider."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from selador_deploy import provider_mirror
from selador_deploy.child_process import child_environment, run_to_its_end
from selador_deploy.diagnostics import Diagnostic, read_diagnostics
from selador_deploy.errors import DeployError, TerraformFailedError
from selador_deploy.progress import say


def configuration(root: Path) -> Path:
    """Return the folder of Terraform's root module."""
    return root / "terraform"


@dataclass(frozen=True)
class Terraform:
    """How Terraform is run: for which repository, with which environment variables and whether in color."""

    root: Path
    environ: Mapping[str, str]
    color: bool

    @property
    def executable(self) -> str:
        """`terraform`, unless TF names another file, such as another version's."""
        return self.environ.get("TF") or "terraform"

    @property
    def init_arguments(self) -> tuple[str, ...]:
        """The arguments of every `init`."""
        return ("init", "-input=false", "-lockfile=readonly")

    def choose_provider_source(self) -> None:
        """Choose, before an `init`, between the registry and a mirror. Later commands keep to the choice."""
        lock = (configuration(self.root) / ".terraform.lock.hcl").read_text(encoding="utf-8")
        mirror = provider_mirror.configure(self._mirror_file, self.environ, home=Path.home(), lock=lock)
        if mirror is not None:
            say(f"{provider_mirror.REGISTRY} can't be reached; the provider comes from {mirror}")

    def run(self, *arguments: str, data_dir: Path, folder: Path | None = None, workspace: str | None = None) -> None:
        """Run `terraform` in `folder`, by default the root module's. Raises TerraformFailedError if it fails."""
        status, _ = self._run(arguments, data_dir, folder, workspace, captured=False)
        if status != 0:
            raise TerraformFailedError(status)

    def capture(self, *arguments: str, data_dir: Path, folder: Path | None = None) -> str:
        """Run it as `run` does and return what it wrote to stdout; that is shown only if it fails."""
        status, written = self._run(arguments, data_dir, folder, None, captured=True)
        if status != 0:
            sys.stderr.write(written)
            raise TerraformFailedError(status)
        return written

    def report(self, *arguments: str, data_dir: Path, folder: Path | None = None) -> list[Diagnostic]:
        """Run a command that takes `-json`, such as `plan`; return its warnings, each with the file from the root.

        Raises DeployError with its errors and nothing else of what it wrote, or TerraformFailedError if it wrote none.
        """
        command, *rest = arguments
        status, written = self._run((command, "-json", *rest), data_dir, folder, None, captured=True)
        started_in = folder or configuration(self.root)
        found = [replace(one, file=self._from_root(one.file, started_in)) for one in read_diagnostics(written)]
        errors = [str(one) for one in found if one.severity == "error"]
        if errors:
            raise DeployError("\n".join(errors).removesuffix("."), "correct it and try again", status=status or 1)
        if status != 0:
            sys.stderr.write(written)
            raise TerraformFailedError(status)
        return found

    def _from_root(self, file: str, started_in: Path) -> str:
        """Return a file's path from the repository's root, if it lies there."""
        path = Path(os.path.normpath(started_in / file))
        return str(path.relative_to(self.root)) if file and path.is_relative_to(self.root) else file

    def _run(
        self, arguments: Sequence[str], data_dir: Path, folder: Path | None, workspace: str | None, *, captured: bool
    ) -> tuple[int, str]:
        environ = child_environment(
            self.environ,
            data_dir,
            cli_configuration=provider_mirror.configured(self._mirror_file, self.environ, home=Path.home()),
            workspace=workspace,
            color=self.color and not captured,
        )
        command = [self.executable, f"-chdir={folder or configuration(self.root)}", *arguments]
        return run_to_its_end(command, environ, subprocess.PIPE if captured else None)

    @property
    def _mirror_file(self) -> Path:
        return self.root / "build" / "terraform" / "provider-mirror.tfrc"
