"""Why requests died."""

from selador_deploy.operations.causes import NO_END, causes_of
from selador_deploy.operations.insights import Row


def ended(outcome: str, **members: str) -> Row:
    return {"message": "attempt ended", "messageId": "m-1", "outcome": outcome, **members}


def test_the_last_failure_whose_reason_is_known_is_the_cause() -> None:
    rows = [
        ended("AttemptFailed", code="unavailable", reason="the model: ReadTimeoutError"),
        ended("AttemptFailed", code="throttled", reason="the model: ThrottlingException"),
        ended("Buried", code="attempts_exhausted"),
    ]

    assert causes_of(rows) == {"m-1": "throttled: the model: ThrottlingException"}


def test_the_same_failure_is_one_cause_whatever_id_aws_gave_to_the_call() -> None:
    ids = ("8f14e45f-ceea-467f-a9b0-1c2d3e4f5a6b", "0a1b2c3d-ffff-4eee-8ddd-123456789abc")
    reason = "the model: ThrottlingException {}: Too many requests"

    found = {causes_of([ended("AttemptFailed", code="throttled", reason=reason.format(one))])["m-1"] for one in ids}

    assert found == {"throttled: the model: ThrottlingException: Too many requests"}


def test_a_burial_without_a_failed_attempt_tells_of_killed_workers() -> None:
    assert causes_of([ended("Buried", code="attempts_exhausted")]) == {"m-1": NO_END}


def test_a_failure_without_a_reason_is_one_of_the_posts() -> None:
    assert causes_of([ended("AttemptFailed")]) == {"m-1": "the answer could not be posted"}


def test_an_unreadable_message_has_its_faults_as_the_cause() -> None:
    rows: list[Row] = [
        {"message": "message unreadable", "messageId": "m-1", "faults": "version: Field required"},
        ended("Unreadable", code="internal"),
    ]

    assert causes_of(rows) == {"m-1": "unreadable: version: Field required"}
