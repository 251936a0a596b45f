"""What the main function does with a message: parse, lease, `started`, run, frames, last frame, done."""

import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from selador_main.agents.agent import (
    Agent,
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    Ended,
    RequestRefusedError,
    Session,
    StepChanged,
    Text,
)
from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason
from selador_main.delivery import Delivery, UnreadableMessageError, read_delivery
from selador_main.frame_writer import FrameWriter
from selador_main.lease import Lease
from selador_main.outbox import Outbox
from selador_main.outcomes import Answered, Ending, Outcome, Plan, buried, conclude, expired, plan
from selador_main.receipt import Receipt
from selador_main.summary import Stopwatch, facts_of, metrics_of
from selador_shared import logs, metrics
from selador_shared.protocol import Citation, Invoke, Query, Span, Started, Step, Workflow

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

RESERVED_SECONDS = 10
"""What is kept of the function's time to tell the client that it ran out."""

LAST_POST_SECONDS = 5
"""No post is begun when less is left: its answer may take as long, and the message has to be released after it."""

log = structlog.get_logger()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class WorkflowRunner(Protocol):
    """Runs a workflow as an agent answers a query."""

    def answer(self, request: Workflow, caller: Caller, cancellation: Cancellation) -> Generator[AgentEvent]: ...


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
    max_attempts: int
    max_age_seconds: int
    now_ms: Callable[[], int] = _now_ms
    clock: Callable[[], float] = time.monotonic
    source: random.Random = field(default_factory=random.SystemRandom)

    def process(self, record: Mapping[str, Any], remaining_seconds: float) -> bool:
        """Do what the SQS `record` asks for; return whether the message is done and may be deleted.

        `remaining_seconds` is what is left of the function's time.
        """
        receipt = Receipt(self.sqs, self.queue_url, record["receiptHandle"])
        with structlog.contextvars.bound_contextvars(messageId=record["messageId"]):
            try:
                delivery = read_delivery(record)
            except UnreadableMessageError as error:
                # Nobody can be told, and no later receive will read it better. It is made visible at once: only when it
                # would be received once more does SQS move it to the dead-letter queue (SQS-21).
                log.error("message unreadable", faults=str(error))
                metrics.count("Unreadable")
                receipt.release(0)
                return False
            envelope = delivery.envelope
            with structlog.contextvars.bound_contextvars(
                requestId=envelope.request_id,
                connectionId=envelope.connection_id,
                attempt=delivery.attempt,
                traceId=delivery.trace_id,
                **logs.caller(envelope.principal_id, envelope.claims),
            ):
                outcome = _Attempt(self, delivery, receipt, remaining_seconds).run()
                if outcome.visibility_seconds is not None:
                    receipt.release(outcome.visibility_seconds)
                return outcome.done


