"""The dead-letter queue, looked at."""

from typing import Any, cast

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.operations.dead_letter_queue import DeadLetterQueue
from selador_deploy.operations.letter import DeadLetter

from .conftest import DEAD, FakeSqs, envelope, refusal


@pytest.fixture
def sqs() -> FakeSqs:
    fake = FakeSqs()
    for number in range(25):
        fake.put(envelope(f"r-{number}"), f"m-{number}")
    return fake


def read(sqs: FakeSqs, most: int = 100, seen: Any = None) -> tuple[list[str], bool]:
    found: list[DeadLetter] = []
    whole = DeadLetterQueue(cast(Any, sqs), DEAD).read(most, seen or found.append)
    return [letter.message_id for letter in found], whole


def test_every_letter_is_read_once_and_shown_to_others_again(sqs: FakeSqs) -> None:
    found, whole = read(sqs)

    assert found == [f"m-{number}" for number in range(25)]
    assert whole
    assert sqs.hidden == set()
    assert len(sqs.dead()) == 25


def test_letters_that_come_back_meanwhile_are_read_once(sqs: FakeSqs) -> None:
    """SQS delivers at least once, and what was hidden comes back after a while."""
    receive = sqs.receive_message
    sqs.receive_message = lambda **arguments: receive(**arguments | {"MaxNumberOfMessages": 10})  # type: ignore[method-assign]
    calls: list[int] = []

    def seen(_: DeadLetter) -> None:
        calls.append(1)
        if len(calls) == 10:
            sqs.hidden.clear()

    read(sqs, seen=seen)

    assert len(calls) == 25


def test_reading_ends_at_its_limit_and_says_that_more_are_left(sqs: FakeSqs) -> None:
    found, whole = read(sqs, most=20)

    assert (len(found), whole) == (20, False)
    assert sqs.hidden == set()


def test_an_interruption_shows_the_letters_to_others_again(sqs: FakeSqs) -> None:
    def interrupted(_: DeadLetter) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(sqs, seen=interrupted)

    assert sqs.hidden == set()


@pytest.mark.parametrize(
    ("operation", "action"),
    [("receive_message", "sqs:ReceiveMessage"), ("change_message_visibility_batch", "sqs:ChangeMessageVisibility")],
)
def test_a_missing_permission_is_named(sqs: FakeSqs, operation: str, action: str) -> None:
    sqs.fails[operation] = refusal("AccessDenied", 403)

    with pytest.raises(DeployError, match=f"{action} on {DEAD} is denied"):
        read(sqs)


def test_hidden_letters_count_as_well() -> None:
    class Counts:
        def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
            return {"Attributes": {"ApproximateNumberOfMessages": "5", "ApproximateNumberOfMessagesNotVisible": "2"}}

    assert DeadLetterQueue(cast(Any, Counts()), DEAD).depth() == 7
