"""Delays between tries: exponential with full jitter, so that those who failed together don't return together."""

import random


def full_jitter(tries: int, *, base: float, cap: float, source: random.Random) -> float:
    """Return the seconds to wait after failed try number `tries` (from 1): from 0 to min(cap, base × 2^(tries-1))."""
    return source.uniform(0, min(cap, base * 2.0 ** min(tries - 1, 60)))  # beyond 60 no cap is left to reach
