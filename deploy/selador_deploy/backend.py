"""Where an environment's state lies: as its file names it, and as `init` connected to it."""

import json
from dataclasses import dataclass
from pathlib import Path

from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError


@dataclass(frozen=True)
class Backend:
    """A place in S3."""

    bucket: str
    key: str
    region: str

    def state_key(self, workspace: str) -> str:
        """Return the key of a workspace's state."""
        return f"env:/{workspace}/{self.key}"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key} ({self.region})"


def named_backend(environment: Environment) -> Backend:
    """Return the backend that the environment's file names. Raises DeployError if it names none."""
    return Backend(**environment.backend_settings)


def initialized_backend(environment: Environment) -> Backend:
    """Return the backend that `init` connected to. Raises DeployError if it is another than the file names."""
    file = environment.data_dir / "terraform.tfstate"  # Terraform's note of the backend, no state
    again = f"run make init ENV={environment.name}"
    if not file.is_file() or not _workspace_file(environment).is_file():
        raise DeployError(f"{environment.name} is not initialized here", again)
    config = json.loads(file.read_text())["backend"]["config"]
    used, named = Backend(config["bucket"], config["key"], config["region"]), named_backend(environment)
    if used != named:
        raise DeployError(
            f"{environment.name} was initialized with the state in {used}, but "
            f"{environment.relative(environment.backend_file)} names {named}",
            again,
        )
    return used


def selected_workspace(environment: Environment) -> str:
    """Return the workspace that is selected in the environment's data folder."""
    return _workspace_file(environment).read_text(encoding="utf-8").strip()


def _workspace_file(environment: Environment) -> Path:
    return environment.data_dir / "environment"
