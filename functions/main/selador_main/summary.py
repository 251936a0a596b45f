"""What is known of an attempt at its end: one line from which a person reads its life, and CloudWatch its metrics."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from selador_main.agents.agent import Ended
from selador_main.connection import PostFailure
from selador_main.delivery import Delivery, Receive
from selador_main.frame_writer import Tally
from selador_main.outcomes import Fate, Outcome
from selador_shared.metrics import Name


@dataclass
class Stopwatch:
    """An attempt's times, in seconds of `clock`."""

    clock: Callable[[], float]
    began: float = field(init=False)
    first_token: float | None = None

    def __post_init__(self) -> None:
        self.began = self.clock()

    def note_token(self) -> None:
        """Note that the model said something; the first time counts."""
        if self.first_token is None:
            self.first_token = self.clock() - self.began

    def elapsed(self) -> float:
        """Return the attempt's duration so far."""
        return self.clock() - self.began


def metrics_of(
    outcome: Outcome,
    receive: Receive,
    tally: Tally,
    stopwatch: Stopwatch,
    ended: Ended | None,
    *,
    queue_wait_ms: int | None,
) -> dict[Name, float]:
    """Return the attempt's metrics. If a figure isn't known, there is no metric (a 0 would lower the average)."""
    failures = tally.failures_by_kind
    metrics: dict[Name, float] = {
        "AttemptDuration": _ms(stopwatch.elapsed()),
        "Frames": tally.frames,
        "Posts": tally.posts,
        "PostedBytes": tally.posted_bytes,
        "ThrottledPosts": failures[PostFailure.THROTTLED],
        # Not those to a client that has gone: how many go is told by Abandoned.
        "FailedPosts": failures[PostFailure.TRANSIENT] + failures[PostFailure.FINAL],
    }
    if outcome.counted:
        metrics[outcome.row.metric] = 1
        if outcome.row.beside is not None:
            metrics[outcome.row.beside] = 1
        if outcome.row.fate in {Fate.DELETED, Fate.BURIED}:
            metrics["Attempts"] = receive.count
    if queue_wait_ms is not None and receive.count == 1:  # of later ones it would be the backoff
        metrics["QueueWait"] = queue_wait_ms
    if stopwatch.first_token is not None:
        metrics["TimeToFirstToken"] = _ms(stopwatch.first_token)
    if ended is not None and ended.input_tokens is not None:
        metrics["InputTokens"] = ended.input_tokens
    if ended is not None and ended.output_tokens is not None:
        metrics["OutputTokens"] = ended.output_tokens
    if outcome.code == "throttled":
        metrics["BedrockThrottled"] = 1
    return metrics


def facts_of(
    outcome: Outcome, receive: Receive, tally: Tally, delivery: Delivery | None, reason: str | None
) -> dict[str, Any]:
    """Return what the line says besides the metrics."""
    request = delivery and delivery.envelope.request
    return {
        "outcome": outcome.row.metric,
        "ending": outcome.ending.name.lower(),
        "code": outcome.code,
        "reason": reason,
        "type": request and request.type,
        "workflow": getattr(request, "workflow", None),
        "receiveCount": receive.count,
        "retryAfterSeconds": outcome.visibility_seconds,
        "failedPosts": dict(tally.failures) or None,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
