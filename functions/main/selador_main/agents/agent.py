"""What an agent is: an iterator of typed events, and two ways to fail."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from selador_main.cancellation import Cancellation
from selador_shared.protocol import ErrorCode, Query

MAX_PASSAGE_CHARACTERS = 2_000
"""A cited passage is cut here: a citation has to fit into one frame."""


@dataclass(frozen=True)
class Text:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True)
class CitedSource:
    """A passage that supports characters `start` to `end` of the answer so far, and its address."""

    text: str
    source: str | None
    start: int
    end: int


@dataclass(frozen=True)
class Session:
    """The conversation's id, which continues it in a later query."""

    session_id: str


AgentEvent = Text | CitedSource | Session


class Agent(Protocol):
    """Answers queries."""

    def answer(self, query: Query, cancellation: Cancellation) -> Generator[AgentEvent]:
        """Yield the answer's events; end normally only when the whole answer was yielded.

        Stops soon after `cancellation`, in any way. Raises RequestRefusedError and AgentFailedError.
        """
        ...


class RequestRefusedError(Exception):
    """No attempt will answer this request. The message is for the client; `reason` is for the log."""

    def __init__(self, code: ErrorCode, message: str, *, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.reason = reason


class AgentFailedError(Exception):
    """Another attempt may succeed. `reason` names the cause for the log."""

    def __init__(self, code: ErrorCode, *, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
