"""The query agent on an Amazon Bedrock knowledge base: RetrieveAndGenerateStream; and Retrieve, for workflows."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from selador_main.agents.agent import (
    AgentEvent,
    Caller,
    CitedSource,
    DeploymentFaultError,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.agents.aws_calls import Call, asking, not_silent, whole_events
from selador_main.agents.aws_refusals import error_kind
from selador_main.agents.sources import description_of, source_of, words_of
from selador_main.cancellation import Cancellation
from selador_shared.protocol import Query
from selador_shared.settings import Generation

if TYPE_CHECKING:
    from types_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient

KNOWLEDGE_BASE = "the knowledge base"


@dataclass(frozen=True)
class Passage:
    """A passage that was retrieved, whole ("" if it has no words, as an image), and its address."""

    text: str
    source: str | None


class KnowledgeBaseAgent:
    """Asks one knowledge base.

    `client` must not retry: botocore would ask and pay for the model again after a slow start (BR-28), and attempts
    would multiply.
    """

    text_limit = 1_000  # characters: Bedrock refuses a longer `input.text` (BR-02)

    def __init__(
        self, client: "AgentsforBedrockRuntimeClient", knowledge_base_id: str, model_arn: str, generation: Generation
    ) -> None:
        self._client = client
        self._knowledge_base_id = knowledge_base_id
        self._model_arn = model_arn
        self._generation = generation
        self.endpoint: str = client.meta.endpoint_url

    def answer(self, query: Query, caller: Caller, cancellation: Cancellation) -> Generator[AgentEvent]:  # noqa: ARG002  # Bedrock wants no caller here
        """Yield the session first, then texts and their citations. See `Agent`."""
        with asking(KNOWLEDGE_BASE, cancellation, query.text) as call:
            response, restarted = self._ask(query, call)
            if session_id := response.get("sessionId"):
                yield Session(session_id, restarted=restarted)
            with closing(whole_events(response["stream"], cancellation)) as events:
                yield from not_silent(
                    agent_event for event in call.heard(events) for agent_event in _agent_events(event)
                )

    def retrieve(self, text: str, number_of_results: int | None, cancellation: Cancellation) -> Sequence[Passage]:
        """Return the passages nearest to `text`, best first. Raises AgentFailedError."""
        request: dict[str, Any] = {
            "knowledgeBaseId": self._knowledge_base_id,
            "retrievalQuery": {"text": text},
            **self._retrieval(number_of_results or self._generation.number_of_results),
        }
        with asking(KNOWLEDGE_BASE, cancellation, text) as call:
            results = call.ask(self._client.retrieve, request)["retrievalResults"]
        return [Passage(words_of(result.get("content", {})), source_of(result)) for result in results]

    def _ask(self, query: Query, call: Call) -> tuple[Any, bool]:
        """Return the response, and whether the query's session had to be left behind.

        Bedrock names no code of its own for a session that has expired or isn't its own, and refuses the request as
        invalid; then the question is asked again without one. If it was invalid in itself, that is refused as well.
        """
        request = self._request(query)
        try:
            return call.ask(self._client.retrieve_and_generate_stream, request), False
        except ClientError as error:
            refused_as_invalid = (
                isinstance(call.failure(error), DeploymentFaultError) and error_kind(error) == "validation"
            )
            if "sessionId" not in request or not refused_as_invalid:
                raise
        del request["sessionId"]
        return call.ask(self._client.retrieve_and_generate_stream, request), True

    def _request(self, query: Query) -> dict[str, Any]:
        request: dict[str, Any] = {
            "input": {"text": query.text},
            "retrieveAndGenerateConfiguration": {
                "type": "KNOWLEDGE_BASE",
                "knowledgeBaseConfiguration": {
                    "knowledgeBaseId": self._knowledge_base_id,
                    "modelArn": self._model_arn,
                    "generationConfiguration": _generation(self._generation),
                    **self._retrieval(self._generation.number_of_results),
                },
            },
        }
        if query.session_id is not None:
            request["sessionId"] = query.session_id
        return request

    def _retrieval(self, number_of_results: int | None) -> dict[str, Any]:
        search: dict[str, Any] = {}
        if number_of_results is not None:
            search["numberOfResults"] = number_of_results
        if self._generation.search_type is not None:
            search["overrideSearchType"] = self._generation.search_type
        return {"retrievalConfiguration": {"vectorSearchConfiguration": search}} if search else {}


def _generation(settings: Generation) -> dict[str, Any]:
    """Return the `generationConfiguration`, whose members are all optional (BR-06)."""
    inference: dict[str, Any] = {"maxTokens": settings.max_tokens}
    if settings.temperature is not None:
        inference["temperature"] = settings.temperature
    configuration: dict[str, Any] = {"inferenceConfig": {"textInferenceConfig": inference}}
    if settings.prompt_template is not None:
        configuration["promptTemplate"] = {"textPromptTemplate": settings.prompt_template}
    if settings.guardrail is not None:
        configuration["guardrailConfiguration"] = {
            "guardrailId": settings.guardrail.id,
            "guardrailVersion": settings.guardrail.version,
        }
    return configuration


def _agent_events(event: Mapping[str, Any]) -> Iterator[AgentEvent]:
    """Yield what one event of the stream says: `output`, `citation` or `guardrail` (BR-08)."""
    if output := event.get("output"):
        yield Text(output.get("text", ""))
    elif citation := event.get("citation"):
        known = "retrievedReferences" in citation or "generatedResponsePart" in citation
        citation = citation if known else citation.get("citation", {})
        span = citation.get("generatedResponsePart", {}).get("textResponsePart", {}).get("span", {})
        for reference in citation.get("retrievedReferences", []):
            text = description_of(reference.get("content", {}))
            yield CitedSource.cut(text, source_of(reference), span.get("start"), span.get("end"))
    elif event.get("guardrail", {}).get("action") == "INTERVENED":
        raise RequestRefusedError("content_blocked", "a guardrail blocked the question or its answer")
