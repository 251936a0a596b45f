"""A dead letter as a value: what SQS and the envelope in it say, and the message that sends it again. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from selador_deploy.operations.spans import from_ms

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef, SendMessageRequestTypeDef

_SAME_MS = 2_000
"""A message that was sent so long after its request was received was sent again (functions/main: delivery.py)."""


@dataclass(frozen=True)
class Asked:
    """Who asked what the letter holds, and when: as much of the envelope as operating it takes."""

    request_id: str
    connection_id: str
    principal_id: str | None
    received_at_ms: int
    attempts_before: int


@dataclass(frozen=True)
class DeadLetter:
    """A message of the dead-letter queue. `asked` is None if it is no request; `fault` then says why."""

    message: "MessageTypeDef"
    asked: Asked | None
    fault: str = ""

    @property
    def message_id(self) -> str:
        """SQS's id. It stays when SQS moves a message to the dead-letter queue; what is sent again has another."""
        return self.message["MessageId"]

    @property
    def receipt_handle(self) -> str:
        """What hides, shows again or deletes it: of this receive, until the next one."""
        return self.message["ReceiptHandle"]

    @property
    def body(self) -> str:
        """What the handler queued. It holds a user's question."""
        return self.message["Body"]

    @property
    def question(self) -> str:
        """What the user asked, as text; of what is no request, the body."""
        if self.asked is None:
            return self.body
        request = json.loads(self.body)["request"]
        return request["text"] if isinstance(request.get("text"), str) else json.dumps(request, ensure_ascii=False)

    @property
    def receives(self) -> int:
        """How often it was received: by main, and since then by whoever looked at it."""
        return int(self._system("ApproximateReceiveCount", "1"))

    @property
    def sent_at(self) -> datetime:
        """When this life of the request began."""
        return from_ms(int(self._system("SentTimestamp", "0")))

    @property
    def asked_at(self) -> datetime:
        """When the client asked; for what is no request, when it was sent."""
        return from_ms(self.asked.received_at_ms) if self.asked else self.sent_at

    def without_body(self) -> "DeadLetter":
        """Return the letter without the question in it: ten thousand bodies may be gigabytes."""
        return replace(self, message={**self.message, "Body": ""})

    def life_ended_at(self, max_age_seconds: int) -> datetime:
        """Return until when the client could expect an answer. Whoever sends it again gives it as long once more."""
        sent_again = self.sent_at - self.asked_at >= timedelta(milliseconds=_SAME_MS)
        return (self.sent_at if sent_again else self.asked_at) + timedelta(seconds=max_age_seconds)

    def _system(self, name: Any, default: str) -> str:
        return self.message.get("Attributes", {}).get(name, default)


def read_letter(message: "MessageTypeDef") -> DeadLetter:
    """Return the letter that a message is, whatever its body holds. A fault names members and quotes nothing."""
    try:
        envelope = json.loads(message["Body"])
    except (ValueError, RecursionError):
        return DeadLetter(message, None, "its body is no JSON")
    if not isinstance(envelope, dict):
        return DeadLetter(message, None, "its body is no JSON object")
    faults = ["requestId is no id"] if _no_id(envelope.get("requestId")) else []
    faults += [
        _fault(name, of_what, envelope.get(name))
        for name, (kind, of_what) in _MEMBERS.items()
        if not _is_a(kind, envelope.get(name))
    ]
    if faults:
        return DeadLetter(message, None, "; ".join(faults))
    return DeadLetter(message, _asked(envelope))


_MEMBERS: Mapping[str, tuple[type, str]] = {
    "requestId": (str, "text"),
    "connectionId": (str, "text"),
    "receivedAt": (int, "number"),
    "request": (dict, "object"),
}
"""What every release's envelope has."""


_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _no_id(value: object) -> bool:
    return isinstance(value, str) and value != "" and not _REQUEST_ID.fullmatch(value)


def _is_a(kind: type, value: object) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value not in ("", {})


def _fault(name: str, of_what: str, value: object) -> str:
    return f"{name} is {'missing' if value is None else 'empty' if value in ('', {}) else f'no {of_what}'}"


def _asked(envelope: Mapping[str, Any]) -> Asked:
    principal_id, attempts_before = envelope.get("principalId"), envelope.get("attemptsBefore")
    return Asked(
        envelope["requestId"],
        envelope["connectionId"],
        principal_id if isinstance(principal_id, str) else None,
        envelope["receivedAt"],
        attempts_before if isinstance(attempts_before, int) else 0,
    )


def attempts_so_far(letter: DeadLetter) -> int:
    """Return a number that no attempt of the request has passed, as far as its letter knows.

    Each receive may have been an attempt. Those by whoever looked at the letter raise the number, which does no harm:
    clients ask only that attempts rise.
    """
    return (letter.asked.attempts_before if letter.asked else 0) + letter.receives


def message_again(letter: DeadLetter, queue_url: str) -> "SendMessageRequestTypeDef":
    """Return the arguments that send the letter's request again, with all that the handler sent beside it."""
    again: SendMessageRequestTypeDef = {
        "QueueUrl": queue_url,
        "MessageBody": json.dumps(json.loads(letter.body) | {"attemptsBefore": attempts_so_far(letter)}),
    }
    system = letter.message.get("Attributes", {})
    if "MessageGroupId" in system:
        again["MessageGroupId"] = system["MessageGroupId"]
    if "AWSTraceHeader" in system:
        again["MessageSystemAttributes"] = {
            "AWSTraceHeader": {"DataType": "String", "StringValue": system["AWSTraceHeader"]}
        }
    attributes = letter.message.get("MessageAttributes")
    if attributes:
        again["MessageAttributes"] = {
            name: {member: value for member, value in attribute.items() if member in _SENDABLE}  # type: ignore[misc]
            for name, attribute in attributes.items()
        }
    return again


_SENDABLE = {"DataType", "StringValue", "BinaryValue"}
"""A received attribute has other members, too, empty and not to be sent."""
