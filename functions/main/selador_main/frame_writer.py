"""Posts an attempt's frames from a thread of its own, one post in flight: AWS promises no order between two (CB-11).

While a post is in flight, text gathers in the outbox and becomes one frame: as few posts as the network allows, and no
timer that would delay the first word. The agent waits when too much gathers.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import structlog

from selador_main.cancellation import Cancellation, Reason
from selador_main.connection import PostFailedError, PostFailure
from selador_main.outbox import AttemptFrame, Outbox
from selador_main.post_retries import PostRetries
from selador_main.waiting import Waiting
from selador_shared.protocol import Completed, Heartbeat, WaitingFor

HEARTBEAT_SECONDS = 15
MAX_WAITING_CHARACTERS = 256 * 1024
"""Eight full frames: enough to keep the connection busy, little enough to keep the memory bounded."""

log = structlog.get_logger()


@dataclass
class Tally:
    """What a writer has done: frames that were taken, posts made for them, bytes of the frames, failures."""

    frames: int = 0
    posts: int = 0
    posted_bytes: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """By reason, for the log."""
    failures_by_kind: Counter[PostFailure] = field(default_factory=Counter)


class FrameWriter:
    """Sends what an attempt has to say while the block runs; `finish` waits until all of it is out.

    The block's end waits for the frames that are left, but drops text, which nothing would complete any more.

    `post` posts one encoded frame and raises PostFailedError; `may_post` is asked before each. A post whose
    response was lost is repeated as it was, so a client may see the same `seq` twice (CB-16).
    """

    def __init__(
        self,
        outbox: Outbox,
        post: Callable[[bytes], None],
        cancellation: Cancellation,
        *,
        may_post: Callable[[], bool],
        source: random.Random,
        waiting: Waiting,
    ) -> None:
        self.tally = Tally()
        self.waiting_for: WaitingFor | None = None
        """What heartbeats say that the attempt waits for."""
        self._outbox = outbox
        self._post = post
        self._cancellation = cancellation
        self._may_post = may_post
        self._source = source
        self._waiting = waiting
        self._changed = waiting.condition()  # guards the outbox and the two flags
        self._posting = False
        self._closing = False

    def write(self, text: str) -> None:
        """Send a piece of the answer, after waiting for room. Raises AttemptCancelledError once that is of no use."""
        with self._changed:
            self._wait_for_room()
            self._outbox.add_text(text)
            self._changed.notify_all()

    def send(self, frame_type: type[AttemptFrame], **members: Any) -> None:
        """Send a frame, after waiting for room. Raises AttemptCancelledError once that is of no use."""
        with self._changed:
            self._wait_for_room()
            self._outbox.add(frame_type, **members)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until `@connections` took all frames so far. Raises AttemptCancelledError once that is of no use."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancellation.reason is not None or self._all_taken())
        self._cancellation.check()

    def finish(self, frame_type: type[AttemptFrame], **members: Any) -> bool:
        """Send the attempt's last frame and return whether `@connections` took it and all before it.

        Text still waits only for `completed`: a client discards what a failed attempt sent.
        """
        with self._changed:
            if frame_type is not Completed:
                self._outbox.drop_text()
            self._outbox.add(frame_type, **members)
            self._closing = True  # no heartbeat follows the last frame
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._silenced() or self._all_taken())
            return not self._silenced()

    def __enter__(self) -> Self:
        self._thread = self._waiting.start(self._run, name="frame-writer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            self._outbox.drop_text()
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _all_taken(self) -> bool:
        return not (self._outbox or self._posting)

    def _wait_for_room(self) -> None:
        self._changed.wait_for(
            lambda: self._outbox.characters < MAX_WAITING_CHARACTERS or self._cancellation.reason is not None
        )
        self._cancellation.check()

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
            # Whoever waits is woken once half of it has gone: at every frame, the two threads would only take turns.
            if self._outbox.characters <= MAX_WAITING_CHARACTERS // 2:
                self._changed.notify_all()
            while not self._changed.wait_for(
                lambda: self._outbox or self._closing or self._silenced(), timeout=HEARTBEAT_SECONDS
            ):
                if self._outbox.begun:  # nothing comes before `started`
                    self._outbox.add(Heartbeat, waiting_for=self.waiting_for)
            if self._silenced() or not self._outbox:
                return None
            self._posting = True
            return self._outbox.take()

    def _deliver(self, frame: bytes) -> None:
        retries = PostRetries(self._source, began=self._waiting.now())
        while self._may_post() and not self._silenced():
            self.tally.posts += 1
            try:
                self._post(frame)
            except PostFailedError as error:
                self._after(error, retries.after(error, self._waiting.now()))
            else:
                self.tally.frames += 1
                self.tally.posted_bytes += len(frame)
                return

    def _after(self, failure: PostFailedError, verdict: float | Reason) -> None:
        reason = str(failure)
        self.tally.failures[reason] += 1
        self.tally.failures_by_kind[failure.kind] += 1
        given_up = isinstance(verdict, Reason)
        if given_up or self.tally.failures[reason] == 1:  # a slow client would fill the log; the rest is counted
            log.warning("frame not taken", reason=reason, retried=not given_up)
        if isinstance(verdict, Reason):
            self._cancellation.cancel(verdict)
        else:
            with self._changed:
                self._changed.wait_for(self._silenced, timeout=verdict)

    def _silenced(self) -> bool:
        reason = self._cancellation.reason
        return reason is not None and reason.silences

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
