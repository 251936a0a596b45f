"""The frames of one attempt that wait to be posted: joined, split, numbered. No thread, no clock, no I/O."""

from collections import deque
from typing import Any

from selador_shared.protocol import (
    MAX_FRAME_BYTES,
    Citation,
    Completed,
    Delta,
    Error,
    Heartbeat,
    Retrying,
    Started,
    Step,
    encode_frame,
)

AttemptFrame = Started | Delta | Citation | Step | Heartbeat | Retrying | Completed | Error


class Outbox:
    """A queue of frames whose last texts are still open: text that follows text becomes one `delta`.

    `seq` is given when a frame is taken, so numbers have no gaps however much was joined, split or dropped.
    """

    def __init__(self, request_id: str, attempt: int) -> None:
        self._request_id = request_id
        self._attempt = attempt
        self._seq = 0
        self._waiting: deque[str | AttemptFrame] = deque()
        self.characters = 0
        """How much text waits."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add_text(self, text: str) -> None:
        """Add a piece of the answer."""
        if text:
            self._waiting.append(text)
            self.characters += len(text)

    def add(self, frame_type: type[AttemptFrame], **members: Any) -> None:
        """Add a frame with these members. Raises pydantic's ValidationError for members that the type doesn't have."""
        self._waiting.append(frame_type(request_id=self._request_id, attempt=self._attempt, seq=0, **members))

    def drop_text(self) -> None:
        """Drop the text that waits, and nothing else."""
        self._waiting = deque(item for item in self._waiting if not isinstance(item, str))
        self.characters = 0

    def take(self) -> bytes:
        """Return the next frame, encoded, of at most MAX_FRAME_BYTES. Raises IndexError when none waits.

        Raises ValueError for a frame that is too large and is no text to split.
        """
        head = self._waiting.popleft()
        data = self._take_delta(head) if isinstance(head, str) else self._take_frame(head)
        self._seq += 1
        return data

    def _take_frame(self, frame: AttemptFrame) -> bytes:
        data = encode_frame(frame.model_copy(update={"seq": self._seq})).encode()
        if len(data) > MAX_FRAME_BYTES:
            raise ValueError(f"a {frame.type} frame of {len(data):,} bytes; the limit is {MAX_FRAME_BYTES:,} (WS-54)")
        return data

    def _take_delta(self, text: str) -> bytes:
        pieces = [text]
        size = len(text)
        # Every character is a byte at least: more of them can't fit, so a long wait's text isn't joined over and over.
        while size < MAX_FRAME_BYTES and self._waiting:
            piece = self._waiting.popleft()
            if not isinstance(piece, str):
                self._waiting.appendleft(piece)
                break
            pieces.append(piece)
            size += len(piece)
        joined = "".join(pieces)
        data = self._encoded_delta(fitting := joined[:MAX_FRAME_BYTES])
        while len(data) > MAX_FRAME_BYTES:  # JSON escapes and UTF-8 made it larger than its characters
            keep = len(fitting) * (MAX_FRAME_BYTES - 512) // len(data)
            data = self._encoded_delta(fitting := fitting[:keep])
        if rest := joined[len(fitting) :]:
            self._waiting.appendleft(rest)
        self.characters -= len(fitting)
        return data

    def _encoded_delta(self, text: str) -> bytes:
        frame = Delta(request_id=self._request_id, attempt=self._attempt, seq=self._seq, text=text)
        return encode_frame(frame).encode()
