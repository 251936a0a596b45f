"""From the lock and the sources to the artifacts, in memory. What did not change is not made anew."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.bytecode import Interpreter, this_interpreter
from selador_packaging.cache import Cache, open_cache, trim
from selador_packaging.closure import find_requirements
from selador_packaging.errors import PackagingError
from selador_packaging.fetch import FetchedWheel, fetch_wheels
from selador_packaging.first_party import find_distributions, find_unpacked, get_wheels
from selador_packaging.imports import Imports, below, reach, without_tests
from selador_packaging.inspection import Inspected, inspect_wheel
from selador_packaging.layout import lay_out
from selador_packaging.lock import read_lock
from selador_packaging.naming import find_named
from selador_packaging.native import find_unfit
from selador_packaging.parts import Part, content_digest, find_offered_services, get_part
from selador_packaging.source import LOCK, SourceFile
from selador_packaging.target import Target
from selador_packaging.unread_data import find_unread_data
from selador_packaging.wheels import Wheel, read_wheel
from selador_packaging.zip_writer import write_zip

# Each artifact and the distribution whose closure it holds.
FUNCTIONS = {
    "websocket_handler": canonicalize_name("selador-websocket-handler"),
    "authorizer": canonicalize_name("selador-authorizer"),
    "main": canonicalize_name("selador-main"),
}

_BOTOCORE = canonicalize_name("botocore")
_SDK = {_BOTOCORE, canonicalize_name("boto3")}

MIB = 2**20
SIZE_LIMIT = 50 * MIB  # Lambda takes no larger zip directly, without S3 (LAM-44)
UNZIPPED_LIMIT = 250 * MIB  # Lambda takes no more, layers included (LAM-44)

type Report = Callable[[str], None]
type Clock = Callable[[], float]


class WheelSource(NamedTuple):
    """A wheel's facts, how to read it whole, which is rarely needed, and what it wants kept of the others."""

    inspected: Inspected
    read: Callable[[], Wheel]
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Artifact:
    """A function's zip and what it is made of, by distribution. `seconds` is how long it took to make."""

    name: str
    root: NormalizedName
    content: bytes
    wheels: Mapping[NormalizedName, Inspected]
    parts: Mapping[NormalizedName, Part]
    services: frozenset[str]
    at_start: frozenset[str]
    reached: frozenset[str]
    seconds: float

    @property
    def filename(self) -> str:
        return f"{self.name}.zip"

    @property
    def sbom_filename(self) -> str:
        return f"{self.name}.cdx.json"

    @cached_property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()

    @cached_property
    def content_digest(self) -> str:
        return content_digest(self.parts.values())

    @cached_property
    def content_digest_without_bytecode(self) -> str:
        return content_digest(self.parts.values(), bytecode=False)

    @property
    def members(self) -> int:
        return sum(len(part.members) for part in self.parts.values())

    @property
    def unzipped(self) -> int:
        """Bytes."""
        return sum(member.size for part in self.parts.values() for member in part.members)


@dataclass(frozen=True)
class Build:
    """All that a build made, for whom, and of what."""

    artifacts: tuple[Artifact, ...]
    target: Target
    interpreter: Interpreter
    lock_sha256: str


def build_artifacts(
    project: Path, sources: Mapping[str, SourceFile], target: Target, report: Report, clock: Clock
) -> Build:
    """Build the artifact of every function for `target` from `sources`, files by their paths in `project`.

    `clock` gives seconds. Writes below `project`/build only. Raises PackagingError with all that is refused.
    """
    interpreter = this_interpreter(target)
    if LOCK not in sources:
        raise PackagingError(f"{project / LOCK} does not exist, or git ignores it; run make lock")
    lock = sources[LOCK].content
    releases = read_lock(lock, target.marker_environment, place=LOCK)
    wheel_folder = project / "build" / "wheels"
    fetched = fetch_wheels(releases, target, wheel_folder, report)
    distributions = find_distributions(sources)
    own = get_wheels(distributions, wheel_folder, report)
    if unpacked := find_unpacked(sources, distributions, own):
        report(f"not packed, since no distribution's package holds them: {', '.join(unpacked)}")
    cache = open_cache(project, str(interpreter))
    wheels = _inspect(fetched, own, cache, report)
    for distribution in distributions:
        wheels[distribution.name] = wheels[distribution.name]._replace(keep=distribution.keep)
    artifacts: list[Artifact] = []
    faults: list[str] = []
    for name, root in FUNCTIONS.items():
        report(f"making {name}.zip")
        try:
            artifacts.append(make_artifact(name, root, wheels, target, cache, clock=clock))
        except PackagingError as error:
            faults += error.faults
    if faults:
        raise PackagingError(*dict.fromkeys(faults))
    for folder in (wheel_folder, project / "build" / "cache"):
        trim(folder)
    return Build(tuple(artifacts), target, interpreter, hashlib.sha256(lock).hexdigest())


