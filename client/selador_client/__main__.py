"""`python -m selador_client`."""

import sys

from selador_client.cli import main

sys.exit(main())
