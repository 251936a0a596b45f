"""A worker's hold on its message: short, and renewed while it works.

Lambda refuses a queue whose visibility timeout is shorter than the function's timeout (ESM-08), so a killed worker's
message would be hidden for a quarter of an hour. The lease shortens it to a minute. It is no lock: after a late renewal
SQS hands the message to a second worker while the first still runs (ESM-33). So a worker also judges by its own clock,
and falls silent when its lease may be over.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog

from selador_main.cancellation import Cancellation, Reason
from selador_main.errors import SeladorMainError
from selador_main.waiting import Waiting
from selador_shared import metrics

LEASE_SECONDS = 60
RENEWAL_SECONDS = 20
RETRY_SECONDS = 2

log = structlog.get_logger()


class LeaseLostError(SeladorMainError):
    """The message is no longer in flight, or this worker's receipt handle is no longer valid (SQS-14)."""


class Lease:
    """Keeps `change_visibility(LEASE_SECONDS)` called in a thread of its own while the block runs.

    `change_visibility` sets the message's visibility timeout in seconds from now; it raises LeaseLostError when the
    message is not this worker's any more, and any other exception when the call failed.
    """

    def __init__(
        self, change_visibility: Callable[[int], None], cancellation: Cancellation, *, waiting: Waiting
    ) -> None:
        self._change_visibility = change_visibility
        self._cancellation = cancellation
        self._waiting = waiting
        self._renewed_at = waiting.now()  # until the first renewal, the queue's own timeout holds the message
        self._changed = waiting.condition()
        self._released = False

    def held(self) -> bool:
        """Whether the lease can't have run out, by this worker's clock; cancels the attempt if it can."""
        if self._waiting.now() - self._renewed_at < LEASE_SECONDS:
            return True
        self._lose("no renewal succeeded in time")
        return False

    def __enter__(self) -> Self:
        self._thread = self._waiting.start(self._keep, name="lease")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            self._released = True
            self._changed.notify_all()
        self._thread.join()

    def _keep(self) -> None:
        pause: float = 0
        while not self._released_after(pause):
            if not self.held():
                return
            began = self._waiting.now()
            try:
                self._change_visibility(LEASE_SECONDS)
            except LeaseLostError as error:
                self._lose(str(error))
                return
            except Exception as error:  # whatever it was, the lease goes on until its minute is over
                log.warning("lease not renewed", error=type(error).__name__, reason=str(error))
                metrics.count("LeaseRenewalFailed")
                pause = RETRY_SECONDS
            else:
                self._renewed_at = began
                pause = RENEWAL_SECONDS

    def _released_after(self, pause: float) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(lambda: self._released, timeout=pause))

    def _lose(self, reason: str) -> None:
        log.error("lease lost", reason=reason)
        self._cancellation.cancel(Reason.LEASE_LOST)
