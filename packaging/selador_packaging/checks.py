"""What a distribution of the project's own has to say against itself before it is built."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from selador_packaging.errors import PackagingError


def check_own(module: str, import_path: Sequence[Path]) -> None:
    """Run `module`, found on `import_path` first and then where this process would find it.

    Raises PackagingError with each line that it writes to stderr where it exits with another status than 0.
    """
    search = [*map(str, import_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(search), "PYTHONDONTWRITEBYTECODE": "1"}
    # -P: not in the caller's directory, where any file may have the name of a module.
    command = [sys.executable, "-P", "-m", module]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise PackagingError(*(f"{module}: {line}" for line in lines or ["it failed without a word"]))
