"""The laptop stack as an AWS: where it listens, with which key, and what it decides of the environment `local`.

The running stack writes this into a file of its work folder. SELADOR_STACK_FILE names another stack's.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.session

from selador_deploy.account import CLIENT_CONFIG
from selador_deploy.errors import DeployError

_NAMED_BY = "SELADOR_STACK_FILE"
_START = "run make local in another terminal"


@dataclass(frozen=True)
class Laptop:
    """A running stack, as its file describes it."""

    facts: Mapping[str, Any]

    def environ(self, shell: Mapping[str, str]) -> dict[str, str]:
        """Return a shell's environment variables with those that reach the stack, and no others of AWS.

        A profile or a session of a real account would count beside the stack's own key. A TF_VAR_… of the shell wins.
        """
        others = {name: value for name, value in shell.items() if not name.startswith("AWS_")}
        variables = {f"TF_VAR_{name}": value for name, value in self.facts["terraformVariables"].items()}
        return {"SELADOR_DIST": self.facts["dist"], **variables, **others, **self.facts["environment"]}

    def now(self) -> datetime:
        """Return the stack's time, which may go faster than the machine's."""
        clock = self.facts.get("clock", {"scale": 1, "origin": 0})
        seconds = clock["origin"] + (datetime.now(UTC).timestamp() - clock["origin"]) * clock["scale"]
        return datetime.fromtimestamp(seconds, UTC)

    def make_client(self, service: str, **options: Any) -> Any:
        """Return a client of the stack's control plane, or of what `options` name."""
        variables = self.facts["environment"]
        # boto3's stubs know the services one by one; the name is a parameter here
        return self._session.client(  # type: ignore[call-overload]
            service,
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            **{"endpoint_url": variables["AWS_ENDPOINT_URL"], "config": CLIENT_CONFIG, **options},
        )

    @cached_property
    def _session(self) -> boto3.Session:
        # Without the shell's profile, which may not exist here.
        return boto3.Session(botocore_session=botocore.session.Session({"profile": (None, None, None, None)}))


def find_laptop(root: Path, shell: Mapping[str, str]) -> Laptop | None:
    """Return the running stack. Raises DeployError if none runs.

    None if the shell says itself where AWS is, and names no stack.
    """
    named = shell.get(_NAMED_BY)
    if not named and "AWS_ENDPOINT_URL" in shell:
        return None
    file = Path(named) if named else root / ".local" / "stack.json"
    try:
        laptop = Laptop(json.loads(file.read_text(encoding="utf-8")))
        alive = _is_alive(laptop.facts["pid"])
    except FileNotFoundError:
        raise DeployError("the laptop stack isn't running", _START) from None
    except (ValueError, KeyError, TypeError):
        raise DeployError(f"{file} is damaged", "start the laptop stack again") from None
    if not alive:
        raise DeployError(f"the laptop stack that wrote {file} has ended", _START)
    return laptop


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
