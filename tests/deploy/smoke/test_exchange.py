"""Which rule of the frames an exchange breaks."""

from typing import Any

import pytest

from selador_deploy.smoke.exchange import Exchange, broken_rule

from .conftest import ACCEPTED, ANSWER, STARTED, frame


def of(*frames: dict[str, Any]) -> Exchange:
    return Exchange("smoke-1", tuple((float(number), one) for number, one in enumerate(frames)), None)


FAILED = frame("error", 1, 1, code="attempts_exhausted")


@pytest.mark.parametrize(
    "frames",
    [
        ANSWER,
        (STARTED, ACCEPTED, frame("completed", 1, 1)),
        (STARTED, STARTED, frame("completed", 1, 1)),
        (STARTED, frame("started", 2, 0), frame("delta", 1, 1), frame("completed", 2, 1)),
        (STARTED, FAILED, frame("started", 7, 0), frame("completed", 7, 1)),
        (frame("error", code="unavailable"),),
    ],
    ids=["answer", "accepted-later", "repeated", "older-attempt", "replayed", "refused"],
)
def test_what_a_client_can_make_sense_of_breaks_no_rule(frames: tuple[dict[str, Any], ...]) -> None:
    assert broken_rule(of(*frames)) is None


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ((STARTED, frame("delta", 1, 2)), "attempt 1 sent frame 2 where 1 was due: a part of the answer is missing"),
        ((frame("delta", 1, 1),), "attempt 1 sent frame 1 where 0 was due: a part of the answer is missing"),
        ((STARTED, frame("started", 2, 1)), "attempt 2 sent frame 1 where 0 was due: a part of the answer is missing"),
        ((STARTED, FAILED, frame("delta", 1, 2)), "after its end, attempt 1 sent another delta"),
        ((*ANSWER, frame("started", 2, 0)), "after its end, attempt 2 sent another started"),
    ],
    ids=["gap", "no-start", "second-begins-late", "after-error", "after-completed"],
)
def test_what_no_client_can_is_named(frames: tuple[dict[str, Any], ...], said: str) -> None:
    assert broken_rule(of(*frames)) == said


def test_the_first_frame_of_an_attempt_counts_not_accepted() -> None:
    assert of(ACCEPTED, STARTED).first_frame_seconds == 1
    assert of(ACCEPTED).first_frame_seconds is None
