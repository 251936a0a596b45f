"""What each workflow takes from a client. The handler refuses what breaks it, so that main meets none of it.

The workflows' files are main's, and reading them would cost a start too much. `workflow_inputs.json` beside this module
holds what the handler needs of them; `make workflows` writes it, and no artifact is built if it is out of date.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from selador_shared.errors import SeladorSharedError

PATH = Path(__file__).with_name("workflow_inputs.json")


class Rule(Protocol):
    """What holds for one input: one that is not `required` is the empty text where it is left out."""

    @property
    def description(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def max_characters(self) -> int: ...


@dataclass(frozen=True)
class Input:
    """A `Rule` as the handler knows it."""

    description: str
    required: bool
    max_characters: int


type Workflows = Mapping[str, Mapping[str, Rule]]
"""The rules for the inputs of each workflow, both by name."""


class InputError(SeladorSharedError):
    """An input breaks its rule. `field` is where in the client's message: `inputs`, or `inputs.<name>`."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def load_workflows(path: Path = PATH) -> Workflows:
    """Return the deployment's workflows."""
    workflows = json.loads(path.read_bytes())
    return {workflow: {name: Input(**rule) for name, rule in inputs.items()} for workflow, inputs in workflows.items()}


def check_inputs(rules: Mapping[str, Rule], given: Mapping[str, str]) -> None:
    """Raise InputError for the first input that is unknown, missing, blank though required, or too long."""
    for name in given:
        if name not in rules:
            raise InputError(
                f"{name[:64]} is no input of this workflow, which has {', '.join(rules) or 'none'}", field="inputs"
            )
    for name, rule in rules.items():
        value = given.get(name, "")
        if rule.required and not value.strip():
            raise InputError(f"{name} is missing or blank: {rule.description}", field=f"inputs.{name}")
        if len(value) > rule.max_characters:
            raise InputError(
                f"{name} is {len(value):,} characters; the workflow's limit for it is {rule.max_characters:,}",
                field=f"inputs.{name}",
            )
