"""The stack's ports on 127.0.0.1, the same at each start: a URL that was copied somewhere stays right."""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from selador_local.stack.commands import StackError

DEFAULT = 8787
HIGHEST = 65_535


@dataclass(frozen=True)
class Ports:
    """Four ports in a row. Clients connect to `api_gateway`."""

    api_gateway: int

    @property
    def control_plane(self) -> int:
        return self.api_gateway + 1

    @property
    def bedrock(self) -> int:
        return self.api_gateway + 2

    @property
    def issuer(self) -> int:
        return self.api_gateway + 3


def choose(wanted: int, is_free: Callable[[int], bool]) -> Ports:
    """Return the first four free ports in a row from `wanted` up. Raises StackError if there are none."""
    first = wanted
    while first + 3 <= HIGHEST:
        taken = [port for port in range(first, first + 4) if not is_free(port)]
        if not taken:
            return Ports(first)
        first = taken[-1] + 1
    raise StackError(f"no four ports in a row are free from {wanted} up to {HIGHEST}; choose a lower one with PORT=…")


def is_free(port: int) -> bool:
    """Return whether nothing listens on a port of 127.0.0.1, and this user may."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
