"""Reading an SQS record."""

from collections.abc import Callable
from typing import Any

import pytest

from selador_main.delivery import UnreadableMessageError, read_delivery
from selador_shared.envelope import Envelope


def test_a_record_is_read_with_its_receive_count(
    aws_event: Callable[[str], dict[str, Any]], envelope: Envelope
) -> None:
    record = aws_event("sqs_record") | {"body": envelope.model_dump_json(exclude_none=True)}
    record["attributes"]["ApproximateReceiveCount"] = "3"

    delivery = read_delivery(record)

    assert delivery.envelope == envelope
    assert delivery.attempt == 3


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
