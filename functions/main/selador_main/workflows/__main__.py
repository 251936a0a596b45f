"""Check every workflow file, and that the handler knows their inputs: `python -m selador_main.workflows [--write]`.

The artifact builder runs it without --write. With it, what the handler knows is written anew (`make workflows`).
Exit status: 1 with a line for each fault on stderr.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from selador_main.workflows.definition import FOLDER, Definition, WorkflowFilesError, load_definitions
from selador_shared import workflow_inputs


def main(arguments: Sequence[str], folder: Path = FOLDER, path: Path = workflow_inputs.PATH) -> str | None:
    """Return what is wrong, None if nothing is."""
    try:
        text = inputs_document(load_definitions(folder))
    except WorkflowFilesError as error:
        return str(error)
    if "--write" in arguments:
        path.write_text(text, encoding="utf-8")
    elif not path.is_file() or path.read_text(encoding="utf-8") != text:
        return f"{path.name} doesn't say what the workflows take; run make workflows"
    return None


def inputs_document(definitions: Mapping[str, Definition]) -> str:
    """Return what the handler knows of `definitions`: the inputs, and nothing of the steps."""
    inputs = {
        workflow: {name: rule.model_dump() for name, rule in definition.inputs.items()}
        for workflow, definition in definitions.items()
    }
    return json.dumps(inputs, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
