"""The query agent on a managed knowledge base, which RetrieveAndGenerateStream refuses: AgenticRetrieveStream."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from selador_main.agents.agent import (
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    RequestRefusedError,
    StepChanged,
    Text,
)
from selador_main.agents.aws_calls import asking, not_silent, whole_events
from selador_main.agents.aws_refusals import says_throttled, unquoted
from selador_main.agents.knowledge_base import KNOWLEDGE_BASE, KnowledgeBaseAgent
from selador_main.agents.sources import source_in
from selador_main.cancellation import Cancellation
from selador_shared.protocol import Query


class ManagedKnowledgeBaseAgent(KnowledgeBaseAgent):
    """Asks one managed knowledge base, which plans, retrieves (perhaps several times), and writes the answer.

    It keeps no conversation: each question stands alone. It takes the deployment's model, guardrail and number of
    results.
    """

    text_limit = 20_000  # Bedrock states none; this is what fits into one message of a client's

    def answer(self, query: Query, caller: Caller, cancellation: Cancellation) -> Generator[AgentEvent]:  # noqa: ARG002  # as its base
        """Yield the steps of the search, the texts, and their citations at the end. See `Agent`."""
        with asking(KNOWLEDGE_BASE, cancellation, query.text) as call:
            response = call.ask(self._client.agentic_retrieve_stream, self._request(query))
            with closing(whole_events(response["stream"], cancellation)) as events:
                yield from not_silent(read_answer(call.heard(events), query.text))

    def _request(self, query: Query) -> dict[str, Any]:
        knowledge_base: dict[str, Any] = {"knowledgeBaseId": self._knowledge_base_id}
        if self._generation.number_of_results is not None:
            knowledge_base["retrievalOverrides"] = {"maxNumberOfResults": self._generation.number_of_results}
        request: dict[str, Any] = {
            "messages": [{"role": "user", "content": {"text": query.text}}],
            "retrievers": [{"configuration": {"knowledgeBase": knowledge_base}}],
            "agenticRetrieveConfiguration": {
                "foundationModelType": "CUSTOM",
                "foundationModelConfiguration": {
                    "type": "BEDROCK_FOUNDATION_MODEL",
                    "bedrockFoundationModelConfiguration": {"modelConfiguration": {"modelArn": self._model_arn}},
                },
            },
            "generateResponse": True,
        }
        if (guardrail := self._generation.guardrail) is not None:
            request["policyConfiguration"] = {
                "bedrockGuardrailConfiguration": {
                    "guardrailId": guardrail.id,
                    "guardrailVersion": guardrail.version,
                }
            }
        return request

    def _retrieval(self, number_of_results: int | None) -> dict[str, Any]:
        search = {} if number_of_results is None else {"numberOfResults": number_of_results}
        return {"retrievalConfiguration": {"managedSearchConfiguration": search}} if search else {}


def read_answer(events: Iterable[Mapping[str, Any]], question: str) -> Iterator[AgentEvent]:
    """Yield what the stream's events say. Raises RequestRefusedError and AgentFailedError.

    `question` keeps out of the errors' reasons.
    """
    steps = _Steps()
    said = ""
    for event in events:
        if response := event.get("responseEvent"):
            said += response.get("text", "")
            yield Text(response.get("text", ""))
        elif trace := event.get("traceEvent"):
            attributes = trace.get("attributes", {})
            _refuse_if_blocked(attributes)
            yield from steps.changed(attributes.get("step", ""), attributes.get("status"))
            if attributes.get("status") == "FAILED":
                raise _failed(attributes, question)
        elif result := event.get("result"):
            generated = result.get("generatedResponse", {})
            answer = generated.get("answer", "")
            if answer != said and answer.startswith(said):  # it was not streamed, or not to its end
                yield Text(answer[len(said) :])
                said = answer
            yield from _citations(generated, result.get("results", []), placed=said == answer)


class _Steps:
    """Numbers the steps of a search as they come: how many there will be, nobody knows."""

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[str, int] = {}

    def changed(self, name: str, status: str | None) -> Iterator[StepChanged]:
        """Yield what `status` means for the step: it may be told more than once that one is in progress."""
        if name not in self._open:
            self._open[name] = self._count
            self._count += 1
            yield StepChanged(name, "started", self._open[name], self._count)
        if status in {"SUCCEEDED", "FAILED"}:
            index = self._open.pop(name)
            yield StepChanged(name, "completed" if status == "SUCCEEDED" else "failed", index, self._count)


def _refuse_if_blocked(attributes: Mapping[str, Any]) -> None:
    for warning in attributes.get("warnings", []):
        if warning.get("guardrail", {}).get("action") == "INTERVENED":
            raise RequestRefusedError("content_blocked", "a guardrail blocked the question or its answer")


def _failed(attributes: Mapping[str, Any], question: str) -> AgentFailedError:
    said = "; ".join(failure.get("message", "") for failure in attributes.get("failures", []))
    reason = f"{KNOWLEDGE_BASE}: its step {attributes.get('step')} failed: {unquoted(said, [question])}"
    return AgentFailedError("throttled" if says_throttled(said) else "unavailable", reason=reason)


def _citations(
    generated: Mapping[str, Any], results: list[Mapping[str, Any]], *, placed: bool
) -> Iterator[CitedSource]:
    """Yield a source for each reference of a citation. `placed`: its span, whose end is exclusive, fits the text."""
    for citation in generated.get("citations", []):
        start, end = (citation.get("startIndex"), citation.get("endIndex")) if placed else (None, None)
        for reference in citation.get("references", []):
            index = reference.get("resultIndex", -1)
            if 0 <= index < len(results):
                content = results[index].get("content", {})
                text = content.get("text") or f"({content.get('mimeType', 'no text')})"
                source = source_in(results[index].get("metadata", {}))
                yield CitedSource.cut(text, source, start, None if end is None else end - 1)
