"""What SQS refuses in queues and in requests for messages, in its words (VAL-06). Pure.

What it refuses in a message is in `moto_overlay/sqs/message_limits.py`: in a batch, one refused message is one failure.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.service_rules.refusals import Refusals, Request, bad_request

_RANGES = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_OTHER_ATTRIBUTES = frozenset(
    {"KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled"}
)
_OF_FIFO_QUEUES = frozenset({"ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"})
_MOST_RECEIVES = 1_000  # the largest `maxReceiveCount` (SQS-26)
_PERMISSIONS = frozenset({"allowAll", "byQueue", "denyAll"})
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


class SqsState(Protocol):
    """What the rules ask about queues that exist."""

    def visibility_timeout(self, queue_arn: str) -> int | None:
        """Return a queue's visibility timeout in seconds, None if there is no such queue."""


def create_queue(request: Request, state: SqsState) -> Refusals:
    name = request.get("QueueName", "")
    if _NAME.fullmatch(name.removesuffix(".fifo")) is None:
        yield _invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
    yield from set_queue_attributes(request, state)


def set_queue_attributes(request: Request, state: SqsState) -> Refusals:
    attributes = request.get("Attributes", {})
    for name, value in attributes.items():
        if name not in _RANGES.keys() | _OTHER_ATTRIBUTES | _OF_FIFO_QUEUES:
            yield bad_request("InvalidAttributeName", f"Unknown Attribute {name}.")
        if name in _RANGES and not _is_within(value, _RANGES[name]):
            yield bad_request("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    if attributes.get("Policy") and not _object(attributes["Policy"]):
        yield bad_request("InvalidAttributeValue", "Invalid value for the parameter Policy.")
    if attributes.get("RedrivePolicy"):
        yield from _redrive_policy(attributes["RedrivePolicy"], state)
    if attributes.get("RedriveAllowPolicy"):
        permission = _object(attributes["RedriveAllowPolicy"]).get("redrivePermission")
        if permission not in _PERMISSIONS:
            yield _invalid("Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
    if attributes.get("KmsMasterKeyId") and attributes.get("SqsManagedSseEnabled") == "true":
        yield bad_request(
            "InvalidAttributeValue",
            "You can use one type of server-side encryption (SSE) at one time. "
            "You can either enable KMS SSE or SQS SSE.",
        )


def _redrive_policy(text: str, state: SqsState) -> Refusals:
    policy = _object(text)
    invalid = f"Value {text} for parameter RedrivePolicy is invalid. Reason:"
    for member in ("deadLetterTargetArn", "maxReceiveCount"):
        if member not in policy:
            yield _invalid(f"{invalid} Redrive policy does not contain mandatory attribute: {member}.")
            return
    count = policy["maxReceiveCount"]
    if not _is_within(count, (1, _MOST_RECEIVES)):
        yield _invalid(
            f"{invalid} Invalid value for maxReceiveCount: {count}, "
            f"valid values are from 1 to {_MOST_RECEIVES} both inclusive."
        )
    target = str(policy["deadLetterTargetArn"])
    if state.visibility_timeout(target) is None:
        yield _invalid(f"{invalid} Dead letter target does not exist.")


def receive_message(request: Request, _state: SqsState) -> Refusals:
    yield from _parameter(request, "MaxNumberOfMessages", (1, 10), "Must be between 1 and 10, if provided.")
    yield from _parameter(request, "WaitTimeSeconds", (0, 20), "Must be >= 0 and <= 20, if provided.")
    yield from _parameter(request, "VisibilityTimeout", (0, 43_200), "Must be >= 0 and <= 43200, if provided.")


def change_message_visibility(request: Request, _state: SqsState) -> Refusals:
    reason = "VisibilityTimeout must be an integer between 0 and 43200."
    yield from _parameter(request, "VisibilityTimeout", _RANGES["VisibilityTimeout"], reason)


def list_message_move_tasks(request: Request, _state: SqsState) -> Refusals:
    yield from _parameter(request, "MaxResults", (1, 10), "Must be between 1 and 10, if provided.")


def _parameter(request: Request, name: str, bounds: tuple[int, int], reason: str) -> Refusals:
    if name in request and not bounds[0] <= request[name] <= bounds[1]:
        yield _invalid(f"Value {request[name]} for parameter {name} is invalid. Reason: {reason}")


def _is_within(value: Any, bounds: tuple[int, int]) -> bool:
    return re.fullmatch(r"-?\d+", str(value)) is not None and bounds[0] <= int(value) <= bounds[1]


def _object(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {}


def _invalid(message: str) -> CallRefusedError:
    return bad_request("InvalidParameterValue", message)
