"""Which frames are posted again, when, and for how long."""

import random

import pytest

from selador_main.connection import PostFailedError, PostFailure
from selador_main.post_retries import FAILED_FOR_SECONDS, pause_after


class Longest(random.Random):
    """A source that always draws the longest delay."""

    def uniform(self, a: float, b: float) -> float:
        return b


def pause(kind: PostFailure, tries: int, failing_seconds: float = 0) -> float | None:
    return pause_after(PostFailedError("failed", kind=kind), tries, failing_seconds, Longest())


def test_a_final_failure_is_not_tried_again() -> None:
    assert pause(PostFailure.FINAL, 1) is None


@pytest.mark.parametrize(("tries", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (4, 1.6), (5, 2), (500, 2)])
def test_a_throttled_frame_is_tried_again_for_as_long_as_there_is_time(tries: int, seconds: float) -> None:
    """A client that reads 50 KB/s is still a client; the attempt's own time ends the wait."""
    assert pause(PostFailure.THROTTLED, tries, failing_seconds=800) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("tries", "failing_seconds", "seconds"),
    [(1, 0, 0.2), (5, 10, 3.2), (9, FAILED_FOR_SECONDS - 1, 5), (9, FAILED_FOR_SECONDS, None)],
)
def test_a_passing_failure_is_tried_again_for_a_minute(
    tries: int, failing_seconds: float, seconds: float | None
) -> None:
    assert pause(PostFailure.TRANSIENT, tries, failing_seconds) == (seconds and pytest.approx(seconds))
