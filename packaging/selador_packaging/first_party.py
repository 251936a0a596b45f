"""The project's own distributions: find them below functions/ and build their wheels."""

import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.cache import key_of, touch
from selador_packaging.errors import PackagingError
from selador_packaging.wheels import Wheel, read_wheel

EARLIEST_ZIP_TIME = "315532800"  # 1980-01-01 in seconds since 1970: files in a wheel can't be older
_SAYS_NOTHING = ("TIP ", "ERROR Backend subprocess exited")  # what `build` adds below the line with the reason


def find_distributions(functions: Path) -> dict[NormalizedName, Path]:
    """The folders below `functions` that hold a distribution, by the name in their pyproject.toml."""
    found: dict[NormalizedName, Path] = {}
    for file in sorted(functions.glob("*/pyproject.toml")):
        try:
            found[canonicalize_name(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"])] = file.parent
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise PackagingError(f"{file} has no readable [project] name: {error}") from error
    return found


def get_wheels(functions: Path, cache: Path, report: Callable[[str], None]) -> list[Wheel]:
    """The wheels of the distributions below `functions`; those whose files did not change come from below `cache`.

    Their members are stored: the streams in the wheels depend on this machine's zlib. Raises PackagingError with every
    distribution that can't be built.
    """
    wheels: list[Wheel] = []
    faults: list[str] = []
    for name, folder in find_distributions(functions).items():
        entry = cache / f"{name}-{_content_key(folder)}"
        try:
            wheel = _cached(entry)
            if wheel is None:
                report(f"building the wheel of {name}")
                wheel = read_wheel(_build_into(folder, entry))
            wheels.append(wheel.stored())
        except PackagingError as error:
            faults += error.faults
    if faults:
        raise PackagingError(*faults)
    return wheels


def _cached(entry: Path) -> Wheel | None:
    for path in entry.glob("*.whl"):
        with contextlib.suppress(PackagingError):  # damaged there: it is built again
            wheel = read_wheel(path)
            touch(path)
            return wheel
    return None


def _build_into(folder: Path, entry: Path) -> Path:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=entry.parent, prefix=".building-") as output:
        wheel = build_wheel(folder, Path(output) / "wheel")
        entry.mkdir(exist_ok=True)
        return wheel.replace(entry / wheel.name)


def _content_key(folder: Path) -> str:
    """All that decides the wheel: every file below `folder`, and who builds it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    contents = [f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return key_of(version("build"), version("flit_core"), *contents)[:32]


def build_wheel(folder: Path, output: Path) -> Path:
    """Build the distribution in `folder` into an empty folder `output`, with the flit_core of this environment.

    Raises PackagingError with what the build said last.
    """
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(output), str(folder)]
    output.mkdir(parents=True)
    environment = os.environ | {"SOURCE_DATE_EPOCH": EARLIEST_ZIP_TIME, "NO_COLOR": "1"}
    # Not in the caller's directory: `python -m build` would look for itself in a folder `build` there.
    build = subprocess.run(command, cwd=output, env=environment, capture_output=True, text=True, check=False)
    wheels = list(output.glob("*.whl"))
    if build.returncode or len(wheels) != 1:
        said = [line for line in build.stderr.splitlines() if line.strip() and not line.startswith(_SAYS_NOTHING)]
        raise PackagingError(
            f"{folder} could not be built into a wheel; the build said: {said[-1] if said else 'nothing'}"
        )
    return wheels[0]
