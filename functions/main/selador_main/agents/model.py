"""A Bedrock model, asked directly: ConverseStream, for the steps of workflows."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from selador_main.agents.agent import AgentFailedError, Ended, RequestRefusedError, Text
from selador_main.agents.aws_calls import asking, whole_events
from selador_main.cancellation import Cancellation
from selador_shared.settings import Guardrail

# Stop reasons (BR-19) after which the answer is not whole. Any other one, known or not, ends a whole answer.
TRUNCATED = {"max_tokens", "model_context_window_exceeded"}
BLOCKED = {"guardrail_intervened", "content_filtered"}
MALFORMED = {"malformed_model_output", "malformed_tool_use"}


@dataclass(frozen=True)
class Prompt:
    """What a model is asked. Without `max_tokens` Bedrock reserves the model's own maximum of the quota (BR-35).

    `service_tier`: the one to be served by, None for Bedrock's default.
    """

    text: str
    system: str | None
    max_tokens: int
    temperature: float | None
    service_tier: str | None = None


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
        said = False
        stop_reason: str | None = None
        metadata: Mapping[str, Any] = {}
        with asking("the model", cancellation, prompt.text, prompt.system or "") as call:
            response = call.ask(self._client.converse_stream, self._request(prompt))
            with closing(whole_events(response["stream"], cancellation)) as events:
                for event in call.heard(events):
                    if delta := event.get("contentBlockDelta"):
                        if text := delta["delta"].get("text"):
                            said = said or not text.isspace()
                            yield Text(text)
                    elif stop := event.get("messageStop"):
                        stop_reason = stop["stopReason"]
                    else:
                        metadata = event.get("metadata", metadata)
        if stop_reason is None:
            raise AgentFailedError("unavailable", reason="the stream ended without messageStop")
        if stop_reason in BLOCKED:
            raise RequestRefusedError("content_blocked", "a guardrail blocked the request or its answer")
        if stop_reason in MALFORMED or stop_reason == "tool_use":  # no tool was offered
            raise AgentFailedError("unavailable", reason=f"the model ended with {stop_reason}")
        if not said:  # it may have spent all its tokens on reasoning
            raise AgentFailedError("unavailable", reason=f"the model ended with {stop_reason}, without a word")
        usage = metadata.get("usage", {})
        yield Ended(
            stop_reason,
            usage.get("inputTokens"),
            usage.get("outputTokens"),
            truncated=stop_reason in TRUNCATED,
            service_tier=metadata.get("serviceTier", {}).get("type"),
        )

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
        if prompt.service_tier is not None:
            request["serviceTier"] = {"type": prompt.service_tier}
        if self._guardrail is not None:
            request["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.id,
                "guardrailVersion": self._guardrail.version,
            }
        return request
