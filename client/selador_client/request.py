"""One request as its user sees it: what it shows after each frame and each moment of silence.

It knows no connection and no clock: times are arguments, in seconds. docs/protocol.md has the rules, and
client/cases/README.md the choices that the protocol leaves to a client.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal

from selador_client.attempts import Attempts
from selador_client.errors import MissingFrameError
from selador_shared.protocol import (
    Accepted,
    Citation,
    Completed,
    Delta,
    Error,
    ErrorCode,
    Frame,
    Heartbeat,
    Retrying,
    Step,
    UnknownFrame,
    WaitingFor,
)

FIRST_SIGN_SECONDS = 35
"""How long to wait for the first frame: API Gateway gives up on the handler after 29 s."""

SILENCE_SECONDS = 120
"""How long to wait for another frame if no `accepted` has told the deadline.

After a minute the queue hands out the request of a worker that was killed.
"""

MESSAGES = 3
"""How often a request is sent before its client gives up."""


class State(StrEnum):
    """Where a request is. The first four are under way; a higher attempt may open FAILED and INCOMPLETE again."""

    SENDING = "sending"
    QUEUED = "queued"
    ANSWERING = "answering"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    UNSENT = "unsent"
    LOST = "lost"
    INCOMPLETE = "incomplete"
    STOPPED = "stopped"


UNDER_WAY = frozenset({State.SENDING, State.QUEUED, State.ANSWERING, State.RETRYING})
_MAY_BE_OPENED_AGAIN = frozenset({State.FAILED, State.INCOMPLETE})  # by an operator's replay, or by the next attempt


class Again(StrEnum):
    """Whether, and when, its user may ask the same again."""

    NEVER = "never"
    ON_A_NEW_CONNECTION = "on a new connection"
    SOON = "soon"
    IN_A_MINUTE = "in a minute"
    IN_A_FEW_MINUTES = "in a few minutes"


type Reason = Literal["deadline", "silence", "connection"]


class Request:
    """What is known of a request. `message` is what is sent, but for its `requestId`.

    `random_wait` takes a wait in seconds and returns it with some randomness.
    """

    def __init__(self, message: Mapping[str, Any], now: float, random_wait: Callable[[float], float]) -> None:
        self.message = message
        self.state = State.SENDING
        self.request_id: str | None = None
        self.text = ""
        self.citations: list[Citation] = []
        self.steps: dict[int, Step] = {}
        self.waiting_for: WaitingFor | None = None
        self.retrying: Retrying | None = None
        self.completed: Completed | None = None
        self.code: ErrorCode | None = None
        self.words = ""
        self.field: str | None = None
        self.reason: Reason | None = None
        self.again: Again | None = None
        self.send_at: float | None = now
        """When the message is due to be sent, None if nothing is."""
        self.last_sign_at = now
        self.messages = 0
        self._random_wait = random_wait
        self._attempts = Attempts("")
        self._deadline: float | None = None

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def may_be_opened_again(self) -> bool:
        return self.state in _MAY_BE_OPENED_AGAIN

    @property
    def attempt(self) -> int:
        """The highest attempt so far, 0 before the first."""
        return self._attempts.latest

    @property
    def may_be_answered_by_the_door(self) -> bool:
        """Whether a message was sent of which there is no sign yet."""
        return self.state is State.SENDING and self.send_at is None

    @property
    def wakes_at(self) -> float | None:
        """When silence will mean something; None if it won't."""
        if not self.is_under_way or self.send_at is not None:
            return None
        if self.state is State.SENDING:
            return self.last_sign_at + FIRST_SIGN_SECONDS
        return self._deadline if self._deadline is not None else self.last_sign_at + SILENCE_SECONDS

    def supported(self, citation: Citation) -> str | None:
        """Return the part of the answer that a source supports, as far as it is there; None without a span."""
        return None if citation.span is None else self.text[citation.span.start : citation.span.end + 1]

    # -- what happens to it

    def sent(self, request_id: str, now: float) -> None:
        """Take note that the message was sent under that id; frames of an earlier id count no more."""
        self.request_id = request_id
        self.send_at = None
        self.last_sign_at = now
        self.messages += 1
        self._attempts = Attempts(request_id)

    def receive(self, frame: Frame | UnknownFrame, now: float) -> bool:
        """Take a frame of its connection; return whether it is news that its user can be told.

        An error of the door itself, without an attempt, is for `refuse`.
        """
        if not self.is_under_way and not self.may_be_opened_again:
            return False
        attempt = self.attempt
        try:
            if not self._attempts.counts(frame):
                return False
        except MissingFrameError as error:
            self._begin_anew_after(attempt)
            self._end(State.INCOMPLETE, Again.SOON, words=str(error))
            return False
        if isinstance(frame, Accepted):
            self._accepted(frame, now)
        elif self.attempt > 0:  # otherwise a later version's: it tells nothing
            self._begin_anew_after(attempt)
            self.last_sign_at = now
            self.send_at = None
            self._show(frame)
        return not isinstance(frame, UnknownFrame)

    def refuse(self, error: Error, now: float, *, may_renew_token: bool) -> None:
        """Take the door's own error: an answer to the message itself."""
        if not self.may_be_answered_by_the_door:
            return
        self.code, self.words, self.field = error.code, error.message, error.field
        if error.code == "unauthorized" and may_renew_token and self.messages == 1:
            self.send_at = now
        elif error.code == "unauthorized":
            self._end(State.REFUSED, Again.ON_A_NEW_CONNECTION)
        elif not error.retryable:
            self._end(State.REFUSED, Again.NEVER)
        else:
            self.send_again_or_give_up(now, error.message)

    def send_again_or_give_up(self, now: float, words: str) -> None:
        """Take note that the message was perhaps not queued; `words` say why."""
        self.words = words
        if self.messages == MESSAGES:
            self._end(State.UNANSWERED, Again.SOON)
        else:
            self.send_at = now + self._random_wait(2.0 ** (self.messages - 1))

    def pass_time(self, now: float) -> None:
        """Look at the clock."""
        if self.wakes_at is None or now < self.wakes_at:
            return
        if self.state is State.SENDING:
            self.send_again_or_give_up(now, f"nothing came for {FIRST_SIGN_SECONDS} s")
        elif self._deadline is not None:
            self._end(State.LOST, Again.SOON, reason="deadline", words="the service's deadline for it has passed")
        else:
            self._end(State.LOST, Again.SOON, reason="silence", words=f"nothing came for {SILENCE_SECONDS} s")

    def connection_closed(self, code: int, words: str, now: float) -> None:
        """Take note that the connection that it was sent over has gone."""
        if not self.may_be_answered_by_the_door:
            if self.state is not State.SENDING and self.is_under_way:
                self._end(State.LOST, Again.SOON, reason="connection", words=words)
        elif code == 1003:
            self._end(State.REFUSED, Again.NEVER, words="the server takes no such message: this client is at fault")
        elif code == 1009:
            self.too_large("the server closed the connection: the message is too large")
        else:
            self.send_again_or_give_up(now, words)

    def too_large(self, words: str) -> None:
        self.code = "message_too_large"
        self._end(State.REFUSED, Again.NEVER, words=words)

    def no_connection(self, words: str) -> None:
        """Take note that no connection can be had."""
        self._end(State.UNSENT, Again.SOON, words=words)

    def stop(self) -> None:
        self._end(State.STOPPED, Again.SOON)

    # -- what it shows

    def _accepted(self, frame: Accepted, now: float) -> None:
        if self._deadline is None:
            self._deadline = now + frame.deadline_seconds
        self.send_at = None
        if self.state is State.SENDING:
            self.state = State.QUEUED
            self.last_sign_at = now

    def _begin_anew_after(self, attempt: int) -> None:
        """Forget what earlier attempts sent, if a higher one than `attempt` has begun."""
        if self.attempt == attempt:
            return
        if not self.is_under_way:
            self._deadline = None  # an operator has replayed the request, however late
        self.state = State.ANSWERING
        self.text, self.citations, self.steps = "", [], {}
        self.code = self.field = self.reason = self.again = self.retrying = None
        self.words = ""

    def _show(self, frame: Frame | UnknownFrame) -> None:
        self.waiting_for = frame.waiting_for if isinstance(frame, Heartbeat) else None
        match frame:
            case Delta():
                self.text += frame.text
            case Citation():
                self.citations.append(frame)
            case Step():
                self.steps[frame.index] = frame
            case Retrying():
                self.retrying = frame
                self.state = State.RETRYING
            case Completed():
                self.completed = frame
                self.state = State.COMPLETED
            case Error():
                self.code, self.field = frame.code, frame.field
                self._end(State.FAILED, _again_after(frame), words=frame.message)

    def _end(self, state: State, again: Again, *, reason: Reason | None = None, words: str | None = None) -> None:
        self.state, self.again, self.reason, self.send_at = state, again, reason, None
        if words is not None:
            self.words = words


def _again_after(failure: Error) -> Again:
    if not failure.retryable:
        return Again.NEVER
    return Again.IN_A_MINUTE if failure.code == "deadline_exceeded" else Again.IN_A_FEW_MINUTES
