"""Get the locked wheels for the target with pip, by hash, into a cache that is asked first.

A cache entry's key covers all that decides which file is taken: the release, its hashes, the target, and pip, which
chooses among the files that fit. So a build from a full cache takes the same files as one from an empty cache, and a
changed lock line never finds an old file.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import NormalizedName, parse_wheel_filename

from selador_packaging.cache import touch
from selador_packaging.errors import PackagingError
from selador_packaging.lock import LockedRelease
from selador_packaging.target import PYTHON_VERSION, Target
from selador_packaging.wording import counted

SHOWN_TAGS = 4

_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")
_NOT_FETCHED = re.compile(r"Could not fetch URL \S+: (?!404\b)(?:(?P<status>\d{3} [^:]*Error: .*?) for url)?")
_UNFIT = re.compile(r"none of the wheel's tags \(([^)]*)\) are compatible.*/([^/\s#]+\.whl)")
_WRONG_HASH = re.compile(r"^\s+(\S+==\S+) from .*?\n((?:\s+(?:Expected|Got)\b.*\n?)+)", re.MULTILINE)


@dataclass(frozen=True)
class FetchedWheel:
    """A wheel's file, and its SHA-256 in hex, which the lock holds."""

    path: Path
    sha256: str


def fetch_wheels(
    releases: Mapping[NormalizedName, LockedRelease], target: Target, cache: Path, report: Callable[[str], None]
) -> dict[NormalizedName, FetchedWheel]:
    """A verified wheel for each of `releases`, from below `cache`; `report` is told each one that is fetched.

    pip checks the hash of what it fetches; what is taken from the cache is checked here.
    Raises PackagingError with every release that has no wheel for the target or none whose hash is locked, and where no
    index can be reached. So it does if a setting of pip's, as PIP_PLATFORM, makes it take a wheel for another machine.
    """
    entries = {name: cache / cache_key(release, target) for name, release in releases.items()}
    wheels = {name: wheel for name, entry in entries.items() if (wheel := _cached(entry, releases[name], target))}
    missing = [release for name, release in releases.items() if name not in wheels]
    if not missing:
        report(f"nothing to fetch: {counted(len(wheels), 'wheel')} in {cache}")
        return wheels
    report(f"fetching {len(missing)} of {counted(len(releases), 'wheel')} for {target}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetching-") as folder:
        try:
            _download(missing, target, Path(folder), report)
        except PackagingError as first:
            # pip stops at the first fault; what else is wrong is worth a minute, and one more run for each.
            raise _every_fault(missing, target, Path(folder), report) or first from first
        fetched = sorted(Path(folder).glob("*.whl"))
        if unfit := [path.name for path in fetched if not target.runs(path.name)]:
            raise PackagingError(
                *(f"pip fetched {it}, which doesn't run on {target}; remove its platform, PIP_PLATFORM" for it in unfit)
            )
        for path in fetched:
            entry = entries[name := parse_wheel_filename(path.name)[0]]
            entry.mkdir(parents=True, exist_ok=True)
            wheels[name] = FetchedWheel(path.replace(entry / path.name), _sha256(entry / path.name))
    return wheels


def _every_fault(
    releases: Iterable[LockedRelease], target: Target, folder: Path, report: Callable[[str], None]
) -> PackagingError | None:
    report("that failed; asking for each wheel alone, to tell all that is wrong at once")
    faults: list[str] = []
    for release in releases:
        try:
            _download([release], target, folder, lambda _line: None, "-vv")  # says which wheels do not fit
        except PackagingError as error:
            faults += error.faults
    return PackagingError(*dict.fromkeys(faults)) if faults else None


def cache_key(release: LockedRelease, target: Target) -> str:
    """The folder of a release in the cache."""
    decisive = [str(release), *sorted(release.sha256s), PYTHON_VERSION, *target.platforms, version("pip")]
    digest = hashlib.sha256("\n".join(decisive).encode()).hexdigest()
    return f"{release.name}-{release.version}-{target.architecture}-{digest[:16]}"


