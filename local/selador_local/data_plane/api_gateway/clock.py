"""The clock by which API Gateway's limits are measured."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A clock that a test can move."""

    def time(self) -> float:
        """Return the seconds since the epoch."""

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed."""


class SystemClock:
    """The machine's clock."""

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
