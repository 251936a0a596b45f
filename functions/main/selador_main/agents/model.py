"""A Bedrock model, asked directly: ConverseStream, for the steps of workflows."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from selador_main.agents.agent import AgentFailedError, Ended, RequestRefusedError, Text
from selador_main.agents.bedrock import translated_errors, whole_events
from selador_main.cancellation import Cancellation
from selador_main.transport import interrupted_by
from selador_shared.settings import Guardrail

# Stop reasons (BR-19) after which the answer is not whole. Any other one, known or not, ends a whole answer.
_TRUNCATED = {"max_tokens", "model_context_window_exceeded"}
_BLOCKED = {"guardrail_intervened", "content_filtered"}
_FAILED = {"malformed_model_output", "malformed_tool_use", "tool_use"}  # no tool was offered


@dataclass(frozen=True)
class Prompt:
    """What a model is asked. Without `max_tokens` Bedrock reserves the model's own maximum of the quota (BR-35)."""

    text: str
    system: str | None
    max_tokens: int
    temperature: float | None


class Model:
    """Asks one model, by its ARN. `client` is a botocore client of `bedrock-runtime` that does not retry."""

    def __init__(self, client: Any, model_arn: str, guardrail: Guardrail | None) -> None:
        self._client = client
        self._model_arn = model_arn
        self._guardrail = guardrail

    def generate(self, prompt: Prompt, cancellation: Cancellation) -> Generator[Text | Ended]:
        """Yield the model's text, then how it ended. Raises RequestRefusedError and AgentFailedError.

        Only `messageStop` tells a whole stream from one that was cut off (BR-26). Usage follows it (BR-18), and may be
        missing.
        """
        stop_reason: str | None = None
        usage: dict[str, int] = {}
        with translated_errors("the model"):
            with interrupted_by(cancellation):
                response = self._client.converse_stream(**self._request(prompt))
            for event in whole_events(response["stream"], cancellation):
                if delta := event.get("contentBlockDelta"):
                    if text := delta["delta"].get("text"):
                        yield Text(text)
                elif stop := event.get("messageStop"):
                    stop_reason = stop["stopReason"]
                elif metadata := event.get("metadata"):
                    usage = metadata.get("usage", {})
        if stop_reason is None:
            raise AgentFailedError("unavailable", reason="the stream ended without messageStop")
        if stop_reason in _BLOCKED:
            raise RequestRefusedError("content_blocked", "a guardrail blocked the request or its answer")
        if stop_reason in _FAILED:
            raise AgentFailedError("unavailable", reason=f"the model ended with {stop_reason}")
        yield Ended(stop_reason, usage.get("inputTokens"), usage.get("outputTokens"), stop_reason in _TRUNCATED)

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        inference: dict[str, Any] = {"maxTokens": prompt.max_tokens}
        if prompt.temperature is not None:
            inference["temperature"] = prompt.temperature
        request: dict[str, Any] = {
            "modelId": self._model_arn,
            "messages": [{"role": "user", "content": [{"text": prompt.text}]}],
            "inferenceConfig": inference,
        }
        if prompt.system is not None:
            request["system"] = [{"text": prompt.system}]
        if self._guardrail is not None:
            request["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.id,
                "guardrailVersion": self._guardrail.version,
            }
        return request
