from typing import Any

import pytest

from selador_client.attempts import Attempts
from selador_client.errors import ProtocolError
from selador_shared.protocol import Accepted, Completed, Delta, Error, Frame, Pong, Started


def started(attempt: int) -> Frame:
    return Started(request_id="r", attempt=attempt, seq=0)


def delta(attempt: int, seq: int, **members: Any) -> Frame:
    return Delta(**{"request_id": "r", "attempt": attempt, "seq": seq, "text": "a", **members})


def counted(*frames: Frame) -> list[bool]:
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
    burial = Error(request_id="r", attempt=4, seq=0, code="attempts_exhausted", message="gave up", retryable=True)

    assert counted(started(3), burial) == [True, True]


def test_other_requests_and_pongs_do_not_count() -> None:
    assert counted(Pong(), delta(1, 0, request_id="other")) == [False, False]


def test_what_answers_the_message_itself_always_counts() -> None:
    accepted = Accepted(request_id="r", message_id="m", deadline_seconds=1)
    error = Error(request_id="r", code="invalid_request", message="no", retryable=False)

    assert counted(started(1), accepted, error) == [True, True, True]


def test_a_gap_in_an_attempt_is_an_error_that_names_it() -> None:
    with pytest.raises(ProtocolError, match="attempt 1 sent frame 3 where 1 was due"):
        counted(started(1), delta(1, 3))
