"""Reading an SQS record."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from selador_main.delivery import Address, Delivery, Receive, UnreadableMessageError, read_delivery
from selador_shared.envelope import Envelope


def test_a_record_is_read_with_its_receive_count(
    aws_event: Callable[[str], dict[str, Any]], envelope: Envelope
) -> None:
    record = aws_event("sqs_record") | {"body": envelope.model_dump_json(exclude_none=True)}
    record["attributes"]["ApproximateReceiveCount"] = "3"

    delivery = read_delivery(record)

    assert delivery.envelope == envelope
    assert delivery.receive == Receive(3, 1_707_502_309_100)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("hello", "body: Invalid JSON"),
        ('{"version":1}', "requestId: Field required"),
        ('{"version":0,"requestId":"SECRET"}', "version: Input should be greater than or equal to 1"),
        ("", "body: Invalid JSON"),
    ],
)
def test_a_body_that_is_no_envelope_is_refused_naming_every_fault_and_quoting_nothing(
    aws_event: Callable[[str], dict[str, Any]], body: str, fault: str
) -> None:
    with pytest.raises(UnreadableMessageError) as raised:
        read_delivery(aws_event("sqs_record") | {"body": body})

    assert fault in str(raised.value)
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ('{"version":1,"requestId":"r-1","connectionId":"c=","receivedAt":7}', Address("r-1", "c=")),
        ('{"version":1,"requestId":"r-1"}', None),
        ('{"version":1,"requestId":"r-1","connectionId":7}', None),
        ('{"version":1,"requestId":"","connectionId":"c=","receivedAt":7}', None),
        ('{"version":1,"requestId":"\\ud83d","connectionId":"c=","receivedAt":7}', None),
        ("[" * 100_000, None),
        ("[]", None),
    ],
    ids=["both", "no connection", "a number", "empty", "half an emoji", "nested", "a list"],
)
def test_of_an_unreadable_message_the_address_is_read_if_it_can_be(
    aws_event: Callable[[str], dict[str, Any]], body: str, address: Address | None
) -> None:
    with pytest.raises(UnreadableMessageError) as raised:
        read_delivery(aws_event("sqs_record") | {"body": body})

    assert raised.value.address == address


def test_a_clients_own_names_of_inputs_are_not_in_the_fault(
    aws_event: Callable[[str], dict[str, Any]], envelope: Envelope
) -> None:
    body = json.loads(envelope.model_dump_json(exclude_none=True))
    body["request"] = {"action": "invoke", "type": "workflow", "workflow": "w", "inputs": {"SECRET": 1}}

    with pytest.raises(UnreadableMessageError) as raised:
        read_delivery(aws_event("sqs_record") | {"body": json.dumps(body)})

    assert "SECRET" not in str(raised.value)


def test_the_attempts_of_the_first_life_are_numbered_from_1(envelope: Envelope) -> None:
    sent_at = envelope.received_at + 1_999  # a slow start of the handler

    attempts = [Delivery(envelope, Receive(count, sent_at)).attempt(count) for count in (1, 2, 3, 4)]

    assert attempts == [1, 2, 3, 4]


@pytest.mark.parametrize("max_attempts", [1, 2, 3, 10])
def test_attempts_rise_whoever_replays_and_however_often(envelope: Envelope, max_attempts: int) -> None:
    """A moved message is a new one to SQS: new id, new sending time, receives from 1 (SQS-27, SQS-28)."""
    sent_at = envelope.received_at + 50
    numbers: list[int] = []

    for life in range(5):
        receives = range(1, max_attempts + 2)  # the burial's number is the last one
        numbers += [Delivery(envelope, Receive(count, sent_at)).attempt(count) for count in receives]
        # As fast as it can be: attempts that fail at once, a burial at once, and a move at once.
        backoffs = sum(min(60, 5 * 3.0**tries) / 2 for tries in range(max_attempts - 1))
        sent_at += int(1_000 * (backoffs + 2)) + life

    assert numbers == sorted(set(numbers))


def test_a_replay_by_a_tool_that_says_so_is_above_what_it_says(envelope: Envelope) -> None:
    replayed = envelope.model_copy(update={"attempts_before": 4_000_000})

    delivery = Delivery(replayed, Receive(1, envelope.received_at + 60_000))

    assert delivery.attempt(1) == 4_000_001


def test_a_replay_begins_its_useful_life_anew(envelope: Envelope) -> None:
    first = Delivery(envelope, Receive(1, envelope.received_at + 90))
    replay = Delivery(envelope, Receive(1, envelope.received_at + 5_000_000))

    assert (first.began_at, replay.began_at) == (envelope.received_at, envelope.received_at + 5_000_000)
