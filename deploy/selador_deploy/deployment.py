"""An environment together with what acts on it: Terraform, AWS's clients, the clock. Commands are functions of it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from selador_deploy.account import ClientMaker
from selador_deploy.diagnostics import Diagnostic
from selador_deploy.environment import Environment
from selador_deploy.terraform import Terraform


@dataclass(frozen=True)
class Deployment:
    """One environment; `make_client` makes AWS's clients by service, `now` returns the time."""

    environment: Environment
    make_client: ClientMaker
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def terraform(self) -> Terraform:
        """What acts on the environment's state."""
        return self.environment.terraform

    def run(self, *arguments: str, workspace: str | None = None) -> None:
        """Run Terraform on the environment's state. Raises TerraformFailedError."""
        self.terraform.run(*arguments, data_dir=self.environment.data_dir, workspace=workspace)

    def capture(self, *arguments: str) -> str:
        """Run it and return what it wrote to stdout. Raises TerraformFailedError."""
        return self.terraform.capture(*arguments, data_dir=self.environment.data_dir)

    def report(self, *arguments: str) -> list[Diagnostic]:
        """Run a command that takes `-json` and return its warnings. Raises DeployError with its errors."""
        return self.terraform.report(*arguments, data_dir=self.environment.data_dir)

    @contextmanager
    def private_folder(self) -> Iterator[Path]:
        """Make a folder that only its owner may read, and remove it at the end."""
        build = self.environment.root / "build"
        build.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=build, prefix=f"{self.environment.name}-") as folder:  # mode 0700
            yield Path(folder)
