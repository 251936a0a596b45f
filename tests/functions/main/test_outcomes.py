"""The plan before an attempt and the outcome table after it."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from selador_main.agents.agent import (
    AgentFailedError,
    DeploymentFaultError,
    Ended,
    NotReadyError,
    NotUnderstoodError,
    RequestRefusedError,
    Session,
)
from selador_main.backoff import full_jitter, half_jitter
from selador_main.cancellation import Reason
from selador_main.delivery import Delivery, Receive
from selador_main.outcomes import (
    OUTCOMES,
    Answered,
    Cause,
    Ending,
    Fate,
    Limits,
    Outcome,
    Plan,
    conclude,
    ending_of,
    exhausted,
    plan,
    retry_delay,
    unreadable,
    unsaid,
)
from selador_shared.protocol import Completed, Error, Retrying, Usage

LIMITS = Limits(max_attempts=3, max_age_seconds=900)
RECEIVED_AT_MS = 1_707_502_309_017

type MakeDelivery = Callable[[int], Delivery]


class Longest(random.Random):
    """A source that always draws the longest delay."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Shortest(random.Random):
    """A source that always draws the shortest delay."""

    def uniform(self, a: float, b: float) -> float:
        return a


def planned(delivery: Delivery, age_seconds: float = 0) -> Plan:
    return plan(delivery, LIMITS, now_ms=RECEIVED_AT_MS + int(age_seconds * 1000))


def concluded(cause: Cause, delivery: Delivery) -> Outcome:
    return conclude(cause, delivery, LIMITS, Longest())


@pytest.mark.parametrize(("receive_count", "expected"), [(1, Plan.RUN), (3, Plan.RUN), (4, Plan.BURY), (9, Plan.BURY)])
def test_attempts_run_and_the_receives_after_them_bury(
    delivery: MakeDelivery, receive_count: int, expected: Plan
) -> None:
    assert planned(delivery(receive_count)) is expected


def test_sqs_moves_the_message_after_the_attempts_the_burial_and_a_spare() -> None:
    assert LIMITS.last_receive == 5


@pytest.mark.parametrize("receive_count", [1, 2, 3])
@pytest.mark.parametrize(("age_seconds", "expected"), [(0, Plan.RUN), (899.999, Plan.RUN), (900, Plan.EXPIRE)])
def test_at_every_receive_a_request_past_its_useful_life_expires(
    delivery: MakeDelivery, receive_count: int, age_seconds: float, expected: Plan
) -> None:
    """Failed starts, throttles and kills use up receives, too: a retry may be as late as a first attempt."""
    assert planned(delivery(receive_count), age_seconds) is expected


@pytest.mark.parametrize(("age_seconds", "expected"), [(50_899, Plan.RUN), (50_900, Plan.EXPIRE)])
def test_a_replay_has_its_useful_life_again(delivery: MakeDelivery, age_seconds: float, expected: Plan) -> None:
    replay = replace(delivery(1), receive=Receive(1, RECEIVED_AT_MS + 50_000_000))

    assert planned(replay, age_seconds) is expected


@pytest.mark.parametrize(
    ("cause", "ending"),
    [
        (Answered(), Ending.ANSWERED),
        (RequestRefusedError("invalid_request", "no"), Ending.REFUSED),
        (RequestRefusedError("content_blocked", "no"), Ending.BLOCKED),
        (AgentFailedError("unavailable", reason="cut"), Ending.FAILED),
        (NotReadyError("throttled", reason="429"), Ending.FAILED),
        (NotUnderstoodError("a list"), Ending.NOT_UNDERSTOOD),
        (DeploymentFaultError(reason="AccessDenied"), Ending.DEPLOYMENT_FAULT),
        *[(reason, Ending[reason.name]) for reason in Reason],
    ],
)
def test_every_cause_has_its_row(cause: Cause, ending: Ending) -> None:
    assert ending_of(cause) is ending


def test_every_ending_has_a_row_and_each_user_visible_end_a_metric_of_its_own() -> None:
    ends = [row.metric for row in OUTCOMES.values() if row.fate in {Fate.DELETED, Fate.BURIED}]

    assert OUTCOMES.keys() == set(Ending)
    # If two rows share an end, one has a count beside it.
    shared = ["Abandoned", "Failed"]
    assert sorted(ends) == sorted(
        ["Completed", "Failed", "Refused", "Blocked", "Abandoned", "Expired", "Buried", "Unreadable", *shared]
    )


def test_an_answer_completes_and_deletes(delivery: MakeDelivery) -> None:
    outcome = concluded(
        Answered(Session("s-1", restarted=True), Ended("max_tokens", 5, 7, truncated=True, service_tier="flex")),
        delivery(1),
    )

    assert (outcome.ending, outcome.done, outcome.frame_type) == (Ending.ANSWERED, True, Completed)
    assert outcome.members == {
        "session_id": "s-1",
        "session_restarted": True,
        "usage": Usage(input_tokens=5, output_tokens=7, service_tier="flex"),
        "stop_reason": "max_tokens",
        "truncated": True,
    }


