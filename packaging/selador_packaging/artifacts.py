"""From the lock and the sources to the artifacts, in memory; and from there into the output folder, all or none."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.utils import canonicalize_name

from selador_packaging.checks import check_own
from selador_packaging.closure import find_closure
from selador_packaging.errors import PackagingError
from selador_packaging.fetch import fetch_wheels
from selador_packaging.first_party import build_wheel, find_distributions
from selador_packaging.layout import lay_out
from selador_packaging.lock import read_lock
from selador_packaging.target import Target
from selador_packaging.wheels import Wheel, read_wheel
from selador_packaging.zip_writer import write_zip

# Each artifact and the distribution whose closure it holds.
FUNCTIONS = {
    "websocket_handler": canonicalize_name("selador-websocket-handler"),
    "main": canonicalize_name("selador-main"),
}

MIB = 2**20
SIZE_LIMIT = 50 * MIB  # Lambda's, for a zip that is uploaded directly (LAM-44)
UNZIPPED_LIMIT = 250 * MIB  # Lambda's (LAM-44)


@dataclass(frozen=True)
class Artifact:
    """A function's zip. Sizes in bytes; `seconds` is how long it took to lay out and write."""

    name: str
    content: bytes
    members: int
    unzipped: int
    seconds: float

    @property
    def filename(self) -> str:
        return f"{self.name}.zip"

    @cached_property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


def build_artifacts(
    project: Path, target: Target, report: Callable[[str], None], clock: Callable[[], float]
) -> list[Artifact]:
    """Build the artifact of every function of `project` for `target`; `clock` gives seconds.

    Writes below `project`/build only. Raises PackagingError when anything is refused.
    """
    lock = project / "requirements.txt"
    if not lock.is_file():
        raise PackagingError(f"{lock} does not exist; run make lock")
    releases = read_lock(lock.read_text(encoding="utf-8"), target.marker_environment, place=lock.name)
    fetched = fetch_wheels(releases, target, project / "build" / "wheels", report)
    own = _build_own(project, report)
    report(f"checking {len(fetched)} wheels")
    wheels = {name: read_wheel(path) for name, path in fetched.items()} | {wheel.metadata.name: wheel for wheel in own}
    metadata = {name: wheel.metadata for name, wheel in wheels.items()}
    artifacts = []
    for name, root in FUNCTIONS.items():
        if root not in wheels:
            raise PackagingError(f"no pyproject.toml in {project / 'functions'} has the name {root}")
        report(f"writing {name}.zip")
        needed = sorted(find_closure(root, metadata, target.marker_environment))
        artifacts.append(make_artifact(name, [wheels[dependency] for dependency in needed], clock))
    return artifacts


def make_artifact(name: str, wheels: Sequence[Wheel], clock: Callable[[], float]) -> Artifact:
    """Put `wheels` into one zip; raises PackagingError where they clash or Lambda would not take it."""
    begun = clock()
    members = lay_out(wheels)
    content, unzipped = write_zip(members), sum(member.size for member in members)
    limits = (("", len(content), SIZE_LIMIT), (" unzipped", unzipped, UNZIPPED_LIMIT))
    faults = [
        f"{name}.zip is {size:,} bytes{what}; Lambda's limit is {limit:,} bytes"
        for what, size, limit in limits
        if size > limit
    ]
    if faults:
        raise PackagingError(*faults)
    return Artifact(name, content, len(members), unzipped, clock() - begun)


def publish(files: Mapping[str, bytes], output: Path) -> list[str]:
    """Write `files` (name: content) into `output`, and return the names of those whose bytes changed.

    All are written beside their places before the first is moved there; one that is the same is not touched.
    Raises PackagingError where that isn't possible; then `output` is as it was.
    """
    written: dict[Path, Path] = {}
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            place, part = output / name, output / f".{name}.{os.getpid()}.part"
            if place.is_dir():
                raise PackagingError(f"{place} is a folder; move it out of the way")
            if place.exists() and place.read_bytes() == content:
                continue
            written[part] = place
            part.write_bytes(content)
        for part, place in written.items():
            part.replace(place)
    except OSError as error:
        raise PackagingError(f"cannot write to {output}: {error.strerror}; free it, or name another folder") from error
    finally:
        for part in written:
            part.unlink(missing_ok=True)
    return [place.name for place in written.values()]


def _build_own(project: Path, report: Callable[[str], None]) -> list[Wheel]:
    """The project's own wheels, stored: their compressed streams would depend on this machine's zlib."""
    (project / "build").mkdir(exist_ok=True)
    wheels = []
    with tempfile.TemporaryDirectory(dir=project / "build", prefix=".own-") as folder:
        distributions = find_distributions(project / "functions")
        for source in distributions.values():
            check_own(source, list(distributions.values()))
        for name, source in distributions.items():
            report(f"building the wheel of {name}")
            wheels.append(read_wheel(build_wheel(source, Path(folder) / name)).stored())
    return wheels
