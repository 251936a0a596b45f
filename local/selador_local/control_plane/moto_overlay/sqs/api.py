"""SQS for standard queues: what a message may be, receipts, batches, move tasks.

The messages' own rules are in `messages.py`, limits in `message_limits.py`, a queue's settings in `queue.py`.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs import urls
from moto.sqs.exceptions import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidParameterValue,
    MissingParameter,
    ReceiptHandleIsInvalid,
    SQSException,
    TooManyEntriesInBatchRequest,
)
from moto.sqs.models import Message as MotoMessage
from moto.sqs.models import SQSBackend as MotoBackend
from moto.sqs.models import _filter_message_attributes as filter_message_attributes
from moto.sqs.responses import SQSResponse as MotoResponse
from moto.sqs.utils import validate_message_attributes

from selador_local.control_plane.moto_overlay.sqs import message_limits, messages
from selador_local.control_plane.moto_overlay.sqs.disorder import Disorder
from selador_local.control_plane.moto_overlay.sqs.messages import Content, Delivery, Message
from selador_local.control_plane.moto_overlay.sqs.move_tasks import MoveTasks
from selador_local.control_plane.moto_overlay.sqs.queue import StandardQueue

_MAX_DELAY_SECONDS = 900  # SQS delays messages for no longer (SQS-19)
_MAX_BATCH_ENTRIES = 10
_SENDER_ID = "AIDASELADORLOCALSENDER"  # an attribute of every message (SQS-16); who sent it is not kept here


class SqsBackend(MotoBackend):  # type: ignore[misc] # moto is untyped
    """Gaps: sizes with attributes (SQS-01), characters (SQS-02), receipts (SQS-14, SQS-15), move tasks (SQS-27)."""

    _url_module = urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.move_tasks = MoveTasks(self._queue_by_arn, self.list_dead_letter_source_queues)

    def get_queue(self, queue_name: str) -> StandardQueue:
        """Return a queue; whatever is asked of it keeps its metrics alive (SQS-33)."""
        queue: StandardQueue = super().get_queue(queue_name)
        queue.used_at = queue.now_ms()
        return queue

    def send_message(  # noqa: PLR0917 # moto's signature
        self,
        queue_name: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        delay_seconds: int | None = None,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        system_attributes: dict[str, Any] | None = None,
        validate_group_id: bool = True,  # noqa: ARG002 # moto's signature
    ) -> Message:
        queue: StandardQueue = self.get_queue(queue_name)
        delay = int(queue.delay_seconds if delay_seconds is None else delay_seconds)
        if not 0 <= delay <= _MAX_DELAY_SECONDS:
            raise InvalidParameterValue(
                f"Value {delay} for parameter DelaySeconds is invalid. "
                f"Reason: DelaySeconds must be >= 0 and <= {_MAX_DELAY_SECONDS}."
            )
        if deduplication_id is not None:
            raise InvalidParameterValue("MessageDeduplicationId is not valid for a standard queue.")
        _check(queue, message_body, message_attributes or {})
        _check_group(group_id)
        _check_system_attributes(system_attributes or {})
        content = Content(
            body=message_body,
            attributes=message_attributes or {},
            group_id=group_id,
            trace_header=(system_attributes or {}).get("AWSTraceHeader", {}).get("StringValue"),
        )
        message = Message(str(uuid.uuid4()), content, sent_at=queue.now_ms())
        queue.put(message, delay)
        with queue.changed:
            queue.traffic.sent_sizes[message_limits.size(message_body, content.attributes)] += 1
        return message

    def delete_message(self, queue_name: str, receipt_handle: str) -> None:
        queue: StandardQueue = self.get_queue(queue_name)
        with queue.changed, _translated():
            queue.store.delete(receipt_handle)
            queue.traffic.deleted += 1

    def change_message_visibility(self, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
        queue: StandardQueue = self.get_queue(queue_name)
        with queue.changed, _translated():
            queue.store.change_visibility(receipt_handle, queue.now_ms(), int(visibility_timeout) * 1000)
            queue.changed.notify_all()

    def change_message_visibility_batch(
        self, queue_name: str, entries: list[dict[str, Any]]
    ) -> tuple[list[str], list[dict[str, Any]]]:
        done, failed = [], []
        for entry in entries:
            try:
                self.change_message_visibility(queue_name, entry["ReceiptHandle"], entry["VisibilityTimeout"])
                done.append(entry["Id"])
            except SQSException as error:
                failed.append(_failure(entry["Id"], error))
        return done, failed

    def purge_queue(self, queue_name: str) -> None:
        super().purge_queue(queue_name)
        queue: StandardQueue = self.get_queue(queue_name)
        with queue.changed:
            queue.store.purge()

    def disturb(self, seed: str | None) -> None:
        """Deliver late, out of order and twice from now on, by this seed; None ends it."""
        for queue in self.queues.values():
            with queue.changed:
                queue.store.disorder = None if seed is None else Disorder(f"{seed}/{queue.name}")

    def _queue_by_arn(self, arn: str) -> StandardQueue | None:
        queue = self.queues.get(arn.rpartition(":")[2])
        return queue if queue is not None and queue.queue_arn == arn else None


class SqsApi(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gaps: messages as the store has them; attributes of batch entries; `DeadLetterQueueSourceArn`; move tasks."""

    def send_message(self) -> ActionResult:
        return ActionResult(self._send(self._get_params()))

    def send_message_batch(self) -> ActionResult:
        entries = self._get_param("Entries", [])
        _check_batch(entries)
        done, failed = [], []
        for entry in entries:
            try:
                done.append({"Id": entry["Id"], **self._send(entry)})
            except SQSException as error:
                failed.append(_failure(entry["Id"], error))
        return ActionResult({"Successful": done, "Failed": failed})

    def receive_message(self) -> ActionResult:
        queue: StandardQueue = self.sqs_backend.get_queue(self._get_queue_name())
        deliveries = queue.receive(
            limit=self._number("MaxNumberOfMessages", 1),
            wait_seconds=self._number("WaitTimeSeconds", queue.receive_message_wait_time_seconds),
            visibility_seconds=self._number("VisibilityTimeout", queue.visibility_timeout),
        )
        system = {*self._get_param("AttributeNames", []), *self._get_param("MessageSystemAttributeNames", [])}
        names = self._get_param("MessageAttributeNames", [])
        received = [_received(delivery, system, names) for delivery in deliveries]
        return ActionResult({"Messages": received} if received else {})  # absent, not empty (SQS-17)

    def start_message_move_task(self) -> ActionResult:
        task = self.sqs_backend.move_tasks.start(
            self._get_param("SourceArn"),
            self._get_param("DestinationArn"),
            self._get_param("MaxNumberOfMessagesPerSecond"),
        )
        return ActionResult({"TaskHandle": task.handle})

    def list_message_move_tasks(self) -> ActionResult:
        tasks = self.sqs_backend.move_tasks.newest(self._get_param("SourceArn"), self._number("MaxResults", 1))
        return ActionResult({"Results": [task.as_result() for task in tasks]})

    def cancel_message_move_task(self) -> ActionResult:
        moved = self.sqs_backend.move_tasks.cancel(self._get_param("TaskHandle"))
        return ActionResult({"ApproximateNumberOfMessagesMoved": moved})

    def _send(self, parameters: Any) -> dict[str, str]:
        attributes = parameters.get("MessageAttributes", {})
        validate_message_attributes(attributes)
        message: Message = self.sqs_backend.send_message(
            self._get_queue_name(),
            parameters.get("MessageBody", ""),
            message_attributes=attributes,
            delay_seconds=parameters.get("DelaySeconds"),
            deduplication_id=parameters.get("MessageDeduplicationId"),
            group_id=parameters.get("MessageGroupId"),
            system_attributes=parameters.get("MessageSystemAttributes"),
        )
        digests = _digests(message.content.body, attributes)
        return {"MessageId": message.id, "MD5OfMessageBody": digests.pop("MD5OfBody"), **digests}

    def _number(self, name: str, default: int) -> int:
        return int(self._get_param(name, default))


