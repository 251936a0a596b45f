"""The stack's one clock, which may go faster than the machine's.

By it goes all that waits: idle and open connections, visibility, delays, retention, batching windows, metrics' periods,
alarms' evaluation, and the clocks that the functions read, so their leases and pauses too. What bounds work goes by the
machine's clock (an init, a function's timeout, an integration's), since no machine computes faster than it does.

Processes that were given the same `scale` and `origin` read the same time.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """What the parts of the stack ask of a clock; a test may move its own."""

    def time(self) -> float:
        """Return the seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds that never go back, to measure with."""

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` of this clock have passed."""


@dataclass(frozen=True)
class StackClock:
    """The machine's clock, `scale` times as fast since `origin`, in seconds since the epoch."""

    scale: float = 1
    origin: float = 0

    def time(self) -> float:
        return self.at(time.time())

    def at(self, machine_time: float) -> float:
        """Return what this clock shows when the machine's shows `machine_time`."""
        return self.origin + (machine_time - self.origin) * self.scale

    def monotonic(self) -> float:
        return time.monotonic() * self.scale

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(self.machine_seconds(seconds))

    def machine_seconds(self, seconds: float) -> float:
        """Return how many seconds of the machine's clock pass in `seconds` of this one."""
        return seconds / self.scale
