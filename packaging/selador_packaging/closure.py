"""Which distributions a function needs: its own and, from their metadata, all that those require on the target."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.markers import UndefinedComparison
from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.errors import PackagingError

_NO_LICENSES = {"", "OSI Approved"}  # in a classifier: which of them is not said
_NO_LICENSE = {"NONE", "UNKNOWN"}  # what older setuptools write if nobody said which


@dataclass(frozen=True)
class Metadata:
    """What a wheel says of itself, as far as the closure needs it."""

    name: NormalizedName
    version: str
    requires: tuple[Requirement, ...] = ()
    licenses: tuple[str, ...] = ()
    """One SPDX expression, or the names that it gives its licences; several of them may mean a choice."""


def parse_metadata(content: bytes) -> Metadata:
    """Read a wheel's METADATA; raises ValueError where name, version or a requirement can't be read."""
    raw, unparsed = parse_email(content)
    if "name" not in raw or "version" not in raw:
        raise ValueError("METADATA has no Name or no Version, or one of them twice")
    if "requires-dist" in unparsed:  # all of them, if one is no UTF-8
        raise ValueError("METADATA has an unreadable Requires-Dist: it is no UTF-8")
    try:
        requires = tuple(Requirement(line) for line in raw.get("requires_dist", []))
    except (InvalidRequirement, RecursionError) as error:  # the latter: parentheses in parentheses
        raise ValueError(f"METADATA has an unreadable Requires-Dist: {str(error).splitlines()[0]}") from error
    return Metadata(canonicalize_name(raw["name"]), raw["version"], requires, _licenses(raw, unparsed))


def _licenses(raw: RawMetadata, unparsed: Mapping[str, list[str]]) -> tuple[str, ...]:
    """From `License-Expression`, or of older wheels from `License`, which may hold anything, and the classifiers.

    What is no UTF-8, or is there twice, is `unparsed`.
    """
    others = [*unparsed.get("license-expression", ()), *unparsed.get("license", ())]
    stated = (raw.get("license_expression") or raw.get("license") or next(iter(others), "")).strip()
    if stated.upper() in _NO_LICENSE:
        stated = ""
    with contextlib.suppress(InvalidLicenseExpression):
        return (canonicalize_license_expression(stated),)
    names = (it.removeprefix("License :: ") for it in raw.get("classifiers", []) if it.startswith("License :: "))
    classified = tuple(last for name in names if (last := name.rpartition(" :: ")[2].strip()) not in _NO_LICENSES)
    if len(classified) > 1 or not stated:
        return classified
    return (stated.partition("\n")[0].strip(),)


def find_requirements(
    root: NormalizedName, available: Mapping[NormalizedName, Metadata], environment: Mapping[str, str]
) -> dict[NormalizedName, frozenset[NormalizedName]]:
    """What `root` and everything that it requires in `environment`, directly or not, require themselves.

    `root` comes first, the others as they were found, with the extras that are asked for. Raises PackagingError naming
    each requirement that `available` lacks or has in a version that doesn't satisfy it.
    """
    faults = set()
    found: dict[NormalizedName, set[NormalizedName]] = {}
    pending: list[tuple[NormalizedName, str]] = [(root, "")]  # a distribution and one of its extras ("": none)
    seen = set(pending)
    for name, extra in pending:  # which grows meanwhile
        direct = found.setdefault(name, set())
        for requirement in available[name].requires:
            try:
                if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
                    continue
            except UndefinedComparison as error:
                faults.add(f"{name} requires {requirement}, whose marker means nothing: {error}")
                continue
            required = canonicalize_name(requirement.name)
            if required not in available:
                faults.add(
                    f"{name} requires {requirement.name}, which is not locked; "
                    "add it to requirements.in and run make lock"
                )
                continue
            version = available[required].version
            if not requirement.specifier.contains(version, prereleases=True):
                faults.add(
                    f"{name} requires {required}{requirement.specifier}, but {required} is at {version}; run make lock"
                )
            direct.add(required)
            wanted = {(required, wanted_extra) for wanted_extra in ("", *requirement.extras)} - seen
            seen |= wanted
            pending.extend(sorted(wanted))
    if faults:
        raise PackagingError(*sorted(faults))
    return {name: frozenset(direct - {name}) for name, direct in found.items()}
