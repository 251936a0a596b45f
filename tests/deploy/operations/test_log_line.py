"""Log lines as a person reads them."""

import json
from typing import Any

import pytest

from selador_deploy.operations.log_line import Level, LogLine, duration, read_line

from .conftest import NOW


def line(writer: str = "main", **members: Any) -> LogLine:
    return read_line(NOW, writer, json.dumps(members))


@pytest.mark.parametrize(
    ("members", "level", "text"),
    [
        pytest.param(
            {"message": "attempt started", "level": "info", "attempt": 2, "receiveCount": 2, "requestId": "r-1"},
            Level.INFO,
            "attempt 2 started  receive=2",
            id="attempt started",
        ),
        pytest.param(
            {
                "message": "attempt ended",
                "attempt": 1,
                "outcome": "Completed",
                "AttemptDuration": 12_345.6,
                "Frames": 9,
            },
            Level.INFO,
            "attempt 1 completed (after 12.3 s, frames 9)",
            id="completed",
        ),
        pytest.param(
            {
                "message": "attempt ended",
                "attempt": 1,
                "outcome": "AttemptFailed",
                "code": "throttled",
                "reason": "the model: ThrottlingException",
                "retryAfterSeconds": 4,
            },
            Level.WARNING,
            "attempt 1 failed: throttled: the model: ThrottlingException (comes back after 4 s)",
            id="failed",
        ),
        pytest.param(
            {"message": "attempt ended", "attempt": 4, "outcome": "Buried", "retryAfterSeconds": 0},
            Level.ERROR,
            "buried: all attempts are used up, so the message goes to the dead-letter queue",
            id="buried",
        ),
        pytest.param(
            {"message": "attempt ended", "attempt": 1, "outcome": "AnEndingOfALaterRelease"},
            Level.INFO,
            "attempt 1 AnEndingOfALaterRelease",
            id="an outcome that is not known",
        ),
        pytest.param(
            {
                "message": "frame not taken",
                "level": "warning",
                "reason": "403",
                "traceId": "1-2",
                "principalId": "alice",
            },
            Level.WARNING,
            "frame not taken  reason=403",
            id="any other line",
        ),
        pytest.param(
            {
                "message": "agent raised",
                "level": "error",
                "exception": [{"exc_type": "KeyError", "exc_value": "secret"}],
            },
            Level.ERROR,
            "agent raised  exception=KeyError",
            id="an exception, whose words may be a user's",
        ),
        pytest.param({"message": "worse", "level": "CRITICAL"}, Level.ERROR, "worse", id="a level above ours"),
        pytest.param(
            {"_aws": {}, "FunctionName": "f", "Accepted": 1}, Level.DEBUG, "counted Accepted", id="metrics alone"
        ),
        pytest.param(
            {
                "type": "platform.report",
                "record": {"requestId": "i", "status": "success", "metrics": {"durationMs": 40}},
            },
            Level.DEBUG,
            "invocation success after 40 ms",
            id="an invocation that went well",
        ),
        pytest.param(
            {
                "type": "platform.report",
                "record": {
                    "requestId": "i",
                    "status": "error",
                    "errorType": "Runtime.OutOfMemory",
                    "metrics": {"durationMs": 1500, "maxMemoryUsedMB": 512, "memorySizeMB": 512},
                },
            },
            Level.ERROR,
            "invocation error Runtime.OutOfMemory after 1.5 s with 512 of 512 MB",
            id="an invocation that died",
        ),
    ],
)
def test_a_line_of_a_function_is_read(members: dict[str, Any], level: Level, text: str) -> None:
    found = line(**members)

    assert (found.level, found.text) == (level, text)


@pytest.mark.parametrize(("status", "level"), [("200", Level.INFO), ("403", Level.WARNING), ("500", Level.ERROR)])
def test_a_line_of_the_access_log_is_read(status: str, level: Level) -> None:
    found = line(
        "api", eventType="CONNECT", routeKey="$connect", status=status, error="-", connectionId="c-1", requestId="g"
    )

    assert (found.level, found.text) == (level, f"connect $connect {status} c-1")
    assert found.request_id is None, "API Gateway means its own id"


@pytest.mark.parametrize("text", ["Traceback (most recent call last):\n", "[1, 2]", '"text"', ""])
def test_what_is_no_json_object_is_shown_as_it_is(text: str) -> None:
    assert read_line(NOW, "main", text).text == text.rstrip()


def test_an_invocation_is_known_by_its_own_lines_and_by_lambda_s() -> None:
    assert line(lambdaRequestId="i-1", requestId="r-1").invocation == "i-1"
    assert line(type="platform.start", record={"requestId": "i-1"}).invocation == "i-1"


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0.4, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (61_000, "61.0 s")]
)
def test_durations_have_a_unit(milliseconds: float, text: str) -> None:
    assert duration(milliseconds) == text
