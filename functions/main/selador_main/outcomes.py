"""What becomes of a message: before an attempt (run it, or not), and after it (the outcome table).

Decisions only: values in, values out. `docs/architecture.md` shows the table.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import ceil
from typing import Any

from selador_main.agents.agent import (
    AgentFailedError,
    DeploymentFaultError,
    Ended,
    NotReadyError,
    NotUnderstoodError,
    RequestRefusedError,
    Session,
)
from selador_main.backoff import half_jitter
from selador_main.cancellation import Reason
from selador_main.delivery import Delivery
from selador_shared.metrics import Count
from selador_shared.protocol import Completed, ErrorCode, Retrying, Usage
from selador_shared.protocol import Error as ErrorFrame

RETRY_BASE_SECONDS = 5
RETRY_FACTOR = 3
RETRY_CAP_SECONDS = 60

HANDOVER_SECONDS = 1
"""When a message whose end was told comes back for its last receive. The environment that told it is idle again then,
and Lambda uses first what was used last, so most probably it is the one that remembers."""

type FrameType = type[Completed | ErrorFrame | Retrying]


@dataclass(frozen=True)
class Limits:
    """How often, and until which age in seconds, a request is worked on."""

    max_attempts: int
    max_age_seconds: int

    @property
    def last_receive(self) -> int:
        """The number of the receive after which SQS moves the message to the dead-letter queue (its maxReceiveCount).

        The first one after the attempts tells the client; the last one is a spare, should that worker die.
        """
        return self.max_attempts + 2


class Plan(Enum):
    """What to do with a message that was just received."""

    RUN = auto()
    EXPIRE = auto()
    BURY = auto()


def plan(delivery: Delivery, limits: Limits, *, now_ms: int) -> Plan:
    """Decide before any paid call; every receive is judged anew."""
    if delivery.receive.count > limits.max_attempts:
        return Plan.BURY
    return Plan.EXPIRE if is_expired(delivery, limits, now_ms=now_ms) else Plan.RUN


def is_expired(delivery: Delivery, limits: Limits, *, now_ms: int) -> bool:
    """Return whether the useful life of the request is over."""
    return now_ms >= expires_at(delivery, limits)


def expires_at(delivery: Delivery, limits: Limits) -> int:
    """Return when the useful life of the request is over, in epoch milliseconds."""
    return delivery.began_at + limits.max_age_seconds * 1000


class Fate(Enum):
    """What happens to the message."""

    DELETED = auto()
    RETRIED = auto()
    """Back on the queue after the backoff. After the last attempt it comes back at once, to be buried."""

    BURIED = auto()
    """Back on the queue until SQS moves it to the dead-letter queue."""

    LEFT = auto()
    """Left alone: it is another worker's."""


class Ending(Enum):
    """How an attempt ended, or what took the place of one."""

    ANSWERED = auto()
    REFUSED = auto()
    BLOCKED = auto()
    NOT_UNDERSTOOD = auto()
    FAILED = auto()
    DEPLOYMENT_FAULT = auto()
    CLIENT_GONE = auto()
    CLIENT_UNRESPONSIVE = auto()
    UNDELIVERABLE = auto()
    OUT_OF_TIME = auto()
    EXPIRED = auto()
    LEASE_LOST = auto()
    EXHAUSTED = auto()
    UNREADABLE = auto()


@dataclass(frozen=True)
class Row:
    """What follows from an ending: the last frame (None: nothing can be said), the message's fate, what is counted."""

    frame: FrameType | None
    fate: Fate
    metric: Count
    beside: Count | None = None


OUTCOMES: Mapping[Ending, Row] = {
    Ending.ANSWERED: Row(Completed, Fate.DELETED, "Completed"),
    Ending.REFUSED: Row(ErrorFrame, Fate.DELETED, "Refused"),
    Ending.BLOCKED: Row(ErrorFrame, Fate.DELETED, "Blocked"),
    Ending.NOT_UNDERSTOOD: Row(ErrorFrame, Fate.DELETED, "Failed", beside="DeploymentFault"),
    Ending.FAILED: Row(Retrying, Fate.RETRIED, "AttemptFailed"),
    Ending.DEPLOYMENT_FAULT: Row(Retrying, Fate.RETRIED, "AttemptFailed", beside="DeploymentFault"),
    Ending.CLIENT_GONE: Row(None, Fate.DELETED, "Abandoned"),
    Ending.CLIENT_UNRESPONSIVE: Row(None, Fate.DELETED, "Abandoned", beside="ClientUnresponsive"),
    Ending.UNDELIVERABLE: Row(None, Fate.RETRIED, "AttemptFailed"),
    Ending.OUT_OF_TIME: Row(ErrorFrame, Fate.DELETED, "Failed"),
    Ending.EXPIRED: Row(ErrorFrame, Fate.DELETED, "Expired"),
    Ending.LEASE_LOST: Row(None, Fate.LEFT, "LeaseLost"),
    Ending.EXHAUSTED: Row(ErrorFrame, Fate.BURIED, "Buried"),
    Ending.UNREADABLE: Row(ErrorFrame, Fate.BURIED, "Unreadable"),
}


@dataclass(frozen=True)
class Answered:
    """The agent's whole answer is on its way to the client; what it said of its session and of its end."""

    session: Session | None = None
    ended: Ended = field(default_factory=Ended)


Cause = Answered | RequestRefusedError | AgentFailedError | Reason


