"""The frames of one attempt that wait to be posted: joined, split, numbered. No thread, no clock, no I/O."""

import re
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

_FRAME_CHARACTERS = 2_048  # what a frame that is no text is reckoned at; a citation, the largest, is cut near that
_SURROGATES = re.compile("[\ud800-\udfff]+")


class Outbox:
    """A queue of frames whose last texts are still open: text that follows text becomes one `delta`.

    `seq` is given when a frame is taken, so numbers have no gaps however much was joined, split or dropped. Halves of
    surrogate pairs, which JSON lets a model send, are joined where both come, and replaced by U+FFFD where not: no
    UTF-8 could carry them.
    """

    def __init__(self, request_id: str, attempt: int) -> None:
        self._request_id = request_id
        self._attempt = attempt
        self._seq = 0
        self._waiting: deque[str | AttemptFrame] = deque()
        self._half = ""  # a high surrogate at the end of the text so far: its other half may come
        self.characters = 0
        """How much waits: the text's characters, and a flat rate for each other frame."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def begun(self) -> bool:
        """Whether a frame was taken."""
        return self._seq > 0

    def add_text(self, text: str) -> None:
        """Add a piece of the answer."""
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        if text:
            self._add_whole(text)

    def add(self, frame_type: type[AttemptFrame], **members: Any) -> None:
        """Add a frame with these members. Raises pydantic's ValidationError for members that the type doesn't have."""
        for name, value in members.items():
            members[name] = _mended(value) if isinstance(value, str) else value
        frame = frame_type(request_id=self._request_id, attempt=self._attempt, seq=0, **members)
        if self._half:
            self._half = ""
            self._add_whole("\ufffd")
        self._waiting.append(frame)
        self.characters += _FRAME_CHARACTERS

    def drop_text(self) -> None:
        """Drop the text that waits, and nothing else."""
        self._waiting = deque(item for item in self._waiting if not isinstance(item, str))
        self._half = ""
        self.characters = _FRAME_CHARACTERS * len(self._waiting)

    def take(self) -> bytes:
        """Return the next frame, encoded, of at most MAX_FRAME_BYTES. Raises IndexError when none waits.

        Raises ValueError for a frame that is too large and is no text to split.
        """
        head = self._waiting.popleft()
        data = self._take_delta(head) if isinstance(head, str) else self._take_frame(head)
        self._seq += 1
        return data

    def _take_frame(self, frame: AttemptFrame) -> bytes:
        self.characters -= _FRAME_CHARACTERS
        data = encode_frame(frame.model_copy(update={"seq": self._seq})).encode()
        if len(data) > MAX_FRAME_BYTES:
            raise ValueError(f"a {frame.type} frame of {len(data):,} bytes; the limit is {MAX_FRAME_BYTES:,}")
        return data

    def _add_whole(self, text: str) -> None:
        text = _mended(text)
        self._waiting.append(text)
        self.characters += len(text)

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


def _mended(text: str) -> str:
    """Return `text` with the surrogates in it joined to characters, or replaced where a half is missing."""
    return _SURROGATES.sub(lambda halves: halves[0].encode("utf-16", "surrogatepass").decode("utf-16", "replace"), text)
