"""What the main function does with a message: parse, lease, `started`, run, frames, last frame, done."""

import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from selador_main.agents.agent import (
    Agent,
    AgentEvent,
    AgentFailedError,
    CitedSource,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason
from selador_main.connection import Connection
from selador_main.delivery import Delivery, UnreadableMessageError, read_delivery
from selador_main.frame_writer import FrameWriter
from selador_main.lease import Lease
from selador_main.outbox import Outbox
from selador_main.outcomes import Answered, Ending, Outcome, Plan, buried, conclude, expired, plan
from selador_main.receipt import Receipt
from selador_shared import metrics
from selador_shared.protocol import Citation, Invoke, Query, Span, Started, Workflow

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from types_boto3_sqs import SQSClient

RESERVED_SECONDS = 10
"""What is kept of the function's time to tell the client that it ran out."""

log = structlog.get_logger()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Worker:
    """Processes messages; neither client may retry by itself (see Receipt and Connection)."""

    sqs: "SQSClient"
    queue_url: str
    connections: "ApiGatewayManagementApiClient"
    agent: Agent
    max_attempts: int
    max_age_seconds: int
    now_ms: Callable[[], int] = _now_ms
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
                # Nobody can be told, and no later receive will read it better: on to the dead-letter queue (SQS-21).
                log.error("message unreadable", faults=str(error))
                metrics.count("Unreadable")
                receipt.release(0)
                return False
            envelope = delivery.envelope
            with structlog.contextvars.bound_contextvars(
                requestId=envelope.request_id, connectionId=envelope.connection_id, attempt=delivery.attempt
            ):
                outcome = self._attempt(delivery, receipt, remaining_seconds)
                log.info("attempt ended", outcome=outcome.metric, code=outcome.members.get("code"))
                metrics.count(outcome.metric)
                if outcome.visibility_seconds is not None:
                    receipt.release(outcome.visibility_seconds)
                return outcome.done

    def _attempt(self, delivery: Delivery, receipt: Receipt, remaining_seconds: float) -> Outcome:
        envelope = delivery.envelope
        cancellation = Cancellation()
        with (
            Lease(receipt.change_visibility, cancellation) as lease,
            FrameWriter(
                Outbox(envelope.request_id, delivery.attempt),
                Connection(self.connections, envelope.connection_id).post,
                cancellation,
                may_post=lease.held,
                source=self.source,
            ) as writer,
            _time_limit(remaining_seconds - RESERVED_SECONDS, cancellation),
        ):
            match plan(
                delivery,
                now_ms=self.now_ms(),
                max_attempts=self.max_attempts,
                max_age_seconds=self.max_age_seconds,
            ):
                case Plan.BURY:
                    outcome = buried(self.max_attempts)
                    if not self._say(outcome, writer):
                        log.warning("burial not heard")
                    return outcome
                case Plan.EXPIRE:
                    outcome = expired(self.max_age_seconds)
                case Plan.RUN:
                    outcome = self._conclude(self._run(envelope.request, writer, cancellation), delivery)
            if not self._say(outcome, writer) and cancellation.reason is not None:
                outcome = self._conclude(cancellation.reason, delivery)
            return outcome

    def _conclude(self, ending: Ending, delivery: Delivery) -> Outcome:
        return conclude(ending, delivery, max_attempts=self.max_attempts, source=self.source)

    def _say(self, outcome: Outcome, writer: FrameWriter) -> bool:
        return outcome.frame_type is None or writer.finish(outcome.frame_type, **outcome.members)

    def _run(self, request: Invoke, writer: FrameWriter, cancellation: Cancellation) -> Ending:
        session_id: str | None = None
        try:
            writer.send(Started)
            with closing(self._events(request, cancellation)) as events:
                for event in events:
                    match event:
                        case Text(text):
                            writer.write(text)
                        case CitedSource(text, source, start, end):
                            writer.send(Citation, text=text, source=source, span=Span(start=start, end=end))
                        case Session():
                            session_id = event.session_id
        except AttemptCancelledError:
            pass
        except (AgentFailedError, RequestRefusedError) as error:
            if cancellation.reason is None:  # else the agent failed because it was cancelled
                log.warning("agent failed", error=type(error).__name__, code=error.code, reason=error.reason)
                return error
        except Exception:
            log.exception("agent raised")
            return cancellation.reason or AgentFailedError("internal", reason="unexpected")
        return cancellation.reason or Answered(session_id)

    def _events(self, request: Invoke, cancellation: Cancellation) -> Generator[AgentEvent]:
        match request:
            case Query():
                return self.agent.answer(request, cancellation)
            case Workflow(workflow=name):
                raise RequestRefusedError(
                    "invalid_request", f"there is no workflow {name}: this deployment has none", field="workflow"
                )


@contextmanager
def _time_limit(seconds: float, cancellation: Cancellation) -> Iterator[None]:
    timer = threading.Timer(max(0, seconds), cancellation.cancel, args=(Reason.OUT_OF_TIME,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
