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

    `address` is there if at least that can be read: then its client can be told, under the number `attempt`.
    """

    def __init__(self, faults: str, address: Address | None = None, attempt: int = 1) -> None:
        super().__init__(faults)
        self.address = address
        self.attempt = attempt


@dataclass(frozen=True)
class Receive:
    """What SQS says of a receive: its number, from 1, and when the message was sent, in epoch milliseconds."""

    count: int
    sent_at: int

    def is_replay(self, received_at: int) -> bool:
        """Return whether the message was sent again: a moved one is a new message with a new sending time (SQS-27)."""
        return self.sent_at - received_at >= REPLAY_MS

    def earlier_attempts(self, received_at: int) -> int:
        """Return a number that no earlier life of the request that was received then has reached.

        SQS counts receives anew when a message is moved, whoever moves it (SQS-28). Its sending time only rises.
        """
        return int((self.sent_at - received_at) * ATTEMPTS_PER_MS) if self.is_replay(received_at) else 0


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
    def began_at(self) -> int:
        """When this life of the request began, in epoch milliseconds: a replay has its useful life anew."""
        is_replay = self.receive.is_replay(self.envelope.received_at)
        return self.receive.sent_at if is_replay else self.envelope.received_at

    def attempt(self, number: int) -> int:
        """Return the number that clients see for this life's attempt `number`, above those of any earlier life."""
        return max(self.envelope.attempts_before, self.receive.earlier_attempts(self.envelope.received_at)) + number


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
        raise _unreadable("; ".join(named), record) from None
    return Delivery(envelope, read_receive(record), record["attributes"].get("AWSTraceHeader"))


def _unreadable(faults: str, record: Mapping[str, Any]) -> UnreadableMessageError:
    try:
        members = json.loads(record["body"])
    except (ValueError, RecursionError):
        return UnreadableMessageError(faults)
    match members:
        case {"requestId": str(request_id), "connectionId": str(connection_id), "receivedAt": int(received_at)}:
            if request_id and connection_id and f"{request_id}{connection_id}".isascii():
                attempt = read_receive(record).earlier_attempts(received_at) + 1
                return UnreadableMessageError(faults, Address(request_id, connection_id), attempt)
    return UnreadableMessageError(faults)
