"""The plan bundle: a saved plan in one file with what it was made of.

One file, so that plan and apply may run in two jobs of a pipeline: a zip, nothing compressed, of `bundle.json` and
`tfplan`. It holds what the state holds, so only its owner may read it. `make apply` uses it up.
"""

import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from selador_deploy.errors import DeployError
from selador_deploy.plan.facts import Facts, differences

SCHEMA_VERSION = 1
MAX_AGE = timedelta(hours=24)
_FACTS, _PLAN = "bundle.json", "tfplan"


@dataclass(frozen=True)
class Bundle:
    """A plan as it was saved."""

    facts: Facts
    dist: str
    """The folder with the manifest."""
    made_at: datetime
    plan_sha256: str
    plan: bytes


def write_bundle(file: Path, facts: Facts, dist: str, plan: bytes, made_at: datetime) -> None:
    """Save a plan with what it was made of."""
    description = {
        "schemaVersion": SCHEMA_VERSION,
        "madeAt": made_at.isoformat(timespec="seconds"),
        "planSha256": hashlib.sha256(plan).hexdigest(),
        "dist": dist,
        "facts": facts.to_json(),
    }
    file.unlink(missing_ok=True)  # its mode must not be kept
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened, zipfile.ZipFile(opened, "w") as archive:
        archive.writestr(_FACTS, json.dumps(description, indent=2))
        archive.writestr(_PLAN, plan)


def read_bundle(file: Path, environment: str) -> Bundle:
    """Return the saved plan. Raises DeployError if there is none that can be trusted to be one."""
    again = f"run make plan ENV={environment}"
    if not file.is_file():
        raise DeployError(f"there is no saved plan for {environment}", again)
    if mode := stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise DeployError(
            f"{file.name} can be read or written by others than its owner (mode {mode | 0o600:o}, not 600)", again
        )
    try:
        with zipfile.ZipFile(file) as archive:
            description, plan = json.loads(archive.read(_FACTS)), archive.read(_PLAN)
        if description["schemaVersion"] != SCHEMA_VERSION:
            raise DeployError(
                f"{file.name} has schemaVersion {description['schemaVersion']}, not {SCHEMA_VERSION}", again
            )
        return Bundle(
            facts=Facts.from_json(description["facts"]),
            dist=description["dist"],
            made_at=datetime.fromisoformat(description["madeAt"]),
            plan_sha256=description["planSha256"],
            plan=plan,
        )
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError):
        raise DeployError(f"{file.name} is not a plan bundle", again) from None


def faults(bundle: Bundle, now: Facts, at: datetime) -> Iterator[str]:
    """Yield each reason not to apply the plan any more."""
    found = hashlib.sha256(bundle.plan).hexdigest()
    if found != bundle.plan_sha256:
        yield f"the plan's hash is {found[:12]}, not {bundle.plan_sha256[:12]} as when it was saved"
    age = at.astimezone(UTC) - bundle.made_at.astimezone(UTC)
    if age > MAX_AGE:
        hours = timedelta(hours=1)
        yield f"the plan is {age / hours:.0f} hours old, and is good for {MAX_AGE / hours:.0f}"
    elif age < timedelta(minutes=-5):
        yield f"the plan was made at {bundle.made_at.isoformat()}, which is yet to come by this machine's clock"
    yield from differences(bundle.facts, now)
