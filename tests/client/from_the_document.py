"""A client written from docs/protocol.md and the published types alone: it imports nothing of this project.

It only decides; sockets and clocks are its caller's. Texts go in by `receive`, time by `pass_time`. What a user would
see stands in the requests.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

FIRST_FRAME_SECONDS = 35
SILENCE_SECONDS = 120
KNOWN_TYPES = {
    "accepted", "started", "delta", "citation", "step", "heartbeat", "retrying", "completed", "error", "pong",
}  # fmt: skip
KNOWN_CODES = {
    "invalid_request", "unknown_action", "message_too_large", "unauthorized", "unavailable", "throttled",
    "content_blocked", "deadline_exceeded", "attempts_exhausted", "internal",
}  # fmt: skip
ATTEMPT = {"requestId": str, "attempt": int, "seq": int}
REQUIRED = {
    "accepted": {"requestId": str, "messageId": str, "deadlineSeconds": int},
    "started": ATTEMPT,
    "delta": ATTEMPT | {"text": str},
    "citation": ATTEMPT | {"text": str},
    "step": ATTEMPT | {"name": str, "status": str, "index": int, "count": int},
    "heartbeat": ATTEMPT,
    "retrying": ATTEMPT | {"delaySeconds": int, "code": str},
    "completed": ATTEMPT | {"truncated": bool},
    "error": {"requestId": str, "code": str, "message": str, "retryable": bool},
}
KNOWN_WORDS = {"status": {"started", "completed", "failed"}, "waitingFor": {"quota", "service"}}

type State = Literal["open", "completed", "failed", "refused", "perhaps queued", "lost", "incomplete"]
type Again = Literal["never", "on a new connection", "soon", "in a minute", "in a few minutes"]


@dataclass
class Request:
    """What is known of a request, and what its user would see."""

    request_id: str
    sent_at: float
    state: State = "open"
    text: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    code: str | None = None
    session_id: str | None = None
    is_truncated: bool = False
    again: Again | None = None
    needs_new_id: bool = False
    deadline: float | None = None
    attempt: int = 0
    next_seq: int = 0
    last_frame_at: float | None = None

    def supported(self, citation: dict[str, Any]) -> str:
        """Return the part of the answer that a source supports."""
        span = citation["span"]
        return self.text[span["start"] : span["end"] + 1]


class Client:
    """One connection: `send` takes the text of a message, `now` is the time in seconds."""

    def __init__(self, send: Callable[[str], None], now: Callable[[], float]) -> None:
        self._send = send
        self._now = now
        self._requests: dict[str, Request] = {}
        self.faults: list[Any] = []

    def ask(self, text: str, request_id: str, session_id: str | None = None) -> Request:
        message = {"action": "invoke", "text": text, "requestId": request_id}
        if session_id is not None:
            message["sessionId"] = session_id
        self._send(json.dumps(message))
        request = self._requests[request_id] = Request(request_id, self._now())
        return request

    def receive(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            frame = None
        if not self._is_frame(frame):
            self.faults.append(text)
        elif "type" not in frame:
            self._answered_by_api_gateway()
        elif frame["type"] == "error" and "attempt" not in frame and frame["requestId"] not in self._requests:
            self._error_for_an_unknown_request(frame)
        elif frame.get("requestId") in self._requests:
            self._frame(self._requests[frame["requestId"]], frame)

    def _is_frame(self, frame: Any) -> bool:
        """Judge by "No frame"."""
        if not isinstance(frame, dict) or not isinstance(frame.get("type", ""), str):
            return False
        required = REQUIRED.get(frame["type"], {}) if "type" in frame else {"message": str, "connectionId": str}
        return all(type(frame.get(member)) is type_ for member, type_ in required.items())

    def pass_time(self) -> None:
        """Look at the clock: "Silence"."""
        for request in self._requests.values():
            if request.state != "open":
                continue
            if request.deadline is not None:
                if self._now() >= request.deadline:
                    self._end(request, "lost", again="soon")
            elif request.last_frame_at is None:
                if self._now() - request.sent_at >= FIRST_FRAME_SECONDS:
                    self._end(request, "perhaps queued", again="soon")
            elif self._now() - request.last_frame_at >= SILENCE_SECONDS:
                self._end(request, "lost", again="soon")

    def connection_closed(self) -> None:
        for request in self._requests.values():
            if request.state == "open":
                self._end(request, "perhaps queued", again="soon")

    # -- one frame of a request: "Which frames count", row by row

    def _frame(self, request: Request, frame: dict[str, Any]) -> None:
        if frame["type"] == "accepted":
            if request.state in ("open", "perhaps queued"):
                request.state = "open"
                request.deadline = self._now() + frame["deadlineSeconds"]
            return
        if "attempt" not in frame:
            if frame["type"] == "error" and request.attempt == 0:
                self._refused(request, frame)
            return
        attempt, seq = frame["attempt"], frame["seq"]
        if request.state in ("completed", "lost") or attempt < request.attempt:
            return
        if attempt > request.attempt:
            if request.state != "open":
                request.deadline = None  # a replay
            request.attempt, request.next_seq = attempt, 0
            request.state, request.code, request.again = "open", None, None
            request.text, request.citations, request.notices = "", [], []
        if request.state != "open" or seq < request.next_seq:
            return
        request.last_frame_at = self._now()
        if seq > request.next_seq:
            self._end(request, "incomplete", again="soon")
            return
        request.next_seq += 1
        if self._is_known(frame):
            self._show(request, frame)

    def _is_known(self, frame: dict[str, Any]) -> bool:
        words = all(frame[member] in known for member, known in KNOWN_WORDS.items() if member in frame)
        return frame["type"] in KNOWN_TYPES and words

    def _show(self, request: Request, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "delta":
                request.text += frame["text"]
            case "citation":
                request.citations.append(frame)
            case "step":
                request.notices.append(f"{frame['name']} {frame['status']}")
            case "heartbeat":
                request.notices.append(f"waiting for {frame.get('waitingFor', 'the answer')}")
            case "retrying":
                request.notices.append(f"again in {frame['delaySeconds']} s: {self._code(frame)}")
            case "completed":
                request.state = "completed"
                request.session_id = frame.get("sessionId")
                request.is_truncated = frame["truncated"]
            case "error":
                self._failed(request, frame)

    # -- "Asking again"

    def _refused(self, request: Request, frame: dict[str, Any]) -> None:
        code = request.code = self._code(frame)
        if code == "unauthorized":
            self._end(request, "refused", again="on a new connection", needs_new_id=False)
        elif not frame["retryable"]:
            self._end(request, "refused", again="never")
        elif code == "unavailable" and "the request was not queued" in frame["message"]:
            self._end(request, "refused", again="soon", needs_new_id=False)
        else:
            self._end(request, "perhaps queued", again="soon")

    def _failed(self, request: Request, frame: dict[str, Any]) -> None:
        code = request.code = self._code(frame)
        again: Again = "in a minute" if code == "deadline_exceeded" else "in a few minutes"
        self._end(request, "failed", again=again if frame["retryable"] else "never")

    def _answered_by_api_gateway(self) -> None:
        if len(unanswered := self._unanswered()) == 1:
            self._end(unanswered[0], "perhaps queued", again="soon")

    def _error_for_an_unknown_request(self, frame: dict[str, Any]) -> None:
        if len(unanswered := self._unanswered()) == 1:
            self._refused(unanswered[0], frame)
        else:
            self.faults.append(frame)

    def _unanswered(self) -> list[Request]:
        return [
            request
            for request in self._requests.values()
            if request.state == "open" and request.deadline is None and request.attempt == 0
        ]

    def _code(self, frame: dict[str, Any]) -> str:
        code: str = frame["code"]
        return code if code in KNOWN_CODES else "internal"

    def _end(self, request: Request, state: State, *, again: Again, needs_new_id: bool = True) -> None:
        request.state, request.again, request.needs_new_id = state, again, needs_new_id
