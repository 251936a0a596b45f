"""An environment of terraform/environments: its files, and the values that have to be known before Terraform plans."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from selador_deploy.errors import DeployError
from selador_deploy.terraform import Terraform, configuration
from selador_deploy.values import Declaration, Values, read_declarations, read_values

LAPTOP = "local"
"""The environment of the laptop stack, which is nobody else's."""
_UNFILLED = re.compile(r"(?<![0-9])0{10}(00)?(?![0-9])")
_BACKEND_SETTINGS = {name: Declaration("string") for name in ("bucket", "key", "region")}


@dataclass(frozen=True)
class Environment:
    """One of terraform/environments: `name` is the workspace, `terraform` reads its files."""

    name: str
    terraform: Terraform

    @property
    def root(self) -> Path:
        """The repository."""
        return self.terraform.root

    @property
    def backend_file(self) -> Path:
        """The file that says where the state lies."""
        return configuration(self.root) / "environments" / f"{self.name}.s3.tfbackend"

    @property
    def imports_file(self) -> Path:
        """The import blocks that `make import` wrote, if there are any: what the environment adopts."""
        return configuration(self.root) / "environments" / f"{self.name}.imports.tf"

    @property
    def data_dir(self) -> Path:
        """Terraform's own folder; one per environment, so that two can be worked on at once."""
        return self.root / "build" / "terraform" / self.name

    @property
    def bundle_file(self) -> Path:
        """The saved plan with what it was made of. It holds what the state holds, so only its owner may read it."""
        return self.root / "build" / f"{self.name}.plan"

    @property
    def comment_file(self) -> Path:
        """The summary of the last plan, as a pull request's comment shows it. No value of an attribute is in it."""
        return self.root / "build" / f"{self.name}.comment.md"

    @property
    def dist(self) -> Path:
        """The folder of the artifacts that are deployed, unless others are named. The laptop stack has its own."""
        return Path(self.terraform.environ.get("SELADOR_DIST") or self.root / "dist")

    @property
    def variables_file(self) -> Path:
        """The values of the root module's variables."""
        return configuration(self.root) / "environments" / f"{self.name}.tfvars"

    @property
    def variables(self) -> Mapping[str, Any]:
        """The value of every variable of the root module. Raises DeployError if one can't be read."""
        return self._values.used

    @cached_property
    def _values(self) -> Values:
        root_module = configuration(self.root)
        loaded = [root_module / "terraform.tfvars", root_module / "terraform.tfvars.json"]
        loaded += sorted([*root_module.glob("*.auto.tfvars"), *root_module.glob("*.auto.tfvars.json")])
        return read_values(
            self.terraform,
            self.variables_file,
            read_declarations((root_module / "variables.tf").read_text(encoding="utf-8")),
            loaded_before=tuple(file for file in loaded if file.is_file()),
        )

    @cached_property
    def backend_settings(self) -> Mapping[str, str]:
        """What the backend's file says of the state's place. Raises DeployError if it is missing or says too little."""
        file, shown = self.backend_file, self.relative(self.backend_file)
        if not file.is_file():
            raise DeployError(
                f"{shown} does not exist, which says where the state of {self.name} lies",
                "write it as another environment's",
            )
        # Terraform's variables from the shell are no settings of a backend.
        environ = {name: value for name, value in self.terraform.environ.items() if not name.startswith("TF_VAR_")}
        terraform = replace(self.terraform, environ=environ)
        settings = read_values(terraform, file, _BACKEND_SETTINGS, others_allowed=True).used
        for name, value in settings.items():
            if not value:
                raise DeployError(f"{shown} names no {name}", f'add {name} = "…" to it')
        return settings

    @property
    def region(self) -> str:
        """The AWS Region that everything lives in."""
        region = str(self.variables["region"])
        if not region:
            raise DeployError(
                f'{self.relative(self.variables_file)} sets region = ""', 'write a Region there, such as "eu-central-1"'
            )
        return region

    @property
    def allowed_account_ids(self) -> list[str]:
        """The accounts that the environment may be applied to."""
        return [str(account) for account in self.variables["allowed_account_ids"]]

    @property
    def main_function_name(self) -> str:
        """The name of the function that answers."""
        return str(self.variables["main_function"]["name"] or f"{self.variables['project']}-{self.name}-main")

    @property
    def artifact_bucket(self) -> str | None:
        """The bucket that published zips are deployed from; None if Terraform uploads those of `dist`."""
        bucket = self.variables["artifact_bucket"]
        return str(bucket) if bucket else None

    @property
    def protected(self) -> bool:
        """Whether the environment is never to be destroyed as a whole."""
        return bool(self.variables["protected"])

    def relative(self, file: Path) -> Path:
        """Return a file's path from the repository's root, as messages show it."""
        return file.relative_to(self.root)

    def variable_arguments(self, dist: Path) -> list[str]:
        """Return the arguments that set the root module's variables.

        The folder of artifacts is named relative to the configuration: the path of a zip is part of the state, and an
        absolute one would differ between two machines and show as a change.
        """
        return [f"-var-file={self.variables_file}", f"-var=dist_dir={self._dist_dir(dist)}"]

    def planned_values(self, dist: Path) -> Mapping[str, Any]:
        """Return the variables' values as a plan by these arguments has them: not yet converted to their types."""
        return {**self._values.given, "dist_dir": self._dist_dir(dist)}

    def _dist_dir(self, dist: Path) -> str:
        return os.path.relpath(dist, configuration(self.root))


def find_environment(name: str, terraform: Terraform) -> Environment:
    """Return the environment called `name`. Raises DeployError, exit status 2, if there is none."""
    known = sorted(file.stem for file in (configuration(terraform.root) / "environments").glob("*.tfvars"))
    if name not in known:
        raise DeployError(
            f"there is no environment {name!r}", f"use one of terraform/environments: {', '.join(known)}", status=2
        )
    return Environment(name, terraform)


def check_filled_in(environment: Environment) -> None:
    """Raise DeployError if the environment's files still hold the zeros that they come with."""
    places = [
        f"{environment.relative(file)}:{number}"
        for file in (environment.variables_file, environment.backend_file)
        if file.is_file()
        for number in unfilled_lines(file.read_text(encoding="utf-8"))
    ]
    if places:
        raise DeployError(
            f"{', '.join(places)}: zeros stand for your account's id and your knowledge base's", "write your own there"
        )


def unfilled_lines(text: str) -> list[int]:
    """Return the numbers of the lines in which zeros still stand for an account or a knowledge base."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if _UNFILLED.search(line)]
