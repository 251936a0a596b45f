"""Runs workflows: step after step, each with what the client gave and what earlier steps found."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

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
from selador_main.agents.aws_calls import not_silent
from selador_main.agents.knowledge_base import Passage
from selador_main.agents.model import Model, Prompt
from selador_main.cancellation import Cancellation
from selador_main.patience import Ask
from selador_main.workflows.definition import Definition, Generate, Query, Retrieve, Step
from selador_main.workflows.template import Reference, Template
from selador_shared import protocol
from selador_shared.settings import Generation
from selador_shared.workflow_inputs import InputError, check_inputs

_NOTHING_FOUND = "(no passages were found)"
_BETWEEN_STEPS = "\n\n"
_MARK = re.compile(r"\[(\d{1,4})\]")


class Retriever(Protocol):
    """What a `retrieve` step asks."""

    def retrieve(self, text: str, number_of_results: int | None, cancellation: Cancellation) -> Sequence[Passage]: ...


@dataclass
class _Run:
    """What a run of a workflow has so far."""

    inputs: Mapping[str, str]
    caller: Caller
    cancellation: Cancellation
    ask: Ask
    results: dict[str, str] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)

    def fill(self, template: Template) -> str:
        return template.fill(self._value)

    def _value(self, reference: Reference) -> str:
        return self.inputs[reference.name] if reference.source == "inputs" else self.results[reference.name]


class Workflows:
    """The workflows of this deployment. `model` gives the model of a name, None for the default."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        *,
        agent: Agent,
        retriever: Retriever,
        model: Callable[[str | None], Model],
        generation: Generation,
    ) -> None:
        self._definitions = definitions
        self._agent = agent
        self._retriever = retriever
        self._model = model
        self._generation = generation

    def answer(
        self, request: protocol.Workflow, caller: Caller, cancellation: Cancellation, ask: Ask
    ) -> Generator[AgentEvent]:
        """Yield the run's events: steps, the text of those that stream, sources, and how it ended.

        `ask` makes each step's call, so that a step that has to wait for its model costs none of the earlier ones.
        Raises RequestRefusedError and AgentFailedError, which name the step, after a StepChanged that says `failed`.
        """
        definition = self._definitions.get(request.workflow)
        if definition is None:
            known = ", ".join(sorted(self._definitions)) or "none"
            raise RequestRefusedError(
                "invalid_request", f"there is no workflow {request.workflow}; there are: {known}", field="workflow"
            )
        run = _Run(checked_inputs(definition, request.inputs), caller, cancellation, ask)
        for index, step in enumerate(definition.steps):
            changed = StepChanged(step.name, "started", index, len(definition.steps))
            yield changed
            try:
                yield from self._step(step, run, streamed=step.stream or index == len(definition.steps) - 1)
            except (AgentFailedError, RequestRefusedError) as error:
                yield StepChanged(step.name, "failed", index, len(definition.steps))
                raise _named(error, step) from None
            yield StepChanged(step.name, "completed", index, len(definition.steps))
        yield from citations("".join(run.answer), run.passages)
        yield total(run.ends)

    def _step(self, step: Step, run: _Run, *, streamed: bool) -> Iterator[AgentEvent]:
        texts: list[str] = []
        began = 0
        for event in not_silent(run.ask(lambda: self._events(step, run))):
            match event:
                case Text(text):
                    if streamed and not texts and run.answer:
                        run.answer.append(_BETWEEN_STEPS)
                        yield Text(_BETWEEN_STEPS)
                    if streamed and not texts:
                        began = sum(map(len, run.answer))
                    texts.append(text)
                    if streamed:
                        run.answer.append(text)
                        yield event
                case CitedSource(text, source, start, end):
                    if streamed and start is not None and end is not None:
                        yield CitedSource(text, source, began + start, began + end)
                    elif streamed:
                        yield event
                case Ended():
                    run.ends.append(event)
                case Session() | StepChanged():
                    pass  # a workflow is no conversation, and has no workflow inside
        run.results[step.name] = "".join(texts)

    def _events(self, step: Step, run: _Run) -> Generator[AgentEvent]:
        match step:
            case Retrieve():
                retrieved = self._retriever.retrieve(run.fill(step.query), step.number_of_results, run.cancellation)
                found = [passage for passage in retrieved if passage.text.strip()]
                yield Text(numbered(found, first=len(run.passages) + 1))
                run.passages.extend(found)
            case Generate():
                prompt = Prompt(
                    text=run.fill(step.prompt),
                    system=None if step.system is None else run.fill(step.system),
                    max_tokens=step.max_tokens or self._generation.max_tokens,
                    temperature=self._generation.temperature if step.temperature is None else step.temperature,
                    service_tier=step.service_tier or self._generation.service_tier,
                )
                yield from self._model(step.model).generate(prompt, run.cancellation)
            case Query():
                text = run.fill(step.text)
                if len(text) > self._agent.text_limit:
                    raise RequestRefusedError(
                        "invalid_request",
                        f"its text is {len(text):,} characters; the query agent's limit is {self._agent.text_limit:,}",
                        field="inputs",
                    )
                query = protocol.Query(action="invoke", text=text)
                yield from self._agent.answer(query, run.caller, run.cancellation)


