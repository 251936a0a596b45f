"""Reads the table of cases: client/cases/README.md defines its form."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selador_client.errors import SeladorClientError

FOLDER = Path(__file__).parents[1] / "cases"

CLIENTS = ("browser", "python")

type Step = dict[str, Any]


class NoCaseError(SeladorClientError):
    """No case has that name."""


@dataclass(frozen=True)
class Case:
    """A case, with the steps that it is given before its own. `topic` is its file's name."""

    topic: str
    name: str
    title: str
    rule: str
    steps: tuple[Step, ...]
    tokens: tuple[str, ...] = ()
    clients: tuple[str, ...] = CLIENTS


def read_cases(folder: Path = FOLDER) -> list[Case]:
    """Return all cases, in the order of their files and places."""
    return [_case(path.stem, members, folder) for path in sorted(folder.glob("*.json")) for members in _load(path)]


def find_case(name: str, folder: Path = FOLDER) -> Case:
    """Return the case of that name. Raises NoCaseError."""
    for case in read_cases(folder):
        if case.name == name:
            return case
    raise NoCaseError(f"no case is named {name!r}; `make misbehave` lists them")


def _case(topic: str, members: dict[str, Any], folder: Path) -> Case:
    given = _load(folder / "given" / f"{members.pop('given')}.json") if "given" in members else []
    steps = (*given, *members.pop("steps"))
    tokens, clients = tuple(members.pop("tokens", ())), tuple(members.pop("clients", CLIENTS))
    return Case(topic, **members, steps=steps, tokens=tokens, clients=clients)


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), object_hook=_repeated)


def _repeated(members: dict[str, Any]) -> Any:
    return members["$repeat"] * members["times"] if "$repeat" in members else members
