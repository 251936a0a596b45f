"""A question and all that came after it, and what is wrong with that by the protocol. Pure, but for `ask`."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from selador_deploy.smoke.connection import Closed, Connection, Frame, Silence

QUESTION = "How can you help me?"
_TERMINAL = {"completed", "error"}


@dataclass(frozen=True)
class Patience:
    """How many seconds to wait.

    A handler's answer comes within 29 s. A free worker, with its cold start and another's lost lease of 60 s before it,
    is there within `first`. A frame follows within 15 s, and a dead worker's successor within a minute.
    """

    accepted: float = 35
    first: float = 120
    silence: float = 90
    whole: float = 300
    second_end: float = 2
    """How long a second terminal frame is waited for, which would be one too many."""


@dataclass(frozen=True)
class Exchange:
    """The frames for one request, each with the seconds since the question; and what came instead of the next."""

    request_id: str
    frames: tuple[tuple[float, Frame], ...]
    stopped_by: Closed | Silence | None
    """None after a terminal frame, or after an answer of API Gateway's own."""

    @property
    def ends(self) -> list[Frame]:
        """The terminal frames."""
        return [frame for _, frame in self.frames if frame.get("type") in _TERMINAL]

    @property
    def first_frame_seconds(self) -> float | None:
        """When the first frame of an attempt came; None if none did."""
        return next((seconds for seconds, frame in self.frames if "attempt" in frame), None)

    def of_type(self, name: str) -> list[Frame]:
        """Return the frames of this type."""
        return [frame for _, frame in self.frames if frame.get("type") == name]


def ask(connection: Connection, patience: Patience, now: Callable[[], float]) -> Exchange:
    """Ask a question that costs little, and wait for its end."""
    request_id = f"smoke-{uuid.uuid4().hex[:16]}"
    connection.send({"action": "invoke", "type": "query", "text": QUESTION, "requestId": request_id})
    began = now()
    frames: list[tuple[float, Frame]] = []
    over = False
    while True:
        left = began + patience.whole - now()
        pause = patience.second_end if over else min(_next_within(frames, patience), left)
        match connection.receive(pause):
            case Closed() | Silence() as instead:
                return Exchange(request_id, tuple(frames), None if over else instead)
            case frame if "type" not in frame or frame.get("requestId") == request_id:
                frames.append((now() - began, frame))
                over = over or "type" not in frame or frame["type"] in _TERMINAL
            case _:
                pass


def _next_within(frames: list[tuple[float, Frame]], patience: Patience) -> float:
    if not frames:
        return patience.accepted
    return patience.silence if any("attempt" in frame for _, frame in frames) else patience.first


def broken_rule(exchange: Exchange) -> str | None:
    """Return which rule of the order of frames, or of their end, the exchange breaks; None if it keeps them.

    Frames that a client ignores break none: those of an older attempt, and repeated ones. So does an `error` that a
    higher attempt follows.
    """
    attempt, due, ended = 0, 0, None
    for _, frame in exchange.frames:
        if frame.get("type") == "accepted":
            continue
        number, seq = frame.get("attempt"), frame.get("seq")
        if not isinstance(number, int) or not isinstance(seq, int):
            continue
        if number < attempt or (number == attempt and seq < due):
            continue
        if ended == "completed" or (ended and number == attempt):
            return f"after its end, attempt {number} sent another {frame['type']}"
        if number > attempt:
            attempt, due, ended = number, 0, None
        if seq > due:
            return f"attempt {number} sent frame {seq} where {due} was due: a part of the answer is missing"
        due += 1
        if frame["type"] in _TERMINAL:
            ended = frame["type"]
    return None
