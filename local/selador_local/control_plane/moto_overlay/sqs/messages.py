"""A standard SQS queue's messages: sending, visibility, receipts, the move to a dead-letter queue.

The file's own rules:
- It is pure: no lock, no clock, no thread. Times are epoch milliseconds and come in as `now`.
- One heap orders everything by the moment a message can be received: when it becomes visible, unless a disorder was
  asked for. An entry counts only while it carries a ticket of its message, so rescheduling never searches: a receive
  costs the same at a depth of ten or ten thousand.
- A receipt handle names its queue, message and receive, so an outdated one is recognised.
"""

import base64
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from selador_local.control_plane.moto_overlay.sqs.disorder import Disorder
from selador_local.errors import SeladorLocalError

_POISONED_RECEIVES = 3  # so often received, a message no longer makes its queue look old (SQS-34)
MAX_TOTAL_VISIBILITY_MS = 43_200_000  # 12 hours, counted from the receive (SQS-12)


class NotInflightError(SeladorLocalError):
    """The handle's message is no longer in flight: it is visible again, or gone (SQS-14)."""


class InvalidReceiptHandleError(SeladorLocalError):
    """The handle was never given out by this queue (SQS-14)."""


class VisibilityLimitError(SeladorLocalError):
    """The change would keep the message invisible for more than 12 hours after its receive (SQS-12)."""


@dataclass(frozen=True)
class Content:
    """The content that the sender gave. It never changes, even if the message moves."""

    body: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    group_id: str | None = None
    trace_header: str | None = None


@dataclass(eq=False)
class Message:
    """A message and its state. `source_arn` is the queue from which a dead-letter queue got it."""

    id: str
    content: Content
    sent_at: int
    source_arn: str | None = None
    moved_at: int | None = None
    """When it came from there, and how often it had been received by then."""
    received_before: int = 0
    receive_count: int = 0
    first_received_at: int | None = None
    received_at: int | None = None
    visible_at: int = 0
    ticket: int = 0
    second_ticket: int | None = None
    """Of a second delivery while it is in flight."""


@dataclass(frozen=True)
class Delivery:
    """One receive of one message, with the counts of that moment."""

    message: Message
    receipt_handle: str
    receive_count: int
    first_received_at: int


@dataclass(frozen=True)
class Received:
    """`deliveries` go to the consumer; `exhausted` have left this queue for its dead-letter queue."""

    deliveries: list[Delivery]
    exhausted: list[Message]


@dataclass(frozen=True)
class Counts:
    """SQS's three `ApproximateNumberOfMessages…`, exact here."""

    visible: int
    not_visible: int
    delayed: int


