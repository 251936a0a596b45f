"""Who was hurt."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from selador_deploy.operations.harm import NO_END, Harm, grouped, harm_of
from selador_deploy.operations.insights import Row

from .conftest import NOW

LIFE = timedelta(minutes=30)


def at(minutes_ago: float) -> str:
    return f"{NOW - timedelta(minutes=minutes_ago):%Y-%m-%d %H:%M:%S.%f}"[:-3]


def ended(request: str, outcome: str, minutes_ago: float = 5, message_id: str = "", **members: str) -> Row:
    return {
        "@timestamp": at(minutes_ago),
        "message": "attempt ended",
        "requestId": request,
        "connectionId": f"c-{request}",
        "messageId": message_id or f"m-{request}",
        "outcome": outcome,
        **members,
    }


def told(request: str, message: str, minutes_ago: float = 5) -> Row:
    return {
        "@timestamp": at(minutes_ago),
        "message": message,
        "requestId": request,
        "connectionId": f"c-{request}",
        "messageId": f"m-{request}",
    }


def harm(handler: Sequence[Row], main: Sequence[Row]) -> Harm:
    return harm_of(handler, main, NOW, LIFE)


@pytest.mark.parametrize("outcome", ["Failed", "Expired", "Buried", "Unreadable"])
def test_an_end_without_an_answer_hurts(outcome: str) -> None:
    found = harm([], [ended("r-1", outcome)])

    assert [one.request_id for one in found.hurt] == ["r-1"]
    assert found.hurt[0].ending.startswith(outcome.lower())


@pytest.mark.parametrize("outcome", ["Completed", "Refused", "Blocked", "Abandoned", "Cancelled"])
def test_an_end_that_is_nobody_s_failure_hurts_nobody(outcome: str) -> None:
    found = harm([], [ended("r-1", outcome)])

    assert found.hurt == []
    assert found.ended == {outcome: 1}


def test_a_burial_told_by_two_receives_is_one_request_and_has_its_cause() -> None:
    rows = [
        ended("r-1", "AttemptFailed", 5, code="throttled", reason="the model: ThrottlingException"),
        ended("r-1", "Buried", 4, code="attempts_exhausted"),
        ended("r-1", "Buried", 3, code="attempts_exhausted"),
    ]

    (hurt,) = harm([], rows).hurt

    assert hurt.ending == "buried: throttled: the model: ThrottlingException"


def test_a_request_that_was_sent_again_and_answered_is_no_longer_hurt() -> None:
    rows = [ended("r-1", "Buried", 9), ended("r-1", "Completed", 3, "m-again")]

    found = harm([], rows)

    assert found.hurt == []
    assert found.answered_after_all == 1


def test_a_request_that_was_sent_again_and_failed_again_is_hurt_once() -> None:
    rows = [ended("r-1", "Buried", 9), ended("r-1", "Buried", 3, "m-again")]

    assert len(harm([], rows).hurt) == 1


def test_two_clients_with_the_same_request_id_are_two_requests() -> None:
    rows = [ended("r-1", "Buried"), ended("r-1", "Completed", 1, "m-2", connectionId="another's")]

    assert len(harm([], rows).hurt) == 1


@pytest.mark.parametrize("message", ["request not queued", "message not answered"])
def test_a_request_that_the_handler_could_not_take_is_hurt(message: str) -> None:
    (hurt,) = harm([told("r-1", message)], []).hurt

    assert (hurt.request_id, hurt.ending) == ("r-1", message)


def test_a_request_without_an_end_is_under_way_until_none_can_come() -> None:
    young, old = told("young", "request queued", 29), told("old", "request queued", 31)
    done = told("done", "request queued", 60)

    found = harm([young, old, done], [ended("done", "Completed"), ended("young", "AttemptFailed")])

    assert found.under_way == 1
    assert [(one.request_id, one.ending) for one in found.hurt] == [("old", NO_END)]


def test_the_largest_group_comes_first() -> None:
    found = harm([], [ended("r-1", "Failed"), ended("r-2", "Expired"), ended("r-3", "Expired")])

    assert list(grouped(found.hurt, lambda one: one.ending)) == ["expired", "failed"]
