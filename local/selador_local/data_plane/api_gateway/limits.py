"""API Gateway's quotas for WebSocket APIs, and the two decisions about time: throttling and expiry."""

from collections.abc import Callable, Iterable

from selador_local.data_plane.deployment import Stage, Throttle

MESSAGE_BYTES = 128 * 1024  # from a client (WS-54) and to it (CB-01)
FRAME_BYTES = 32 * 1024  # a client has to split what is longer (WS-54, WS-55)
HEAD_BYTES = 10_240  # of a handshake: the request line and all headers' values together (WS-81)
IDLE_SECONDS = 10 * 60  # without a message in either direction (WS-57, WS-58)
LIFE_SECONDS = 2 * 60 * 60  # of any connection (WS-57)


def seconds_left(now: float, connected_at: float, last_active_at: float) -> float:
    """Return how long the connection may stay open without another message; zero or less if its time is up."""
    return min(connected_at + LIFE_SECONDS, last_active_at + IDLE_SECONDS) - now


def head_size(target: str, headers: Iterable[tuple[str, str]]) -> int:
    """Return the bytes of a handshake that count."""
    return len(f"GET {target} HTTP/1.1") + sum(len(value) for _, value in headers)


class TokenBucket:
    """A throttle, a token bucket (WS-67). Without settings it lets everything through."""

    def __init__(self, throttle: Throttle | None, clock: Callable[[], float]) -> None:
        self._throttle = throttle
        self._clock = clock
        self._tokens = float(throttle.burst) if throttle is not None else 0.0
        self._filled_at = clock()

    def take(self) -> bool:
        """Take a token; return False if none is left: the request is one too many."""
        if self._throttle is None:
            return True
        now = self._clock()
        refill = (now - self._filled_at) * self._throttle.rate
        self._tokens = min(self._tokens + refill, self._throttle.burst)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class StageThrottles:
    """The buckets of a stage: one for each route with a throttle of its own, and one for all others (WS-67)."""

    def __init__(self, stage: Stage, clock: Callable[[], float]) -> None:
        self._default = TokenBucket(stage.throttle, clock)
        self._own = {key: TokenBucket(throttle, clock) for key, throttle in stage.route_throttles.items()}

    def take(self, route_key: str | None) -> bool:
        """Take a token for a route, None if there is none; return False if its bucket is empty."""
        return (self._own.get(route_key, self._default) if route_key is not None else self._default).take()
