"""The facts that a plan rests on. Terraform itself lets some of them change between plan and apply.

It reads the zips again at apply, so that a swapped one goes through. It compares the state's lineage and serial, but
neither the commit nor the variables' file. On other changes it fails half-way, or says so after a page of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Facts:
    """Everything that a plan rests on, at one moment. Hashes are SHA-256 in hexadecimal."""

    environment: str
    workspace: str
    account_id: str
    backend: str
    state_lineage: str
    """Empty before the first apply, which makes it."""
    state_serial: int
    commit: str
    """Empty outside a git repository."""
    uncommitted: str
    """Empty if everything is committed; else the hash of all that is not."""
    variables_sha256: str
    artifacts: Mapping[str, str]
    """The zips' hashes by name."""
    terraform_version: str
    provider_version: str

    def to_json(self) -> dict[str, Any]:
        """Return the form that the bundle holds."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Facts":
        """Return the facts of a bundle. Raises KeyError if one is missing."""
        return cls(**{field.name: value[field.name] for field in fields(cls)})


# What each is called in a sentence, and how one of its values is shown.
_NAMES = {
    "environment": "the environment",
    "workspace": "the workspace",
    "account_id": "the account",
    "backend": "the state's place",
    "state_lineage": "the state's lineage",
    "state_serial": "the state's serial",
    "commit": "the commit",
    "uncommitted": "what is not committed",
    "variables_sha256": "the variables' file",
    "terraform_version": "Terraform's version",
    "provider_version": "the provider's version",
}
_HASHES = {"commit", "uncommitted", "variables_sha256"}


def differences(planned: Facts, now: Facts) -> Iterator[str]:
    """Yield, for each fact that has changed, what it was and what it is."""
    for name, called in _NAMES.items():
        before, after = getattr(planned, name), getattr(now, name)
        if before != after:
            yield f"{called} was {_shown(name, before)} and is {_shown(name, after)}"
    for artifact in sorted({*planned.artifacts, *now.artifacts}):
        before, after = planned.artifacts.get(artifact, ""), now.artifacts.get(artifact, "")
        if before != after:
            yield f"the artifact {artifact} was {before[:12] or 'none'} and is {after[:12] or 'none'}"


def _shown(name: str, value: object) -> str:
    if value == "":
        return "none"
    return str(value)[:12] if name in _HASHES else str(value)
