"""One receive of one message: what the event source mapping handed over, read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from selador_main.errors import SeladorMainError
from selador_shared.envelope import Envelope, read_envelope


class UnreadableMessageError(SeladorMainError):
    """The message's body is no envelope; the message names each fault and never quotes the body."""


@dataclass(frozen=True)
class Delivery:
    """A message, and which receive of it this is (1 for the first)."""

    envelope: Envelope
    receive_count: int
    trace_header: str | None = None
    """The handler's X-Ray trace header, which SQS hands on as an attribute (ESM-14)."""

    @property
    def trace_id(self) -> str | None:
        """The trace's id: the `Root` of the header."""
        fields = dict(part.partition("=")[::2] for part in (self.trace_header or "").split(";"))
        return fields.get("Root")

    @property
    def attempt(self) -> int:
        """The attempt's number as clients see it: it goes on rising through a replay from the dead-letter queue."""
        return self.envelope.attempts_before + self.receive_count


def read_delivery(record: Mapping[str, Any]) -> Delivery:
    """Return the delivery in an SQS record (ESM-13), whose attributes are all strings (ESM-14).

    Raises UnreadableMessageError.
    """
    try:
        envelope = read_envelope(record["body"])
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        named = [f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}" for fault in faults]
        raise UnreadableMessageError("; ".join(named)) from None
    attributes = record["attributes"]
    return Delivery(
        envelope=envelope,
        receive_count=int(attributes["ApproximateReceiveCount"]),
        trace_header=attributes.get("AWSTraceHeader"),
    )
