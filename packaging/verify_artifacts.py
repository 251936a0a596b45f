"""Rebuild the artifacts under other circumstances and compare them byte for byte; --help tells more."""

import sys
from pathlib import Path

from selador_packaging.verify_command import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent, sys.argv[1:]))
