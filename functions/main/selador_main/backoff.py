"""Delays between tries: exponential with full jitter, so that those who failed together don't return together."""

import random
from collections.abc import Iterator


def full_jitter(tries: int, *, base: float, cap: float, source: random.Random) -> float:
    """Return the seconds to wait after failed try number `tries` (from 1): from 0 to min(cap, base × 2^(tries-1))."""
    return source.uniform(0, min(cap, base * 2 ** (tries - 1)))


def delays(tries: int, *, base: float, cap: float, source: random.Random) -> Iterator[float]:
    """Yield the `tries` - 1 delays between `tries` tries."""
    for tried in range(1, tries):
        yield full_jitter(tried, base=base, cap=cap, source=source)
