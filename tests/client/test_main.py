"""`python -m selador_client` is the command line."""

import subprocess
import sys


def test_the_module_can_be_run() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "selador_client", "--help"], capture_output=True, text=True, check=True
    )

    assert shown.stdout.startswith("usage: selador ")