def checked_inputs(definition: Definition, given: Mapping[str, str]) -> Mapping[str, str]:
    """Return a value for every input. Raises RequestRefusedError for the first one that is wrong."""
    try:
        check_inputs(definition.inputs, given)
    except InputError as error:
        raise RequestRefusedError("invalid_request", str(error), field=error.field) from None
    return {name: given.get(name, "") for name in definition.inputs}


def numbered(passages: Sequence[Passage], *, first: int) -> str:
    """Return the passages as a model is shown them, numbered from `first` so that it can name them."""
    shown = [f"[{number}] {passage.text.strip()}" for number, passage in enumerate(passages, start=first)]
    return "\n\n".join(shown) or _NOTHING_FOUND


def citations(answer: str, passages: Sequence[Passage]) -> Iterator[CitedSource]:
    """Yield a source for each passage whose number, such as [2], is in `answer`, at its first place there.

    Where the answer names none, all are what it rests on, if on any.
    """
    places: dict[int, tuple[int, int]] = {}
    for mark in _MARK.finditer(answer):
        places.setdefault(int(mark[1]), (mark.start(), mark.end() - 1))
    named = {number: place for number, place in places.items() if 1 <= number <= len(passages)}
    for number, passage in enumerate(passages, start=1):
        if number in named or not named:
            start, end = named.get(number, (None, None))
            yield CitedSource.cut(passage.text, passage.source, start, end)


def total(ends: Sequence[Ended]) -> Ended:
    """Return how the whole run ended: the last model's reason, all models' tokens and tiers, truncated if any was."""
    inputs = [end.input_tokens for end in ends if end.input_tokens is not None]
    outputs = [end.output_tokens for end in ends if end.output_tokens is not None]
    return Ended(
        stop_reason=ends[-1].stop_reason if ends else None,
        input_tokens=sum(inputs) if inputs else None,
        output_tokens=sum(outputs) if outputs else None,
        truncated=any(end.truncated for end in ends),
        service_tier=", ".join(dict.fromkeys(end.service_tier for end in ends if end.service_tier)) or None,
    )


def _named(error: AgentFailedError | RequestRefusedError, step: Step) -> AgentFailedError | RequestRefusedError:
    if isinstance(error, AgentFailedError):
        # The same error, since its class says what follows from it.
        error.reason = f"step {step.name}: {error.reason}"
        error.args = (error.reason,)
        return error
    return RequestRefusedError(error.code, f"step {step.name}: {error}", field=error.field, reason=error.reason)
