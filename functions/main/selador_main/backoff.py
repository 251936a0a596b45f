"""Delays between tries: exponential, with jitter, so that those who failed together don't return together."""

import random


def full_jitter(tries: int, *, base: float, cap: float, source: random.Random) -> float:
    """Return the seconds to wait after failed try number `tries` (from 1): from 0 to min(cap, base × 2^(tries-1))."""
    return source.uniform(0, _ceiling(tries, base, 2, cap))


def half_jitter(tries: int, *, base: float, factor: float, cap: float, source: random.Random) -> float:
    """Return the seconds to wait after failed try number `tries` (from 1): half of the ceiling, and up to half more.

    The ceiling is min(cap, base × factor^(tries-1)). Who waits so has waited for a while, whatever the source draws.
    """
    half = _ceiling(tries, base, factor, cap) / 2
    return half + source.uniform(0, half)


def _ceiling(tries: int, base: float, factor: float, cap: float) -> float:
    return min(cap, base * factor ** min(tries - 1, 60))  # beyond 60 no cap is left to reach
