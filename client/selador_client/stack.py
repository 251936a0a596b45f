"""The default URL of the WebSocket API."""

import json
from collections.abc import Mapping
from pathlib import Path

from selador_client.errors import NoStackError

STACK_FILE = Path(".local", "stack.json")
"""Written by the running laptop stack, in the project's folder, with `{"websocketUrl": "ws://…"}` once it is ready."""


def find_url(folder: Path, environment: Mapping[str, str]) -> str:
    """Return the URL of the laptop stack that runs in `folder` or one above it, else `SELADOR_URL`.

    Raises NoStackError.
    """
    for project in (folder, *folder.parents):
        path = project / STACK_FILE
        if path.is_file():
            return _read(path)
    if url := environment.get("SELADOR_URL"):
        return url
    raise NoStackError("no stack is running; start one with `make local`, or name a URL with --url or SELADOR_URL")


def _read(path: Path) -> str:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if "pid" in facts and "websocketUrl" not in facts:
            raise NoStackError("the stack is still starting; try again when `make local` shows its URL")
        url = facts["websocketUrl"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoStackError(f"{path} has no websocketUrl; start the stack again with `make local`") from error
    return str(url)
