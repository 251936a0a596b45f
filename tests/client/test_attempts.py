from typing import Any

import pytest

from selador_client.attempts import Attempts
from selador_client.errors import MissingFrameError
from selador_shared.protocol import Accepted, Completed, Delta, Error, Frame, Pong, Started, UnknownFrame


def started(attempt: int) -> Frame:
    return Started(request_id="r", attempt=attempt, seq=0)


def delta(attempt: int, seq: int, **members: Any) -> Frame:
    return Delta(**{"request_id": "r", "attempt": attempt, "seq": seq, "text": "a", **members})


def counted(*frames: Frame | UnknownFrame) -> list[bool]:
    attempts = Attempts("r")
    return [attempts.counts(frame) for frame in frames]


def test_frames_of_one_attempt_count_in_their_order() -> None:
    assert counted(started(1), delta(1, 1), delta(1, 2)) == [True, True, True]


def test_a_repeated_frame_counts_once() -> None:
    assert counted(started(1), delta(1, 1), delta(1, 1), delta(1, 2), started(1)) == [True, True, False, True, False]


def test_an_earlier_attempt_no_longer_counts_once_a_later_one_has_started() -> None:
    late = Completed(request_id="r", attempt=1, seq=2)

    assert counted(started(1), delta(1, 1), started(2), late, delta(2, 1)) == [True, True, True, False, True]


def test_a_burial_counts_though_its_attempt_never_started() -> None:
    assert counted(started(3), error(4, 0)) == [True, True]


def test_other_requests_and_pongs_do_not_count() -> None:
    assert counted(Pong(), delta(1, 0, request_id="other")) == [False, False]


ACCEPTED = Accepted(request_id="r", message_id="m", deadline_seconds=1)
COMPLETED = Completed(request_id="r", attempt=1, seq=1)


def error(attempt: int | None = None, seq: int | None = None) -> Frame:
    return Error(request_id="r", code="internal", message="no", retryable=True, attempt=attempt, seq=seq)


def test_what_answers_the_message_itself_counts() -> None:
    assert counted(ACCEPTED) == [True]
    assert counted(error()) == [True]
    assert counted(started(1), ACCEPTED, delta(1, 1)) == [True, True, True]


def test_the_doors_doubt_does_not_count_once_an_attempt_shows_that_the_request_is_queued() -> None:
    assert counted(started(1), error(), delta(1, 1)) == [True, False, True]


def test_accepted_means_nothing_after_the_end() -> None:
    assert counted(started(1), COMPLETED, ACCEPTED) == [True, True, False]
    assert counted(error(1, 0), ACCEPTED) == [True, False]


def test_nothing_counts_after_completed() -> None:
    assert counted(started(1), COMPLETED, started(2), delta(2, 1)) == [True, True, False, False]


def test_after_an_error_only_a_higher_attempt_counts() -> None:
    assert counted(error(1, 0), delta(1, 1), started(4), delta(4, 1)) == [True, False, True, True]


def test_a_frame_of_tomorrow_keeps_its_place_in_the_attempt() -> None:
    tomorrows = UnknownFrame(type="weather", request_id="r", attempt=1, seq=1)

    assert counted(started(1), tomorrows, delta(1, 2)) == [True, True, True]


def test_a_gap_in_an_attempt_is_an_error_that_names_it() -> None:
    with pytest.raises(MissingFrameError, match="attempt 1 sent frame 3 where 1 was due"):
        counted(started(1), delta(1, 3))


def test_after_a_gap_only_a_higher_attempt_counts() -> None:
    attempts = Attempts("r")
    attempts.counts(started(1))
    with pytest.raises(MissingFrameError):
        attempts.counts(delta(1, 2))

    assert [attempts.counts(frame) for frame in (delta(1, 1), delta(1, 3), started(2))] == [False, False, True]
