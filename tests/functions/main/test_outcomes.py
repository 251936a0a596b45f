"""The plan before an attempt and the outcome table after it."""

import random
from collections.abc import Callable

import pytest

from selador_main.agents.agent import AgentFailedError, Ended, RequestRefusedError, Session
from selador_main.backoff import full_jitter
from selador_main.cancellation import Reason
from selador_main.delivery import Delivery
from selador_main.outcomes import Answered, Outcome, Plan, buried, conclude, expired, plan
from selador_shared.envelope import Envelope
from selador_shared.protocol import Completed, Error, Retrying, Usage

MAX_ATTEMPTS = 3
MAX_AGE_SECONDS = 900
RECEIVED_AT_MS = 1_707_502_309_017

type MakeDelivery = Callable[[int], Delivery]


class Longest(random.Random):
    """A source that always draws the longest delay."""

    def uniform(self, a: float, b: float) -> float:
        return b


def planned(delivery: Delivery, age_seconds: float = 0) -> Plan:
    return plan(
        delivery,
        now_ms=RECEIVED_AT_MS + int(age_seconds * 1000),
        max_attempts=MAX_ATTEMPTS,
        max_age_seconds=MAX_AGE_SECONDS,
    )


def concluded(ending: Answered | RequestRefusedError | AgentFailedError | Reason, delivery: Delivery) -> Outcome:
    return conclude(ending, delivery, max_attempts=MAX_ATTEMPTS, source=Longest())


@pytest.mark.parametrize(("receive_count", "expected"), [(1, Plan.RUN), (3, Plan.RUN), (4, Plan.BURY), (9, Plan.BURY)])
def test_attempts_run_and_the_receive_after_them_buries(
    delivery: MakeDelivery, receive_count: int, expected: Plan
) -> None:
    assert planned(delivery(receive_count)) is expected


@pytest.mark.parametrize(("age_seconds", "expected"), [(0, Plan.RUN), (900, Plan.RUN), (900.001, Plan.EXPIRE)])
def test_a_request_expires_when_it_is_first_received_after_its_useful_life(
    delivery: MakeDelivery, age_seconds: float, expected: Plan
) -> None:
    assert planned(delivery(1), age_seconds) is expected


def test_a_retry_never_expires(delivery: MakeDelivery) -> None:
    assert planned(delivery(2), age_seconds=5_000) is Plan.RUN


def test_a_replay_has_its_attempts_again_and_never_expires(envelope: Envelope) -> None:
    replayed = Delivery(envelope=envelope.model_copy(update={"attempts_before": 4}), receive_count=1)

    assert replayed.attempt == 5
    assert planned(replayed, age_seconds=50_000) is Plan.RUN


def test_an_answer_completes_and_deletes(delivery: MakeDelivery) -> None:
    outcome = concluded(
        Answered(Session("s-1", restarted=True), Ended("max_tokens", 5, 7, truncated=True, service_tier="flex")),
        delivery(1),
    )

    assert (outcome.metric, outcome.done, outcome.frame_type) == ("Completed", True, Completed)
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


def test_a_client_that_has_gone_is_counted_and_its_message_deleted(delivery: MakeDelivery) -> None:
    assert concluded(Reason.CLIENT_GONE, delivery(1)) == Outcome("Abandoned", done=True)


def test_a_lost_lease_says_nothing_and_touches_nothing(delivery: MakeDelivery) -> None:
    assert concluded(Reason.LEASE_LOST, delivery(1)) == Outcome("LeaseLost", done=False)


def test_a_refused_request_is_an_error_that_is_not_retryable(delivery: MakeDelivery) -> None:
    outcome = concluded(RequestRefusedError("content_blocked", "blocked", reason="GUARDRAIL"), delivery(1))

    assert (outcome.metric, outcome.done, outcome.frame_type) == ("Failed", True, Error)
    assert outcome.members == {"code": "content_blocked", "message": "blocked", "field": None, "retryable": False}


def test_running_out_of_time_is_an_error_that_may_be_tried_again(delivery: MakeDelivery) -> None:
    outcome = concluded(Reason.OUT_OF_TIME, delivery(1))

    assert (outcome.done, outcome.frame_type) == (True, Error)
    assert (outcome.members["code"], outcome.members["retryable"]) == ("deadline_exceeded", True)


@pytest.mark.parametrize(("receive_count", "delay"), [(1, 2), (2, 4)])
def test_a_failed_attempt_announces_its_retry_and_backs_off(
    delivery: MakeDelivery, receive_count: int, delay: int
) -> None:
    outcome = concluded(AgentFailedError("throttled", reason="ThrottlingException"), delivery(receive_count))

    assert outcome == Outcome(
        "AttemptFailed",
        done=False,
        frame_type=Retrying,
        members={"delay_seconds": delay, "code": "throttled"},
        visibility_seconds=delay,
        code="throttled",
    )


def test_the_last_failed_attempt_announces_no_retry_and_is_buried_at_once(delivery: MakeDelivery) -> None:
    outcome = concluded(AgentFailedError("throttled", reason="ThrottlingException"), delivery(MAX_ATTEMPTS))

    assert outcome == Outcome("AttemptFailed", done=False, visibility_seconds=0, code="throttled")


def test_an_undeliverable_attempt_is_retried_in_silence(delivery: MakeDelivery) -> None:
    assert concluded(Reason.UNDELIVERABLE, delivery(1)) == Outcome("AttemptFailed", done=False, visibility_seconds=2)


def test_the_backoff_is_capped_at_a_minute() -> None:
    assert full_jitter(50, base=2, cap=60, source=Longest()) == 60


def test_a_burial_is_the_last_word_and_releases_the_message_to_the_dead_letter_queue() -> None:
    outcome = buried(MAX_ATTEMPTS)

    assert (outcome.metric, outcome.done, outcome.visibility_seconds) == ("Buried", False, 0)
    assert outcome.members["code"] == "attempts_exhausted"
    assert "3 attempts" in outcome.members["message"]


def test_an_expired_request_is_told_how_long_is_too_long() -> None:
    outcome = expired(MAX_AGE_SECONDS)

    assert (outcome.done, outcome.members["code"]) == (True, "deadline_exceeded")
    assert "900 seconds" in outcome.members["message"]
