"""The knowledge base agent: real boto3 against the stand-in that speaks Bedrock's wire protocol, and its faults."""

import threading
import time
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
    MAX_SOURCE_CHARACTERS,
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    DeploymentFaultError,
    NotReadyError,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.agents.knowledge_base import KnowledgeBaseAgent, Passage, _agent_events
from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason
from selador_main.transport import Transport
from selador_shared.protocol import Query
from selador_shared.settings import Generation, Guardrail

from ....conftest import STUCK_SECONDS

MODEL_ARN = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"

READ_SECONDS = 10 * STUCK_SECONDS
"""A wait that only a cancellation ends, as far as tests wait for it."""


@pytest.fixture
def agent(bedrock: BedrockStandIn) -> Iterator[KnowledgeBaseAgent]:
    client = boto3.client(
        "bedrock-agent-runtime",
        endpoint_url=bedrock.endpoint,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=READ_SECONDS),
    )
    Transport().carry(client, read_seconds=READ_SECONDS)
    yield KnowledgeBaseAgent(client, "KB12345678", MODEL_ARN, Generation())
    client.close()


def query(text: str = "How long is the notice period?", session_id: str | None = None) -> Query:
    return Query.model_validate({"action": "invoke", "text": text, "sessionId": session_id})


def asked(agent: KnowledgeBaseAgent, question: Query | None = None) -> list[AgentEvent]:
    return list(agent.answer(question or query(), Caller(), Cancellation()))


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
        assert citation.start is not None
        assert citation.end is not None
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


def test_a_session_that_is_not_the_knowledge_bases_is_left_behind_and_said_so(agent: KnowledgeBaseAgent) -> None:
    events = asked(agent, query(session_id="somebody-elses"))

    session = events[0]
    assert isinstance(session, Session)
    assert session.restarted
    assert session.session_id != "somebody-elses"
    assert any(isinstance(event, Text) for event in events)


def test_a_session_that_is_continued_was_not_restarted(agent: KnowledgeBaseAgent) -> None:
    (first,) = (event for event in asked(agent) if isinstance(event, Session))

    (second,) = (event for event in asked(agent, query("And pets?", first.session_id)) if isinstance(event, Session))

    assert not second.restarted


def test_what_is_invalid_in_itself_is_refused_without_its_session_too(agent: KnowledgeBaseAgent) -> None:
    with pytest.raises(DeploymentFaultError):
        asked(agent, query("x" * 1_001, session_id="somebody-elses"))


def test_a_session_is_kept_when_the_knowledge_base_only_wakes_up(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn
) -> None:
    (session,) = (event for event in asked(agent) if isinstance(event, Session))
    bedrock.faults.add(Fault(FaultKind.INVALID, message="The Aurora DB instance is resuming after being auto-paused."))

    with pytest.raises(NotReadyError):
        asked(agent, query(session_id=session.session_id))

    assert len(bedrock.calls) == 2
    assert asked(agent, query(session_id=session.session_id))[0] == session


def test_nothing_is_asked_after_a_cancellation(agent: KnowledgeBaseAgent, bedrock: BedrockStandIn) -> None:
    cancellation = Cancellation()
    cancellation.cancel(Reason.CLIENT_GONE)

    with pytest.raises(AttemptCancelledError):
        list(agent.answer(query(), Caller(), cancellation))
    with pytest.raises(AttemptCancelledError):
        agent.retrieve("notice", None, cancellation)

    assert bedrock.calls == []


def test_a_session_is_not_restarted_after_a_cancellation(agent: KnowledgeBaseAgent, bedrock: BedrockStandIn) -> None:
    cancellation = Cancellation()
    client = agent._client
    client.meta.events.register("after-call", lambda **_: cancellation.cancel(Reason.CLIENT_GONE))

    with pytest.raises((AttemptCancelledError, AgentFailedError)):
        list(agent.answer(query(session_id="somebody-elses"), Caller(), cancellation))

    assert len(bedrock.calls) == 1


