"""The AgentCore agent: its contract with a runtime, and real boto3 against the stand-in."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.bedrock.server import BedrockStandIn
from selador_main.agents.agent import (
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    Ended,
    NotReadyError,
    NotUnderstoodError,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.agents.agent_core import AgentCoreAgent
from selador_main.agents.server_sent_events import MAX_EVENT_BYTES
from selador_main.cancellation import Cancellation
from selador_main.transport import Transport
from selador_shared.protocol import Query

RUNTIME_ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/estate-x1"


@pytest.fixture
def agent(bedrock: BedrockStandIn) -> Iterator[AgentCoreAgent]:
    client = boto3.session.Session().client(
        "bedrock-agentcore", endpoint_url=bedrock.endpoint, config=Config(retries={"total_max_attempts": 1})
    )
    Transport().carry(client, read_seconds=5)
    yield AgentCoreAgent(client, RUNTIME_ARN, lambda: "new-session")
    client.close()


def asked(agent: AgentCoreAgent, session_id: str | None = None, principal_id: str | None = None) -> list[AgentEvent]:
    message = {"action": "invoke", "text": "How long is the notice period?", "sessionId": session_id}
    query = Query.model_validate(message)
    return list(agent.answer(query, Caller(principal_id), Cancellation()))


def test_an_answer_has_a_session_text_citations_and_an_end(agent: AgentCoreAgent) -> None:
    events = asked(agent)

    assert events[0] == Session("new-session")
    text = "".join(event.text for event in events if isinstance(event, Text))
    assert "notice" in text.lower()
    citations = [event for event in events if isinstance(event, CitedSource)]
    assert citations
    assert all(citation.source is not None and citation.source.startswith("s3://") for citation in citations)
    assert isinstance(events[-1], Ended)
    assert events[-1].stop_reason == "end_turn"


def test_a_session_belongs_to_the_principal_that_began_it(agent: AgentCoreAgent, bedrock: BedrockStandIn) -> None:
    for session_id, principal_id in (("s-1", "ada"), ("s-1", "ada"), ("s-1", "bob"), ("s-1", None)):
        assert asked(agent, session_id, principal_id)[0] == Session("s-1")

    first, again, bobs, nobodys = (call.session_id for call in bedrock.calls)
    assert first == again
    assert len({first, bobs, nobodys}) == 3
    assert all(33 <= len(name or "") <= 256 for name in (first, bobs, nobodys))


def test_the_runtime_is_told_who_asks_and_in_which_trace(agent: AgentCoreAgent) -> None:
    request = agent._request("question", "s-1", Caller("ada", "Root=1-2-3"))

    assert (request["runtimeUserId"], request["traceId"]) == ("ada", "Root=1-2-3")
    assert request["payload"] == b'{"prompt": "question"}'


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(FaultKind.THROTTLE), "throttled", id="throttled"),
        pytest.param(Fault(FaultKind.ACCESS_DENIED), "internal", id="access denied"),
        pytest.param(Fault(FaultKind.CUT, 3), "unavailable", id="cut"),
        pytest.param(Fault(FaultKind.CUT_INSIDE_EVENT, 3), "unavailable", id="ended inside an event"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 3), "throttled", id="throttled in the stream"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 3, "KeyError"), "unavailable", id="an error of its own"),
        pytest.param(Fault(FaultKind.WORDLESS), "unavailable", id="without a word"),
    ],
)
def test_a_failure_says_what_another_attempt_may_do_about_it(
    agent: AgentCoreAgent, bedrock: BedrockStandIn, fault: Fault, code: str
) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(AgentFailedError) as raised:
        asked(agent)

    assert raised.value.code == code


def test_an_error_that_is_not_retryable_refuses_the_request(agent: AgentCoreAgent, bedrock: BedrockStandIn) -> None:
    bedrock.faults.add(Fault(FaultKind.GUARDRAIL, 3))

    with pytest.raises(RequestRefusedError, match="blocked by a guardrail"):
        asked(agent)


@pytest.mark.parametrize(
    "fault",
    [Fault(FaultKind.THROTTLE), Fault(FaultKind.QUOTA), Fault(FaultKind.INTERNAL), Fault(FaultKind.STREAM_EXCEPTION)],
    ids=["throttled", "quota", "internal", "throttled before a word"],
)
def test_what_fails_before_a_word_costs_nothing(agent: AgentCoreAgent, bedrock: BedrockStandIn, fault: Fault) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(NotReadyError):
        asked(agent)


def says(bedrock: BedrockStandIn, body: str, content_type: str = "application/json") -> None:
    bedrock.faults.add(Fault(FaultKind.SAYS, body=body, content_type=content_type))


def test_an_agent_may_answer_at_once(agent: AgentCoreAgent, bedrock: BedrockStandIn) -> None:
    says(bedrock, '\ufeff{"result": "Three months."}', "Application/JSON; charset=utf-8")

    assert asked(agent) == [Session("new-session"), Text("Three months.")]


@pytest.mark.parametrize("content_type", ["text/html", "application/x-ndjson", ""])
def test_an_answer_of_another_type_is_refused_once_by_its_name(
    agent: AgentCoreAgent, bedrock: BedrockStandIn, content_type: str
) -> None:
    says(bedrock, "<p>Three months.</p>", content_type)

    with pytest.raises(NotUnderstoodError) as raised:
        asked(agent)

    assert raised.value.code == "internal"
    assert raised.value.reason == f"not understood: an answer of type {content_type or 'none'}"


def test_an_answer_at_once_that_is_too_long_fails(agent: AgentCoreAgent, bedrock: BedrockStandIn) -> None:
    says(bedrock, f'"{"x" * MAX_EVENT_BYTES}"')

    with pytest.raises(AgentFailedError, match="more than 1,000,000 bytes"):
        asked(agent)


def test_what_is_passed_over_is_logged_by_its_shape(
    agent: AgentCoreAgent, bedrock: BedrockStandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    says(bedrock, 'data: "a"\n\ndata: {"type":"thought","text":"SECRET"}\n\n', "text/event-stream")

    asked(agent)

    logged = capsys.readouterr().out
    assert "object of type thought" in logged
    assert "SECRET" not in logged
