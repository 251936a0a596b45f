"""The knowledge base agent: real boto3 against the stand-in that speaks Bedrock's wire protocol, and its faults."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.config import Config

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.bedrock.server import BedrockStandIn
from selador_main.agents.agent import (
    MAX_PASSAGE_CHARACTERS,
    AgentEvent,
    AgentFailedError,
    CitedSource,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.agents.knowledge_base import KnowledgeBaseAgent, _agent_events, _whole_messages
from selador_main.cancellation import Cancellation, Reason
from selador_shared.protocol import Query

MODEL_ARN = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"


@pytest.fixture
def agent(bedrock: BedrockStandIn) -> Iterator[KnowledgeBaseAgent]:
    client = boto3.client(
        "bedrock-agent-runtime",
        endpoint_url=bedrock.endpoint,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=5),
    )
    yield KnowledgeBaseAgent(client, "KB12345678", MODEL_ARN)
    client.close()


def query(text: str = "How long is the notice period?", session_id: str | None = None) -> Query:
    return Query.model_validate({"action": "invoke", "text": text, "sessionId": session_id})


def asked(agent: KnowledgeBaseAgent, question: Query | None = None) -> list[AgentEvent]:
    return list(agent.answer(question or query(), Cancellation()))


def test_an_answer_has_a_session_text_and_citations_with_sources(agent: KnowledgeBaseAgent) -> None:
    events = asked(agent)

    assert isinstance(events[0], Session)
    answer = "".join(event.text for event in events if isinstance(event, Text))
    citations = [event for event in events if isinstance(event, CitedSource)]
    assert "notice" in answer.lower()
    assert citations
    for citation in citations:
        assert citation.source is not None
        assert citation.source.startswith("s3://")
        assert 0 <= citation.start < citation.end <= len(answer)


def test_a_session_is_continued(agent: KnowledgeBaseAgent) -> None:
    (first,) = (event for event in asked(agent) if isinstance(event, Session))

    (second,) = (
        event for event in asked(agent, query("And for pets?", first.session_id)) if isinstance(event, Session)
    )

    assert second == first


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(FaultKind.THROTTLE), "throttled", id="throttled"),
        pytest.param(Fault(FaultKind.ACCESS_DENIED), "internal", id="access denied"),
        pytest.param(Fault(FaultKind.INTERNAL), "unavailable", id="internal"),
        pytest.param(Fault(FaultKind.CUT, after_events=3), "unavailable", id="cut"),
        pytest.param(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3), "unavailable", id="cut inside an event"),
        pytest.param(Fault(FaultKind.GARBAGE, after_events=3), "unavailable", id="garbage"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, after_events=3), "throttled", id="throttled in the stream"),
        pytest.param(
            Fault(FaultKind.STREAM_EXCEPTION, after_events=3, exception="internalServerException"),
            "unavailable",
            id="internal in the stream",
        ),
    ],
)
def test_a_failure_says_what_another_attempt_may_do_about_it(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn, fault: Fault, code: str
) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(AgentFailedError) as raised:
        asked(agent)

    assert raised.value.code == code
    assert len(bedrock.calls) == 1, "botocore asked again by itself"


def test_what_came_before_the_cut_was_yielded(agent: KnowledgeBaseAgent, bedrock: BedrockStandIn) -> None:
    bedrock.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3))
    texts: list[str] = []

    with pytest.raises(AgentFailedError):
        texts.extend(event.text for event in agent.answer(query(), Cancellation()) if isinstance(event, Text))

    assert len(texts) == 3


def test_a_request_that_bedrock_finds_invalid_is_refused_without_quoting_it(agent: KnowledgeBaseAgent) -> None:
    with pytest.raises(RequestRefusedError) as raised:
        asked(agent, query("SECRET " * 200))

    assert raised.value.code == "invalid_request"
    assert "SECRET" not in f"{raised.value} {raised.value.reason}"


def test_a_cancellation_ends_a_read_that_waits_and_closes_the_stream(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn
) -> None:
    bedrock.faults.add(Fault(FaultKind.STALL, after_events=2))
    cancellation = Cancellation()
    events: list[AgentEvent] = []

    def read() -> None:
        with suppress(AgentFailedError):
            events.extend(agent.answer(query(), cancellation))

    thread = threading.Thread(target=read)
    thread.start()
    while not (bedrock.calls and bedrock.calls[0].session_id):
        thread.join(0.01)
    thread.join(0.2)
    cancellation.cancel(Reason.CLIENT_GONE)
    thread.join(3)  # less than the client's read timeout

    assert not thread.is_alive()
    for _ in range(100):
        if bedrock.calls[0].outcome == "client_closed":
            break
        threading.Event().wait(0.02)
    assert bedrock.calls[0].outcome == "client_closed"


@pytest.mark.parametrize(
    ("location", "source"),
    [
        ({"type": "S3", "s3Location": {"uri": "s3://b/k"}}, "s3://b/k"),
        ({"type": "WEB", "webLocation": {"url": "https://example.com/"}}, "https://example.com/"),
        ({"type": "CUSTOM", "customDocumentLocation": {"id": "doc-1"}}, "doc-1"),
        ({"type": "SQL", "sqlLocation": {"query": "select 1"}}, None),
        ({}, None),
    ],
)
def test_a_source_is_the_address_in_its_location(location: dict[str, Any], source: str | None) -> None:
    event = {
        "citation": {
            "generatedResponsePart": {"textResponsePart": {"text": "a", "span": {"start": 3, "end": 9}}},
            "retrievedReferences": [{"content": {"type": "TEXT", "text": "x" * 5_000}, "location": location}],
        }
    }

    (cited,) = _agent_events(event)

    assert cited == CitedSource(text="x" * MAX_PASSAGE_CHARACTERS, source=source, start=3, end=9)


def test_the_older_form_of_a_citation_is_read_too() -> None:
    """Its `citation` member is deprecated but may still be filled (BR-08)."""
    older: dict[str, Any] = {"generatedResponsePart": {}, "retrievedReferences": [{"location": {}}]}

    assert list(_agent_events({"citation": {"citation": older}})) == [CitedSource(text="", source=None, start=0, end=0)]


def test_a_guardrail_that_intervenes_refuses_the_request() -> None:
    assert list(_agent_events({"guardrail": {"action": "NONE"}})) == []
    with pytest.raises(RequestRefusedError) as raised:
        list(_agent_events({"guardrail": {"action": "INTERVENED"}}))

    assert raised.value.code == "content_blocked"


def test_events_of_unknown_kinds_are_passed_over() -> None:
    assert list(_agent_events({"brandNew": {}})) == []


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 16, 100])
def test_messages_are_told_whole_or_cut_however_they_are_chunked(size: int) -> None:
    messages = b"".join(length.to_bytes(4) + bytes(length - 4) for length in (16, 31, 20))

    def chunks(data: bytes) -> Iterator[bytes]:
        return (data[at : at + size] for at in range(0, len(data), size))

    assert b"".join(_whole_messages(chunks(messages))) == messages
    for cut in (1, 3, 15, 40, len(messages) - 1):
        with pytest.raises(AgentFailedError, match="inside an event"):
            list(_whole_messages(chunks(messages[:cut])))