class _Attempt:
    """One attempt at one message, or what there is in the place of one."""

    def __init__(self, worker: Worker, delivery: Delivery, receipt: Receipt, remaining_seconds: float) -> None:
        self._worker = worker
        self._delivery = delivery
        self._receipt = receipt
        self._remaining_seconds = remaining_seconds
        self._cancellation = Cancellation()
        self._stopwatch = Stopwatch(worker.clock)
        self._session: Session | None = None
        self._ended = Ended()
        self._failure: str | None = None

    def run(self) -> Outcome:
        """Go through with it, and tell the client, the log and CloudWatch of it."""
        queue_wait_ms = self._worker.now_ms() - self._delivery.envelope.received_at
        connection_id = self._delivery.envelope.connection_id
        with (
            Lease(self._receipt.change_visibility, self._cancellation) as lease,
            FrameWriter(
                Outbox(self._delivery.envelope.request_id, self._delivery.attempt),
                lambda frame: self._worker.post(connection_id, frame),
                self._cancellation,
                may_post=lambda: lease.held() and self._in_time(),
                source=self._worker.source,
            ) as writer,
            _time_limit(self._remaining_seconds - RESERVED_SECONDS, self._cancellation),
        ):
            outcome = self._outcome(writer)
        self._summarize(outcome, writer, queue_wait_ms)
        return outcome

    def _outcome(self, writer: FrameWriter) -> Outcome:
        worker = self._worker
        match plan(
            self._delivery,
            now_ms=worker.now_ms(),
            max_attempts=worker.max_attempts,
            max_age_seconds=worker.max_age_seconds,
        ):
            case Plan.BURY:
                outcome = buried(worker.max_attempts)
                if not _say(outcome, writer):
                    log.warning("burial not heard")
                    if self._cancellation.reason is Reason.LEASE_LOST:  # then another worker buries it
                        return self._conclude(Reason.LEASE_LOST)
                return outcome
            case Plan.EXPIRE:
                outcome = expired(worker.max_age_seconds)
            case Plan.RUN:
                outcome = self._conclude(self._answer(writer))
        if not _say(outcome, writer) and self._cancellation.reason is not None:
            outcome = self._conclude(self._cancellation.reason)
        return outcome

    def _conclude(self, ending: Ending) -> Outcome:
        worker = self._worker
        return conclude(ending, self._delivery, max_attempts=worker.max_attempts, source=worker.source)

    def _answer(self, writer: FrameWriter) -> Ending:
        try:
            writer.send(Started)
            with closing(self._events(self._delivery.envelope.request)) as events:
                for event in events:
                    self._pass_on(event, writer)
        except AttemptCancelledError:
            pass
        except (AgentFailedError, RequestRefusedError) as error:
            if self._cancellation.reason is None:  # else the agent failed because it was cancelled
                self._failure = error.reason
                return error
        except Exception:
            log.exception("agent raised")
            return self._cancellation.reason or AgentFailedError("internal", reason="unexpected")
        return self._cancellation.reason or Answered(self._session, self._ended)

    def _events(self, request: Invoke) -> Generator[AgentEvent]:
        caller = Caller(self._delivery.envelope.principal_id, self._delivery.trace_header)
        match request:
            case Query():
                return self._worker.agent.answer(request, caller, self._cancellation)
            case Workflow():
                return self._worker.workflows.answer(request, caller, self._cancellation)

    def _pass_on(self, event: AgentEvent, writer: FrameWriter) -> None:
        match event:
            case Text(text):
                self._stopwatch.note_token()
                writer.write(text)
            case CitedSource(text, source, start, end):
                span = None if start is None or end is None else Span(start=start, end=end)
                writer.send(Citation, text=text, source=source, span=span)
            case StepChanged(name, status, index, count):
                writer.send(Step, name=name, status=status, index=index, count=count)
            case Session():
                self._session = event
            case Ended():
                self._ended = event

    def _in_time(self) -> bool:
        if self._stopwatch.elapsed() < self._remaining_seconds - LAST_POST_SECONDS:
            return True
        self._cancellation.cancel(Reason.UNDELIVERABLE)
        return False

    def _summarize(self, outcome: Outcome, writer: FrameWriter, queue_wait_ms: int) -> None:
        metrics.emit(
            metrics_of(
                self._delivery, outcome, writer.tally, self._stopwatch, self._ended, queue_wait_ms=queue_wait_ms
            ),
            by_code=outcome.metric,
            facts={
                "message": "attempt ended",
                **structlog.contextvars.get_contextvars(),
                **facts_of(self._delivery, outcome, writer.tally, self._failure),
            },
        )


def _say(outcome: Outcome, writer: FrameWriter) -> bool:
    return outcome.frame_type is None or writer.finish(outcome.frame_type, **outcome.members)


@contextmanager
def _time_limit(seconds: float, cancellation: Cancellation) -> Iterator[None]:
    timer = threading.Timer(max(0, seconds), cancellation.cancel, args=(Reason.OUT_OF_TIME,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
