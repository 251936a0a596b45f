"""`stack.json`: what a running stack tells the commands beside it, such as `make chat` and `make plan ENV=local`.

It holds the administrator's key of the control plane, so only its owner may read it. It is there while the stack runs.
"""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.commands import StackError

NAME = "stack.json"
_BEDROCK = ("BEDROCK_AGENTCORE", "BEDROCK_AGENT_RUNTIME", "BEDROCK_RUNTIME")


def write(path: Path, facts: Mapping[str, Any]) -> None:
    """Replace the file; a reader sees the old one or the new one."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    for_its_owner = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(for_its_owner, "w", encoding="utf-8") as file:
        file.write(json.dumps({**facts, "pid": os.getpid()}, indent=2) + "\n")
    unfinished.replace(path)


def read(path: Path) -> dict[str, Any]:
    """Return the facts. Raises StackError if no stack runs."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StackError("no stack is running; start one with make local") from None
    except ValueError:
        raise StackError(f"{path} is damaged; start the stack again with make local") from None
    return facts


def environment(control_plane: ControlPlane, *, gateway_port: int, bedrock_endpoint: str, path: Path) -> dict[str, str]:
    """Return the environment variables with which AWS's clients, and people, reach the stack."""
    return {
        "AWS_ACCESS_KEY_ID": control_plane.access_key_id,
        "AWS_SECRET_ACCESS_KEY": control_plane.secret_access_key,
        "AWS_DEFAULT_REGION": control_plane.region,
        "AWS_REGION": control_plane.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": control_plane.endpoint,
        **{f"AWS_ENDPOINT_URL_{service}": bedrock_endpoint for service in _BEDROCK},
        # By default Terraform's provider retries a failure that it thinks is temporary for nine minutes, in silence.
        "AWS_MAX_ATTEMPTS": "2",
        "SELADOR_BEDROCK_FAULTS": f"{bedrock_endpoint}/_control",
        "SELADOR_FAULTS": f"http://127.0.0.1:{gateway_port}/_control",
        "SELADOR_STACK_FILE": str(path),
    }


def shell_commands(variables: Mapping[str, str]) -> str:
    """Return the commands that set the variables in a shell, for `eval`.

    A profile or a session of a real account would otherwise still count beside the stack's own key.
    """
    exports = (f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
    return "unset AWS_PROFILE AWS_SESSION_TOKEN\n" + "".join(exports)
