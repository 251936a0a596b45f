import json
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from selador_local.bedrock.eventstream import encode_event, encode_exception, encode_message


def decode(data: bytes) -> list[Any]:  # the published types say that headers are a number
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


def test_an_empty_message_is_sixteen_bytes_long() -> None:
    assert len(encode_message({}, b"")) == 16  # two lengths and two checksums of four bytes (BR-22)


def test_botocore_reads_headers_and_payload_back_and_accepts_both_checksums() -> None:
    headers = {":message-type": "event", "größe": "zwei Zimmer, 58 m²"}

    [message] = decode(encode_message(headers, b"\x00payload\xff"))

    assert message.headers == headers
    assert message.payload == b"\x00payload\xff"


def test_messages_that_follow_each_other_are_told_apart() -> None:
    messages = decode(encode_event("output", {"text": "a"}) + encode_event("output", {"text": "b"}))

    assert [json.loads(message.payload)["text"] for message in messages] == ["a", "b"]


def test_an_event_names_its_member_and_carries_json() -> None:
    [message] = decode(encode_event("output", {"text": "58 m²"}))

    assert message.headers == {  # all that Bedrock sends with an event (BR-24)
        ":message-type": "event",
        ":event-type": "output",
        ":content-type": "application/json",
    }
    assert json.loads(message.payload) == {"text": "58 m²"}


@pytest.mark.parametrize(
    ("exception", "further"),
    [
        ("badGatewayException", {"resourceName"}),
        ("dependencyFailedException", {"resourceName"}),
        ("modelStreamErrorException", {"originalStatusCode", "originalMessage"}),
    ],
)
def test_some_exceptions_tell_more(exception: str, further: set[str]) -> None:
    [message] = decode(encode_exception(exception, "no answer"))

    assert json.loads(message.payload).keys() == {"message", *further}  # as their models have it (BR-37)


def test_an_exception_names_its_member_and_carries_the_message() -> None:
    [message] = decode(encode_exception("throttlingException", "slow down"))

    assert message.headers[":message-type"] == "exception"  # and a header names which (BR-24)
    assert message.headers[":exception-type"] == "throttlingException"
    assert json.loads(message.payload) == {"message": "slow down"}
