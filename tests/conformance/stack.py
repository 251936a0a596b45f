"""The laptop's planes without Terraform: an empty control plane, and a data plane that runs what is made there."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from selador_local.bedrock.library import read_library
from selador_local.bedrock.server import BedrockStandIn
from selador_local.clock import StackClock
from selador_local.control_plane_client.client import ControlPlane
from selador_local.control_plane_client.iam import ControlPlaneAuthorizer
from selador_local.data_plane.data_plane import DataPlane
from selador_local.data_plane.emulation import Emulation

from ..conftest import STUCK_SECONDS, event_loop, held_port
from ..patience import first_line, in_loop

ACCOUNT_CONCURRENCY = 12
LIBRARY = read_library(Path(__file__).parents[2] / "local" / "documents")


@dataclass(frozen=True)
class Stack:
    """A running control plane and data plane; `records` is the file in which the functions write down their events."""

    control_plane: ControlPlane
    data_plane: DataPlane
    bedrock: BedrockStandIn
    loop: asyncio.AbstractEventLoop
    work_dir: Path
    clock: StackClock

    @property
    def records(self) -> Path:
        return self.work_dir / "records.jsonl"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.data_plane.port}"

    def client(self, service: str, *, endpoint: str | None = None, checks: bool = True, **credentials: Any) -> Any:
        """Return a boto3 client that doesn't retry; the administrator's, unless other credentials are given."""
        own = {
            "aws_access_key_id": self.control_plane.access_key_id,
            "aws_secret_access_key": self.control_plane.secret_access_key,
        }
        make: Any = boto3.client  # its 400 overloads name each service
        return make(
            service,
            endpoint_url=endpoint or self.control_plane.endpoint,
            region_name=self.control_plane.region,
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=checks, read_timeout=STUCK_SECONDS),
            **(credentials or own),
        )

    def now(self) -> float:
        """Return the stack's time."""
        return self.clock.time()

    def load(self) -> None:
        """Let what was made since act."""
        self.run(self.data_plane.load())

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return in_loop(self.loop, work, f"{work} is done")

    def lend(self, role_arn: str) -> dict[str, Any]:
        """Return a role's credentials as `client` takes them."""
        lent = self.control_plane.ask("role-credentials", {"roleArn": role_arn, "service": "lambda.amazonaws.com"})
        return {
            "aws_access_key_id": lent["accessKeyId"],
            "aws_secret_access_key": lent["secretAccessKey"],
            "aws_session_token": lent["sessionToken"],
        }

    def recorded(self, is_wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return what functions have written down of invocations by an object, those that `is_wanted` picks."""
        if not self.records.exists():
            return []
        entries = map(json.loads, self.records.read_text(encoding="utf-8").splitlines())
        return [entry for entry in entries if is_wanted(entry)]

    def awaited(self, is_wanted: Callable[[dict[str, Any]], bool], count: int = 1) -> list[dict[str, Any]]:
        """Return as `recorded` does, once there are `count` of them."""
        return eventually(lambda: found if len(found := self.recorded(is_wanted)) >= count else [])


def eventually[T](question: Callable[[], T]) -> T:
    """Ask until the answer is true, or the case is stuck."""
    ends = time.monotonic() + STUCK_SECONDS
    while not (answer := question()):
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.05)
    return answer


@contextmanager
def running(work_dir: Path, emulation: Emulation) -> Iterator[Stack]:
    clock = emulation.clock
    command = [sys.executable, "-m", "selador_local.control_plane", "--port", "0"]
    command += ["--time-scale", str(clock.scale), "--time-origin", str(clock.origin)]
    with (
        held_port() as port,
        (work_dir / "control-plane.log").open("w") as log,
        subprocess.Popen(
            [*command, "--data-plane-port", str(port)], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
        event_loop() as loop,
    ):
        try:
            ready = json.loads(first_line(process))
            control_plane = ControlPlane(
                ready["endpoint"], ready["region"], ready["accountId"], ready["accessKeyId"], ready["secretAccessKey"]
            )
            bedrock = BedrockStandIn(
                LIBRARY, ControlPlaneAuthorizer(control_plane), token_delay_seconds=0, account=ready["accountId"]
            )
            in_loop(loop, bedrock.start(), "Bedrock's stand-in listens")
            data_plane = DataPlane(control_plane, work_dir, port, bedrock.endpoint, emulation)
            stack = Stack(control_plane, data_plane, bedrock, loop, work_dir, clock)
            stack.run(data_plane.start())
            try:
                yield stack
            finally:
                stack.run(stack.data_plane.stop())
                stack.run(bedrock.stop())
        finally:
            process.terminate()
