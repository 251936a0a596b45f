"""The laptop stack as a drill uses it: AWS's clients, the faults' addresses, and what is called how."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from selador_local.clock import StackClock
from selador_local.control_plane_client.client import ControlPlane


@dataclass
class Hooks:
    """What the clients do besides asking, while a fault is there."""

    before: Callable[[str], None] | None = None
    """Called with a request's id before it is sent."""
    started: Callable[[str], None] | None = None
    """Called with a request's id when its first attempt has begun."""
    every_seconds: float = 0.8
    """How often somebody asks, in the machine's seconds: some four times a minute of a clock twenty times as fast."""
    heartbeats: bool = True
    """Whether the heartbeat is put."""


@dataclass
class Site:
    """A running stack. `outputs` are Terraform's; `faults` and `bedrock_faults` are the addresses of the two."""

    control_plane: ControlPlane
    outputs: Mapping[str, Any]
    faults: str
    bedrock_faults: str
    clock: StackClock
    hooks: Hooks = field(default_factory=Hooks)

    def client(self, service: str) -> Any:
        """Return a client of one of AWS's services, here."""
        make: Any = boto3.client  # its 400 overloads name each service
        return make(service, **self.control_plane.client_arguments)

    def function(self, key: str) -> str:
        """Return the name of main, the websocket handler or the authorizer."""
        return str(self.outputs[f"{key}_function_name"])

    @property
    def parts(self) -> frozenset[str]:
        """The keys of the alarms that tell nobody, since they only stand in the rules of others."""
        return frozenset(key for key, alarm in self.outputs["alarms"].items() if alarm["severity"] == "part")

    @property
    def prefix(self) -> str:
        """What the environment's names begin with."""
        name: str = self.outputs["alarms"]["answers-are-not-coming"]["name"]
        return name.removesuffix("-answers-are-not-coming")


def ask(url: str, method: str = "POST", **members: Any) -> None:
    """Ask for a fault, or take it back."""
    request = urllib.request.Request(
        url, json.dumps(members).encode() if members else None, {"User-Agent": "selador-drill"}, method=method
    )
    with urllib.request.urlopen(request, timeout=10):
        pass
