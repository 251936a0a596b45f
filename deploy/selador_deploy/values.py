"""Read the values of variables as Terraform reads them: by Terraform, in a configuration that only declares them.

A reader of our own would know less of the format than Terraform does, and what it can't read would count as absent. So
Terraform plans a configuration of declarations and outputs, which needs no `init`, no provider and no state. Its plan
has each value twice: as it was given, and as it was converted to the declared type. What is missing in the second is
what Terraform drops without a word.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from selador_deploy import hcl
from selador_deploy.errors import DeployError
from selador_deploy.terraform import Terraform

_UNDECLARED = re.compile(r"^Values? for undeclared variables?$")
_NAME = re.compile(r'variable named "([^"]+)"')


@dataclass(frozen=True)
class Declaration:
    """A variable's type as an expression, and its default; `required` if it has none."""

    type: str
    required: bool = False
    default: Any = None
    nullable: bool = True


@dataclass(frozen=True)
class Values:
    """Each declared variable's value: what the file sets, or else its default."""

    given: Mapping[str, Any]
    """As it was written, which is how a plan has it."""
    used: Mapping[str, Any]
    """Converted to the declared type."""


@cache
def read_declarations(variables_tf: str) -> Mapping[str, Declaration]:
    """Return the variables that the text of a .tf file declares, by name."""
    return {
        name: Declaration(
            type=body["type"].removeprefix("${").removesuffix("}"),
            required="default" not in body,
            default=body.get("default"),
            nullable=body.get("nullable", True),
        )
        for name, body in hcl.labelled(hcl.read(variables_tf), "variable").items()
    }


def read_values(
    terraform: Terraform,
    file: Path,
    declarations: Mapping[str, Declaration],
    *,
    loaded_before: tuple[Path, ...] = (),
    others_allowed: bool = False,
) -> Values:
    """Return the declared variables' values by `file`.

    `loaded_before` are the files that Terraform loads by itself. Raises DeployError, with every fault at once, if the
    file can't be read, sets no value for a required variable, or (unless `others_allowed`) sets what isn't declared.
    """
    build = terraform.root / "build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="values-") as name:  # mode 0700
        folder = Path(name)
        (folder / "values.tf.json").write_text(json.dumps(_configuration(declarations)), encoding="utf-8")
        for loaded in loaded_before:
            shutil.copy(loaded, folder)
        data_dir, saved = folder / ".terraform", folder / "tfplan"
        arguments = ("plan", "-input=false", f"-out={saved}", f"-var-file={file}")
        warnings = terraform.report(*arguments, data_dir=data_dir, folder=folder)
        plan = json.loads(terraform.capture("show", "-json", str(saved), data_dir=data_dir, folder=folder))
    given = {name: variable.get("value") for name, variable in plan["variables"].items()}
    outputs = plan["planned_values"].get("outputs", {})
    used = {name: outputs.get(name, {}).get("value") for name in declarations}
    shown = file.relative_to(terraform.root)
    faults = [
        f"{shown} sets no {name}"
        for name, declaration in declarations.items()
        if declaration.required and used[name] is None
    ]
    if not others_allowed:
        faults += [
            f"{shown} sets {_name(warning.detail)}, which is no variable of terraform/variables.tf"
            for warning in warnings
            if _UNDECLARED.match(warning.summary)
        ]
        faults += [
            f"{shown} sets {fault}" for name in sorted(given) for fault in _dropped(given[name], used[name], name)
        ]
    if faults:
        raise DeployError("; ".join(faults), "correct it there")
    return Values(given, used)


def _configuration(declarations: Mapping[str, Declaration]) -> dict[str, Any]:
    return {
        "variable": {
            # A required one gets a null, so that all that are missing are told at once, and in our words.
            name: {"type": declaration.type, "default": declaration.default}
            | ({} if declaration.required else {"nullable": declaration.nullable})
            for name, declaration in declarations.items()
        },
        "output": {name: {"value": f"${{var.{name}}}"} for name in declarations},
    }


def _name(detail: str) -> str:
    found = _NAME.search(detail)
    return found[1] if found else "others"


def _dropped(given: Any, used: Any, path: str) -> Iterator[str]:
    """Yield what was given and isn't used, each with the names that would be."""
    match given, used:
        case dict(), dict():
            for name in given:
                if name in used:
                    yield from _dropped(given[name], used[name], f"{path}.{name}")
                else:
                    yield f"{path}.{name}, which {path} does not have: it takes {', '.join(sorted(used))}"
        case list(), list():
            for one, other in zip(given, used, strict=False):
                yield from _dropped(one, other, f"{path}[]")
