"""The two ways an answer is streamed, and how each looks when it breaks: event stream messages, server-sent events."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selador_local.bedrock import eventstream


@dataclass(frozen=True)
class Wire:
    """`event` encodes an event by its name and members, `exception` a failure in mid-stream by its name and message.

    `guardrail` is the event that tells of a guardrail's intervention; `wordless` are the events of an empty answer.
    """

    content_type: str
    event: Callable[[str, Mapping[str, Any]], bytes]
    exception: Callable[[str, str], bytes]
    guardrail: tuple[str, Mapping[str, Any]]
    wordless: Sequence[tuple[str, dict[str, Any]]]


_WARNING = {"guardrail": {"action": "INTERVENED", "id": "gr1", "version": "1"}}
_INTERVENED = {
    "id": "guardrail",
    "timestamp": 0,
    "attributes": {"step": "Planning", "status": "SUCCEEDED", "message": "blocked", "warnings": [_WARNING]},
}
_EMPTY_END: list[tuple[str, dict[str, Any]]] = [
    ("messageStart", {"role": "assistant"}),
    ("messageStop", {"stopReason": "end_turn"}),
]


def _server_sent(event_type: str, members: Mapping[str, Any]) -> bytes:
    # An AgentCore runtime's text is a JSON string, all else an object with a type.
    value: object = members["text"] if event_type == "text" else {"type": event_type, **members}
    return _data(value)


def _data(value: object) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


KNOWLEDGE_BASE = Wire(
    content_type=eventstream.CONTENT_TYPE,
    event=eventstream.encode_event,
    exception=eventstream.encode_exception,
    guardrail=("guardrail", {"action": "INTERVENED"}),  # an event of its own (BR-08)
    wordless=[("output", {"text": ""})],
)
MANAGED_KNOWLEDGE_BASE = Wire(
    content_type=eventstream.CONTENT_TYPE,
    event=eventstream.encode_event,
    exception=eventstream.encode_exception,
    guardrail=("traceEvent", _INTERVENED),
    wordless=[("result", {"results": [], "generatedResponse": {"answer": ""}})],
)
MODEL = Wire(
    content_type=eventstream.CONTENT_TYPE,
    event=eventstream.encode_event,
    exception=eventstream.encode_exception,
    guardrail=("messageStop", {"stopReason": "guardrail_intervened"}),  # a stop reason (BR-19)
    wordless=_EMPTY_END,
)
AGENT_RUNTIME = Wire(
    content_type="text/event-stream",
    event=_server_sent,
    # As AWS's own SDK tells that an agent raised.
    exception=lambda name, message: _data({"error": message, "error_type": name, "message": "An error occurred"}),
    guardrail=("error", {"retryable": False, "message": "blocked by a guardrail"}),
    wordless=[("completed", {})],
)
