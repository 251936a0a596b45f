"""Bedrock's wire: knowledge bases and models, by boto3 and by their bytes."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from selador_local.bedrock.faults import Fault, FaultKind

from .deployment import Deployment
from .stack import Stack

pytestmark = pytest.mark.slow

fact = pytest.mark.fact

KNOWLEDGE_BASE = "KB12345678"
MODEL = "amazon.nova-lite-v1:0"
MODEL_ARN = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
QUESTION = "Which flats near the harbour allow pets?"


@pytest.fixture
def agent(stack: Stack) -> Iterator[Any]:
    with closing(stack.client("bedrock-agent-runtime", endpoint=stack.bedrock.endpoint)) as client:
        yield client


@pytest.fixture
def model(stack: Stack) -> Iterator[Any]:
    with closing(stack.client("bedrock-runtime", endpoint=stack.bedrock.endpoint)) as client:
        yield client


def ask(agent: Any, text: str = QUESTION, *, knowledge_base: str = KNOWLEDGE_BASE, **members: Any) -> Any:
    configuration = {"knowledgeBaseId": knowledge_base, "modelArn": MODEL_ARN}
    return agent.retrieve_and_generate_stream(
        input={"text": text},
        retrieveAndGenerateConfiguration={
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": configuration,
        },
        **members,
    )


def converse(model: Any, **members: Any) -> list[dict[str, Any]]:
    messages = [{"role": "user", "content": [{"text": "Say something about harbours."}]}]
    return list(model.converse_stream(modelId=MODEL, messages=messages, **members)["stream"])


def refusal(call: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    response: Any = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@fact("BR-02")
def test_a_question_has_1000_characters_and_a_retrieval_20000(agent: Any) -> None:
    assert list(ask(agent, "x" * 1_000)["stream"])
    assert refusal(lambda: ask(agent, "x" * 1_001)) == (400, "ValidationException")
    agent.retrieve(knowledgeBaseId=KNOWLEDGE_BASE, retrievalQuery={"text": "x" * 20_000})
    assert refusal(lambda: agent.retrieve(knowledgeBaseId=KNOWLEDGE_BASE, retrievalQuery={"text": "x" * 20_001})) == (
        400,
        "ValidationException",
    )


@fact("BR-03")
def test_a_managed_knowledge_base_refuses_retrieve_and_generate(agent: Any) -> None:
    assert refusal(lambda: ask(agent, knowledge_base="MANAGEDKB1")) == (400, "ValidationException")


@fact("BR-05")
def test_a_knowledge_bases_id_has_up_to_10_letters_and_digits(agent: Any) -> None:
    assert refusal(lambda: ask(agent, knowledge_base="KB-1"))[0] == 400
    assert refusal(lambda: ask(agent, knowledge_base="A" * 11))[0] == 400


@fact("BR-07")
def test_the_service_makes_the_sessions_id_and_refuses_anothers(agent: Any) -> None:
    first = ask(agent)
    again = ask(agent, "And the deposit?", sessionId=first["sessionId"])

    assert 2 <= len(first["sessionId"]) <= 100
    assert again["sessionId"] == first["sessionId"]
    assert refusal(lambda: ask(agent, sessionId="of-my-own")) == (400, "ValidationException")
    list(first["stream"])
    list(again["stream"])


@fact("BR-08", "BR-09", "BR-11")
def test_text_comes_before_its_citation_whose_reference_has_a_location(agent: Any) -> None:
    events = list(ask(agent)["stream"])
    text = ""
    cited = 0
    for event in events:
        if "output" in event:
            text += event["output"]["text"]
        else:
            part = event["citation"]["generatedResponsePart"]["textResponsePart"]
            assert text[part["span"]["start"] : part["span"]["end"] + 1] == part["text"]
            for reference in event["citation"]["retrievedReferences"]:
                assert reference.keys() >= {"content", "location", "metadata"}
                assert reference["location"]["s3Location"]["uri"].startswith("s3://")
            cited += 1

    assert cited > 0
    assert {next(iter(event)) for event in events} == {"output", "citation"}


@fact("BR-10")
def test_neither_usage_nor_an_end_is_reported(agent: Any) -> None:
    assert {name for event in ask(agent)["stream"] for name in event} <= {"output", "citation", "guardrail"}


@fact("BR-12")
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.THROTTLE, 429, "ThrottlingException"),
        (FaultKind.ACCESS_DENIED, 403, "AccessDeniedException"),
        (FaultKind.NOT_FOUND, 404, "ResourceNotFoundException"),
        (FaultKind.INTERNAL, 500, "InternalServerException"),
        (FaultKind.INVALID, 400, "ValidationException"),
        (FaultKind.QUOTA, 400, "ServiceQuotaExceededException"),
    ],
)
def test_refusals_have_their_status(stack: Stack, agent: Any, kind: FaultKind, status: int, code: str) -> None:
    stack.bedrock.faults.add(Fault(kind))

    assert refusal(lambda: ask(agent)) == (status, code)


@fact("BR-12", "BR-25")
def test_a_failure_inside_a_stream_has_a_code_with_a_small_letter(stack: Stack, agent: Any) -> None:
    stack.bedrock.faults.add(Fault(FaultKind.STREAM_EXCEPTION, after_events=1))
    with closing(ask(agent)["stream"]) as stream, pytest.raises(EventStreamError) as caught:
        list(stream)

    assert caught.value.response["Error"]["Code"] == "throttlingException"


@fact("BR-26")
def test_a_stream_that_stops_inside_a_message_ends_without_an_error(stack: Stack, agent: Any) -> None:
    stack.bedrock.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=1))

    with closing(ask(agent)["stream"]) as stream:
        assert len(list(stream)) == 1


@fact("BR-13")
def test_retrieve_returns_content_location_score_and_metadata(agent: Any) -> None:
    found = agent.retrieve(knowledgeBaseId=KNOWLEDGE_BASE, retrievalQuery={"text": QUESTION})["retrievalResults"]

    assert found
    assert all(result.keys() >= {"content", "location", "score", "metadata"} for result in found)


@fact("BR-06")
def test_the_number_of_results_is_kept(agent: Any) -> None:
    configuration = {"vectorSearchConfiguration": {"numberOfResults": 2}}
    found = agent.retrieve(
        knowledgeBaseId=KNOWLEDGE_BASE, retrievalQuery={"text": QUESTION}, retrievalConfiguration=configuration
    )

    assert len(found["retrievalResults"]) == 2


@fact("BR-17", "BR-18", "BR-20")
def test_a_models_stream_has_its_events_in_order(model: Any) -> None:
    events = converse(model)
    names = [next(iter(event)) for event in events]

    assert (names[0], names[-2], names[-1]) == ("messageStart", "messageStop", "metadata")
    assert set(names[1:-2]) == {"contentBlockDelta", "contentBlockStop"}
    assert names[-3] == "contentBlockStop"
    assert events[-1]["metadata"]["usage"].keys() >= {"inputTokens", "outputTokens", "totalTokens"}
    assert "latencyMs" in events[-1]["metadata"]["metrics"]


@fact("BR-19", "BR-17")
def test_max_tokens_is_kept_and_named_as_the_reason(model: Any) -> None:
    (stop,) = (event["messageStop"] for event in converse(model) if "messageStop" in event)
    (cut,) = (
        event["messageStop"] for event in converse(model, inferenceConfig={"maxTokens": 2}) if "messageStop" in event
    )

    assert (stop["stopReason"], cut["stopReason"]) == ("end_turn", "max_tokens")


@fact("BR-21")
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.NOT_READY, 429, "ModelNotReadyException"),
        (FaultKind.UNAVAILABLE, 503, "ServiceUnavailableException"),
        (FaultKind.ACCESS_DENIED, 403, "AccessDeniedException"),
    ],
)
def test_a_models_refusals(stack: Stack, model: Any, kind: FaultKind, status: int, code: str) -> None:
    stack.bedrock.faults.add(Fault(kind))

    assert refusal(lambda: converse(model)) == (status, code)


@fact("BR-22", "BR-23", "BR-24")
def test_the_stream_is_framed_with_two_checksums_and_headers(model: Any) -> None:
    seen: list[bytes] = []
    messages = [{"role": "user", "content": [{"text": "Say something."}]}]
    stream = model.converse_stream(modelId=MODEL, messages=messages)["stream"]
    data = b"".join(stream._raw_stream.stream())  # the bytes are the point
    stream.close()
    while data:
        total, head, checksum = struct.unpack(">III", data[:12])
        message, data = data[:total], data[total:]
        assert zlib.crc32(message[:8]) == checksum
        assert zlib.crc32(message[:-4]) == struct.unpack(">I", message[-4:])[0]
        seen.append(message[12 : 12 + head])

    assert all(b"\x0d:message-type\x07\x00\x05event" in headers for headers in seen)
    assert b"\x0b:event-type\x07\x00\x0cmessageStart" in seen[0]


@fact("BR-29", "BR-30")
@pytest.mark.parametrize(
    "action", ["bedrock:RetrieveAndGenerate", "bedrock:Retrieve", "bedrock:InvokeModelWithResponseStream"]
)
def test_a_caller_needs_each_of_three_permissions(stack: Stack, deployment: Deployment, action: str) -> None:
    lent = stack.lend(deployment.role_without(action))
    agent = stack.client("bedrock-agent-runtime", endpoint=stack.bedrock.endpoint, **lent)

    assert refusal(lambda: ask(agent)) == (403, "AccessDeniedException")


@fact("BR-31")
def test_a_models_stream_is_authorized_by_its_own_action(stack: Stack, deployment: Deployment) -> None:
    allowed = stack.lend(deployment.role_without("bedrock:InvokeModel"))
    refused = stack.lend(deployment.role_without("bedrock:InvokeModelWithResponseStream"))

    assert converse(stack.client("bedrock-runtime", endpoint=stack.bedrock.endpoint, **allowed))
    assert refusal(lambda: converse(stack.client("bedrock-runtime", endpoint=stack.bedrock.endpoint, **refused))) == (
        403,
        "AccessDeniedException",
    )


@fact("BR-33")
def test_a_models_arn_has_no_account(stack: Stack, deployment: Deployment) -> None:
    role = deployment.made.role("one-model", {"Action": "bedrock:InvokeModelWithResponseStream", "Resource": MODEL_ARN})

    assert converse(stack.client("bedrock-runtime", endpoint=stack.bedrock.endpoint, **stack.lend(role)))