def explain_failure(output: str, target: Target) -> PackagingError:
    """What pip's error output means for the lock and the target."""
    if found := _NO_WHEEL.search(output):
        failed = _NOT_FETCHED.search(output)  # pip tries again with the other indexes, and then knows of no wheel
        if failed and failed["status"]:
            return PackagingError(
                f"the package index doesn't give {found[1]} ({failed['status']}); check its address and your access"
            )
        if failed or "connection broken" in output:
            return PackagingError(f"the package index can't be reached to fetch {found[1]}; check the network")
        return PackagingError(
            f"{found[1]} has no wheel for {target} on the package index{_nearest(output, found[1], target)}; "
            "choose a version that has one in requirements.in and run make lock"
        )
    if wrong := _WRONG_HASH.findall(output):
        return PackagingError(*(_wrong_hash(release, lines) for release, lines in wrong))
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return PackagingError(f"pip download failed: {'; '.join(errors) or output.strip() or 'it said nothing'}")


def _wrong_hash(release: str, lines: str) -> str:
    found = lines.rsplit(maxsplit=1)[-1]  # the last line is `Got <hash>`
    return f"{release} was fetched with SHA-256 {found}, which is not locked; distrust the index, or run make lock"


def _nearest(output: str, release: str, target: Target) -> str:
    """The tags of the wheels that `release` has, those most like the target's first."""
    tags = set()
    for listed, filename in _UNFIT.findall(output):
        name, version, _, _ = parse_wheel_filename(unquote(filename))
        if release == f"{name}=={version}":
            tags |= set(listed.split(", "))
    if not tags:
        return ", nor for anything else"
    alike = (target.machine, "manylinux", target.abi)
    ordered = sorted(tags, key=lambda tag: (-sum(part in tag for part in alike), tag))
    return f" (the nearest are {', '.join(ordered[:SHOWN_TAGS])})"


def _cached(entry: Path, release: LockedRelease, target: Target) -> FetchedWheel | None:
    """The release's wheel in the cache; one that was damaged there counts as missing, and is fetched again."""
    for path in sorted(entry.glob("*.whl")):
        if target.runs(path.name) and (sha256 := _sha256(path)) in release.sha256s:
            touch(path)
            return FetchedWheel(path, sha256)
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(
    releases: Iterable[LockedRelease], target: Target, folder: Path, report: Callable[[str], None], *flags: str
) -> None:
    lines = [f"{release} {' '.join(f'--hash=sha256:{it}' for it in sorted(release.sha256s))}" for release in releases]
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--no-input",
        "--no-color",
        "--disable-pip-version-check",
        *flags,
        "download",
    ]
    command += ["--progress-bar", "off", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    # With `cp313` pip also takes what fits it: abi3 wheels of older versions, and pure ones.
    command += ["--python-version", PYTHON_VERSION, "--implementation", "cp", "--abi", target.abi]
    command += [argument for platform in target.platforms for argument in ("--platform", platform)]
    command += ["--dest", str(folder), "--requirement", str(wanted)]
    with (folder / "errors.txt").open("w+", encoding="utf-8") as errors:
        # The folder is also the working directory: `python -m` imports from there, and the caller's may hold anything.
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True) as pip:
            try:
                said = _follow(pip.stdout or (), len(lines), report)
            except BaseException:
                pip.kill()  # above all on Ctrl-C: nothing may write into the folder while it is removed
                raise
        if pip.returncode:
            errors.seek(0)
            raise explain_failure(said + errors.read(), target)


def _follow(output: Iterable[str], total: int, report: Callable[[str], None]) -> str:
    """Report each wheel as pip says `Collecting six==1.17.0 (from …)` or, for a file, `Processing /a/six-….whl (…)`.

    Returns all that it said.
    """
    begun = 0
    said = []
    for line in output:
        said.append(line)
        verb, _, rest = line.partition(" ")
        if verb in {"Collecting", "Processing"}:
            begun += 1
            report(f"  {begun}/{total} {rest.split(' ')[0].rpartition('/')[2].strip()}")
    return "".join(said)
