"""Read requirements.txt as pip-compile writes it: pinned releases with the SHA-256 of each of their files."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.errors import PackagingError

_HASH = re.compile(r"\s--hash[=\s](\S+)")
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
_COMMENT = re.compile(r"(^|\s)#.*$")


@dataclass(frozen=True)
class LockedRelease:
    """One release that may be used, and the SHA-256 (lower-case hex) of each of its files."""

    name: NormalizedName
    version: str
    sha256s: frozenset[str]
    marker: Marker | None = None

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def read_lock(content: bytes, environment: Mapping[str, str], *, place: str) -> dict[NormalizedName, LockedRelease]:
    """The releases in `content` whose markers hold in `environment`, by normalised name.

    `place` names the file in errors. Raises PackagingError with every faulty line.
    """
    text = _decode(content, place)
    releases: dict[NormalizedName, LockedRelease] = {}
    faults = []
    for number, line in _logical_lines(text):
        try:
            release = _parse_line(line)
            is_wanted = not release.marker or release.marker.evaluate(dict(environment))
        except ValueError as error:  # a marker that means nothing is one, too
            faults.append(f"{place}, line {number}: {error}; run make lock")
            continue
        if not is_wanted:
            continue
        if release.name in releases:
            faults.append(f"{place}, line {number}: {release.name} is locked twice; run make lock")
        releases[release.name] = release
    if faults:
        raise PackagingError(*faults)
    return releases


def _decode(content: bytes, place: str) -> str:
    if content.startswith(codecs.BOM_UTF8):
        raise PackagingError(f"{place} begins with a byte order mark; save it as UTF-8 without one, or run make lock")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PackagingError(
            f"{place} is no UTF-8: byte {error.start + 1} is 0x{content[error.start]:02x}; "
            "save it as UTF-8, or run make lock"
        ) from error


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those that end in a backslash joined to the next, with the number of their first."""
    joined, first = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        if not joined:
            first = number
        content = _COMMENT.sub("", line).rstrip()
        joined += content.removesuffix("\\")
        if content.endswith("\\"):
            continue
        if joined.strip():
            yield first, joined.strip()
        joined = ""
    if joined.strip():
        yield first, joined.strip()


def _parse_line(line: str) -> LockedRelease:
    if line.startswith("-"):
        raise ValueError(f"{line.split(maxsplit=1)[0]} is an option; a lock holds pinned releases only")
    hashes = _HASH.findall(line)
    try:
        requirement = Requirement(_HASH.sub("", line).strip())
    except (InvalidRequirement, RecursionError) as error:  # the latter: parentheses in parentheses
        raise ValueError(f"{line.split(maxsplit=1)[0]} is not a requirement ({str(error).splitlines()[0]})") from error
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==" or "*" in specifiers[0].version:
        raise ValueError(f"{requirement.name} is not pinned to one version with ==")
    if not hashes:
        raise ValueError(f"{requirement} has no --hash")
    for found in hashes:
        if not _SHA256.fullmatch(found):
            raise ValueError(f"{requirement} has the hash {found[:24]}…, expected sha256: and 64 hexadecimal digits")
    return LockedRelease(
        canonicalize_name(requirement.name),
        specifiers[0].version,
        frozenset(found.removeprefix("sha256:") for found in hashes),
        requirement.marker,
    )
