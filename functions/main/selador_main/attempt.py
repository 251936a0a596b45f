"""One attempt at one request: `started`, the agent's events as frames, the last frame."""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from selador_main.agents.agent import (
    Agent,
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    Ended,
    NotReadyError,
    RequestRefusedError,
    Session,
    StepChanged,
    Text,
)
from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason
from selador_main.delivery import Delivery
from selador_main.frame_writer import FrameWriter
from selador_main.outcomes import Answered, Cause
from selador_main.patience import Ask, Patience
from selador_main.summary import Stopwatch
from selador_shared.protocol import Citation, Query, Span, Started, Step, Workflow

log = structlog.get_logger()


class WorkflowRunner(Protocol):
    """Runs a workflow as an agent answers a query; `ask` makes each of its calls."""

    def answer(
        self, request: Workflow, caller: Caller, cancellation: Cancellation, ask: Ask
    ) -> Generator[AgentEvent]: ...


@dataclass
class Attempt:
    """What an attempt needs, and what it has found out so far.

    `told_first`: the model is asked only after the client's connection took `started`. `expired` tells whether the
    request's useful life is over by now.
    """

    agent: Agent
    workflows: WorkflowRunner
    delivery: Delivery
    writer: FrameWriter
    patience: Patience
    cancellation: Cancellation
    stopwatch: Stopwatch
    told_first: bool
    expired: Callable[[], bool]
    session: Session | None = None
    ended: Ended = field(default_factory=Ended)
    failure: str | None = None

    def run(self) -> Cause:
        """Ask the agent and pass on what it says, all but the last frame; return what ended it."""
        try:
            self.writer.send(Started)
            if self.told_first:
                self.writer.flush()
                if self.expired():
                    return Reason.EXPIRED
            with closing(self._events()) as events:
                for event in events:
                    self._pass_on(event)
        except AttemptCancelledError:
            pass
        except (AgentFailedError, RequestRefusedError) as error:
            if self.cancellation.reason is None:  # else the agent failed because it was cancelled
                self.failure = error.reason
                return Reason.EXPIRED if isinstance(error, NotReadyError) and self.expired() else error
        except Exception:
            log.exception("agent raised")
            return self.cancellation.reason or AgentFailedError("internal", reason="unexpected")
        return self.cancellation.reason or Answered(self.session, self.ended)

    def _events(self) -> Generator[AgentEvent]:
        envelope = self.delivery.envelope
        caller = Caller(envelope.principal_id, self.delivery.trace_header)
        match envelope.request:
            case Query() as query:
                return self.patience.ask(lambda: self.agent.answer(query, caller, self.cancellation))
            case Workflow() as workflow:
                return self.workflows.answer(workflow, caller, self.cancellation, self.patience.ask)

    def _pass_on(self, event: AgentEvent) -> None:
        match event:
            case Text(text):
                self.stopwatch.note_token()
                self.writer.write(text)
            case CitedSource(text, source, start, end):
                span = None if start is None or end is None else Span(start=start, end=end)
                self.writer.send(Citation, text=text, source=source, span=span)
            case StepChanged(name, status, index, count):
                self.writer.send(Step, name=name, status=status, index=index, count=count)
            case Session():
                self.session = event
            case Ended():
                self.ended = event
