"""What a distribution of the project's own has to say against itself before it is built."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from selador_packaging.errors import PackagingError


def check_own(folder: Path, import_path: Sequence[Path]) -> None:
    """Run the module that pyproject.toml in `folder` names as `[tool.selador] check`, if any, from the sources.

    Raises PackagingError with each line that it writes to stderr where it exits with another status than 0.
    """
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    module = project.get("tool", {}).get("selador", {}).get("check")
    if module is None:
        return
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, import_path)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-m", module], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise PackagingError(*(f"{module}: {line}" for line in lines or ["it failed without a word"]))
