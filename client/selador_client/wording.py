"""What the terminal says beside an answer: what is waited for, and how it ended. Pure."""

from collections.abc import Sequence

from selador_client.exchange import ConnectionState
from selador_client.request import Request, State
from selador_shared.protocol import CANCELLED, ErrorCode

_QUIET_SECONDS = 2
"""Text that comes says enough; after so much quiet, the line tells of it."""

_WHY: dict[ErrorCode, str] = {
    "throttled": "the model's quota is used up",
    "unavailable": "the model or what it reads was not available",
    "internal": "something is wrong in the service",
}
_WAITING_FOR = {
    "quota": "waiting for the model's quota",
    "service": "waiting for the model, which isn't ready",
    None: "thinking",
}


def waiting(request: Request, connection: ConnectionState, began: float, now: float) -> str | None:
    """Return what a request under way waits for; None while its text comes."""
    if request.state is State.RETRYING and request.retrying is not None:
        left = max(0, request.last_sign_at + request.retrying.delay_seconds - now)
        why = _WHY.get(request.retrying.code, "it failed")
        return f"the attempt failed: {why}; the next begins in {left:.0f} s"
    if request.state is State.ANSWERING:
        quiet = now - request.last_sign_at
        if request.text and quiet < _QUIET_SECONDS:
            return None
        doing = "writing" if request.text and request.waiting_for is None else _WAITING_FOR[request.waiting_for]
        return f"{doing} · {max(0, quiet):.0f} s since the last sign"
    return f"{_before_the_attempt(request, connection)} · {now - began:.0f} s"


def _before_the_attempt(request: Request, connection: ConnectionState) -> str:
    if request.state is State.QUEUED:
        return "queued, until a worker is free"
    if request.words and request.send_at is not None:
        return f"{request.words}; sending again"
    return "sending" if connection is ConnectionState.OPEN else "connecting"


def steps(request: Request) -> list[str]:
    """Return a line for each step of a workflow or of a search."""
    marks = {"completed": "✓", "failed": "✗", "started": "▸"}
    return [
        f"{marks[step.status]} {' '.join(step.name.split())} ({step.index + 1} of {step.count})"
        for _, step in sorted(request.steps.items())
    ]


def remarks(request: Request) -> list[str]:
    """Return what there is to say of an answer that has ended without an error."""
    said = ["stopped"] if request.state is State.STOPPED else []
    completed = request.completed
    if completed is None:
        return said
    if completed.stop_reason == CANCELLED:
        said.append("stopped: this isn't the whole answer")
    elif completed.truncated:
        said.append("this isn't the whole answer: the model has reached its limit of tokens")
    if completed.session_restarted:
        said.append("the conversation had ended on the server: this answer knows nothing of it, and a new one began")
    if not request.text.strip():
        said.append("the answer is empty")
    return said


def faults(words: Sequence[str]) -> str:
    """Return what there is to say of messages that were no frames."""
    count = "a message" if len(words) == 1 else f"{len(words):,} messages"
    return f"{count} made no sense; the last: {words[-1]}"
