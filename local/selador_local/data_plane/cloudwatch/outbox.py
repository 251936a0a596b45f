"""Metrics and log lines on their way to CloudWatch: no request waits for their delivery."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from selador_local.cloudwatch.datum import Datum
from selador_local.control_plane_client.client import ControlPlaneError

_logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1  # of the machine: AWS's own delay isn't known
_MAX_WAITING = 100_000  # of each kind; the oldest are forgotten if CloudWatch can't be reached


@dataclass(frozen=True)
class LogStreamAddress:
    """A stream of a log group, and the role that writes to it; None for an AWS service itself."""

    group: str
    stream: str
    role_arn: str | None


@dataclass(frozen=True)
class Line:
    """A line of a log stream; `time` is in seconds since the epoch."""

    to: LogStreamAddress
    time: float
    text: str


SendData = Callable[[Sequence[Datum]], Awaitable[None]]
SendLines = Callable[[LogStreamAddress, Sequence[Line]], Awaitable[None]]


class Outbox:
    """Holds what CloudWatch shall get, and delivers it about once a second from `start` until `stop`."""

    def __init__(self, send_data: SendData, send_lines: SendLines) -> None:
        self._send_data = send_data
        self._send_lines = send_lines
        self.data: deque[Datum] = deque(maxlen=_MAX_WAITING)
        self.lines: deque[Line] = deque(maxlen=_MAX_WAITING)
        self._delivering: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._troubles: set[str] = set()

    def put(self, data: Iterable[Datum]) -> None:
        self.data.extend(data)

    def log(self, line: Line) -> None:
        self.lines.append(line)

    def start(self) -> None:
        self._delivering = asyncio.create_task(self._deliver_until_stopped())

    async def stop(self) -> None:
        """Let a delivery under way finish, deliver the rest, and stop."""
        if self._delivering is not None:
            self._stopping.set()
            await self._delivering
            await self.deliver()

    async def deliver(self) -> None:
        """Deliver what waits. What can't be delivered now waits on; what is refused is lost, as on AWS."""
        data, lines = list(self.data), list(self.lines)
        self.data.clear()
        self.lines.clear()
        if data:
            try:
                await self._send_data(data)
            except ControlPlaneError as error:
                self._trouble("CloudWatch takes no metrics", error)
                self.data.extendleft(reversed(data))
        for address, some in _by_stream(lines).items():
            try:
                await self._send_lines(address, some)
            except ClientError as error:
                # Lambda says nothing either if its function's role may not write.
                self._trouble(f"lines of the log group {address.group} are lost", error)
            except (BotoCoreError, ControlPlaneError) as error:
                self._trouble(f"the log group {address.group} can't be written to", error)
                self.lines.extendleft(reversed(some))

    async def _deliver_until_stopped(self) -> None:
        while not self._stopping.is_set():
            await self.deliver()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PAUSE_SECONDS)

    def _trouble(self, what: str, error: Exception) -> None:
        if what not in self._troubles:  # once is enough
            self._troubles.add(what)
            _logger.warning("%s: %s", what, error)


def _by_stream(lines: Iterable[Line]) -> Mapping[LogStreamAddress, list[Line]]:
    found: dict[LogStreamAddress, list[Line]] = {}
    for line in lines:
        found.setdefault(line.to, []).append(line)
    return found
