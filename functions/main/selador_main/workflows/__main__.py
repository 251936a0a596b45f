"""Check every workflow file, as the artifact builder does: `python -m selador_main.workflows`.

Exit status: 1 with a line for each fault on stderr.
"""

import sys

from selador_main.workflows.definition import WorkflowFilesError, load_definitions

try:
    load_definitions()
except WorkflowFilesError as error:
    sys.exit(str(error))
