"""What the main function does with a message: parse, lease, `started`, run, frames, last frame, done."""

import random
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import structlog

from selador_main.agents.agent import Agent
from selador_main.attempt import Attempt, WorkflowRunner
from selador_main.cancellation import Cancellation, Reason
from selador_main.delivery import Address, Delivery, UnreadableMessageError, read_delivery, read_receive
from selador_main.frame_writer import FrameWriter, Tally
from selador_main.lease import RETRY_SECONDS, Lease
from selador_main.outbox import Outbox
from selador_main.outcomes import (
    HANDOVER_SECONDS,
    Cause,
    Ending,
    Limits,
    Outcome,
    Plan,
    conclude,
    exhausted,
    expires_at,
    is_expired,
    plan,
    retry_delay,
    unreadable,
    unsaid,
)
from selador_main.patience import Patience
from selador_main.receipt import Receipt
from selador_main.reserve import LAST_POST_SECONDS, RESERVED_SECONDS
from selador_main.summary import Stopwatch, facts_of, metrics_of
from selador_main.waiting import Alarm, RealWaiting, Waiting
from selador_shared import logs, metrics
from selador_shared.protocol import WaitingFor

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

TOLD_FIRST_MS = 1_000
"""A request that has waited for longer may have lost its client: nothing is paid before `started` was taken."""

