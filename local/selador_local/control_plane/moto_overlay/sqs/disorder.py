"""What SQS may do with any message and seldom does (SQS-11): late, out of order, twice. Pure, from a seed.

The same seed disturbs the same sequence of sends and receives in the same way.
"""

from random import Random

_LATE_SHARE = 0.5
_LATEST_MS = 3_000
_TWICE_SHARE = 0.25
_AGAIN_WITHIN_MS = 1_000


class Disorder:
    """Decides about one message after another."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311  # no secret depends on it

    def late_ms(self) -> int:
        """Return how much later than it becomes visible a message can be received; it is overtaken meanwhile."""
        return self._random.randint(1, _LATEST_MS) if self._random.random() < _LATE_SHARE else 0

    def again_after_ms(self) -> int | None:
        """Return how soon after its receive a message in flight is delivered a second time, None if it isn't."""
        return self._random.randint(0, _AGAIN_WITHIN_MS) if self._random.random() < _TWICE_SHARE else None
