"""`python -m selador_deploy`, which the Makefile calls, for the repository that this package lies in."""

import os
import sys
from pathlib import Path

from selador_deploy.cli import main

sys.exit(main(sys.argv[1:], Path(__file__).resolve().parents[2], os.environ))