ANSWER_SECONDS = 60
"""A model that wasn't ready isn't asked again when less of the function's time is left for its answer."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Worker:
    """Processes messages, several at once if asked to. `sqs` may not retry by itself (see Receipt).

    `post` posts a frame to a connection, as `Connections.post` does.
    """

    sqs: "SQSClient"
    queue_url: str
    post: Callable[[str, bytes], None]
    agent: Agent
    workflows: WorkflowRunner
    limits: Limits
    waiting: Waiting = field(default_factory=RealWaiting)
    source: random.Random = field(default_factory=random.SystemRandom)
    told: deque[str] = field(default_factory=lambda: deque(maxlen=1_000))
    """The messages on their way to the dead-letter queue whose clients heard of it from here."""

    def process(self, record: Mapping[str, Any], remaining_seconds: float, *, alone: bool) -> bool:
        """Do what the SQS `record` asks for; return whether the message is done and may be deleted.

        `remaining_seconds` is what is left of the function's time. If the record isn't `alone` in its batch, a message
        that is done is deleted here: its lease would run out before the whole batch returns.
        """
        work = _Work(self, record, remaining_seconds, alone=alone)
        with structlog.contextvars.bound_contextvars(messageId=record["messageId"]):
            try:
                delivery = read_delivery(record)
            except UnreadableMessageError as error:
                log.error("message unreadable", faults=str(error))
                return work.bury_unreadable(error).done
            envelope = delivery.envelope
            with structlog.contextvars.bound_contextvars(
                traceId=delivery.trace_id, **logs.caller(envelope.principal_id, envelope.claims)
            ):
                return work.do(delivery).done


class _Work:
    """The work on one receive of one message."""

    def __init__(self, worker: Worker, record: Mapping[str, Any], remaining_seconds: float, *, alone: bool) -> None:
        self._worker = worker
        self._waiting = worker.waiting
        self._message_id: str = record["messageId"]
        self._receive = read_receive(record)
        self._receipt = Receipt(worker.sqs, worker.queue_url, record["receiptHandle"])
        self._remaining_seconds = remaining_seconds
        self._alone = alone
        self._cancellation = Cancellation()
        self._stopwatch = Stopwatch(worker.waiting.now)
        self._delivery: Delivery | None = None
        self._queue_wait_ms: int | None = None
        self._attempt: Attempt | None = None
        self._tally = Tally()

    def do(self, delivery: Delivery) -> Outcome:
        """Run the attempt, or what takes the place of one."""
        self._delivery = delivery
        self._queue_wait_ms = self._waiting.epoch_ms() - delivery.began_at
        # A burial has one number, whichever receive tells it: so clients pass over a second telling.
        attempt = delivery.attempt(min(self._receive.count, self._worker.limits.max_attempts + 1))
        with _bound(delivery.address, attempt):
            return self._tell(delivery.address, attempt, lambda writer: self._outcome(delivery, writer))

    def bury_unreadable(self, message: UnreadableMessageError) -> Outcome:
        """Tell the client of a message that can't be read, if it has an address, and let go of the message.

        No later receive will read it better.
        """
        with _bound(message.address, message.attempt):
            if message.address is not None:
                return self._tell(
                    message.address,
                    message.attempt,
                    lambda writer: self._bury(unreadable(), writer, first_receive=1),
                )
            outcome = self._buried(unreadable())
            self._summarize(outcome)
            self._release(outcome)
            return outcome

    def _tell(self, address: Address, attempt: int, work: Callable[[FrameWriter], Outcome]) -> Outcome:
        """Do `work` with a lease on the message and a writer to its client; then delete the message or give it back."""
        worker = self._worker
        log.info("attempt started", receiveCount=self._receive.count)
        with Lease(self._receipt.change_visibility, self._cancellation, waiting=self._waiting) as lease:
            with (
                FrameWriter(
                    Outbox(address.request_id, attempt),
                    lambda frame: worker.post(address.connection_id, frame),
                    self._cancellation,
                    may_post=lambda: lease.held() and self._may_post(),
                    source=worker.source,
                    waiting=self._waiting,
                ) as writer,
                Alarm(self._left() - RESERVED_SECONDS, self._run_out, self._waiting),
            ):
                outcome = work(writer)
            self._tally = writer.tally
            self._summarize(outcome)  # a worker that dies from here on may be counted twice, but not left out
            if outcome.done and not self._alone:
                self._delete()
        self._release(outcome)
        return outcome

    def _outcome(self, delivery: Delivery, writer: FrameWriter) -> Outcome:
        worker = self._worker
        if self._left() <= RESERVED_SECONDS:  # a slow start of the environment counts as the function's time (LAM-25)
            return conclude(Reason.UNDELIVERABLE, delivery, worker.limits, worker.source)
        match plan(delivery, worker.limits, now_ms=self._waiting.epoch_ms()):
            case Plan.BURY:
                return self._bury(exhausted(worker.limits), writer, first_receive=worker.limits.max_attempts + 1)
            case Plan.EXPIRE:
                cause: Cause = Reason.EXPIRED
            case Plan.RUN:
                cause = self._run(delivery, writer)
        outcome = conclude(cause, delivery, worker.limits, worker.source)
        if not _say(outcome, writer) and self._cancellation.reason is not None:
            outcome = unsaid(outcome, self._cancellation.reason, delivery, worker.limits, worker.source)
        return outcome

    def _run(self, delivery: Delivery, writer: FrameWriter) -> Cause:
        worker = self._worker
        now_ms = self._waiting.epoch_ms()
        useful_seconds = (expires_at(delivery, worker.limits) - now_ms) / 1000

        def note(waiting_for: WaitingFor | None) -> None:
            writer.waiting_for = waiting_for

        self._attempt = Attempt(
            agent=worker.agent,
            workflows=worker.workflows,
            delivery=delivery,
            writer=writer,
            patience=Patience(
                until=self._waiting.now() + min(useful_seconds, self._left() - RESERVED_SECONDS - ANSWER_SECONDS),
                note=note,
                cancellation=self._cancellation,
                waiting=self._waiting,
                source=worker.source,
            ),
            cancellation=self._cancellation,
            stopwatch=self._stopwatch,
            told_first=now_ms - delivery.envelope.received_at > TOLD_FIRST_MS or self._receive.count > 1,
            expired=lambda: is_expired(delivery, worker.limits, now_ms=self._waiting.epoch_ms()),
        )
        return self._attempt.run()

    def _bury(self, outcome: Outcome, writer: FrameWriter, *, first_receive: int) -> Outcome:
        """Tell the client the end, and let SQS move the message to the dead-letter queue after its last receive.

        If the worker of the first receive dies, that of the last tells it. If both live, and the second doesn't know of
        the first, the client gets the same frame twice, and passes over it.
        """
        told = self._worker.told
        last = self._receive.count >= self._worker.limits.last_receive
        if self._message_id not in told and (last or self._receive.count == first_receive):
            if not _say(outcome, writer):
                log.warning("burial not heard")
                if self._cancellation.reason is Reason.LEASE_LOST:
                    return Outcome(Ending.LEASE_LOST)  # then another worker buries it
                if self._cancellation.reason is Reason.UNDELIVERABLE and not last:
                    delay = retry_delay(self._receive.count, self._worker.source)
                    return replace(outcome, visibility_seconds=delay, counted=False)
            told.append(self._message_id)
        return self._buried(outcome)

    def _buried(self, outcome: Outcome) -> Outcome:
        """Return `outcome` with when the message comes back; SQS moves it when it would be received again (SQS-21)."""
        last = self._receive.count >= self._worker.limits.last_receive
        seconds = HANDOVER_SECONDS if self._message_id in self._worker.told and not last else 0
        return replace(outcome, visibility_seconds=seconds, counted=last)

    def _delete(self) -> None:
        """Delete the message while its lease is kept; at worst Lambda deletes it when the batch returns."""
        while not self._receipt.delete() and self._left() > RESERVED_SECONDS:
            self._waiting.sleep(RETRY_SECONDS)

    def _release(self, outcome: Outcome) -> None:
        if outcome.visibility_seconds is not None:
            self._receipt.release(outcome.visibility_seconds)

    def _left(self) -> float:
        return self._remaining_seconds - self._stopwatch.elapsed()

    def _may_post(self) -> bool:
        if self._left() > LAST_POST_SECONDS:
            return True
        self._cancellation.cancel(Reason.UNDELIVERABLE)
        return False

    def _run_out(self) -> None:
        self._cancellation.cancel(Reason.OUT_OF_TIME)

    def _summarize(self, outcome: Outcome) -> None:
        attempt = self._attempt
        metrics.emit(
            metrics_of(
                outcome,
                self._receive,
                self._tally,
                self._stopwatch,
                None if attempt is None else attempt.ended,
                queue_wait_ms=self._queue_wait_ms,
            ),
            by_code=outcome.row.metric,
            facts={
                "message": "attempt ended",
                "level": "info",
                **structlog.contextvars.get_contextvars(),
                **facts_of(
                    outcome, self._receive, self._tally, self._delivery, None if attempt is None else attempt.failure
                ),
            },
        )


def _bound(address: Address | None, attempt: int) -> AbstractContextManager[object]:
    facts = {} if address is None else {"requestId": address.request_id, "connectionId": address.connection_id}
    return structlog.contextvars.bound_contextvars(attempt=attempt, **facts)


def _say(outcome: Outcome, writer: FrameWriter) -> bool:
    return outcome.frame_type is None or writer.finish(outcome.frame_type, **outcome.members)
