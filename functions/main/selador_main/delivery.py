"""One receive of one message: what the event source mapping handed over, read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from selador_main.errors import SeladorMainError
from selador_shared.envelope import Envelope, read_envelope

REPLAY_MS = 2_000
"""A message that was sent so long after its request was received is a replay; the handler needs milliseconds.

If a slow start of the handler looks like one, nothing is lost: attempts are numbered from a higher number.
"""

ATTEMPTS_PER_MS = 1 / 100
"""How fast the attempts' numbers rise from replay to replay: receives of one life are seconds apart."""


@dataclass(frozen=True)
class Address:
    """Who waits for the answer to which request, on which connection."""

    request_id: str
    connection_id: str


class UnreadableMessageError(SeladorMainError):
    """The message's body is no envelope; the message names each fault and never quotes the body.

    `address` is there if at least that can be read: then its client can be told.
    """

    def __init__(self, faults: str, address: Address | None) -> None:
        super().__init__(faults)
        self.address = address


@dataclass(frozen=True)
class Receive:
    """What SQS says of a receive: its number, from 1, and when the message was sent, in epoch milliseconds."""

    count: int
    sent_at: int


@dataclass(frozen=True)
class Delivery:
    """A message, and which receive of it this is."""

    envelope: Envelope
    receive: Receive
    trace_header: str | None = None
    """The handler's X-Ray trace header, which SQS hands on as an attribute (ESM-14)."""

    @property
    def address(self) -> Address:
        return Address(self.envelope.request_id, self.envelope.connection_id)

    @property
    def trace_id(self) -> str | None:
        """The trace's id: the `Root` of the header."""
        fields = dict(part.partition("=")[::2] for part in (self.trace_header or "").split(";"))
        return fields.get("Root")

    @property
    def is_replay(self) -> bool:
        """Whether the message was sent again: a moved one is a new message with a new sending time (SQS-27)."""
        return self.receive.sent_at - self.envelope.received_at >= REPLAY_MS

    @property
    def began_at(self) -> int:
        """When this life of the request began, in epoch milliseconds: a replay has its useful life anew."""
        return self.receive.sent_at if self.is_replay else self.envelope.received_at

    def attempt(self, number: int) -> int:
        """Return the number that clients see for this life's attempt `number`, above those of any earlier life.

        SQS counts receives anew when a message is moved, whoever moves it (SQS-28). Its sending time only rises.
        """
        earlier = int((self.receive.sent_at - self.envelope.received_at) * ATTEMPTS_PER_MS) if self.is_replay else 0
        return max(self.envelope.attempts_before, earlier) + number


def read_receive(record: Mapping[str, Any]) -> Receive:
    """Return what SQS says of the receive in a record (ESM-13), whose attributes are all strings (ESM-14)."""
    attributes = record["attributes"]
    return Receive(int(attributes["ApproximateReceiveCount"]), int(attributes["SentTimestamp"]))


def read_delivery(record: Mapping[str, Any]) -> Delivery:
    """Return the delivery in an SQS record. Raises UnreadableMessageError."""
    try:
        envelope = read_envelope(record["body"])
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        # The names of a workflow's inputs, deeper than these, are a client's own words.
        named = [f"{'.'.join(str(part) for part in fault['loc'][:3]) or 'body'}: {fault['msg']}" for fault in faults]
        raise UnreadableMessageError("; ".join(named), _address(record["body"])) from None
    return Delivery(envelope, read_receive(record), record["attributes"].get("AWSTraceHeader"))


def _address(body: str) -> Address | None:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match members:
        case {"requestId": str(request_id), "connectionId": str(connection_id)}:
            if request_id and connection_id and f"{request_id}{connection_id}".isascii():
                return Address(request_id, connection_id)
    return None
