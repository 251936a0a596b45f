"""`python -m selador_client`, which is `selador`."""

import sys

from selador_client.cli import main

sys.exit(main())
