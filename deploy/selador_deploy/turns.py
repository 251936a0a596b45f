"""One command at a time acts on an environment in a checkout. The state's own lock is for everybody else.

Without it, `make plan` beside a running `make apply` takes the saved plan away that the latter carries out.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError


@contextmanager
def alone(environment: Environment, command: str) -> Iterator[None]:
    """Hold the environment's turn. Raises DeployError if another process has it; it ends with its process."""
    file = environment.root / "build" / f"{environment.name}.turn"
    file.parent.mkdir(exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DeployError(
                f"{turn.read().strip() or 'another command'} works on {environment.name} in this checkout",
                "wait until it has ended",
            ) from None
        turn.truncate()
        print(f"make {command} (process {os.getpid()})", file=turn, flush=True)
        yield
