"""Rebuild the artifacts under other circumstances and compare them byte for byte; --help tells more."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# Python does so itself, unless PYTHONSAFEPATH is set; then the installed builder may be another checkout's.
sys.path.insert(0, str(PROJECT / "packaging"))

from selador_packaging.verify_command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(PROJECT, sys.argv[1:]))
