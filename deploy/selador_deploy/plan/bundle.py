"""The plan bundle: a saved plan in one file with what it was made of.

One file, so that plan and apply may run in two jobs of a pipeline, in two checkouts: a zip, nothing compressed, of
`bundle.json` and `tfplan`. It holds what the state holds, so only its owner may read it. If a pipeline's store has
changed its mode, the hash that `make plan` printed proves that it is the same file. `make apply` uses it up.
"""

import hashlib
import io
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

SCHEMA_VERSION = 2
MAX_AGE = timedelta(hours=24)
_FACTS, _PLAN = "bundle.json", "tfplan"


@dataclass(frozen=True)
class Bundle:
    """A plan as it was saved."""

    facts: Facts
    dist: str
    """The folder with the manifest, from the repository's root: another checkout has it in another place."""
    release: str
    """The release that `dist` holds, to be fetched again; empty if it was built here."""
    allowed: tuple[str, ...]
    """Addresses of what it may lose."""
    warnings: tuple[str, ...]
    """What Terraform warned of."""
    made_at: datetime
    plan: bytes
    plan_sha256: str = ""
    """As the file states it; empty before it is saved."""


def write_bundle(file: Path, bundle: Bundle) -> str:
    """Save a plan with what it was made of; return the file's hash."""
    description = {
        "schemaVersion": SCHEMA_VERSION,
        "madeAt": bundle.made_at.isoformat(timespec="seconds"),
        "planSha256": hashlib.sha256(bundle.plan).hexdigest(),
        "dist": bundle.dist,
        "release": bundle.release,
        "allowed": list(bundle.allowed),
        "warnings": list(bundle.warnings),
        "facts": bundle.facts.to_json(),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(_FACTS, json.dumps(description, indent=2))
        archive.writestr(_PLAN, bundle.plan)
    file.unlink(missing_ok=True)  # its mode must not be kept, nor a link followed
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(written.getvalue())
    return hashlib.sha256(written.getvalue()).hexdigest()


def read_bundle(file: Path, environment: str, expected_sha256: str | None = None) -> Bundle:
    """Return the saved plan. Raises DeployError if there is none that can be trusted to be one.

    It must be the caller's own file, with mode 600 unless its hash is known from elsewhere and is the expected one.
    """
    again = f"run make plan ENV={environment}"
    content = _read_own(file, environment, again, any_mode=expected_sha256 is not None)
    found = hashlib.sha256(content).hexdigest()
    if expected_sha256 not in {None, found}:
        raise DeployError(
            f"the hash of {file.name} is {found}, not {expected_sha256}", f"take the file that has it, or {again}"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            description, plan = json.loads(archive.read(_FACTS)), archive.read(_PLAN)
        if description["schemaVersion"] != SCHEMA_VERSION:
            raise DeployError(
                f"{file.name} has schemaVersion {description['schemaVersion']}, not {SCHEMA_VERSION}", again
            )
        return Bundle(
            facts=Facts.from_json(description["facts"]),
            dist=description["dist"],
            release=description["release"],
            allowed=tuple(description["allowed"]),
            warnings=tuple(description["warnings"]),
            made_at=datetime.fromisoformat(description["madeAt"]),
            plan=plan,
            plan_sha256=description["planSha256"],
        )
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError):
        raise DeployError(f"{file.name} is not a plan bundle", again) from None


def _read_own(file: Path, environment: str, again: str, *, any_mode: bool) -> bytes:
    """Return the bytes of the file, judged by what is opened and not by what the name leads to."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise DeployError(f"there is no saved plan for {environment}", again) from None
    except OSError:
        raise DeployError(f"{file.name} is a symbolic link, or can't be opened", f"remove it, and {again}") from None
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(opened.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise DeployError(
                f"{file.name} is no file of yours (its owner has the id {found.st_uid})", f"remove it, and {again}"
            )
        if (mode := stat.S_IMODE(found.st_mode) & 0o077) and not any_mode:
            raise DeployError(
                f"{file.name} can be read or written by others than its owner (mode {mode | 0o600:o}, not 600)",
                f"give PLAN=<the hash that make plan printed>, or {again}",
            )
        return opened.read()


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