class MessageStore:
    """The messages of one queue; `queue_id` tells its receipt handles from any other queue's."""

    def __init__(self, queue_id: str) -> None:
        self._queue_id = queue_id
        self._messages: dict[str, Message] = {}
        self._schedule: list[tuple[int, int, str]] = []  # (can be received at, ticket, message id)
        self._tickets = 0
        self.disorder: Disorder | None = None
        """What happens to messages beyond what is asked for; None delivers each in time, in order and once."""

    def put(self, message: Message, visible_at: int) -> None:
        """Add a message that may be received from `visible_at` on."""
        self._messages[message.id] = message
        self._reschedule(message, visible_at)

    def receive(
        self, now: int, *, limit: int, visibility_ms: int, retention_ms: int, max_receive_count: int | None
    ) -> Received:
        """Return up to `limit` visible messages, and hide them for `visibility_ms`.

        A message already received `max_receive_count` times (SQS-20) leaves for the dead-letter queue at this attempt,
        not when its last receive failed (SQS-21). `max_receive_count` is None if there is no dead-letter queue.
        """
        deliveries, exhausted = [], []
        for message in self._pop_visible(now, retention_ms):
            if max_receive_count is not None and message.receive_count >= max_receive_count:
                del self._messages[message.id]
                exhausted.append(message)
                continue
            message.receive_count += 1
            message.received_at = now
            if message.first_received_at is None:
                message.first_received_at = now
            handle = self._handle(message)
            deliveries.append(Delivery(message, handle, message.receive_count, message.first_received_at))
            if len(deliveries) == limit:
                break
        for delivery in deliveries:  # only now: with a visibility of 0 the loop above would find it again
            self._reschedule(delivery.message, now + visibility_ms)
            self._perhaps_deliver_again(delivery.message, now)
        return Received(deliveries, exhausted)

    def take(self, now: int, retention_ms: int) -> Message | None:
        """Remove and return one visible message: how a move task empties a dead-letter queue."""
        for message in self._pop_visible(now, retention_ms):
            del self._messages[message.id]
            return message
        return None

    def change_visibility(self, handle: str, now: int, visibility_ms: int) -> None:
        """Hide the message for `visibility_ms` from now on (SQS-13). Raises one of the three errors above.

        If the message was received again, the handle is outdated: the call succeeds and changes nothing. A worker that
        lost its lease can't rely on an error (SQS-15).
        """
        message_id, receive_count = self._parse(handle)
        message = self._messages.get(message_id)
        if message is None or message.received_at is None or message.visible_at <= now:
            raise NotInflightError
        if receive_count != message.receive_count:
            return
        if now + visibility_ms > message.received_at + MAX_TOTAL_VISIBILITY_MS:
            raise VisibilityLimitError
        self._reschedule(message, now + visibility_ms)

    def delete(self, handle: str) -> None:
        """Delete by the newest handle; an outdated one succeeds and deletes nothing (SQS-15)."""
        message_id, receive_count = self._parse(handle)
        message = self._messages.get(message_id)
        if message is not None and message.receive_count == receive_count:
            del self._messages[message_id]

    def purge(self) -> None:
        """Delete everything, in flight or not."""
        self._messages.clear()
        self._schedule.clear()

    def counts(self, now: int, retention_ms: int) -> Counts:
        """Return the numbers of messages by state, without expired ones."""
        alive = [message for message in self._messages.values() if message.sent_at + retention_ms > now]
        hidden = [message for message in alive if message.visible_at > now]
        delayed = sum(message.received_at is None for message in hidden)
        return Counts(visible=len(alive) - len(hidden), not_visible=len(hidden) - delayed, delayed=delayed)

    def oldest_age_ms(self, now: int, retention_ms: int) -> int:
        """Return the age of the oldest message, 0 without one. In a dead-letter queue it counts from the move there.

        A message that was received three times or more is left out: it waits for nobody (SQS-34).
        """
        ages = (
            now - (message.sent_at if message.moved_at is None else message.moved_at)
            for message in self._messages.values()
            if message.sent_at + retention_ms > now
            and message.receive_count - message.received_before < _POISONED_RECEIVES
        )
        return max(ages, default=0)

    def oldest(self, now: int, retention_ms: int, limit: int) -> list[Message]:
        """Return up to `limit` messages, the first sent first, whatever their state; none that has expired."""
        alive = (message for message in self._messages.values() if message.sent_at + retention_ms > now)
        return heapq.nsmallest(limit, alive, key=lambda message: message.sent_at)

    def next_receivable_at(self) -> int | None:
        """Return when the next message can be received, or None. A long poll sleeps until then."""
        self._drop_outdated()
        return self._schedule[0][0] if self._schedule else None

    def _pop_visible(self, now: int, retention_ms: int) -> Iterator[Message]:
        while True:
            self._drop_outdated()
            if not self._schedule or self._schedule[0][0] > now:
                return
            message = self._messages[heapq.heappop(self._schedule)[2]]
            if message.sent_at + retention_ms <= now:
                del self._messages[message.id]  # older than the retention period (SQS-19), moved or not (SQS-23)
                continue
            yield message

    def _drop_outdated(self) -> None:
        while self._schedule:
            _, ticket, message_id = self._schedule[0]
            message = self._messages.get(message_id)
            if message is not None and ticket in {message.ticket, message.second_ticket}:
                return
            heapq.heappop(self._schedule)

    def _reschedule(self, message: Message, visible_at: int) -> None:
        message.visible_at = visible_at
        message.ticket = self._push(message, visible_at + (self.disorder.late_ms() if self.disorder else 0))

    def _perhaps_deliver_again(self, message: Message, now: int) -> None:
        """Schedule a second delivery of a message in flight, if the disorder has one; no lease keeps it away."""
        after = self.disorder.again_after_ms() if self.disorder else None
        message.second_ticket = None if after is None else self._push(message, now + after)

    def _push(self, message: Message, receivable_at: int) -> int:
        self._tickets += 1
        heapq.heappush(self._schedule, (receivable_at, self._tickets, message.id))
        return self._tickets

    def _handle(self, message: Message) -> str:
        plain = f"{self._queue_id}/{message.id}/{message.receive_count}"
        return base64.urlsafe_b64encode(plain.encode()).decode()

    def _parse(self, handle: str) -> tuple[str, int]:
        try:
            queue_id, message_id, receive_count = base64.urlsafe_b64decode(handle).decode().split("/")
        except ValueError:
            raise InvalidReceiptHandleError from None
        if queue_id != self._queue_id:
            raise InvalidReceiptHandleError
        return message_id, int(receive_count)
