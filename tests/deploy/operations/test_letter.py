"""Dead letters as values."""

import json
from datetime import timedelta
from typing import Any

import pytest

from selador_deploy.operations.letter import DeadLetter, attempts_so_far, message_again, read_letter

from .conftest import NOW, QUEUE, envelope

ASKED_MS = int((NOW - timedelta(minutes=5)).timestamp() * 1000)


def letter(body: str, *, sent_ms: int = ASKED_MS, **members: Any) -> DeadLetter:
    system = {"SentTimestamp": str(sent_ms), "ApproximateReceiveCount": "5", **members.pop("system", {})}
    message: Any = {"MessageId": "m-1", "ReceiptHandle": "h-1", "Body": body, "Attributes": system, **members}
    return read_letter(message)


def test_a_letter_says_who_asked_and_when() -> None:
    found = letter(envelope("r-1", principalId="alice"))

    assert found.asked is not None
    assert (found.asked.request_id, found.asked.connection_id, found.asked.principal_id) == (
        "r-1",
        "connection-of-r-1",
        "alice",
    )
    assert found.asked_at == NOW - timedelta(minutes=5)
    assert found.question == "a secret question"


def test_of_what_is_no_request_the_question_is_the_body() -> None:
    assert letter("not json").question == "not json"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("not json", "its body is no JSON"),
        ("[" * 100_000, "its body is no JSON"),
        ("[]", "its body is no JSON object"),
        ("{}", "requestId is missing; connectionId is missing; receivedAt is missing; request is missing"),
        (envelope(requestId=7), "requestId is no text"),
        (envelope(requestId='" or 1'), "requestId is no id"),
        (envelope(connectionId=""), "connectionId is empty"),
        (envelope(receivedAt=True), "receivedAt is no number"),
        (envelope(request="a secret question"), "request is no object"),
    ],
)
def test_what_is_no_request_is_named_and_not_quoted(body: str, fault: str) -> None:
    found = letter(body)

    assert found.asked is None
    assert found.fault == fault
    assert "secret" not in found.fault


def test_a_letter_sent_again_has_all_that_the_handler_sent_and_attempts_that_rise() -> None:
    attribute = {"DataType": "String", "StringValue": "r-1", "StringListValues": [], "BinaryListValues": []}
    body = envelope("r-1", attemptsBefore=7, aMemberOfALaterRelease={"a": 1})
    found = letter(
        body,
        system={"MessageGroupId": "alice", "AWSTraceHeader": "Root=1-2-3"},
        MessageAttributes={"requestId": attribute},
    )

    again: dict[str, Any] = {**message_again(found, QUEUE)}

    assert json.loads(again.pop("MessageBody")) == json.loads(body) | {"attemptsBefore": 12}
    assert again == {
        "QueueUrl": QUEUE,
        "MessageGroupId": "alice",
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}},
        "MessageAttributes": {"requestId": {"DataType": "String", "StringValue": "r-1"}},
    }


def test_a_letter_without_attributes_is_sent_without_them() -> None:
    assert message_again(letter(envelope()), QUEUE).keys() == {"QueueUrl", "MessageBody"}


def test_every_receive_may_have_been_an_attempt() -> None:
    assert attempts_so_far(letter(envelope(attemptsBefore=2))) == 7


@pytest.mark.parametrize(("sent_after", "begins_after"), [(1_999, 0), (2_000, 2_000)])
def test_a_useful_life_begins_anew_where_main_says_so(sent_after: int, begins_after: int) -> None:
    found = letter(envelope(), sent_ms=ASKED_MS + sent_after)

    assert int(found.life_ended_at(900).timestamp() * 1000) == ASKED_MS + begins_after + 900_000


def test_a_letter_can_be_kept_without_its_question() -> None:
    assert letter(envelope()).without_body().body == ""