def ending_of(cause: Cause) -> Ending:
    """Return the row of the table that `cause` leads to."""
    match cause:
        case Answered():
            return Ending.ANSWERED
        case NotUnderstoodError():
            return Ending.NOT_UNDERSTOOD
        case RequestRefusedError():
            return Ending.BLOCKED if cause.code == "content_blocked" else Ending.REFUSED
        case DeploymentFaultError():
            return Ending.DEPLOYMENT_FAULT
        case AgentFailedError():
            return Ending.FAILED
        case Reason():
            return Ending[cause.name]


@dataclass(frozen=True)
class Outcome:
    """The last frame of an attempt (its type and members), and when the message may be received again.

    `visibility_seconds` is None if the message is deleted, or if its lease is left to run out.
    """

    ending: Ending
    frame_type: FrameType | None = None
    members: dict[str, Any] = field(default_factory=dict)
    visibility_seconds: int | None = None
    code: ErrorCode | None = None
    """Why, for metrics and logs: the frame's code, also if no frame says it."""
    counted: bool = True
    """Whether this receive moves the metrics; of the receives that bury a message, only the last does."""

    @property
    def row(self) -> Row:
        return OUTCOMES[self.ending]

    @property
    def done(self) -> bool:
        """Whether the message may be deleted."""
        return self.row.fate is Fate.DELETED


def conclude(cause: Cause, delivery: Delivery, limits: Limits, source: random.Random) -> Outcome:
    """Return the outcome of an attempt that ended so."""
    ending = ending_of(cause)
    match cause:
        case Answered():
            return Outcome(ending, OUTCOMES[ending].frame, _completed(cause))
        case RequestRefusedError():
            return _error(ending, cause.code, str(cause), field=cause.field)
        case Reason.OUT_OF_TIME | Reason.EXPIRED:
            message = "the answer took longer than the service may work on one request"
            if cause is Reason.EXPIRED:
                message = f"the request was not answered within its useful life of {limits.max_age_seconds:,} seconds"
            return _error(ending, "deadline_exceeded", message, retryable=True)
        case NotReadyError():  # it was waited for until the function's time was over
            return _retry(ending, cause.code, delivery, limits, _longest_delay(source))
        case AgentFailedError() | Reason.UNDELIVERABLE:
            code = cause.code if isinstance(cause, AgentFailedError) else None
            return _retry(ending, code, delivery, limits, retry_delay(delivery.receive.count, source))
        case Reason():
            return Outcome(ending)


def unsaid(outcome: Outcome, reason: Reason, delivery: Delivery, limits: Limits, source: random.Random) -> Outcome:
    """Return what becomes of an attempt whose last frame was not taken, for that `reason`."""
    if outcome.ending is Ending.OUT_OF_TIME and reason is Reason.UNDELIVERABLE:
        return outcome  # another attempt would be paid for as long again, to reach a client that can't be reached
    return conclude(reason, delivery, limits, source)


def exhausted(limits: Limits) -> Outcome:
    """Return the outcome of a message whose attempts are used up: one last word, and off to the dead-letter queue."""
    message = f"the service failed to answer in {limits.max_attempts} attempts; whoever runs it has been told"
    return _error(Ending.EXHAUSTED, "attempts_exhausted", message, retryable=True)


def unreadable() -> Outcome:
    """Return the outcome of a message that is no request as this version knows them."""
    message = "the service could not read the request that it had queued; whoever runs it has been told"
    return _error(Ending.UNREADABLE, "internal", message, retryable=True)


def _completed(answered: Answered) -> dict[str, Any]:
    session, ended = answered.session, answered.ended
    usage = None
    if ended.input_tokens is not None and ended.output_tokens is not None:
        usage = Usage(
            input_tokens=ended.input_tokens, output_tokens=ended.output_tokens, service_tier=ended.service_tier
        )
    return {
        "session_id": session and session.session_id,
        "session_restarted": True if session is not None and session.restarted else None,
        "usage": usage,
        "stop_reason": ended.stop_reason,
        "truncated": ended.truncated,
    }


def _error(
    ending: Ending, code: ErrorCode, message: str, *, field: str | None = None, retryable: bool = False
) -> Outcome:
    members = {"code": code, "message": message, "field": field, "retryable": retryable}
    return Outcome(ending, OUTCOMES[ending].frame, members, code=code)


def _retry(ending: Ending, code: ErrorCode | None, delivery: Delivery, limits: Limits, delay: int) -> Outcome:
    if delivery.receive.count >= limits.max_attempts:
        # The next receive buries the message, at once: there is no retry to announce.
        return Outcome(ending, visibility_seconds=0, code=code)
    if code is None:
        return Outcome(ending, visibility_seconds=delay)
    members = {"delay_seconds": delay, "code": code}
    return Outcome(ending, OUTCOMES[ending].frame, members, visibility_seconds=delay, code=code)


def _longest_delay(source: random.Random) -> int:
    return ceil(half_jitter(1, base=RETRY_CAP_SECONDS, factor=1, cap=RETRY_CAP_SECONDS, source=source))


def retry_delay(tries: int, source: random.Random) -> int:
    """Return the seconds until the message of failed try number `tries` (from 1) may be received again."""
    return ceil(half_jitter(tries, base=RETRY_BASE_SECONDS, factor=RETRY_FACTOR, cap=RETRY_CAP_SECONDS, source=source))
