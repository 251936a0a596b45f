"""Whether and when a frame that `@connections` did not take is posted again. No clock, no I/O."""

import random
from collections import defaultdict
from dataclasses import dataclass, field

from selador_main.backoff import full_jitter
from selador_main.cancellation import Reason
from selador_main.connection import PostFailedError, PostFailure

BASE_SECONDS = 0.2
THROTTLED_CAP_SECONDS = 2
"""A client that reads slowly is answered 429 too (CB-04), and makes room for a frame within a second or two."""
FAILED_CAP_SECONDS = 5
LOOK_AGAIN_SECONDS = 0.5
"""Before the second look at a connection that was said to be gone, which may have been said in error (CB-09)."""

FAILED_FOR_SECONDS = 60
"""How long `@connections` may fail one frame before the attempt is given up."""
UNRESPONSIVE_FOR_SECONDS = 120
"""How long a client may have no room for one frame before it counts as gone."""


@dataclass
class PostRetries:
    """The tries to post one frame, in seconds of a clock that its user reads. `began` is when the first one began.

    Each kind of failure has a clock of its own: it runs while posts fail in that way.
    """

    source: random.Random
    began: float
    tries: int = 0
    gone: int = 0
    spent: dict[PostFailure, float] = field(default_factory=lambda: defaultdict(float))

    def after(self, failure: PostFailedError, now: float) -> float | Reason:
        """Return the seconds to wait after a failed try that ended `now`, or why the attempt is given up."""
        self.tries += 1
        self.spent[failure.kind] += now - self.began
        self.began = now
        self.gone = self.gone + 1 if failure.kind is PostFailure.GONE else 0
        match failure.kind:
            case PostFailure.GONE:
                # A second look has to agree. If the frame is taken after all, nothing has happened.
                return LOOK_AGAIN_SECONDS if self.gone == 1 else Reason.CLIENT_GONE
            case PostFailure.FINAL:
                return Reason.UNDELIVERABLE
            case PostFailure.THROTTLED:
                if self.spent[failure.kind] >= UNRESPONSIVE_FOR_SECONDS:
                    return Reason.CLIENT_UNRESPONSIVE
                return self._pause(THROTTLED_CAP_SECONDS)
            case PostFailure.TRANSIENT:
                if self.spent[failure.kind] >= FAILED_FOR_SECONDS:
                    return Reason.UNDELIVERABLE
                return self._pause(FAILED_CAP_SECONDS)

    def _pause(self, cap: float) -> float:
        return full_jitter(self.tries, base=BASE_SECONDS, cap=cap, source=self.source)
