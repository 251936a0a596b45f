"""The project's own distributions: find them below functions/ and build their wheels."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.errors import PackagingError

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
