"""What is known of an attempt at its end: one line from which a person reads its life, and CloudWatch its metrics."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from selador_main.agents.agent import Ended
from selador_main.delivery import Delivery
from selador_main.frame_writer import Tally
from selador_main.outcomes import Outcome
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
    delivery: Delivery, outcome: Outcome, tally: Tally, stopwatch: Stopwatch, ended: Ended, *, queue_wait_ms: int
) -> dict[Name, float]:
    """Return the attempt's metrics. Where a figure is not known, there is no metric (a 0 would lower the average)."""
    throttled_posts = sum(count for reason, count in tally.failures.items() if reason.startswith("429"))
    metrics: dict[Name, float] = {
        outcome.metric: 1,
        "AttemptDuration": _ms(stopwatch.elapsed()),
        "Frames": tally.frames,
        "Posts": tally.posts,
        "PostedBytes": tally.posted_bytes,
        "ThrottledPosts": throttled_posts,
        "FailedPosts": tally.failures.total() - throttled_posts,
    }
    if delivery.receive_count == 1:  # of later ones it would be the backoff
        metrics["QueueWait"] = queue_wait_ms
    if stopwatch.first_token is not None:
        metrics["TimeToFirstToken"] = _ms(stopwatch.first_token)
    if ended.input_tokens is not None:
        metrics["InputTokens"] = ended.input_tokens
    if ended.output_tokens is not None:
        metrics["OutputTokens"] = ended.output_tokens
    if outcome.done or outcome.metric == "Buried":
        metrics["Attempts"] = delivery.attempt
    if outcome.code == "throttled":
        metrics["BedrockThrottled"] = 1
    return metrics


def facts_of(delivery: Delivery, outcome: Outcome, tally: Tally, reason: str | None) -> dict[str, Any]:
    """Return what the line says besides the metrics."""
    request = delivery.envelope.request
    return {
        "outcome": outcome.metric,
        "code": outcome.code,
        "reason": reason,
        "type": request.type,
        "workflow": getattr(request, "workflow", None),
        "attempt": delivery.attempt,
        "receiveCount": delivery.receive_count,
        "retryAfterSeconds": outcome.visibility_seconds,
        "failedPosts": dict(tally.failures) or None,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
