"""Which frames of a request still count: those of its newest attempt, each once."""

from selador_client.errors import ProtocolError
from selador_shared.protocol import Accepted, Frame, Pong


class Attempts:
    """Follows the attempts of the request `request_id` through the frames of its connection."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._attempt = 0
        self._next_seq = 0

    def counts(self, frame: Frame) -> bool:
        """Return whether `frame` is news of the request.

        No news are other requests' frames, those of an attempt before the newest, and repeated ones. A frame of a
        higher attempt, whatever its type, begins that attempt: a burial has no `started`.

        Raises ProtocolError where frames are missing between the last one and this.
        """
        if isinstance(frame, Pong) or frame.request_id != self._request_id:
            return False
        if isinstance(frame, Accepted) or frame.attempt is None or frame.seq is None:
            return True  # the answer to the message itself, which no attempt sent
        if frame.attempt > self._attempt:
            self._attempt, self._next_seq = frame.attempt, 0
        if frame.attempt < self._attempt or frame.seq < self._next_seq:
            return False
        if frame.seq > self._next_seq:
            raise ProtocolError(
                f"attempt {frame.attempt} sent frame {frame.seq} where {self._next_seq} was due; "
                "a part of the answer is missing: ask again"
            )
        self._next_seq += 1
        return True
