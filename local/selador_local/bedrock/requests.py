"""Bedrock's requests: the members that the stand-in reads, and the refusals of invalid ones."""

import json
import re
from dataclasses import dataclass
from typing import Any

from selador_local.errors import SeladorLocalError

QUERY_CHARACTERS = 1_000  # the most in RetrieveAndGenerateStream's input.text (BR-02)
RETRIEVE_CHARACTERS = 20_000  # the most in Retrieve's retrievalQuery.text (BR-02)

_MAX_TOKENS = 4_096  # of the stand-in's model, if the request names no maximum
_SERVICE_TIERS = ("priority", "default", "flex", "reserved")
_RESULTS_DEFAULT, _RESULTS_MAX = 5, 100  # Bedrock's range begins at 1 (BR-06)
_KNOWLEDGE_BASE_ID = re.compile(r"[0-9a-zA-Z]{1,10}")  # what Bedrock takes (BR-05)
_MODEL_ARN_CHARACTERS = 2_048  # the most that Bedrock takes (BR-05)
_TYPE_NAMES: dict[type, str] = {dict: "a structure", list: "a list", str: "a string"}
_SEARCHES = ("managedSearchConfiguration", "vectorSearchConfiguration")


class ApiError(SeladorLocalError):
    """A refusal as Bedrock words it: HTTP `status`, exception `code`, `message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> ApiError:
    """Return the refusal of a request that breaks a rule."""
    return ApiError(400, "ValidationException", message)


@dataclass(frozen=True)
class RetrieveAndGenerateRequest:
    """A valid request of RetrieveAndGenerateStream."""

    text: str
    knowledge_base_id: str
    model_arn: str
    session_id: str | None
    number_of_results: int


@dataclass(frozen=True)
class RetrieveRequest:
    """A valid request of Retrieve."""

    text: str
    knowledge_base_id: str
    number_of_results: int
    search: str | None
    """The member that configures the search: managed knowledge bases take one, all others another. None: no member."""


@dataclass(frozen=True)
class AgenticRetrieveRequest:
    """A valid request of AgenticRetrieveStream for one knowledge base and a model of one's own."""

    text: str
    knowledge_base_id: str
    model_arn: str
    number_of_results: int


@dataclass(frozen=True)
class ConverseRequest:
    """A valid request of ConverseStream: the last user message's text, and what the system was told."""

    text: str
    model_id: str
    max_tokens: int
    service_tier: str


@dataclass(frozen=True)
class InvokeAgentRuntimeRequest:
    """A valid request of InvokeAgentRuntime with the payload of this project's agents, `{"prompt"}`."""

    text: str
    runtime_arn: str
    session_id: str


def parse_converse(model_id: str, body: bytes) -> ConverseRequest:
    """Read the request of ConverseStream (BR-17); raise ApiError, a ValidationException."""
    members = _json_object(body)
    messages = members.get("messages")
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], dict):
        raise invalid("messages is missing or empty")
    content = messages[-1].get("content")
    if messages[-1].get("role") != "user" or not isinstance(content, list):
        raise invalid("the last message has to be the user's, with content")
    text = "".join(_member(block, "text", str) for block in content)
    if not text.strip():
        raise invalid("the text field in the content is blank")
    inference = _member(members, "inferenceConfig", dict) if "inferenceConfig" in members else {}
    max_tokens = inference.get("maxTokens", _MAX_TOKENS)
    if type(max_tokens) is not int or max_tokens < 1:
        raise invalid(f"maxTokens is {max_tokens!r}; it must be at least 1")
    service_tier = _member(members, "serviceTier", dict).get("type") if "serviceTier" in members else "default"
    if service_tier not in _SERVICE_TIERS:
        raise invalid(f"serviceTier.type is {service_tier!r}; it must be one of {', '.join(_SERVICE_TIERS)}")
    return ConverseRequest(text, model_id, max_tokens, service_tier)


def parse_invoke_agent_runtime(runtime_arn: str, session_id: str | None, body: bytes) -> InvokeAgentRuntimeRequest:
    """Read the request of InvokeAgentRuntime; raise ApiError, a ValidationException."""
    if session_id is not None and not 33 <= len(session_id) <= 256:
        raise invalid(f"runtimeSessionId is {len(session_id)} characters; it needs 33 to 256")
    return InvokeAgentRuntimeRequest(_member(_json_object(body), "prompt", str), runtime_arn, session_id or "")


