"""Posts an attempt's frames from a thread of its own, one post in flight: AWS promises no order between two (CB-11).

While a post is in flight, text gathers in the outbox and becomes one frame: as few posts as the network allows, and no
timer that would delay the first word. The agent waits when too much gathers.
"""

import contextvars
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import structlog

from selador_main.cancellation import Cancellation, Reason
from selador_main.connection import ConnectionGoneError, PostFailedError
from selador_main.outbox import AttemptFrame, Outbox
from selador_main.post_retries import pause_after
from selador_shared.protocol import Completed, Heartbeat

HEARTBEAT_SECONDS = 15
MAX_WAITING_CHARACTERS = 256 * 1024
"""Eight full frames: enough to keep the connection busy, little enough to keep the memory bounded."""

log = structlog.get_logger()


@dataclass
class Tally:
    """What a writer has done: frames that were taken, posts made for them, bytes of the frames, failures by reason."""

    frames: int = 0
    posts: int = 0
    posted_bytes: int = 0
    failures: Counter[str] = field(default_factory=Counter)


class FrameWriter:
    """Sends what an attempt has to say while the block runs; `finish` waits until all of it is out.

    The block's end waits for the frames that are left, but drops text, which nothing would complete any more.

    `post` posts one encoded frame and raises ConnectionGoneError or PostFailedError; `may_post` is asked before each.
    A post whose response was lost is repeated as it was, so a client may see the same `seq` twice (CB-16).
    """

    def __init__(
        self,
        outbox: Outbox,
        post: Callable[[bytes], None],
        cancellation: Cancellation,
        *,
        may_post: Callable[[], bool],
        source: random.Random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = Tally()
        self._outbox = outbox
        self._post = post
        self._cancellation = cancellation
        self._may_post = may_post
        self._source = source
        self._clock = clock
        self._changed = threading.Condition()  # guards the outbox and the two flags
        self._posting = False
        self._closing = False
        # The thread's log lines carry the facts bound by the one that starts it.
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._run,), name="frame-writer")

    def write(self, text: str) -> None:
        """Send a piece of the answer, after waiting for room. Raises AttemptCancelledError once that is of no use."""
        with self._room():
            self._outbox.add_text(text)
            self._changed.notify_all()

    def send(self, frame_type: type[AttemptFrame], **members: Any) -> None:
        """Send a frame, after waiting for room. Raises AttemptCancelledError once that is of no use."""
        with self._room():
            self._outbox.add(frame_type, **members)
            self._changed.notify_all()

    def finish(self, frame_type: type[AttemptFrame], **members: Any) -> bool:
        """Send the attempt's last frame and return whether `@connections` took it and all before it.

        Text still waits only for `completed`: a client discards what a failed attempt sent.
        """
        with self._changed:
            if frame_type is not Completed:
                self._outbox.drop_text()
            self._outbox.add(frame_type, **members)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._silenced() or not (self._outbox or self._posting))
            return not self._silenced()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            self._outbox.drop_text()
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _room(self) -> threading.Condition:
        """Wait for room for more; the caller enters what is returned to use it."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._outbox.characters < MAX_WAITING_CHARACTERS or self._cancellation.reason is not None
            )
        self._cancellation.check()
        return self._changed

    def _run(self) -> None:
        with self._cancellation.calling(self._wake):
            try:
                while (frame := self._next()) is not None:
                    self._deliver(frame)
            except Exception:
                # The rim of this thread: whoever waits for the writer has to learn that it is no more.
                log.exception("frame writer failed")
                self._cancellation.cancel(Reason.UNDELIVERABLE)

    def _next(self) -> bytes | None:
        with self._changed:
            self._posting = False
            self._changed.notify_all()
            if not self._changed.wait_for(
                lambda: self._outbox or self._closing or self._silenced(), timeout=HEARTBEAT_SECONDS
            ):
                self._outbox.add(Heartbeat)
            if self._silenced() or not self._outbox:
                return None
            self._posting = True
            return self._outbox.take()

    def _deliver(self, frame: bytes) -> None:
        tries = 0
        failing_since: float | None = None
        while self._may_post() and not self._silenced():
            tries += 1
            self.tally.posts += 1
            try:
                self._post(frame)
            except ConnectionGoneError:
                self._cancellation.cancel(Reason.CLIENT_GONE)
            except PostFailedError as error:
                now = self._clock()
                failing_since = now if failing_since is None else failing_since
                self._after(error, pause_after(error, tries, now - failing_since, self._source))
            else:
                self.tally.frames += 1
                self.tally.posted_bytes += len(frame)
                return

    def _after(self, failure: PostFailedError, pause: float | None) -> None:
        reason = str(failure)
        self.tally.failures[reason] += 1
        if pause is None or self.tally.failures[reason] == 1:  # a slow client would fill the log; the rest is counted
            log.warning("frame not taken", reason=reason, retried=pause is not None)
        if pause is None:
            self._cancellation.cancel(Reason.UNDELIVERABLE)
        else:
            with self._changed:
                self._changed.wait_for(self._silenced, timeout=pause)

    def _silenced(self) -> bool:
        reason = self._cancellation.reason
        return reason is not None and reason.silences

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
