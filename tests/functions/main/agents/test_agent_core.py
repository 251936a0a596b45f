"""The AgentCore agent: its contract with a runtime, and real boto3 against the stand-in."""

from collections.abc import Iterator
from typing import Any

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
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.agents.agent_core import MAX_EVENT_BYTES, AgentCoreAgent, _answer, events_data
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


def answered(*chunks: str) -> list[AgentEvent]:
    return list(_answer(chunk.encode() for chunk in chunks))


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
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 3), "unavailable", id="an error of its own"),
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


def test_strings_and_objects_are_events_and_others_are_passed_over() -> None:
    events = answered(
        'data: "a"\n\n',
        'data: {"type":"delta","text":"b"}\n\n',
        'data: {"type":"citation","text":"p","source":"s3://b/k","span":{"start":0,"end":1}}\n\n',
        'data: {"type":"citation","text":"q"}\n\n',
        'data: {"type":"brand-new"}\n\ndata: 7\n\ndata: ""\n\n',
        'data: {"type":"completed","usage":{"inputTokens":1,"outputTokens":2},"truncated":true}\n\n',
    )

    assert events == [
        Text("a"),
        Text("b"),
        CitedSource("p", "s3://b/k", 0, 1),
        CitedSource("q", None),
        Ended(None, 1, 2, truncated=True),
    ]


@pytest.mark.parametrize(
    ("chunks", "data"),
    [
        (["data: a\n\ndata: b\n\n"], ["a", "b"]),
        (["da", "ta: a\n", "\n"], ["a"]),
        (["data:a\r\n\r\ndata:b\r\n\r\n"], ["a", "b"]),
        (["data: a\r", "\n\r\n"], ["a"]),
        (["data: a\r\r"], ["a"]),
        (["data: a\ndata: b\n\n"], ["a\nb"]),
        ([": comment\nevent: x\nid: 1\ndata: a\n\n"], ["a"]),
        (["\n\n\n"], []),
    ],
    ids=["two", "in pieces", "CRLF", "CRLF in pieces", "CR", "several lines", "other fields", "nothing"],
)
def test_server_sent_events_are_read_however_they_come(chunks: list[str], data: list[str]) -> None:
    assert list(events_data(chunk.encode() for chunk in chunks)) == data


@pytest.mark.parametrize(
    "chunks",
    [['data: "a"\n\ndata: "b'], ['data: "a"\n\ndata: "b"\n'], ['data: {"type"\n\n'], [], ["x" * (MAX_EVENT_BYTES + 1)]],
    ids=["inside a line", "inside an event", "no JSON", "without a word", "a line without end"],
)
def test_a_stream_that_is_not_whole_is_no_answer(chunks: list[str]) -> None:
    with pytest.raises(AgentFailedError):
        answered(*chunks)


def test_an_answer_that_is_no_stream_is_ours_to_put_right() -> None:
    class Body:
        _raw_stream: Any

        def close(self) -> None:
            pass

    class Client:
        def invoke_agent_runtime(self, **_: Any) -> dict[str, Any]:
            body = Body()
            body._raw_stream = body
            return {"contentType": "application/json", "response": body}

    with pytest.raises(AgentFailedError) as raised:
        asked(AgentCoreAgent(Client(), RUNTIME_ARN))

    assert raised.value.code == "internal"