def test_bedrock_is_told_every_setting(bedrock: BedrockStandIn) -> None:
    """Settings have the names of its API (BR-06); what is not set is left to it."""
    client = boto3.client("bedrock-agent-runtime", endpoint_url=bedrock.endpoint)
    full = Generation(
        guardrail=Guardrail(id="gr1", version="2"),
        max_tokens=700,
        number_of_results=7,
        prompt_template="From $search_results$ alone.",
        search_type="HYBRID",
        temperature=0.5,
    )

    requests = [
        KnowledgeBaseAgent(client, "KB1", MODEL_ARN, settings)._request(query()) for settings in (full, Generation())
    ]

    told, least = (
        {name: configuration[name] for name in configuration.keys() - {"knowledgeBaseId", "modelArn"}}
        for configuration in (
            request["retrieveAndGenerateConfiguration"]["knowledgeBaseConfiguration"] for request in requests
        )
    )
    assert told == {
        "generationConfiguration": {
            "guardrailConfiguration": {"guardrailId": "gr1", "guardrailVersion": "2"},
            "inferenceConfig": {"textInferenceConfig": {"maxTokens": 700, "temperature": 0.5}},
            "promptTemplate": {"textPromptTemplate": "From $search_results$ alone."},
        },
        "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 7, "overrideSearchType": "HYBRID"}},
    }
    assert least == {"generationConfiguration": {"inferenceConfig": {"textInferenceConfig": {"maxTokens": 4_096}}}}
    client.close()


def test_passages_are_retrieved_with_their_addresses(agent: KnowledgeBaseAgent) -> None:
    passages = agent.retrieve("notice period", 3, Cancellation())

    assert 1 <= len(passages) <= 3
    for passage in passages:
        assert isinstance(passage, Passage)
        assert passage.text
        assert passage.source is not None
        assert passage.source.startswith("s3://")


def test_a_cancellation_ends_the_wait_for_the_head_of_an_answer(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn
) -> None:
    """Nobody pays for a slow start that no client waits for any more."""
    bedrock.faults.add(Fault(FaultKind.SILENCE))
    cancellation = Cancellation()
    raised: list[Exception] = []

    def ask() -> None:
        try:
            list(agent.answer(query(), Caller(), cancellation))
        except AgentFailedError as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not bedrock.calls:
        thread.join(0.01)
    thread.join(0.2)
    cancellation.cancel(Reason.CLIENT_GONE)
    thread.join(STUCK_SECONDS)

    assert not thread.is_alive()
    assert len(raised) == 1


def test_what_came_before_the_cut_was_yielded(agent: KnowledgeBaseAgent, bedrock: BedrockStandIn) -> None:
    bedrock.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3))
    texts: list[str] = []

    with pytest.raises(AgentFailedError):
        texts.extend(event.text for event in agent.answer(query(), Caller(), Cancellation()) if isinstance(event, Text))

    assert len(texts) == 3


def test_why_a_request_is_refused_is_told_as_far_as_it_quotes_nothing(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn
) -> None:
    bedrock.faults.add(Fault(FaultKind.INVALID, message='The model is at its end of life. Input: "SECRET PLACE 14"'))

    with pytest.raises(DeploymentFaultError) as raised:
        asked(agent, query("Where is SECRET PLACE 14?"))

    assert "The model is at its end of life" in raised.value.reason
    assert "SECRET" not in f"{raised.value} {raised.value.reason}"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(FaultKind.THROTTLE), "throttled", id="throttled"),
        pytest.param(Fault(FaultKind.QUOTA), "throttled", id="quota"),
        pytest.param(Fault(FaultKind.UNAVAILABLE), "unavailable", id="unavailable"),
        pytest.param(Fault(FaultKind.INTERNAL), "unavailable", id="internal"),
        pytest.param(Fault(FaultKind.HANG_UP), "unavailable", id="hung up"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION), "throttled", id="throttled by the first event"),
    ],
)
def test_what_fails_before_the_first_event_costs_nothing(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn, fault: Fault, code: str
) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(NotReadyError) as raised:
        asked(agent)

    assert raised.value.code == code


