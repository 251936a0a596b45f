from typing import Any

import pytest

from selador_client.exchange import ConnectionState
from selador_client.request import Request
from selador_client.wording import remarks, steps, waiting
from selador_shared.protocol import Accepted, Completed, Delta, Error, Heartbeat, Retrying, Started, Step

OPEN = ConnectionState.OPEN
STARTED = Started(request_id="r", attempt=1, seq=0)


def frame(kind: type[Any], seq: int = 1, **members: Any) -> Any:
    return kind(request_id="r", attempt=1, seq=seq, **members)


def received(*frames: Any) -> Request:
    """Return a request that was made and sent at 0 s and whose frames came at 10 s."""
    request = Request({}, 0, lambda seconds: seconds)
    request.sent("r", 0)
    for each in frames:
        request.receive(each, 10)
    return request


@pytest.mark.parametrize(
    ("frames", "line"),
    [
        ([], "sending · 15 s"),
        ([Accepted(request_id="r", message_id="m", deadline_seconds=60)], "queued, until a worker is free · 15 s"),
        ([STARTED], "thinking · 5 s since the last sign"),
        ([STARTED, frame(Delta, text="a")], "writing · 5 s since the last sign"),
        ([STARTED, frame(Heartbeat)], "thinking · 5 s since the last sign"),
        ([STARTED, frame(Heartbeat, waiting_for="quota")], "waiting for the model's quota · 5 s since the last sign"),
        (
            [STARTED, frame(Heartbeat, waiting_for="service")],
            "waiting for the model, which isn't ready · 5 s since the last sign",
        ),
        (
            [STARTED, frame(Retrying, delay_seconds=7, code="throttled")],
            "the attempt failed: the model's quota is used up; the next begins in 2 s",
        ),
        (
            [STARTED, frame(Retrying, delay_seconds=1, code="deadline_exceeded")],
            "the attempt failed: it failed; the next begins in 0 s",
        ),
    ],
)
def test_the_waiting_line_says_what_is_waited_for(frames: list[Any], line: str) -> None:
    assert waiting(received(*frames), OPEN, 0, 15) == line


def test_while_text_comes_there_is_no_waiting_line() -> None:
    assert waiting(received(STARTED, frame(Delta, text="a")), OPEN, 0, 11) is None


def test_without_a_connection_it_connects() -> None:
    assert waiting(Request({}, 0, lambda seconds: seconds), ConnectionState.CONNECTING, 0, 3) == "connecting · 3 s"


def test_a_second_sending_is_told_with_its_reason() -> None:
    request = received()
    error = Error(request_id="r", code="unavailable", message="the queue is away", retryable=True)
    request.refuse(error, 10, may_renew_token=False)

    assert waiting(request, OPEN, 0, 10) == "the queue is away; sending again · 10 s"


def test_each_step_is_a_line() -> None:
    names = [("facts", "completed"), ("brief", "failed"), ("tone", "started")]
    frames = [
        frame(Step, seq + 1, name=name, status=status, index=seq, count=3) for seq, (name, status) in enumerate(names)
    ]

    assert steps(received(STARTED, *frames)) == ["✓ facts (1 of 3)", "✗ brief (2 of 3)", "▸ tone (3 of 3)"]


def test_a_step_stays_on_its_line() -> None:
    step = frame(Step, 1, name="two\n\nlines", status="started", index=0, count=1)

    assert steps(received(STARTED, step)) == ["▸ two lines (1 of 1)"]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, []),
        ({"truncated": True}, ["this isn't the whole answer: the model has reached its limit of tokens"]),
        ({"truncated": True, "stop_reason": "cancelled"}, ["stopped: this isn't the whole answer"]),
        (
            {"session_restarted": True},
            ["the conversation had ended on the server: this answer knows nothing of it, and a new one began"],
        ),
    ],
)
def test_what_is_special_of_an_answer_is_said(members: dict[str, Any], said: list[str]) -> None:
    assert remarks(received(STARTED, frame(Delta, text="a"), frame(Completed, 2, **members))) == said


def test_an_empty_answer_is_said() -> None:
    assert remarks(received(STARTED, frame(Completed))) == ["the answer is empty"]


def test_a_stopped_answer_is_said() -> None:
    request = received(STARTED)
    request.stop()

    assert remarks(request) == ["stopped"]
