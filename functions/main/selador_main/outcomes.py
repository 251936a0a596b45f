"""What becomes of a message: before an attempt (run it, or not), and after it (the outcome table).

Decisions only: values in, values out. `docs/architecture.md` has the table in words.
"""

import random
from dataclasses import dataclass, field
from enum import Enum, auto
from math import ceil
from typing import Any

from selador_main.agents.agent import AgentFailedError, Ended, RequestRefusedError, Session
from selador_main.backoff import full_jitter
from selador_main.cancellation import Reason
from selador_main.delivery import Delivery
from selador_shared.metrics import Count
from selador_shared.protocol import Completed, ErrorCode, Retrying, Usage
from selador_shared.protocol import Error as ErrorFrame

RETRY_BASE_SECONDS = 2
RETRY_CAP_SECONDS = 60

type FrameType = type[Completed | ErrorFrame | Retrying]


class Plan(Enum):
    """What to do with a message that was just received."""

    RUN = auto()
    EXPIRE = auto()
    BURY = auto()


def plan(delivery: Delivery, *, now_ms: int, max_attempts: int, max_age_seconds: int) -> Plan:
    """Decide before any paid call.

    The receive after the last attempt runs nothing: it tells the client the end and lets the message go to the
    dead-letter queue. A request's age counts only when it is first received: later ones are our own retries, and a
    replayed one is somebody's wish.
    """
    if delivery.receive_count > max_attempts:
        return Plan.BURY
    age_seconds = (now_ms - delivery.envelope.received_at) / 1000
    if delivery.attempt == 1 and age_seconds > max_age_seconds:
        return Plan.EXPIRE
    return Plan.RUN


@dataclass(frozen=True)
class Answered:
    """The agent's whole answer is on its way to the client; what it said of its session and of its end."""

    session: Session | None = None
    ended: Ended = field(default_factory=Ended)


@dataclass(frozen=True)
class Outcome:
    """The last frame of an attempt (its type and members; None: nothing is or can be said), and the message's fate.

    `visibility_seconds`, where the message is kept: when it may be received again; None leaves its lease to run out.
    """

    metric: Count
    done: bool
    frame_type: FrameType | None = None
    members: dict[str, Any] = field(default_factory=dict)
    visibility_seconds: int | None = None
    code: ErrorCode | None = None
    """Why, for metrics and logs: the frame's code, and also where no frame says it."""


Ending = Answered | RequestRefusedError | AgentFailedError | Reason


def conclude(ending: Ending, delivery: Delivery, *, max_attempts: int, source: random.Random) -> Outcome:
    """Return the outcome of an attempt that ended so: the outcome table."""
    match ending:
        case Answered():
            return Outcome("Completed", done=True, frame_type=Completed, members=_completed(ending))
        case RequestRefusedError():
            return _failed(ending.code, str(ending), field=ending.field)
        case Reason.OUT_OF_TIME:
            return _failed("deadline_exceeded", "the answer took longer than the service may work on one request")
        case Reason.CLIENT_GONE:
            return Outcome("Abandoned", done=True)
        case Reason.LEASE_LOST:
            return Outcome("LeaseLost", done=False)
        case AgentFailedError() | Reason.UNDELIVERABLE:
            code = ending.code if isinstance(ending, AgentFailedError) else None
            return _retry(code, delivery, max_attempts, source)


def expired(max_age_seconds: int) -> Outcome:
    """Return the outcome of a request that waited too long for its first attempt."""
    return _failed("deadline_exceeded", f"the request waited in the queue for more than {max_age_seconds:,} seconds")


def buried(max_attempts: int) -> Outcome:
    """Return the outcome of a message whose attempts are used up: one last word, and off to the dead-letter queue.

    Visibility 0, because SQS moves a message at the next receive, not when its last attempt fails (SQS-21).
    """
    return Outcome(
        "Buried",
        done=False,
        frame_type=ErrorFrame,
        members={
            "code": "attempts_exhausted",
            "message": f"the service failed to answer in {max_attempts} attempts; whoever runs it has been told",
            "retryable": True,
        },
        visibility_seconds=0,
        code="attempts_exhausted",
    )


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


def _failed(code: ErrorCode, message: str, *, field: str | None = None) -> Outcome:
    members = {"code": code, "message": message, "field": field, "retryable": code == "deadline_exceeded"}
    return Outcome("Failed", done=True, frame_type=ErrorFrame, members=members, code=code)


def _retry(code: ErrorCode | None, delivery: Delivery, max_attempts: int, source: random.Random) -> Outcome:
    if delivery.receive_count >= max_attempts:
        # The next receive buries the message, at once: there is no retry to announce.
        return Outcome("AttemptFailed", done=False, visibility_seconds=0, code=code)
    delay = ceil(full_jitter(delivery.receive_count, base=RETRY_BASE_SECONDS, cap=RETRY_CAP_SECONDS, source=source))
    if code is None:
        return Outcome("AttemptFailed", done=False, visibility_seconds=delay)
    members = {"delay_seconds": delay, "code": code}
    return Outcome(
        "AttemptFailed", done=False, frame_type=Retrying, members=members, visibility_seconds=delay, code=code
    )
