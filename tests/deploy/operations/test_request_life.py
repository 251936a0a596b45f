"""A request's life from its lines."""

import json
from datetime import timedelta
from typing import Any

from selador_deploy.operations.log_line import LogLine, read_line
from selador_deploy.operations.request_life import how_it_ended, invocations, message_ids, moments, timeline

from .conftest import NOW


def line(seconds: float, writer: str = "main", **members: Any) -> LogLine:
    return read_line(NOW + timedelta(seconds=seconds), writer, json.dumps(members))


def started(seconds: float, attempt: int, invocation: str) -> LogLine:
    facts: dict[str, Any] = {
        "attempt": attempt,
        "receiveCount": attempt,
        "lambdaRequestId": invocation,
        "messageId": "m-1",
    }
    return line(seconds, message="attempt started", **facts)


def ended(seconds: float, attempt: int, invocation: str, outcome: str) -> LogLine:
    facts: dict[str, Any] = {"attempt": attempt, "outcome": outcome, "lambdaRequestId": invocation, "messageId": "m-1"}
    return line(seconds, message="attempt ended", **facts)


def report(seconds: float, invocation: str, status: str) -> LogLine:
    return line(seconds, type="platform.report", record={"requestId": invocation, "status": status})


QUEUED = line(0, "handler", message="request queued", messageId="m-1")


def texts(lines: list[LogLine]) -> list[str]:
    return [moment.text for moment in moments(lines)]


def test_moments_are_in_the_order_of_their_times() -> None:
    lines = [ended(5, 1, "i-1", "Completed"), started(1, 1, "i-1"), report(6, "i-1", "success"), QUEUED]

    assert texts(lines) == ["request queued", "attempt 1 started  receive=1", "attempt 1 completed"]


def test_an_attempt_whose_invocation_died_was_killed() -> None:
    lines = [QUEUED, started(1, 1, "i-1"), report(4, "i-1", "timeout"), started(60, 2, "i-2")]

    assert texts(lines) == [
        "request queued",
        "attempt 1 started  receive=1",
        "attempt 1 was killed: invocation timeout",
        "attempt 2 started  receive=2",
    ]


def test_an_invocation_that_died_after_the_attempt_s_end_killed_none() -> None:
    """Its message comes back all the same, so the failure is told."""
    lines = [QUEUED, started(1, 1, "i-1"), ended(3, 1, "i-1", "Completed"), report(4, "i-1", "error")]

    assert texts(lines)[-2:] == ["attempt 1 completed", "invocation error"]


def test_a_death_ends_every_attempt_of_its_batch_that_is_this_request_s_and_no_other() -> None:
    lines = [started(1, 1, "i-1"), started(2, 2, "i-2"), report(4, "i-1", "error")]

    assert texts(lines)[-1] == "attempt 1 was killed: invocation error"
    assert len(texts(lines)) == 3


def test_a_burial_starts_no_attempt() -> None:
    lines = [started(1, 4, "i-4"), ended(2, 4, "i-4", "Buried")]

    assert [text.partition(":")[0] for text in texts(lines)] == ["buried"]


def test_the_last_end_counts() -> None:
    buried = [QUEUED, ended(2, 4, "i-4", "Buried")]

    assert how_it_ended(buried) == "ended as buried"
    assert how_it_ended([*buried, ended(9, 600, "i-5", "Completed")]) == "ended as completed"
    assert how_it_ended([*buried, ended(9, 600, "i-5", "AttemptFailed")]) == "ended as buried"


def test_a_request_without_an_end_is_not_said_to_have_one() -> None:
    assert how_it_ended([QUEUED, started(1, 1, "i-1")]).startswith("no end is in the log")


def test_a_request_that_was_refused_at_the_door_ended_there() -> None:
    assert how_it_ended([line(0, "handler", message="message refused")]) == "ended at the door: message refused"


def test_the_ids_to_ask_for_are_those_of_the_lines() -> None:
    lines = [QUEUED, started(1, 1, "i-1"), started(2, 2, "i-2")]

    assert invocations(lines) == ["i-1", "i-2"]
    assert message_ids(lines) == ["m-1"]


def test_the_timeline_has_the_time_since_the_first_moment_and_each_day_once() -> None:
    found = moments([QUEUED, started(0.25, 1, "i-1"), ended(86_400, 1, "i-1", "Completed")])

    lines = list(timeline(found, colored=False))

    assert [lines[0].strip(), lines[3].strip()] == [
        str(NOW.date()),
        str((NOW + timedelta(days=1)).date()),
    ]
    assert lines[2].split()[1:] == ["+250", "ms", "main", "attempt", "1", "started", "receive=1"]