def _inspect(
    fetched: Mapping[NormalizedName, FetchedWheel], own: list[Wheel], cache: Cache, report: Report
) -> dict[NormalizedName, WheelSource]:
    readers = [(wheel.sha256, wheel.path.name, _reader(wheel.path, report), False) for wheel in fetched.values()]
    readers += [(wheel.record_sha256, wheel.filename, partial(_same, wheel), True) for wheel in own]
    sources: dict[NormalizedName, WheelSource] = {}
    faults: list[str] = []
    for digest, filename, read, is_own in readers:
        try:
            found = inspect_wheel(digest, filename, read, cache, is_own=is_own)
        except PackagingError as error:
            faults += error.faults
        else:
            sources[found.metadata.name] = WheelSource(found, read)
    if faults:
        raise PackagingError(*faults)
    return sources


def _same(wheel: Wheel) -> Wheel:
    return wheel


def _reader(path: Path, report: Report) -> Callable[[], Wheel]:
    """Reads the wheel at `path`, once."""

    @functools.cache
    def read() -> Wheel:
        report(f"checking {path.name}")
        return read_wheel(path)

    return read


def make_artifact(
    name: str,
    root: NormalizedName,
    sources: Mapping[NormalizedName, WheelSource],
    target: Target,
    cache: Cache,
    *,
    clock: Clock,
) -> Artifact:
    """Put `root` and all that it needs of `sources` into one zip.

    Raises PackagingError where something is missing or clashes, or Lambda would not take the zip or run what it holds.
    """
    begun = clock()
    if root not in sources:
        raise PackagingError(f"no pyproject.toml in functions has the name {root}")
    metadata = {it: source.inspected.metadata for it, source in sources.items()}
    requirements = find_requirements(root, metadata, target.marker_environment)
    needed = sorted(requirements)
    wheels = {it: sources[it].inspected for it in needed}
    modules = {module: imports for wheel in wheels.values() for module, imports in wheel.modules.items()}
    entries = [module for wheel in wheels.values() if wheel.is_own for module in wheel.modules]
    native = _find_native(wheels)
    named = [module for wheel in wheels.values() for module in (*wheel.entry_points, *wheel.named_in_data)]
    kept = _kept({it: sources[it].keep for it in needed}, modules)
    at_start = reach(entries, modules)
    asked_by_name = frozenset[str]().union(*find_named(wheels).values())
    opened = without_tests({it for package in asked_by_name for it in below(package, modules)})
    roots = [*entries, *native, *named, *kept, *opened]
    reached = reach(roots, modules, later=True)
    # Somebody requires these, so somebody imports them in a way that can't be followed.
    unseen = [module for it in wheels.values() if reached.isdisjoint(it.modules) for module in it.modules]
    if unseen:
        reached = reach([*roots, *unseen], modules, later=True)
    users = [it for name, it in wheels.items() if it.is_own or name in _SDK or not _SDK.isdisjoint(requirements[name])]
    services = frozenset[str]().union(*(wheel.services for wheel in users if wheel.is_own))
    if _BOTOCORE in wheels:
        # In others' code `client("…")` may mean something else than a service.
        seeming = frozenset[str]().union(*(wheel.services for wheel in users if not wheel.is_own))
        services |= seeming & find_offered_services(wheels[_BOTOCORE], sources[_BOTOCORE].read, cache)
    names = frozenset[str]().union(*(wheel.names for wheel in users))
    unread = find_unread_data(wheels.values(), kept)
    parts = {
        it: get_part(
            wheels[it],
            sources[it].read,
            cache,
            at_start=at_start,
            reached=reached,
            unread=unread,
            services=services,
            names=names,
        )
        for it in needed
    }
    unfit = [fault for it in needed for fault in find_unfit(wheels[it].filename, parts[it].members, target)]
    if unfit:
        raise PackagingError(*unfit)
    content = write_zip(lay_out({wheels[it].filename: parts[it].members for it in needed}))
    artifact = Artifact(name, root, content, wheels, parts, services, at_start, reached, clock() - begun)
    check_limits(artifact.filename, len(content), artifact.unzipped)
    return artifact


def _find_native(wheels: Mapping[NormalizedName, Inspected]) -> list[str]:
    """All modules of wheels that may hold compiled code, whose imports can't be read, and of what they require."""
    compiled = {name for name, wheel in wheels.items() if wheel.is_compiled}
    required = {canonicalize_name(it.name) for name in compiled for it in wheels[name].metadata.requires}
    return [it for name in compiled | required & wheels.keys() for it in without_tests(wheels[name].modules)]


def _kept(keep: Mapping[NormalizedName, Iterable[str]], modules: Mapping[str, Imports]) -> list[str]:
    """The modules that distributions want kept; raises PackagingError with every name that means none."""
    found, faults = [], []
    for distribution, names in keep.items():
        for name in names:
            if kept := below(name, modules):
                found += kept
            else:
                faults.append(f"{distribution} keeps {name}, which is no module of anything that it requires")
    if faults:
        raise PackagingError(*faults)
    return found


def check_limits(filename: str, size: int, unzipped: int) -> None:
    """Raise PackagingError where Lambda would not take a zip of `size` bytes, `unzipped` bytes in its folder."""
    limits = (("", size, SIZE_LIMIT), (" unzipped", unzipped, UNZIPPED_LIMIT))
    faults = [
        f"{filename} is {found:,} bytes{what}; Lambda's limit is {limit:,} bytes"
        for what, found, limit in limits
        if found > limit
    ]
    if faults:
        raise PackagingError(*faults)
