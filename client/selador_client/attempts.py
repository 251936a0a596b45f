"""Which frames of a request still count: docs/protocol.md, "Attempts and the end"."""

from selador_client.errors import MissingFrameError
from selador_shared.protocol import Accepted, Completed, Error, Frame, Pong, UnknownFrame


class Attempts:
    """Follows the attempts of the request `request_id` through the frames of its connection."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._next_seq = 0
        self._has_failed = False
        self._is_complete = False
        self.latest = 0
        """The highest attempt so far, 0 before the first."""

    def counts(self, frame: Frame | UnknownFrame) -> bool:
        """Return whether `frame` is news of the request.

        Returns False for frames of other requests, of older attempts, for duplicates, and for what follows the end: all
        after `completed`, all of the same attempt after `error`. Returns False, too, for the door's own error once an
        attempt has begun: the queue had the request after all. A frame of a higher attempt, whatever its type, begins
        that attempt: a burial has no `started`.

        Raises MissingFrameError if frames are missing between the last one and this. The rest of the attempt counts no
        more.
        """
        if isinstance(frame, Pong) or frame.request_id != self._request_id or self._is_complete:
            return False
        if isinstance(frame, Accepted):
            return not self._has_failed
        if frame.attempt is None or frame.seq is None:
            return self.latest == 0  # no attempt sent it: it answers the message itself
        if frame.attempt > self.latest:
            self.latest, self._next_seq, self._has_failed = frame.attempt, 0, False
        if frame.attempt < self.latest or frame.seq < self._next_seq or self._has_failed:
            return False
        if frame.seq > self._next_seq:
            self._has_failed = True
            raise MissingFrameError(
                f"attempt {frame.attempt} sent frame {frame.seq} where {self._next_seq} was due; "
                "a part of the answer is missing: ask again"
            )
        self._next_seq += 1
        self._is_complete = isinstance(frame, Completed)
        self._has_failed = isinstance(frame, Error)
        return True
