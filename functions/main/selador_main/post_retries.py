"""Whether and when a frame that `@connections` did not take is posted again. No clock, no I/O."""

import random

from selador_main.backoff import full_jitter
from selador_main.connection import PostFailedError, PostFailure

BASE_SECONDS = 0.2
THROTTLED_CAP_SECONDS = 2
"""A client that reads slowly is answered 429 too (CB-04), and makes room for a frame within a second or two."""
FAILED_CAP_SECONDS = 5
FAILED_FOR_SECONDS = 60
"""How long `@connections` may fail one frame before the attempt is given up."""


def pause_after(failure: PostFailedError, tries: int, failing_seconds: float, source: random.Random) -> float | None:
    """Return the seconds until the next try after failed try number `tries` (from 1), or None to give up.

    `failing_seconds` is how long ago this frame was first refused. A throttled frame is never given up here: its client
    is there, and the attempt's own time ends the wait.
    """
    match failure.kind:
        case PostFailure.FINAL:
            return None
        case PostFailure.THROTTLED:
            return full_jitter(tries, base=BASE_SECONDS, cap=THROTTLED_CAP_SECONDS, source=source)
        case PostFailure.TRANSIENT:
            if failing_seconds >= FAILED_FOR_SECONDS:
                return None
            return full_jitter(tries, base=BASE_SECONDS, cap=FAILED_CAP_SECONDS, source=source)