def _check(queue: StandardQueue, body: str, attributes: dict[str, Any]) -> None:
    if not body:
        raise MissingParameter("MessageBody")
    if len(attributes) > message_limits.MAX_ATTRIBUTES:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10]."
        )
    for name in attributes:
        if not message_limits.is_attribute_name(name):
            raise InvalidParameterValue(f"The message attribute name '{name}' is invalid.")
    size = message_limits.size(body, attributes)
    if size > queue.maximum_message_size:
        raise InvalidParameterValue(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.maximum_message_size} "
            f"bytes; body and attributes together are {size}."
        )
    for text in (body, *(value["StringValue"] for value in attributes.values() if "StringValue" in value)):
        character = message_limits.refused_character(text)
        if character is not None:
            raise SQSException(
                "InvalidMessageContents", f"The message contains {character}, which SQS does not accept."
            )


def _check_group(group_id: str | None) -> None:
    if group_id is not None and not message_limits.is_group_id(group_id):
        raise InvalidParameterValue(
            "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length"
        )


def _check_system_attributes(attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        if name != "AWSTraceHeader":  # the only one that a sender may set (SQS-04)
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
        if value.get("DataType") != "String":
            raise InvalidParameterValue("Message system attribute 'AWSTraceHeader' must be of type String.")
        if not message_limits.is_trace_header(value.get("StringValue", "")):
            raise InvalidParameterValue("Message system attribute 'AWSTraceHeader' is not a valid X-Ray trace header.")


def _check_batch(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise EmptyBatchRequest
    if len(entries) > _MAX_BATCH_ENTRIES:
        raise TooManyEntriesInBatchRequest(len(entries))
    ids = [entry["Id"] for entry in entries]
    for entry_id in ids:
        if ids.count(entry_id) > 1:
            raise BatchEntryIdsNotDistinct(entry_id)
    total = sum(message_limits.size(entry["MessageBody"], entry.get("MessageAttributes", {})) for entry in entries)
    if total > message_limits.MAX_BATCH_BYTES:
        raise BatchRequestTooLong(total)


def _failure(entry_id: str, error: SQSException) -> dict[str, Any]:
    return {"Id": entry_id, "SenderFault": True, "Code": error.code, "Message": error.message}


def _received(delivery: Delivery, system: set[str], names: list[str]) -> dict[str, Any]:
    message, content = delivery.message, delivery.message.content
    chosen = MotoMessage(message.id, content.body)
    chosen.message_attributes = dict(content.attributes)
    filter_message_attributes(chosen, names)
    received: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": delivery.receipt_handle,
        "Body": content.body,
        **_digests(content.body, chosen.message_attributes),
    }
    if chosen.message_attributes:
        received["MessageAttributes"] = chosen.message_attributes
    everything = {
        "SenderId": _SENDER_ID,
        "SentTimestamp": str(message.sent_at),
        "ApproximateReceiveCount": str(delivery.receive_count),
        "ApproximateFirstReceiveTimestamp": str(delivery.first_received_at),
        "MessageGroupId": content.group_id,
        "AWSTraceHeader": content.trace_header,
        "DeadLetterQueueSourceArn": message.source_arn,
    }
    asked = {name: value for name, value in everything.items() if value and ("All" in system or name in system)}
    return {**received, "Attributes": asked} if asked else received  # only what was asked for (SQS-16)


def _digests(body: str, attributes: dict[str, Any]) -> dict[str, str]:
    message = MotoMessage("", body)
    message.message_attributes = attributes
    digests = {"MD5OfBody": message.body_md5}
    if attributes:
        digests["MD5OfMessageAttributes"] = message.attribute_md5
    return digests


@contextmanager
def _translated() -> Iterator[None]:
    """Raise SQS's errors for those of the message store."""
    try:
        yield
    except messages.InvalidReceiptHandleError:
        raise ReceiptHandleIsInvalid from None
    except messages.NotInflightError:
        raise SQSException("MessageNotInflight", "The message is not in flight.") from None
    except messages.VisibilityLimitError:
        raise InvalidParameterValue(
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds], counted from its receive."
        ) from None
