"""Where the control plane is, and the stack's own questions to it. AWS's APIs are asked by boto3."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, TypedDict

from selador_local.errors import SeladorLocalError

USER_AGENT = f"selador/{version('selador-local')}"


class ControlPlaneError(SeladorLocalError):
    """The control plane can't be reached, refused a question, or gave no usable answer."""


class ClientArguments(TypedDict):
    """The arguments of `boto3.client`."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str


@dataclass(frozen=True)
class ControlPlane:
    """Where the control plane listens, and the administrator's key for it."""

    endpoint: str
    region: str
    account_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def client_arguments(self) -> ClientArguments:
        return {
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
        }

    def ask(self, question: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """POST `facts` to `/_selador/<question>` as the administrator. Blocks: call it in a thread.

        Raises ControlPlaneError if it can't be reached, refuses, or answers with anything but a JSON object.
        """
        request = urllib.request.Request(
            f"{self.endpoint}/_selador/{question}",
            data=json.dumps(facts).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.secret_access_key}",
                "User-Agent": USER_AGENT,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode(errors="replace")
            raise ControlPlaneError(f"the control plane answered {error.code} to {question}: {said}") from error
        except (OSError, ValueError) as error:
            raise ControlPlaneError(f"the control plane gave no answer to {question}: {error}") from error
        if not isinstance(answer, dict):
            raise ControlPlaneError(
                f"the control plane answered {question} with {type(answer).__name__}, not a JSON object"
            )
        return answer
