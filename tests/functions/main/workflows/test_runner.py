"""Runs of workflows with models, retrieval and an agent that answer as told."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from selador_main.agents.agent import (
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
from selador_main.agents.knowledge_base import Passage
from selador_main.agents.model import Prompt
from selador_main.cancellation import Cancellation
from selador_main.workflows.definition import parse_definition
from selador_main.workflows.runner import Workflows
from selador_shared.protocol import Query, Workflow
from selador_shared.settings import Generation


class Stage:
    """Everything that a workflow asks, and what it asked."""

    text_limit = 40

    def __init__(self, *answers: Sequence[Text | Ended] | Exception) -> None:
        self.answers = list(answers)
        self.prompts: list[Prompt] = []
        self.models: list[str | None] = []
        self.queries: list[str] = []
        self.found = [Passage("three months", "s3://b/notice.md"), Passage("one dog", "s3://b/pets.md")]

    def model(self, name: str | None) -> Any:
        self.models.append(name)
        return self

    def generate(self, prompt: Prompt, cancellation: Cancellation) -> Generator[Text | Ended]:
        self.prompts.append(prompt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield from answer

    def retrieve(self, text: str, number_of_results: int | None, cancellation: Cancellation) -> Sequence[Passage]:
        self.queries.append(text)
        return self.found

    def answer(self, query: Query, caller: Caller, cancellation: Cancellation) -> Generator[AgentEvent]:
        self.queries.append(query.text)
        yield Session("s")
        yield Text("agent's")
        yield CitedSource("p", "s3://b/k", 0, 4)

    def run(self, toml: str, **inputs: str) -> Generator[AgentEvent]:
        workflows = Workflows(
            {"brief": parse_definition("brief.toml", 'description = "d"\n' + toml)},
            agent=self,
            retriever=self,
            model=self.model,
            generation=Generation(max_tokens=77, temperature=0.3, service_tier="priority"),
        )
        request = Workflow(action="invoke", type="workflow", workflow="brief", inputs=inputs)
        return workflows.answer(request, Caller(), Cancellation(), lambda call: call())


ONE = '[[steps]]\nname = "one"\nkind = "generate"\nprompt = "p"\n'
INPUT = '[inputs.q]\ndescription = "the q"\nmax_characters = 10\n'
FIND = '[[steps]]\nname = "find"\nkind = "retrieve"\nquery = "${inputs.q}"\n'
ANSWER = '[[steps]]\nname = "answer"\nkind = "generate"\nprompt = "${steps.find} ${inputs.q}"\n'
END = Ended("end_turn", 10, 5)


def said(events: list[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def test_steps_are_told_and_only_the_last_one_streams() -> None:
    stage = Stage([Text("outline"), END], [Text("an"), Text("swer"), END])
    two = ONE + '[[steps]]\nname = "two"\nkind = "generate"\nprompt = "${steps.one}!"\n'

    events = list(stage.run(two))

    assert events == [
        StepChanged("one", "started", 0, 2),
        StepChanged("one", "completed", 0, 2),
        StepChanged("two", "started", 1, 2),
        Text("an"),
        Text("swer"),
        StepChanged("two", "completed", 1, 2),
        Ended("end_turn", 20, 10),
    ]
    assert stage.prompts[1].text == "outline!"


def test_an_earlier_step_streams_where_it_says_so() -> None:
    stage = Stage([Text("outline"), END], [Text("answer"), END])
    two = ONE + 'stream = true\n[[steps]]\nname = "two"\nkind = "generate"\nprompt = "x"\n'

    assert said(list(stage.run(two))) == "outline\n\nanswer"


def test_a_steps_limits_and_model_are_its_own_or_the_deployments() -> None:
    stage = Stage([Text("a"), END], [Text("b"), END])
    own = 'max_tokens = 5\ntemperature = 0\nservice_tier = "flex"\nmodel = "fast"\nstream = true\n'

    list(stage.run(ONE + own + ONE.replace("one", "two")))

    assert [(prompt.max_tokens, prompt.temperature, prompt.service_tier) for prompt in stage.prompts] == [
        (5, 0, "flex"),
        (77, 0.3, "priority"),
    ]
    assert stage.models == ["fast", None]


def test_passages_that_the_answer_names_are_cited_where_it_names_them() -> None:
    stage = Stage([Text("A dog may stay [2]"), Text(". [2] [9]"), END])

    events = list(stage.run(INPUT + FIND + ANSWER, q="pets?"))

    assert [event for event in events if isinstance(event, CitedSource)] == [
        CitedSource("one dog", "s3://b/pets.md", 15, 17)
    ]
    assert stage.prompts[0].text == "[1] three months\n\n[2] one dog pets?"


def test_an_empty_passage_is_neither_numbered_nor_shown_nor_cited() -> None:
    stage = Stage([Text("A dog may stay [1]."), END])
    stage.found = [Passage("", "s3://b/plan.png"), Passage(" \n", None), Passage("one dog", "s3://b/pets.md")]

    events = list(stage.run(INPUT + FIND + ANSWER, q="pets?"))

    assert stage.prompts[0].text == "[1] one dog pets?"
    assert [event.source for event in events if isinstance(event, CitedSource)] == ["s3://b/pets.md"]


def test_passages_are_numbered_through_the_whole_workflow() -> None:
    stage = Stage([Text("As [3] says"), END])
    again = FIND.replace('"find"', '"again"')
    answer = ANSWER.replace("${inputs.q}", "${steps.again}")

    events = list(stage.run(INPUT + FIND + again + answer, q="pets?"))

    assert stage.prompts[0].text == "[1] three months\n\n[2] one dog [3] three months\n\n[4] one dog"
    assert [event.source for event in events if isinstance(event, CitedSource)] == ["s3://b/notice.md"]


def test_all_passages_are_cited_where_the_answer_names_none() -> None:
    events = list(Stage([Text("A dog may stay."), END]).run(INPUT + FIND + ANSWER, q="pets?"))

    assert [event.source for event in events if isinstance(event, CitedSource)] == [
        "s3://b/notice.md",
        "s3://b/pets.md",
    ]


def test_what_a_query_step_cites_is_moved_to_its_place_in_the_whole_answer() -> None:
    stage = Stage([Text("12345"), END])
    query = '[[steps]]\nname = "ask"\nkind = "query"\ntext = "${inputs.q}"\n'

    events = list(stage.run(INPUT + ONE + "stream = true\n" + query, q="pets?"))

    assert said(events) == "12345\n\nagent's"
    assert CitedSource("p", "s3://b/k", 7, 11) in events
    assert not any(isinstance(event, Session) for event in events)


def test_a_query_step_keeps_to_the_agents_limit() -> None:
    query = '[[steps]]\nname = "ask"\nkind = "query"\ntext = "' + "x" * 35 + ' ${inputs.q}"\n'

    with pytest.raises(RequestRefusedError, match="step ask: its text is 41 characters; the query agent's limit is 40"):
        list(Stage().run(INPUT + query, q="pets?"))


def test_inputs_are_put_in_as_they_are() -> None:
    stage = Stage([Text("a"), END])

    list(stage.run(INPUT + FIND + ANSWER, q="${x} $$"))

    assert stage.queries == ["${x} $$"]
    assert stage.prompts[0].text.endswith("${x} $$")


@pytest.mark.parametrize("texts", [[], [Text("")], [Text(" \n")]])
def test_a_step_without_a_character_fails_and_feeds_no_other(texts: list[Text]) -> None:
    stage = Stage([*texts, END], [Text("answer"), END])
    two = ONE + '[[steps]]\nname = "two"\nkind = "generate"\nprompt = "${steps.one}!"\n'

    with pytest.raises(AgentFailedError, match="step one: ended without a word"):
        list(stage.run(two))

    assert len(stage.prompts) == 1


def test_tokens_that_ran_out_in_any_step_make_the_answer_truncated() -> None:
    stage = Stage([Text("a"), Ended("max_tokens", 1, 2, truncated=True)], [Text("b"), END])
    two = ONE + '[[steps]]\nname = "two"\nkind = "generate"\nprompt = "${steps.one}"\n'

    assert list(stage.run(two))[-1] == Ended("end_turn", 11, 7, truncated=True)


@pytest.mark.parametrize(
    ("tiers", "told"),
    [
        (("flex", "flex"), "flex"),
        (("flex", "default"), "flex, default"),
        ((None, "flex"), "flex"),
        ((None, None), None),
    ],
)
def test_the_tiers_that_served_are_told(tiers: tuple[str | None, ...], told: str | None) -> None:
    answers: list[Sequence[Text | Ended]] = [[Text("a"), replace(END, service_tier=tier)] for tier in tiers]
    stage = Stage(*answers)
    two = ONE + '[[steps]]\nname = "two"\nkind = "generate"\nprompt = "${steps.one}"\n'

    assert list(stage.run(two))[-1] == Ended("end_turn", 20, 10, service_tier=told)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (AgentFailedError("throttled", reason="ThrottlingException"), "step one: ThrottlingException"),
        (RequestRefusedError("content_blocked", "a guardrail blocked it"), "step one: a guardrail blocked it"),
    ],
)
def test_a_failure_names_the_step_and_keeps_its_code(
    failure: AgentFailedError | RequestRefusedError, message: str
) -> None:
    events: list[AgentEvent] = []

    with pytest.raises(type(failure)) as raised:
        for event in Stage(failure).run(ONE):
            events.append(event)  # noqa: PERF402  # extend drops what came before the failure

    assert str(raised.value) == message
    assert getattr(raised.value, "code") == failure.code  # noqa: B009  # of either class
    assert events[-1] == StepChanged("one", "failed", 0, 1)


@pytest.mark.parametrize(
    ("inputs", "field", "message"),
    [
        ({}, "inputs.q", "q is missing or blank: the q"),
        ({"q": "  "}, "inputs.q", "q is missing or blank: the q"),
        ({"q": "x" * 11}, "inputs.q", "q is 11 characters; the workflow's limit for it is 10"),
        ({"q": "x", "z": "y"}, "inputs", "z is no input of this workflow, which has q"),
    ],
)
def test_wrong_inputs_are_refused_by_name_before_anything_is_asked(
    inputs: dict[str, str], field: str, message: str
) -> None:
    stage = Stage()

    with pytest.raises(RequestRefusedError) as raised:
        list(stage.run(INPUT + FIND + ANSWER, **inputs))

    assert (raised.value.field, str(raised.value)) == (field, message)
    assert stage.queries == []
