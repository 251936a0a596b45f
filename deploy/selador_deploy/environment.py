"""An environment of terraform/environments: its files, and the values that have to be known before Terraform runs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from selador_deploy import tfvars
from selador_deploy.errors import DeployError

_UNFILLED = re.compile(r"(?<![0-9])0{10}(00)?(?![0-9])")


@dataclass(frozen=True)
class Environment:
    """One of terraform/environments: `name` is the workspace, `root` the repository."""

    name: str
    root: Path

    @property
    def backend_file(self) -> Path:
        """The file that says where the state lies."""
        return configuration(self.root) / "environments" / f"{self.name}.s3.tfbackend"

    @property
    def data_dir(self) -> Path:
        """Terraform's own folder; one per environment, so that two can be worked on at once."""
        return self.root / "build" / "terraform" / self.name

    @property
    def bundle_file(self) -> Path:
        """The saved plan with what it was made of. It holds what the state holds, so only its owner may read it."""
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
        """The bucket that published zips are deployed from; None if Terraform uploads those of `dist`."""
        bucket = self.variables.get("artifact_bucket")
        return str(bucket) if bucket else None

    @property
    def protected(self) -> bool:
        """Whether the environment is never to be destroyed as a whole."""
        return bool(self.variables.get("protected", False))

    def relative(self, file: Path) -> Path:
        """Return a file's path from the repository's root, as messages show it."""
        return file.relative_to(self.root)

    def variable_arguments(self, dist: Path) -> list[str]:
        """Return the arguments that set the root module's variables.

        The folder of artifacts is named relative to the configuration: the path of a zip is part of the state, and an
        absolute one would differ between two machines and show as a change.
        """
        relative = os.path.relpath(dist, configuration(self.root))
        return [f"-var-file={self.variables_file}", f"-var=dist_dir={relative}"]

    def _needed(self, name: str) -> tfvars.Value:
        if name not in self.variables:
            raise DeployError(
                f"{self.relative(self.variables_file)} sets no {name} on a line of its own", f"add {name} = … to it"
            )
        return self.variables[name]


def configuration(root: Path) -> Path:
    """Return the folder of Terraform's root module."""
    return root / "terraform"


def find_environment(name: str, root: Path) -> Environment:
    """Return the environment called `name`. Raises DeployError, exit status 2, if there is none."""
    known = sorted(file.stem for file in (configuration(root) / "environments").glob("*.tfvars"))
    if name not in known:
        raise DeployError(
            f"there is no environment {name!r}", f"use one of terraform/environments: {', '.join(known)}", status=2
        )
    return Environment(name, root)


def check_filled_in(environment: Environment) -> None:
    """Raise DeployError if the environment's files still hold the zeros that they come with."""
    places = [
        f"{environment.relative(file)}:{number}"
        for file in (environment.variables_file, environment.backend_file)
        for number in unfilled_lines(file.read_text(encoding="utf-8"))
    ]
    if places:
        raise DeployError(
            f"{', '.join(places)}: zeros stand for your account's id and your knowledge base's", "write your own there"
        )


def unfilled_lines(text: str) -> list[int]:
    """Return the numbers of the lines in which zeros still stand for an account or a knowledge base."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if _UNFILLED.search(line)]
