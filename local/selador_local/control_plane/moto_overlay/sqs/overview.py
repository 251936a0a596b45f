"""All queues and their messages, for whoever looks at the stack: nothing is received, and no body is shown."""

import json
from typing import Any

from moto.sqs.models import sqs_backends

from selador_local.control_plane.moto_overlay.sqs.messages import Message
from selador_local.control_plane.moto_overlay.sqs.queue import StandardQueue

SHOWN_MESSAGES = 100  # of each queue, the oldest first; the counts are of all


def queues() -> list[dict[str, Any]]:
    """Return the queues by name, each with its counts and its oldest messages."""
    found: list[StandardQueue] = [
        queue
        for account in list(sqs_backends.values())
        for backend in list(account.values())
        for queue in list(backend.queues.values())
    ]
    targets = {_dead_letter_target(queue) for queue in found}
    return [
        _queue(queue, is_dead_letter_queue=queue.queue_arn in targets)
        for queue in sorted(found, key=lambda queue: str(queue.name))
    ]


def _dead_letter_target(queue: StandardQueue) -> str | None:
    policy = queue.redrive_policy
    return policy["deadLetterTargetArn"] if policy else None


def _queue(queue: StandardQueue, *, is_dead_letter_queue: bool) -> dict[str, Any]:
    with queue.changed:
        now = queue.now_ms()
        counts = queue.store.counts(now, queue.retention_ms)
        messages = [_message(message, now) for message in queue.store.oldest(now, queue.retention_ms, SHOWN_MESSAGES)]
    return {
        "name": queue.name,
        "arn": queue.queue_arn,
        "isDeadLetterQueue": is_dead_letter_queue,
        "visible": counts.visible,
        "inFlight": counts.not_visible,
        "delayed": counts.delayed,
        "messages": messages,
    }


def _message(message: Message, now: int) -> dict[str, Any]:
    envelope = _envelope(message.content.body)
    return {
        "messageId": message.id,
        "requestId": envelope.get("requestId"),
        "connectionId": envelope.get("connectionId"),
        "sentAt": message.sent_at / 1000,
        "receiveCount": message.receive_count,
        "visibleAt": message.visible_at / 1000 if message.visible_at > now else None,
    }


def _envelope(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
