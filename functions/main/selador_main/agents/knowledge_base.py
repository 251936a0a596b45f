"""The query agent on an Amazon Bedrock knowledge base: RetrieveAndGenerateStream."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from selador_main.agents.agent import (
    MAX_PASSAGE_CHARACTERS,
    AgentEvent,
    AgentFailedError,
    CitedSource,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.cancellation import Cancellation
from selador_shared.protocol import ErrorCode, Query

if TYPE_CHECKING:
    from botocore.eventstream import EventStream
    from types_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient
    from urllib3 import HTTPResponse

MAX_TOKENS = 4_096
"""Set, because Bedrock reserves the model's own maximum of the account's quota otherwise (BR-35)."""

# BR-12, without the "Exception" that ends each: what another attempt may do about it. Codes in a stream begin with a
# lower-case letter (BR-25). Access and missing resources are ours to put right, so on-call has to see them.
_RETRIED_AS: dict[str, ErrorCode] = {
    "accessdenied": "internal",
    "resourcenotfound": "internal",
    "servicequotaexceeded": "throttled",
    "throttling": "throttled",
}


class KnowledgeBaseAgent:
    """Asks one knowledge base. `client` is expected not to retry: attempts would multiply, and be paid for (BR-28)."""

    def __init__(self, client: "AgentsforBedrockRuntimeClient", knowledge_base_id: str, model_arn: str) -> None:
        self._client = client
        self._knowledge_base_id = knowledge_base_id
        self._model_arn = model_arn

    def answer(self, query: Query, cancellation: Cancellation) -> Generator[AgentEvent]:
        """Yield the session first, then texts and their citations. See `Agent`."""
        with _translated_errors():
            response = self._client.retrieve_and_generate_stream(**self._request(query))
            if session_id := response.get("sessionId"):
                yield Session(session_id)
            answered = False
            for event in _whole_events(response["stream"], cancellation):
                for agent_event in _agent_events(event):
                    answered = answered or isinstance(agent_event, Text)
                    yield agent_event
            if not answered:
                raise AgentFailedError("unavailable", reason="the stream ended without a word")

    def _request(self, query: Query) -> Any:
        request: dict[str, Any] = {
            "input": {"text": query.text},
            "retrieveAndGenerateConfiguration": {
                "type": "KNOWLEDGE_BASE",
                "knowledgeBaseConfiguration": {
                    "knowledgeBaseId": self._knowledge_base_id,
                    "modelArn": self._model_arn,
                    "generationConfiguration": {
                        "inferenceConfig": {"textInferenceConfig": {"maxTokens": MAX_TOKENS}},
                    },
                },
            },
        }
        if query.session_id is not None:
            request["sessionId"] = query.session_id
        return request


def _agent_events(event: Mapping[str, Any]) -> Iterator[AgentEvent]:
    """Yield what one event of the stream says (BR-08)."""
    if output := event.get("output"):
        yield Text(output["text"])
    elif citation := event.get("citation"):
        citation = citation if "generatedResponsePart" in citation else citation.get("citation", {})
        span = citation.get("generatedResponsePart", {}).get("textResponsePart", {}).get("span", {})
        for reference in citation.get("retrievedReferences", []):
            yield CitedSource(
                text=reference.get("content", {}).get("text", "")[:MAX_PASSAGE_CHARACTERS],
                source=_address(reference.get("location", {})),
                start=span.get("start", 0),
                end=span.get("end", 0),
            )
    elif event.get("guardrail", {}).get("action") == "INTERVENED":
        raise RequestRefusedError("content_blocked", "a guardrail blocked the question or its answer")


def _address(location: Mapping[str, Any]) -> str | None:
    """Return the address in a location, which has one member named after its type (BR-09)."""
    for place in location.values():
        if isinstance(place, dict):
            return place.get("uri") or place.get("url") or place.get("id")
    return None


def _whole_events(stream: "EventStream[Any]", cancellation: Cancellation) -> Iterator[Mapping[str, Any]]:
    """Yield the stream's events; raise AgentFailedError where it ends inside one.

    botocore takes a stream that stops in the middle of an event for one that has ended (BR-26), so the raw stream under
    it is replaced by one that checks. A cancellation ends a read under way.
    """
    raw: HTTPResponse = stream._raw_stream  # type: ignore[attr-defined]  # private: botocore has no other way in
    checked = SimpleNamespace(stream=lambda: _whole_messages(raw.stream()), close=raw.close)
    stream._raw_stream = checked  # type: ignore[attr-defined]

    def interrupt() -> None:
        with suppress(OSError, RuntimeError, ValueError):  # the stream has just ended by itself
            raw.shutdown()

    try:
        with cancellation.calling(interrupt):
            yield from stream
    finally:
        stream.close()


def _whole_messages(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass `chunks` on, and check that they end where a message ends (BR-22: each begins with its length)."""
    missing = 0
    prelude = b""
    for chunk in chunks:
        yield chunk
        rest = memoryview(chunk)
        while rest:
            if missing == 0:
                taken = 4 - len(prelude)
                prelude += bytes(rest[:taken])
                rest = rest[taken:]
                if len(prelude) == 4:
                    missing = int.from_bytes(prelude) - 4
                    prelude = b""
            else:
                taken = min(missing, len(rest))
                missing -= taken
                rest = rest[taken:]
    if missing or prelude:
        raise AgentFailedError("unavailable", reason="the stream ended inside an event")


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Turn what botocore and urllib3 raise into the agent's own two errors.

    Bedrock's messages may quote the question, so only the code and AWS's request id go on.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reason = f"{code} {error.response.get('ResponseMetadata', {}).get('RequestId', '')}".rstrip()
        kind = code.lower().removesuffix("exception")
        if kind == "validation":
            raise RequestRefusedError(
                "invalid_request", "the knowledge base refused the question as invalid", reason=reason
            ) from None
        raise AgentFailedError(_RETRIED_AS.get(kind, "unavailable"), reason=reason) from None
    except (BotoCoreError, HTTPError, ParserError) as error:  # a stream's reads raise what urllib3 does
        raise AgentFailedError("unavailable", reason=type(error).__name__) from None