def test_an_answer_of_an_agent_that_says_nothing_of_its_end_completes_too(delivery: MakeDelivery) -> None:
    members = concluded(Answered(), delivery(1)).members

    assert members == {
        "session_id": None,
        "session_restarted": None,
        "usage": None,
        "stop_reason": None,
        "truncated": False,
    }


@pytest.mark.parametrize("reason", [Reason.CLIENT_GONE, Reason.CLIENT_UNRESPONSIVE])
def test_a_client_that_has_gone_is_counted_and_its_message_deleted(delivery: MakeDelivery, reason: Reason) -> None:
    outcome = concluded(reason, delivery(1))

    assert (outcome.row.metric, outcome.done, outcome.frame_type) == ("Abandoned", True, None)


def test_a_lost_lease_says_nothing_and_touches_nothing(delivery: MakeDelivery) -> None:
    assert concluded(Reason.LEASE_LOST, delivery(1)) == Outcome(Ending.LEASE_LOST)


def test_a_refused_request_is_an_error_that_is_not_retryable(delivery: MakeDelivery) -> None:
    outcome = concluded(RequestRefusedError("content_blocked", "blocked", reason="GUARDRAIL"), delivery(1))

    assert (outcome.done, outcome.frame_type) == (True, Error)
    assert outcome.members == {"code": "content_blocked", "message": "blocked", "field": None, "retryable": False}


@pytest.mark.parametrize("reason", [Reason.OUT_OF_TIME, Reason.EXPIRED])
def test_what_took_too_long_is_an_error_that_may_be_tried_again(delivery: MakeDelivery, reason: Reason) -> None:
    outcome = concluded(reason, delivery(1))

    assert (outcome.done, outcome.frame_type) == (True, Error)
    assert (outcome.members["code"], outcome.members["retryable"]) == ("deadline_exceeded", True)


def test_an_attempt_out_of_time_whose_client_cannot_be_told_is_over_all_the_same(delivery: MakeDelivery) -> None:
    outcome = concluded(Reason.OUT_OF_TIME, delivery(1))

    assert unsaid(outcome, Reason.UNDELIVERABLE, delivery(1), LIMITS, Longest()) is outcome
    assert unsaid(outcome, Reason.LEASE_LOST, delivery(1), LIMITS, Longest()).ending is Ending.LEASE_LOST


def test_an_answer_that_cannot_be_delivered_is_tried_again(delivery: MakeDelivery) -> None:
    outcome = unsaid(concluded(Answered(), delivery(1)), Reason.UNDELIVERABLE, delivery(1), LIMITS, Longest())

    assert outcome == Outcome(Ending.UNDELIVERABLE, visibility_seconds=5)


@pytest.mark.parametrize(("receive_count", "delay"), [(1, 5), (2, 15)])
def test_a_failed_attempt_announces_its_retry_and_backs_off(
    delivery: MakeDelivery, receive_count: int, delay: int
) -> None:
    outcome = concluded(AgentFailedError("throttled", reason="ThrottlingException"), delivery(receive_count))

    assert outcome == Outcome(
        Ending.FAILED,
        frame_type=Retrying,
        members={"delay_seconds": delay, "code": "throttled"},
        visibility_seconds=delay,
        code="throttled",
    )


def test_the_last_failed_attempt_announces_no_retry_and_is_buried_at_once(delivery: MakeDelivery) -> None:
    outcome = concluded(AgentFailedError("throttled", reason="ThrottlingException"), delivery(LIMITS.max_attempts))

    assert outcome == Outcome(Ending.FAILED, visibility_seconds=0, code="throttled")


def test_an_undeliverable_attempt_is_retried_in_silence(delivery: MakeDelivery) -> None:
    assert concluded(Reason.UNDELIVERABLE, delivery(1)) == Outcome(Ending.UNDELIVERABLE, visibility_seconds=5)


@pytest.mark.parametrize(("source", "delays"), [(Shortest(), [3, 8, 23, 30, 30]), (Longest(), [5, 15, 45, 60, 60])])
def test_half_of_the_backoff_is_certain(source: random.Random, delays: list[int]) -> None:
    """Three attempts that fail at once must not be over in six seconds, whatever the source draws."""
    assert [retry_delay(tries, source) for tries in range(1, 6)] == delays


def test_backoffs_are_capped() -> None:
    assert full_jitter(500, base=2, cap=60, source=Longest()) == 60
    assert half_jitter(500, base=2, factor=3, cap=60, source=Longest()) == 60


def test_a_burial_is_the_last_word() -> None:
    outcome = exhausted(LIMITS)

    assert (outcome.row.metric, outcome.done, outcome.members["code"]) == ("Buried", False, "attempts_exhausted")
    assert "3 attempts" in outcome.members["message"]


def test_an_unreadable_message_is_the_services_fault() -> None:
    outcome = unreadable()

    assert (outcome.row.metric, outcome.done, outcome.members["code"]) == ("Unreadable", False, "internal")


def test_an_expired_request_is_told_how_long_is_too_long(delivery: MakeDelivery) -> None:
    assert "900 seconds" in concluded(Reason.EXPIRED, delivery(1)).members["message"]
