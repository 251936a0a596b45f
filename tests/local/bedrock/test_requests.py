"""What Bedrock accepts, request by request: the first thing that is wrong is named."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from selador_local.bedrock.requests import (
    ApiError,
    ConverseRequest,
    InvokeAgentRuntimeRequest,
    RetrieveAndGenerateRequest,
    RetrieveRequest,
    parse_converse,
    parse_invoke_agent_runtime,
    parse_retrieve,
    parse_retrieve_and_generate,
)

MODEL = "amazon.nova-lite-v1:0"


def encoded(**members: Any) -> bytes:
    return json.dumps(members).encode()


def knowledge_base(**members: Any) -> dict[str, Any]:
    configuration = {"knowledgeBaseId": "KB12345678", "modelArn": "arn:model"} | members
    return {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": configuration}


def refusal(parse: Callable[[], object]) -> str:
    with pytest.raises(ApiError) as caught:
        parse()
    assert (caught.value.status, caught.value.code) == (400, "ValidationException")
    return caught.value.message


def test_a_question_to_a_knowledge_base_is_read_with_its_defaults() -> None:
    asked = parse_retrieve_and_generate(
        encoded(input={"text": "pets?"}, retrieveAndGenerateConfiguration=knowledge_base())
    )

    assert asked == RetrieveAndGenerateRequest("pets?", "KB12345678", "arn:model", None, 5)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"input": None}, "input is missing"),
        ({"input": "pets?"}, "input is not a structure"),
        ({"input": {"text": "x" * 1_001}}, "input.text is 1001 characters; it must be at most 1000"),
        (
            {"retrieveAndGenerateConfiguration": {"type": "EXTERNAL_SOURCES"}},
            "retrieveAndGenerateConfiguration.type is 'EXTERNAL_SOURCES'; the stand-in answers KNOWLEDGE_BASE only",
        ),
        ({"retrieveAndGenerateConfiguration": knowledge_base(modelArn="")}, "modelArn is 0 characters; it needs 1"),
        ({"retrieveAndGenerateConfiguration": knowledge_base(knowledgeBaseId="kb-1")}, "knowledgeBaseId is 'kb-1'"),
        ({"sessionId": 7}, "sessionId is not a string"),
    ],
)
def test_a_question_that_breaks_a_rule_is_refused(members: dict[str, Any], message: str) -> None:
    valid = {"input": {"text": "pets?"}, "retrieveAndGenerateConfiguration": knowledge_base()}

    assert message in refusal(lambda: parse_retrieve_and_generate(encoded(**(valid | members))))


def test_passages_may_be_asked_for_by_the_knowledge_bases_id_or_its_arn() -> None:
    body = encoded(
        retrievalQuery={"text": "pets?"},
        retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": 3}},
    )

    by_id = parse_retrieve("KB1", body)
    by_arn = parse_retrieve("arn:aws:bedrock:us-east-1:123456789012:knowledge-base/KB1", body)

    assert by_id == by_arn == RetrieveRequest("pets?", "KB1", 3, "vectorSearchConfiguration")


@pytest.mark.parametrize("number", [0, 101, "3", True])
def test_a_number_of_results_out_of_range_is_refused(number: object) -> None:
    body = encoded(
        retrievalQuery={"text": "pets?"},
        retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": number}},
    )

    assert refusal(lambda: parse_retrieve("KB1", body)) == f"numberOfResults is {number!r}; it must be 1 to 100"


def test_a_conversation_is_read_from_its_last_message() -> None:
    messages = [
        {"role": "assistant", "content": [{"text": "Hello."}]},
        {"role": "user", "content": [{"text": "Which flats "}, {"text": "allow pets?"}]},
    ]

    asked = parse_converse(MODEL, encoded(messages=messages, inferenceConfig={"maxTokens": 7}))

    assert asked == ConverseRequest("Which flats allow pets?", MODEL, 7, "default")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"messages": []}, "messages is missing or empty"),
        ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "the last message has to be the user's"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "the text field in the content is blank"),
        ({"inferenceConfig": {"maxTokens": 0}}, "maxTokens is 0; it must be at least 1"),
    ],
)
def test_a_conversation_that_breaks_a_rule_is_refused(members: dict[str, Any], message: str) -> None:
    valid = {"messages": [{"role": "user", "content": [{"text": "pets?"}]}]}

    assert message in refusal(lambda: parse_converse(MODEL, encoded(**(valid | members))))


def test_an_agent_is_asked_by_its_prompt_in_a_session_of_33_characters_at_least() -> None:
    session_id = "s" * 33

    asked = parse_invoke_agent_runtime("arn:runtime", session_id, encoded(prompt="pets?"))

    assert asked == InvokeAgentRuntimeRequest("pets?", "arn:runtime", session_id)
    assert refusal(lambda: parse_invoke_agent_runtime("arn:runtime", "s" * 32, encoded(prompt="pets?"))) == (
        "runtimeSessionId is 32 characters; it needs 33 to 256"
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"no JSON", "the request body is not JSON"), (b"[]", "the request body is not a JSON object")],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, message: str) -> None:
    assert refusal(lambda: parse_retrieve("KB1", body)) == message
