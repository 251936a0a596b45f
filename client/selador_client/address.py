"""The URL of the WebSocket API: as given, of a deployed environment, or of the laptop stack."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from selador_client.errors import NoUrlError

STACK_FILE = Path(".local", "stack.json")
"""Written by the running laptop stack, in the project's folder, with `{"websocketUrl": "ws://…"}` once it is ready."""

LAPTOP = "local"


def find_url(
    url: str | None,
    env: str | None,
    folder: Path,
    environment: Mapping[str, str],
    outputs: Callable[[str], str],
) -> str:
    """Return the URL to connect to.

    That is `url`; else that of the deployment `env`, by `outputs`; else `SELADOR_URL`; else that of the laptop stack
    which runs in `folder` or one above it. Raises NoUrlError.
    """
    if url is None and env is None:
        url = environment.get("SELADOR_URL") or None
    if url is not None:
        return _checked(url)
    if env is not None and env != LAPTOP:
        return _checked(_of_outputs(env, outputs(env)))
    for project in (folder, *folder.parents):
        path = project / STACK_FILE
        if path.is_file():
            return _of_stack(path)
    raise NoUrlError(
        "no stack is running; start one with `make local`, or name a deployment by --env, --url or SELADOR_URL"
    )


def terraform_outputs(env: str) -> str:
    """Return the outputs of a deployment, as JSON. Raises NoUrlError.

    The deploy command is a program of its own, which knows states and credentials: nothing of it is imported here.
    """
    asked = subprocess.run(
        [sys.executable, "-m", "selador_deploy", "outputs", f"--env={env}", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        why = (asked.stderr.strip() or asked.stdout.strip()).splitlines()
        raise NoUrlError(f"the URL of {env} can't be had: {why[-1] if why else 'make outputs failed'}")
    return asked.stdout


def _of_outputs(env: str, outputs: str) -> str:
    try:
        return str(json.loads(outputs)["websocket_url"]["value"])
    except (ValueError, LookupError, TypeError) as error:
        raise NoUrlError(
            f"{env} has no websocket_url among its outputs; deploy it first: make apply ENV={env}"
        ) from error


def _of_stack(path: Path) -> str:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if "pid" in facts and "websocketUrl" not in facts:
            raise NoUrlError("the stack is still starting; try again when `make local` shows its URL")
        url = facts["websocketUrl"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoUrlError(f"{path} has no websocketUrl; start the stack again with `make local`") from error
    return str(url)


def without_secrets(url: str) -> str:
    """Return `url` without what may be a password or a token: its user and its query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def _checked(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_websocket = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an IPv6 address
        is_websocket = False
    if not is_websocket or any(map(str.isspace, url)) or parts.fragment:
        raise NoUrlError(
            f"{url!r} isn't a WebSocket URL such as wss://abc123.execute-api.eu-central-1.amazonaws.com/dev"
        )
    return url
