"""What an agent is: an iterator of typed events, and the ways to fail."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal, Protocol

from selador_main.cancellation import Cancellation
from selador_main.errors import SeladorMainError
from selador_shared.protocol import ErrorCode, Query

MAX_PASSAGE_CHARACTERS = 2_000
MAX_SOURCE_CHARACTERS = 2_048
"""A cited passage and its address are cut here: a citation has to fit into one frame."""


@dataclass(frozen=True)
class Text:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True)
class CitedSource:
    """A passage that supports characters `start` to `end` of the answer so far (None: all of it), and its address."""

    text: str
    source: str | None
    start: int | None = None
    end: int | None = None

    @classmethod
    def cut(cls, text: str, source: str | None, start: object = None, end: object = None) -> "CitedSource":
        """Return one that fits into a frame; a malformed span, such as an empty one, is left out."""
        if type(start) is not int or type(end) is not int or not 0 <= start <= end:
            start = end = None
        return cls(text[:MAX_PASSAGE_CHARACTERS], source and source[:MAX_SOURCE_CHARACTERS], start, end)


@dataclass(frozen=True)
class Session:
    """The conversation's id, which continues it in a later query.

    `restarted`: the query named a session that had ended, or never was; this is a new one.
    """

    session_id: str
    restarted: bool = False


@dataclass(frozen=True)
class Ended:
    """How the model ended, if it says so. `truncated`: it wanted to say more than it might.

    `service_tier` is the tier that served it, by Bedrock's name.
    """

    stop_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    truncated: bool = False
    service_tier: str | None = None


@dataclass(frozen=True)
class StepChanged:
    """A workflow's step has started or ended; `index` counts from 0 to `count` - 1."""

    name: str
    status: Literal["started", "completed", "failed"]
    index: int
    count: int


AgentEvent = Text | CitedSource | Session | Ended | StepChanged


@dataclass(frozen=True)
class Caller:
    """On whose behalf an agent is asked: the principal, where clients are authenticated, and the X-Ray trace header."""

    principal_id: str | None = None
    trace_header: str | None = None


class Agent(Protocol):
    """Answers queries of at most `text_limit` characters."""

    @property
    def text_limit(self) -> int: ...

    def answer(self, query: Query, caller: Caller, cancellation: Cancellation) -> Generator[AgentEvent]:
        """Yield the answer's events; end normally only when the whole answer was yielded.

        Stops soon after `cancellation`, in any way. Raises RequestRefusedError and AgentFailedError.
        """
        ...


class RequestRefusedError(SeladorMainError):
    """No attempt will answer this request. The message is for the client; `reason` is for the log."""

    def __init__(self, code: ErrorCode, message: str, *, field: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.reason = reason


class NotUnderstoodError(RequestRefusedError):
    """The agent answers in a form that nothing here reads. Another run would do the same, and would cost as much.

    That is the deployment's fault, so the code is `internal`. `shape` names the form, for the log.
    """

    def __init__(self, shape: str) -> None:
        super().__init__(
            "internal", "the agent's answer has a form that the service can't read", reason=f"not understood: {shape}"
        )


class AgentFailedError(SeladorMainError):
    """Another attempt may succeed. `reason` names the cause for the log."""

    def __init__(self, code: ErrorCode, *, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class NotReadyError(AgentFailedError):
    """Refused before the model's first event, so nothing is paid yet: the same call may be made again at once.

    Throttling (`throttled`), a model that isn't ready, a 5xx, no connection (`unavailable`). It uses up no attempt as
    long as there is time.
    """


class DeploymentFaultError(AgentFailedError):
    """The deployment is at fault, not the client: retried and buried, so that on-call sees it, as `internal`."""

    def __init__(self, *, reason: str) -> None:
        super().__init__("internal", reason=reason)
