"""What must not decide an artifact's bytes: the circumstances that a machine, a person or a day may bring."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from selador_packaging.source import read_sources

_REVERSED_ORDER = """
import os
_scandir, _listdir = os.scandir, os.listdir
class Backwards:
    def __init__(self, path="."):
        with _scandir(path) as entries:
            self.entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))
    def __iter__(self): return self.entries
    def __next__(self): return next(self.entries)
    def __enter__(self): return self
    def __exit__(self, *exception): pass
    def close(self): pass
os.scandir = Backwards
os.listdir = lambda path=".": sorted(_listdir(path), reverse=True)
"""

# flit_core alone may compress, into wheels that are unpacked again, and then does so differently than elsewhere.
_NO_COMPRESSOR = """
import sys, zlib
_compressobj = zlib.compressobj
def refuse(*arguments, **keywords):
    if "flit_core" in sys.modules:
        return _compressobj(1, *arguments[1:], **keywords)
    raise AssertionError("zlib was asked to compress")
zlib.compressobj = zlib.compress = refuse
"""


@dataclass(frozen=True)
class Circumstance:
    """One way to build: `startup` is Python that runs first in every Python of the build."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    umask: int = 0o022
    is_touched: bool = False
    startup: str = ""
    python: tuple[str, ...] = (sys.executable,)
    is_bytecode_compared: bool = True


PLAIN = Circumstance("another directory, nothing cached")
_OPTIONS = (sys.executable, "-O", "-B", "-X", "dev", "-X", "frozen_modules=off")
_SINGLE = (
    PLAIN,
    Circumstance("umask 077", umask=0o077),
    Circumstance("time zone Kiritimati", {"TZ": "Pacific/Kiritimati"}),
    Circumstance("locale C, no UTF-8 mode", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    Circumstance("folders listed backwards", startup=_REVERSED_ORDER),
    Circumstance("touched files", is_touched=True),
    Circumstance("hash seed 4711, SOURCE_DATE_EPOCH", {"PYTHONHASHSEED": "4711", "SOURCE_DATE_EPOCH": "1700000000"}),
    Circumstance("warnings are errors", {"PYTHONWARNINGS": "error"}),
    Circumstance("zlib's compressor raises", startup=_NO_COMPRESSOR),
    Circumstance("python -O -X dev, nothing frozen", python=_OPTIONS),
)
_ALL = Circumstance(
    "all of these at once",
    {name: value for circumstance in _SINGLE for name, value in circumstance.environment.items()},
    umask=0o077,
    is_touched=True,
    startup=_REVERSED_ORDER + _NO_COMPRESSOR,
    python=_OPTIONS,
)


def circumstances() -> list[Circumstance]:
    """All that are known, and a build by each other CPython 3.13 that this machine has."""
    return [*_SINGLE, *map(built_by, other_pythons()), _ALL]


def built_by(python: str) -> Circumstance:
    """A build by the interpreter at `python`, with this one's packages; another micro version's bytecode differs."""
    version = _version_of(python)
    is_same = version == platform.python_version()
    name = f"built by {python}, {version}" + ("" if is_same else ", all but the bytecode")
    return Circumstance(name, _packages_of_this(), python=(python,), is_bytecode_compared=is_same)


def _version_of(python: str) -> str | None:
    """What it says; None if it can't be run, as a script with no Python behind it, or one for another machine."""
    command = [python, "-S", "-c", "import platform; print(platform.python_version())"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def copy_project(project: Path, destination: Path, circumstance: Circumstance) -> None:
    """Copy what decides the artifacts, and the fetched wheels, which are checked against the lock; nothing else."""
    for path, file in read_sources(project).files.items():
        file.write(destination / path)
    fetched = shutil.ignore_patterns("selador-*", ".*")
    shutil.copytree(project / "build" / "wheels", destination / "build" / "wheels", ignore=fetched)
    if circumstance.is_touched:
        for copied in destination.rglob("*"):
            os.utime(copied, (1_500_000_000, 1_500_000_000))


def _packages_of_this() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))}


def other_pythons() -> Iterator[str]:
    """Every CPython 3.13 but this one that runs: on PATH, of pyenv or uv, or in the tool cache of GitHub's runners."""
    seen = {os.path.realpath(sys.executable)}
    home = Path.home()
    managed = [
        (Path(os.environ.get("PYENV_ROOT", home / ".pyenv")), "versions/*3.13*/bin"),
        (home / ".local" / "share" / "uv" / "python", "*3.13*/bin"),
        (Path(os.environ.get("RUNNER_TOOL_CACHE", "/opt/hostedtoolcache")), "Python/3.13*/*/bin"),
    ]
    folders = [*map(Path, os.get_exec_path()), *(it for root, below in managed for it in sorted(root.glob(below)))]
    for folder in folders:
        python = folder / "python3.13"
        # A shim of pyenv is a script on PATH, whether or not a Python stands behind it.
        if python.is_file() and folder.name != "shims" and (real := os.path.realpath(python)) not in seen:
            seen.add(real)
            if _version_of(real):
                yield real
