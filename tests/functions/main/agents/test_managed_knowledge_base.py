"""The agent on a managed knowledge base: real boto3 against the stand-in, and what single events of its stream say."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.bedrock.server import MANAGED_KNOWLEDGE_BASE_ID, BedrockStandIn
from selador_main.agents.agent import (
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    DeploymentFaultError,
    NotReadyError,
    RequestRefusedError,
    StepChanged,
    Text,
)
from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_main.agents.managed_knowledge_base import ManagedKnowledgeBaseAgent, read_answer
from selador_main.cancellation import Cancellation
from selador_main.transport import Transport
from selador_shared.protocol import Query
from selador_shared.settings import Generation, Guardrail

MODEL_ARN = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"
QUESTION = "How long is the notice period?"


@pytest.fixture
def client(bedrock: BedrockStandIn) -> Iterator[Any]:
    client = boto3.client(
        "bedrock-agent-runtime", endpoint_url=bedrock.endpoint, config=Config(retries={"total_max_attempts": 1})
    )
    Transport().carry(client, read_seconds=5)
    yield client
    client.close()


@pytest.fixture
def agent(client: Any) -> ManagedKnowledgeBaseAgent:
    return ManagedKnowledgeBaseAgent(client, MANAGED_KNOWLEDGE_BASE_ID, MODEL_ARN, Generation(number_of_results=2))


def asked(agent: KnowledgeBaseAgent) -> list[AgentEvent]:
    return list(agent.answer(Query(action="invoke", text=QUESTION), Caller(), Cancellation()))


def read(*events: dict[str, Any]) -> list[AgentEvent]:
    return list(read_answer(events, QUESTION))


def trace(step: str, status: str, **attributes: Any) -> dict[str, Any]:
    return {"traceEvent": {"id": "1", "attributes": {"step": step, "status": status, "message": "m", **attributes}}}


def said(text: str) -> dict[str, Any]:
    return {"responseEvent": {"text": text}}


def result(answer: str, *citations: tuple[int, int, int], results: int = 1) -> dict[str, Any]:
    passages = [
        {"content": {"mimeType": "text/plain", "text": f"p{index}"}, "metadata": {"_source_uri": f"s3://b/{index}"}}
        for index in range(results)
    ]
    cited = [
        {"startIndex": start, "endIndex": end, "references": [{"resultIndex": index}]}
        for start, end, index in citations
    ]
    return {"result": {"results": passages, "generatedResponse": {"answer": answer, "citations": cited}}}


def test_an_answer_has_steps_text_and_citations_at_their_places(agent: ManagedKnowledgeBaseAgent) -> None:
    events = asked(agent)

    assert events[:4] == [
        StepChanged("Planning", "started", 0, 1),
        StepChanged("Planning", "completed", 0, 1),
        StepChanged("Retrieval", "started", 1, 2),
        StepChanged("Retrieval", "completed", 1, 2),
    ]
    answer = "".join(event.text for event in events if isinstance(event, Text))
    assert "notice" in answer.lower()
    citations = [event for event in events if isinstance(event, CitedSource)]
    assert citations
    for citation in citations:
        assert citation.source is not None
        assert citation.source.startswith("s3://")
        assert citation.start is not None
        assert citation.end is not None
        assert answer[citation.start : citation.end + 1].endswith((".", "!"))


def test_a_managed_knowledge_base_can_be_asked_in_no_other_way(client: Any) -> None:
    with pytest.raises(DeploymentFaultError, match="RetrieveAndGenerateStream is not supported"):
        asked(KnowledgeBaseAgent(client, MANAGED_KNOWLEDGE_BASE_ID, MODEL_ARN, Generation()))
    with pytest.raises(DeploymentFaultError, match="AgenticRetrieveStream is not supported"):
        asked(ManagedKnowledgeBaseAgent(client, "KB12345678", MODEL_ARN, Generation()))


def test_passages_are_retrieved_with_the_configuration_of_managed_ones(
    agent: ManagedKnowledgeBaseAgent, client: Any
) -> None:
    passages = agent.retrieve(QUESTION, 3, Cancellation())

    assert 1 <= len(passages) <= 3
    with pytest.raises(DeploymentFaultError, match="vectorSearchConfiguration is not supported"):
        KnowledgeBaseAgent(client, MANAGED_KNOWLEDGE_BASE_ID, MODEL_ARN, Generation()).retrieve(
            QUESTION, 3, Cancellation()
        )


def test_bedrock_is_told_the_model_the_guardrail_and_the_number_of_results(client: Any) -> None:
    full = Generation(guardrail=Guardrail(id="gr1", version="2"), number_of_results=7)
    agent = ManagedKnowledgeBaseAgent(client, "KB1", MODEL_ARN, full)

    assert agent._request(Query(action="invoke", text="q")) == {
        "messages": [{"role": "user", "content": {"text": "q"}}],
        "retrievers": [
            {
                "configuration": {
                    "knowledgeBase": {"knowledgeBaseId": "KB1", "retrievalOverrides": {"maxNumberOfResults": 7}}
                }
            }
        ],
        "agenticRetrieveConfiguration": {
            "foundationModelType": "CUSTOM",
            "foundationModelConfiguration": {
                "type": "BEDROCK_FOUNDATION_MODEL",
                "bedrockFoundationModelConfiguration": {"modelConfiguration": {"modelArn": MODEL_ARN}},
            },
        },
        "generateResponse": True,
        "policyConfiguration": {"bedrockGuardrailConfiguration": {"guardrailId": "gr1", "guardrailVersion": "2"}},
    }


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        pytest.param(Fault(FaultKind.THROTTLE), NotReadyError, "throttled", id="throttled"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION), NotReadyError, "throttled", id="throttled at first"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 6), AgentFailedError, "throttled", id="throttled later"),
        pytest.param(
            Fault(FaultKind.STREAM_EXCEPTION, 6, "badGatewayException"),
            AgentFailedError,
            "unavailable",
            id="bad gateway",
        ),
        pytest.param(Fault(FaultKind.CUT_INSIDE_EVENT, 6), AgentFailedError, "unavailable", id="cut inside an event"),
        pytest.param(Fault(FaultKind.WORDLESS), AgentFailedError, "unavailable", id="without a word"),
        pytest.param(Fault(FaultKind.ACCESS_DENIED), DeploymentFaultError, "internal", id="access denied"),
        pytest.param(Fault(FaultKind.GUARDRAIL, 6), RequestRefusedError, "content_blocked", id="blocked"),
    ],
)
def test_a_failure_says_what_another_attempt_may_do_about_it(
    agent: ManagedKnowledgeBaseAgent, bedrock: BedrockStandIn, fault: Fault, error: type[Exception], code: str
) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(error) as raised:
        asked(agent)

    assert type(raised.value) is error
    assert getattr(raised.value, "code") == code  # noqa: B009  # of either class


def test_steps_are_numbered_as_they_come() -> None:
    events = read(
        trace("Planning", "IN_PROGRESS"),
        trace("Planning", "IN_PROGRESS"),
        trace("Planning", "SUCCEEDED"),
        trace("Retrieval", "SUCCEEDED"),
        trace("Planning", "IN_PROGRESS"),
    )

    assert events == [
        StepChanged("Planning", "started", 0, 1),
        StepChanged("Planning", "completed", 0, 1),
        StepChanged("Retrieval", "started", 1, 2),
        StepChanged("Retrieval", "completed", 1, 2),
        StepChanged("Planning", "started", 2, 3),
    ]


@pytest.mark.parametrize(
    ("message", "code"), [("The data source can't be read", "unavailable"), ("Too many requests", "throttled")]
)
def test_a_step_that_fails_fails_the_attempt(message: str, code: str) -> None:
    events: list[AgentEvent] = []
    failure = trace("Retrieval", "FAILED", failures=[{"message": f"{message}: {QUESTION}"}])

    with pytest.raises(AgentFailedError) as raised:
        for event in read_answer([trace("Retrieval", "IN_PROGRESS"), failure], QUESTION):
            events.append(event)  # noqa: PERF402  # extend drops what came before the failure

    assert events[-1] == StepChanged("Retrieval", "failed", 0, 1)
    assert raised.value.code == code
    assert message in raised.value.reason
    assert QUESTION not in raised.value.reason


def test_a_citations_end_is_exclusive_there_and_inclusive_here() -> None:
    assert read(said("Three "), said("months."), result("Three months.", (0, 5, 0), (6, 13, 1), results=2)) == [
        Text("Three "),
        Text("months."),
        CitedSource("p0", "s3://b/0", 0, 4),
        CitedSource("p1", "s3://b/1", 6, 12),
    ]


def test_an_empty_span_and_a_result_that_is_not_there_cite_nothing_in_particular() -> None:
    assert read(said("a"), result("a", (1, 1, 0), (0, 1, 5))) == [Text("a"), CitedSource("p0", "s3://b/0")]


def test_an_answer_that_was_not_streamed_is_told_at_the_end() -> None:
    assert read(result("Three months.")) == [Text("Three months.")]
    assert read(said("Three"), result("Three months.", (0, 5, 0))) == [
        Text("Three"),
        Text(" months."),
        CitedSource("p0", "s3://b/0", 0, 4),
    ]


def test_citations_of_another_text_than_was_streamed_have_no_place() -> None:
    assert read(said("3 months"), result("Three months.", (0, 5, 0))) == [
        Text("3 months"),
        CitedSource("p0", "s3://b/0"),
    ]


def test_a_source_without_text_says_what_it_is() -> None:
    image = {"result": result("a", (0, 1, 0))["result"] | {"results": [{"content": {"mimeType": "image/png"}}]}}

    assert read(said("a"), image)[1:] == [CitedSource("(image/png)", None, 0, 0)]


def test_events_of_unknown_kinds_are_passed_over() -> None:
    assert read({"brandNew": {}}, said("a")) == [Text("a")]