def test_a_knowledge_base_that_nobody_serves_costs_nothing() -> None:
    client = boto3.client("bedrock-agent-runtime", endpoint_url="http://127.0.0.1:9")
    Transport().carry(client, read_seconds=READ_SECONDS)

    with pytest.raises(NotReadyError):
        asked(KnowledgeBaseAgent(client, "KB12345678", MODEL_ARN, Generation()))
    client.close()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.STREAM_EXCEPTION, after_events=3),
        Fault(FaultKind.CUT),
        Fault(FaultKind.CUT_INSIDE_EVENT),
        Fault(FaultKind.GARBAGE),
    ],
    ids=["throttled in the middle", "cut", "cut inside an event", "garbage"],
)
def test_what_fails_once_an_answer_has_begun_is_an_attempt(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn, fault: Fault
) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(AgentFailedError) as raised:
        asked(agent)

    assert not isinstance(raised.value, NotReadyError)


def test_an_answer_without_a_character_is_none(agent: KnowledgeBaseAgent, bedrock: BedrockStandIn) -> None:
    bedrock.faults.add(Fault(FaultKind.WORDLESS))

    with pytest.raises(AgentFailedError, match="without a word"):
        asked(agent)


def test_a_cancellation_ends_a_read_that_waits_and_closes_the_stream(
    agent: KnowledgeBaseAgent, bedrock: BedrockStandIn
) -> None:
    bedrock.faults.add(Fault(FaultKind.STALL, after_events=2))
    cancellation = Cancellation()
    events: list[AgentEvent] = []

    def read() -> None:
        with suppress(AgentFailedError):
            events.extend(agent.answer(query(), Caller(), cancellation))

    thread = threading.Thread(target=read)
    thread.start()
    while not (bedrock.calls and bedrock.calls[0].session_id):
        thread.join(0.01)
    thread.join(0.2)
    cancellation.cancel(Reason.CLIENT_GONE)
    thread.join(STUCK_SECONDS)

    assert not thread.is_alive()
    gives_up_at = time.monotonic() + STUCK_SECONDS
    while bedrock.calls[0].outcome != "client_closed":
        assert time.monotonic() < gives_up_at
        time.sleep(0.02)


def test_a_citation_fits_into_a_frame() -> None:
    location = {"type": "SQL", "sqlLocation": {"query": "y" * 50_000}}
    event = {
        "citation": {
            "generatedResponsePart": {"textResponsePart": {"text": "a", "span": {"start": 3, "end": 9}}},
            "retrievedReferences": [{"content": {"type": "TEXT", "text": "x" * 5_000}, "location": location}],
        }
    }

    (cited,) = _agent_events(event)

    assert cited == CitedSource("x" * MAX_PASSAGE_CHARACTERS, "y" * MAX_SOURCE_CHARACTERS, 3, 9)


def test_a_citation_needs_no_generated_part() -> None:
    row = [{"columnName": "rent", "columnValue": "1250"}]
    reference = {"content": {"type": "ROW", "row": row}, "location": {"sqlLocation": {"query": "select rent"}}}

    assert list(_agent_events({"citation": {"retrievedReferences": [reference]}})) == [
        CitedSource("rent: 1250", "select rent")
    ]


def test_a_passage_without_words_is_empty() -> None:
    class Client:
        class meta:  # noqa: N801  # as botocore names it
            endpoint_url = "https://example.com"

        def retrieve(self, **_: Any) -> dict[str, Any]:
            contents = [{"type": "IMAGE", "byteContent": "data:image/png;base64,A"}, {"text": "pets"}, {}]
            return {"retrievalResults": [{"content": content} for content in contents]}

    agent = KnowledgeBaseAgent(Client(), "KB12345678", MODEL_ARN, Generation())  # type: ignore[arg-type]

    assert [passage.text for passage in agent.retrieve("pets", None, Cancellation())] == ["", "pets", ""]


def test_the_older_form_of_a_citation_is_read_too() -> None:
    """Its `citation` member is deprecated but may still be filled (BR-08)."""
    older: dict[str, Any] = {"generatedResponsePart": {}, "retrievedReferences": [{"location": {}}]}

    assert list(_agent_events({"citation": {"citation": older}})) == [CitedSource(text="", source=None)]


def test_a_guardrail_that_intervenes_refuses_the_request() -> None:
    assert list(_agent_events({"guardrail": {"action": "NONE"}})) == []
    with pytest.raises(RequestRefusedError) as raised:
        list(_agent_events({"guardrail": {"action": "INTERVENED"}}))

    assert raised.value.code == "content_blocked"


def test_events_of_unknown_kinds_are_passed_over() -> None:
    assert list(_agent_events({"brandNew": {}})) == []
