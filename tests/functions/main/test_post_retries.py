"""Which frames are posted again, when, and for how long."""

import random

import pytest

from selador_main.cancellation import Reason
from selador_main.connection import PostFailedError, PostFailure
from selador_main.post_retries import (
    FAILED_FOR_SECONDS,
    LOOK_AGAIN_SECONDS,
    UNRESPONSIVE_FOR_SECONDS,
    PostRetries,
)


class Longest(random.Random):
    """A source that always draws the longest delay."""

    def uniform(self, a: float, b: float) -> float:
        return b


def failing(*failures: tuple[float, PostFailure]) -> list[float | Reason]:
    """Return the verdicts on failures at those seconds."""
    retries = PostRetries(Longest(), began=0)
    return [retries.after(PostFailedError("failed", kind=kind), at) for at, kind in failures]


def test_a_final_failure_is_not_tried_again() -> None:
    assert failing((0, PostFailure.FINAL)) == [Reason.UNDELIVERABLE]


@pytest.mark.parametrize(("kind", "cap"), [(PostFailure.THROTTLED, 2), (PostFailure.TRANSIENT, 5)])
def test_pauses_double_up_to_their_cap(kind: PostFailure, cap: float) -> None:
    verdicts = failing(*[(0, kind)] * 9)

    assert verdicts == [pytest.approx(min(cap, 0.2 * 2**tries)) for tries in range(9)]


@pytest.mark.parametrize(
    ("kind", "seconds", "reason"),
    [
        (PostFailure.TRANSIENT, FAILED_FOR_SECONDS, Reason.UNDELIVERABLE),
        (PostFailure.THROTTLED, UNRESPONSIVE_FOR_SECONDS, Reason.CLIENT_UNRESPONSIVE),
    ],
)
def test_each_kind_of_failure_has_its_own_patience(kind: PostFailure, seconds: float, reason: Reason) -> None:
    early, late = failing((seconds - 1, kind), (seconds, kind))

    assert early is not reason
    assert late is reason


def test_a_failure_after_a_minute_of_slow_reading_is_the_first_of_its_kind() -> None:
    *slow, failure = failing(*[(second, PostFailure.THROTTLED) for second in range(62)], (62, PostFailure.TRANSIENT))

    assert not any(isinstance(verdict, Reason) for verdict in slow)
    assert not isinstance(failure, Reason)


def test_slow_reading_after_failures_is_not_blamed_on_the_connection() -> None:
    verdicts = failing((30, PostFailure.TRANSIENT), (100, PostFailure.THROTTLED), (129, PostFailure.TRANSIENT))

    assert not any(isinstance(verdict, Reason) for verdict in verdicts)


def test_a_client_is_gone_only_when_a_second_look_agrees() -> None:
    """A 410 has been reported for live connections (CB-09)."""
    assert failing((0, PostFailure.GONE), (1, PostFailure.GONE)) == [LOOK_AGAIN_SECONDS, Reason.CLIENT_GONE]


def test_a_second_look_that_fails_is_no_second_look() -> None:
    verdicts = failing((0, PostFailure.GONE), (1, PostFailure.TRANSIENT), (2, PostFailure.GONE), (3, PostFailure.GONE))

    assert not any(isinstance(verdict, Reason) for verdict in verdicts[:3])
    assert verdicts[3] is Reason.CLIENT_GONE
