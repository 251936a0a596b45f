"""What Terraform is told for one environment: its files, arguments and environment variables. Nothing is run here."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from selador_deploy import tfvars

TEST_WORKSPACE = "test"  # what terraform/tests/*.tftest.hcl call the environment
_UNFILLED = re.compile(r"(?<![0-9])0{10}(00)?(?![0-9])")


class TerraformError(Exception):
    """Terraform can't be run as asked; the message says why and what to do. `status` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Backend:
    """Where an environment's state lies in S3."""

    bucket: str
    key: str
    region: str

    def state_key(self, workspace: str) -> str:
        """The key of a workspace's state."""
        return f"env:/{workspace}/{self.key}"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key} ({self.region})"


@dataclass(frozen=True)
class Environment:
    """One of terraform/environments: `name` is the workspace, `root` the repository."""

    name: str
    root: Path

    @property
    def backend_file(self) -> Path:
        """Where the state lies."""
        return configuration(self.root) / "environments" / f"{self.name}.s3.tfbackend"

    @property
    def data_dir(self) -> Path:
        """Terraform's own folder; one per environment, so that two can be worked on at once."""
        return self.root / "build" / "terraform" / self.name

    @property
    def bundle_file(self) -> Path:
        """The saved plan with what it was made of. It holds what the state holds: it is for its owner's eyes alone."""
        return self.root / "build" / f"{self.name}.plan"

    @property
    def variables_file(self) -> Path:
        """The values of the root module's variables."""
        return configuration(self.root) / "environments" / f"{self.name}.tfvars"

    @cached_property
    def variables(self) -> Mapping[str, tfvars.Value]:
        """The one-line values of the variables' file."""
        return tfvars.read(self.variables_file.read_text(encoding="utf-8"))

    @property
    def region(self) -> str:
        """The AWS Region that everything lives in."""
        return str(self._needed("region"))

    @property
    def allowed_account_ids(self) -> list[str]:
        """The accounts that the environment may be applied to."""
        value = self._needed("allowed_account_ids")
        return [str(account) for account in value] if isinstance(value, list) else [str(value)]

    @property
    def artifact_bucket(self) -> str | None:
        """The bucket that published zips are deployed from; None where Terraform uploads those of `dist`."""
        bucket = self.variables.get("artifact_bucket")
        return str(bucket) if bucket else None

    @property
    def protected(self) -> bool:
        """Whether the environment is never to be destroyed as a whole."""
        return bool(self.variables.get("protected", False))

    def _needed(self, name: str) -> tfvars.Value:
        if name not in self.variables:
            raise TerraformError(f"{self.variables_file.relative_to(self.root)} sets no {name} on a line of its own")
        return self.variables[name]


def configuration(root: Path) -> Path:
    """Return the folder of Terraform's root module."""
    return root / "terraform"


def find_environment(name: str, root: Path) -> Environment:
    """Return the environment called `name`. Raises TerraformError, exit status 2, where there is none."""
    known = sorted(file.stem for file in (configuration(root) / "environments").glob("*.tfvars"))
    if name not in known:
        raise TerraformError(f"there is no environment {name!r}; terraform/environments has {', '.join(known)}", 2)
    return Environment(name, root)


def named_backend(environment: Environment) -> Backend:
    """Return the backend that the environment's file names."""
    return _backend(tfvars.read(environment.backend_file.read_text(encoding="utf-8")), environment.backend_file)


def initialized_backend(environment: Environment) -> Backend:
    """Return the backend that `init` connected to. Raises TerraformError where it was another than the file names."""
    file = environment.data_dir / "terraform.tfstate"  # Terraform's note of the backend, no state
    if not file.is_file() or not (environment.data_dir / "environment").is_file():
        raise TerraformError(f"{environment.name} is not initialized here; run make init ENV={environment.name}")
    used, named = _backend(json.loads(file.read_text())["backend"]["config"], file), named_backend(environment)
    if used != named:
        raise TerraformError(
            f"{environment.name} was initialized with the state in {used}, but "
            f"{environment.backend_file.relative_to(environment.root)} names {named}; "
            f"run make init ENV={environment.name}"
        )
    return used


def selected_workspace(environment: Environment) -> str:
    """Return the workspace that is selected in the environment's data folder."""
    return (environment.data_dir / "environment").read_text(encoding="utf-8").strip()


def _backend(values: Mapping[str, object], file: Path) -> Backend:
    try:
        return Backend(str(values["bucket"]), str(values["key"]), str(values["region"]))
    except KeyError as missing:
        raise TerraformError(f"{file} names no {missing.args[0]}") from None


def unfilled_lines(text: str) -> list[int]:
    """Return the numbers of the lines that still hold the zeros which stand for an account or a knowledge base."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if _UNFILLED.search(line)]


def check_filled_in(environment: Environment) -> None:
    """Raise TerraformError where the environment's files still hold the zeros that they come with."""
    places = [
        f"{file.relative_to(environment.root)}:{number}"
        for file in (environment.variables_file, environment.backend_file)
        for number in unfilled_lines(file.read_text(encoding="utf-8"))
    ]
    if places:
        raise TerraformError(
            f"{', '.join(places)}: zeros stand for your account's id and your knowledge base's; write those there"
        )


def variable_arguments(environment: Environment, dist: Path) -> list[str]:
    """Return the arguments that set the root module's variables.

    The folder of artifacts is named relative to the configuration: the path of a zip is part of the state, and an
    absolute one would differ between two machines and show as a change.
    """
    relative = os.path.relpath(dist, configuration(environment.root))
    return [f"-var-file={environment.variables_file}", f"-var=dist_dir={relative}"]


def child_environment(
    environ: Mapping[str, str], data_dir: Path, *, cli_configuration: Path | None, workspace: str | None, color: bool
) -> dict[str, str]:
    """Return Terraform's environment variables: `environ` and what this run needs.

    `workspace` is forced where it is given; else the one that `init` selected in `data_dir` counts, whatever
    TF_WORKSPACE the shell has.
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
