"""A span of time in periods of one length: each data point of a statistic is stamped with the start of its period."""

import math
from typing import NamedTuple


class Window(NamedTuple):
    """The periods from `start` on, up to `end`. All are in seconds, `start` and `end` since the epoch."""

    start: float
    end: float
    period: int

    @property
    def starts(self) -> list[float]:
        """The start of each period, the oldest first."""
        return [self.start + number * self.period for number in range(math.ceil((self.end - self.start) / self.period))]

    def start_of_period(self, time: float) -> float:
        """Return the start of the period that a time lies in."""
        return self.start + (time - self.start) // self.period * self.period
