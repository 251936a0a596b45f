"""A queue: moto keeps its settings, `messages.py` its messages. This module adds lock, clock and waiting."""

import json
import secrets
from threading import Condition
from typing import Any

from moto.sqs.exceptions import InvalidParameterValue
from moto.sqs.models import Queue as MotoQueue
from moto.sqs.models import sqs_backends

from selador_local.clock import StackClock
from selador_local.cloudwatch.datum import Datum
from selador_local.control_plane.moto_overlay.sqs.messages import Counts, Delivery, Message, MessageStore
from selador_local.control_plane.moto_overlay.sqs.metrics import IDLE_SECONDS, Traffic, of_queue

_AS_SENT = ("Policy", "RedrivePolicy")


class StandardQueue(MotoQueue):  # type: ignore[misc] # moto is untyped
    """Gaps: moto's receives are not locked and cost 85 ms at a depth of 1,000, and its sends invoke mapped functions
    through Docker; attributes come back changed, and one that isn't sent is erased.

    FIFO queues are refused: the project has none, and the message store knows no order.
    """

    BASE_ATTRIBUTES = [*MotoQueue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]  # noqa: RUF012 # as in moto, which can't read it
    redrive_allow_policy: str | None = None
    clock = StackClock()

    def __init__(self, name: str, region: str, account_id: str, **attributes: Any) -> None:
        if name.endswith(".fifo"):
            raise InvalidParameterValue("The local control plane has standard queues only.")
        self._as_sent: dict[str, str] = {}
        self.store = MessageStore(secrets.token_hex(8))
        self.traffic = Traffic()
        self.used_at = self.now_ms()
        self.changed = Condition()  # guards the store, and wakes long polls
        super().__init__(name, region, account_id, **attributes)

    def _set_attributes(self, attributes: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(self, "_policy_json", None)
        super()._set_attributes(attributes, now)
        if "Policy" not in attributes and policy is not None:
            self._policy_json = policy
        self._as_sent.update({name: attributes[name] for name in _AS_SENT if attributes.get(name)})
        self.redrive_allow_policy = self.redrive_allow_policy or None  # an empty text takes it away

    @property
    def attributes(self) -> dict[str, Any]:
        shown: dict[str, Any] = super().attributes
        for name in ("CreatedTimestamp", "LastModifiedTimestamp"):
            shown[name] = int(shown[name])  # AWS's are whole seconds
        for name in _AS_SENT:
            # Terraform compares texts: the spaces that moto writes would be a change in every later plan.
            if shown.get(name) and _same_json(shown[name], self._as_sent[name]):
                shown[name] = self._as_sent[name]
        return shown

    @property
    def retention_ms(self) -> int:
        """The queue's MessageRetentionPeriod."""
        return int(self.message_retention_period) * 1000

    def now_ms(self) -> int:
        """Return the time, in epoch milliseconds."""
        return int(self.clock.time() * 1000)

    @property
    def approximate_number_of_messages(self) -> int:
        return self._counts().visible

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        return self._counts().not_visible

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        return self._counts().delayed

    def put(self, message: Message, delay_seconds: int = 0) -> None:
        """Add a message and wake the long polls."""
        with self.changed:
            self.store.put(message, self.now_ms() + delay_seconds * 1000)
            self.changed.notify_all()

    def receive(self, limit: int, wait_seconds: int, visibility_seconds: int) -> list[Delivery]:
        """Return up to `limit` messages within `wait_seconds`. Messages without a receive left move to the DLQ."""
        deadline = self.now_ms() + wait_seconds * 1000
        while True:
            target = self._dead_letter_target()
            with self.changed:
                received = self.store.receive(
                    self.now_ms(),
                    limit=limit,
                    visibility_ms=visibility_seconds * 1000,
                    retention_ms=self.retention_ms,
                    max_receive_count=self.redrive_policy["maxReceiveCount"] if target else None,
                )
            if target is not None:  # outside the lock: the other queue has its own
                for message in received.exhausted:
                    message.source_arn, message.moved_at = self.queue_arn, self.now_ms()
                    message.received_before = message.receive_count
                    target.put(message)  # with its sending time (SQS-23) and its count (SQS-22)
            if received.deliveries or self.now_ms() >= deadline:
                with self.changed:
                    self.traffic.received += len(received.deliveries)
                    self.traffic.empty_receives += not received.deliveries
                return received.deliveries
            with self.changed:
                wake_at = min(deadline, self.store.next_receivable_at() or deadline)
                self.changed.wait(self.clock.machine_seconds(max(wake_at - self.now_ms(), 1) / 1000))

    def report(self, time: float) -> list[Datum]:
        """Return the metrics of the minute that began then, none if the queue was idle for six hours (SQS-33)."""
        with self.changed:
            now = self.now_ms()
            counts = self.store.counts(now, self.retention_ms)
            if counts != Counts(0, 0, 0):
                self.used_at = now
            traffic, self.traffic = self.traffic, Traffic()
            if now - self.used_at > IDLE_SECONDS * 1000:
                return []
            age_seconds = self.store.oldest_age_ms(now, self.retention_ms) // 1000
        return of_queue(self.name, traffic, counts, age_seconds, time)

    def take(self) -> Message | None:
        """Remove one visible message, for a move task."""
        with self.changed:
            return self.store.take(self.now_ms(), self.retention_ms)

    def _counts(self) -> Counts:
        with self.changed:
            return self.store.counts(self.now_ms(), self.retention_ms)

    def _dead_letter_target(self) -> "StandardQueue | None":
        """Return the DLQ if it still exists: moto keeps a deleted one."""
        target: StandardQueue | None = self.dead_letter_queue
        queues = sqs_backends[self.account_id][self.region].queues
        return target if target is not None and queues.get(target.name) is target else None


def _same_json(one: str, other: str) -> bool:
    def number_free(document: Any) -> Any:
        return {name: str(value) for name, value in document.items()}  # moto turns maxReceiveCount "3" into 3

    return bool(number_free(json.loads(one)) == number_free(json.loads(other)))
