"""The project's own distributions: find them among the sources and build their wheels, of these files alone."""

import contextlib
import hashlib
import os
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from build import BuildBackendException, BuildException, ProjectBuilder, check_dependency
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.cache import key_of, touch
from selador_packaging.checks import check_own
from selador_packaging.errors import PackagingError
from selador_packaging.source import FUNCTIONS, SourceFile
from selador_packaging.wheels import Wheel, read_wheel

EARLIEST_ZIP_TIME = "315532800"  # 1980-01-01 in seconds since 1970: files in a wheel can't be older
_DESCRIBES = (".", "LICENSE", "README", "pyproject.toml")  # with these, names of files begin


@dataclass(frozen=True)
class Distribution:
    """One of the project's own: its `folder` in the project, and the files in there by their paths below it."""

    name: NormalizedName
    folder: str
    files: Mapping[str, SourceFile]
    check: str | None = None
    """The module that `[tool.selador] check` names: it is run before a build, and may refuse it."""
    keep: tuple[str, ...] = ()
    """The modules and packages that `[tool.selador] keep` names: packed though nothing seems to import them."""


def find_distributions(sources: Mapping[str, SourceFile]) -> list[Distribution]:
    """The distributions right below FUNCTIONS; `sources` are files by their paths in the project.

    Raises PackagingError with every pyproject.toml that can't be read.
    """
    found, faults = [], []
    for path in sorted(sources):
        if not PurePosixPath(path).full_match(f"{FUNCTIONS}/*/pyproject.toml"):
            continue
        try:
            found.append(_read_distribution(path, sources))
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # not TOML or UTF-8, or of another shape
            faults.append(f"{path} has no readable [project] name, or [tool.selador]: {error}")
    counts = Counter(distribution.name for distribution in found)
    faults += [f"{it.folder} has the name {it.name}, as another has" for it in found if counts[it.name] > 1]
    if faults:
        raise PackagingError(*faults)
    return found


def _read_distribution(path: str, sources: Mapping[str, SourceFile]) -> Distribution:
    project = tomllib.loads(sources[path].content.decode())
    folder = path.removesuffix("/pyproject.toml")
    files = {it.removeprefix(f"{folder}/"): file for it, file in sources.items() if it.startswith(f"{folder}/")}
    settings = project.get("tool", {}).get("selador", {})
    name = canonicalize_name(project["project"]["name"])
    keep = settings.get("keep", [])
    if unknown := sorted(settings.keys() - {"check", "keep"}):
        raise ValueError(f"{', '.join(unknown)} is no setting; these are check and keep")
    if not isinstance(settings.get("check", ""), str):
        raise ValueError(f"check is {settings['check']!r}, expected a module's name")
    if not isinstance(keep, list) or not all(isinstance(it, str) for it in keep):
        raise ValueError(f"keep is {keep!r}, expected a list of modules' names")
    return Distribution(name, folder, files, settings.get("check"), tuple(keep))


def get_wheels(distributions: Iterable[Distribution], cache: Path, report: Callable[[str], None]) -> list[Wheel]:
    """The wheels of `distributions`; those whose files did not change come from below `cache`.

    Their members are compressed anew: the streams in the wheels depend on this machine's zlib. Raises PackagingError
    with every distribution that can't be built.
    """
    wheels: list[Wheel] = []
    faults: list[str] = []
    everything = list(distributions)
    for distribution in everything:
        decisive = everything if distribution.check else [distribution]  # a check may read all of them
        entry = cache / f"{distribution.name}-{_content_key(decisive)}"
        try:
            wheel = _cached(entry)
            if wheel is None:
                wheel = _make(distribution, everything, entry, report)
            wheels.append(wheel.repacked())
        except PackagingError as error:
            faults += error.faults
    if faults:
        raise PackagingError(*faults)
    return wheels


def find_unpacked(
    sources: Mapping[str, SourceFile], distributions: Iterable[Distribution], wheels: Iterable[Wheel]
) -> list[str]:
    """The files below FUNCTIONS that no wheel holds, but for those that describe a distribution.

    A module that lies beside a distribution's package is one: flit packs that package alone.
    """
    packed = {
        f"{distribution.folder}/{prefix}{member.path}"
        for distribution, wheel in zip(distributions, wheels, strict=True)
        for member in wheel.members
        for prefix in ("", "src/")
    }
    found = (path for path in sorted(sources) if path.startswith(f"{FUNCTIONS}/") and path not in packed)
    return [path for path in found if not path.rpartition("/")[2].startswith(_DESCRIBES)]


def _cached(entry: Path) -> Wheel | None:
    for path in entry.glob("*.whl"):
        with contextlib.suppress(PackagingError):  # damaged there: it is built again
            wheel = read_wheel(path)
            touch(path)
            return wheel
    return None


def _make(
    distribution: Distribution, everything: Iterable[Distribution], entry: Path, report: Callable[[str], None]
) -> Wheel:
    with _laid_out(everything, entry.parent) as project:
        if distribution.check:
            check_own(distribution.check, [project / it.folder for it in everything])
        report(f"building the wheel of {distribution.name}")
        wheel = build_wheel(project / distribution.folder, project / "wheel")
        entry.mkdir(exist_ok=True)
        return read_wheel(wheel.replace(entry / wheel.name))


@contextlib.contextmanager
def _laid_out(distributions: Iterable[Distribution], parent: Path) -> Iterator[Path]:
    """A folder with the files of `distributions` in their folders, and nothing else: what a wheel is built of."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".building-") as folder:
        for distribution in distributions:
            for path, file in distribution.files.items():
                file.write(Path(folder, distribution.folder, path))
        yield Path(folder)


def _content_key(decisive: Iterable[Distribution]) -> str:
    """All that decides a wheel, or whether it is built at all: every file of these distributions, and who builds it."""
    contents = [
        f"{distribution.folder}/{path} {file.is_executable} {hashlib.sha256(file.content).hexdigest()}"
        for distribution in decisive
        for path, file in sorted(distribution.files.items())
    ]
    return key_of(version("build"), version("flit_core"), *contents)[:32]


def build_wheel(folder: Path, output: Path) -> Path:
    """Build the distribution in `folder` into the folder `output`, with the flit_core of this environment.

    Raises PackagingError with what the build said last.
    """
    try:
        builder = ProjectBuilder(folder, runner=_run_backend)
        missing = [chain[-1] for required in builder.build_system_requires for chain in check_dependency(required)]
        if missing:
            raise PackagingError(f"{folder} is built by {', '.join(missing)}, which this environment lacks")
        return Path(builder.build("wheel", output))
    except BuildBackendException as error:
        said = [line for line in _output_of(error.exception).splitlines() if line.strip()]
        raise PackagingError(
            f"{folder} could not be built into a wheel; the build said: {said[-1] if said else error}"
        ) from error
    except BuildException as error:
        raise PackagingError(f"{folder} could not be built into a wheel: {error}") from error


def _run_backend(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
    subprocess.run(
        cmd,
        cwd=cwd,
        env={**os.environ, "SOURCE_DATE_EPOCH": EARLIEST_ZIP_TIME, **(extra_environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=True,
    )


def _output_of(error: Exception) -> str:
    return error.output if isinstance(error, subprocess.CalledProcessError) else ""