def parse_retrieve_and_generate(body: bytes) -> RetrieveAndGenerateRequest:
    """Read the request of RetrieveAndGenerateStream: what it needs (BR-05) and may have (BR-06).

    Raises ApiError, a ValidationException.
    """
    members = _json_object(body)
    text = _text(_member(members, "input", dict), "input.text", QUERY_CHARACTERS)
    configuration = _member(members, "retrieveAndGenerateConfiguration", dict)
    kind = _member(configuration, "type", str)
    if kind != "KNOWLEDGE_BASE":
        raise invalid(f"retrieveAndGenerateConfiguration.type is {kind!r}; the stand-in answers KNOWLEDGE_BASE only")
    knowledge_base = _member(configuration, "knowledgeBaseConfiguration", dict)
    model_arn = _member(knowledge_base, "modelArn", str)
    if not 1 <= len(model_arn) <= _MODEL_ARN_CHARACTERS:
        raise invalid(f"modelArn is {len(model_arn)} characters; it needs 1 to {_MODEL_ARN_CHARACTERS}")
    return RetrieveAndGenerateRequest(
        text=text,
        knowledge_base_id=_knowledge_base_id(_member(knowledge_base, "knowledgeBaseId", str)),
        model_arn=model_arn,
        session_id=_member(members, "sessionId", str) if "sessionId" in members else None,
        number_of_results=_number_of_results(knowledge_base),
    )


def parse_retrieve(knowledge_base: str, body: bytes) -> RetrieveRequest:
    """Read the request of Retrieve for `knowledge_base`, an id or an ARN (BR-13); raise ApiError."""
    members = _json_object(body)
    text = _text(_member(members, "retrievalQuery", dict), "retrievalQuery.text", RETRIEVE_CHARACTERS)
    configuration = _member(members, "retrievalConfiguration", dict) if "retrievalConfiguration" in members else {}
    search = next((name for name in _SEARCHES if name in configuration), None)
    number = _number_of_results(members, search or "vectorSearchConfiguration")
    return RetrieveRequest(text, _knowledge_base_id(knowledge_base.rpartition("/")[2]), number, search)


def parse_agentic_retrieve(body: bytes) -> AgenticRetrieveRequest:
    """Read the request of AgenticRetrieveStream; raise ApiError, a ValidationException."""
    members = _json_object(body)
    messages, retrievers = (_member(members, name, list) for name in ("messages", "retrievers"))
    if not messages or not retrievers:
        raise invalid("messages and retrievers must have at least one member")
    retriever = _member(_member(retrievers[0], "configuration", dict), "knowledgeBase", dict)
    overrides = _member(retriever, "retrievalOverrides", dict) if "retrievalOverrides" in retriever else {}
    configuration: dict[str, Any] = _member(members, "agenticRetrieveConfiguration", dict)
    for name in ("foundationModelConfiguration", "bedrockFoundationModelConfiguration", "modelConfiguration"):
        configuration = _member(configuration, name, dict)
    number = overrides.get("maxNumberOfResults", _RESULTS_DEFAULT)
    if type(number) is not int or number < 1:
        raise invalid(f"maxNumberOfResults is {number!r}; it must be at least 1")
    return AgenticRetrieveRequest(
        text=_member(_member(messages[-1], "content", dict), "text", str),
        knowledge_base_id=_knowledge_base_id(_member(retriever, "knowledgeBaseId", str)),
        model_arn=_member(configuration, "modelArn", str),
        number_of_results=number,
    )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except ValueError:
        raise invalid("the request body is not JSON") from None
    if not isinstance(members, dict):
        raise invalid("the request body is not a JSON object")
    return members


def _member[T](members: dict[str, Any], name: str, kind: type[T]) -> T:
    value = members.get(name)
    if not isinstance(value, kind):
        raise invalid(f"{name} is {'missing' if value is None else f'not {_TYPE_NAMES[kind]}'}")
    return value


def _text(members: dict[str, Any], name: str, limit: int) -> str:
    text = _member(members, "text", str)
    if len(text) > limit:
        raise invalid(f"{name} is {len(text)} characters; it must be at most {limit}")
    return text


def _knowledge_base_id(value: str) -> str:
    if not _KNOWLEDGE_BASE_ID.fullmatch(value):
        raise invalid(f"knowledgeBaseId is {value!r}; it must match {_KNOWLEDGE_BASE_ID.pattern}")
    return value


def _number_of_results(members: dict[str, Any], search: str = "vectorSearchConfiguration") -> int:
    for optional in ("retrievalConfiguration", search):
        members = _member(members, optional, dict) if optional in members else {}
    number = members.get("numberOfResults", _RESULTS_DEFAULT)
    if type(number) is not int or not 1 <= number <= _RESULTS_MAX:
        raise invalid(f"numberOfResults is {number!r}; it must be 1 to {_RESULTS_MAX}")
    return number
