"""The two ways an answer is streamed, and how each looks when it breaks: event stream messages, server-sent events."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from selador_local.bedrock import eventstream


@dataclass(frozen=True)
class Wire:
    """`event` encodes an event by its name and members, `exception` a failure in mid-stream by its name.

    `guardrail` is the event by which a guardrail's intervention is told.
    """

    content_type: str
    event: Callable[[str, Mapping[str, Any]], bytes]
    exception: Callable[[str], bytes]
    guardrail: tuple[str, Mapping[str, Any]]


def _exception(name: str) -> bytes:
    return eventstream.encode_exception(name, "failed on demand")


def _server_sent(event_type: str, members: Mapping[str, Any]) -> bytes:
    # An AgentCore runtime's text is a JSON string, all else an object with a type.
    value: object = members["text"] if event_type == "text" else {"type": event_type, **members}
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


KNOWLEDGE_BASE = Wire(
    content_type=eventstream.CONTENT_TYPE,
    event=eventstream.encode_event,
    exception=_exception,
    guardrail=("guardrail", {"action": "INTERVENED"}),  # an event of its own (BR-08)
)
MODEL = Wire(
    content_type=eventstream.CONTENT_TYPE,
    event=eventstream.encode_event,
    exception=_exception,
    guardrail=("messageStop", {"stopReason": "guardrail_intervened"}),  # a stop reason (BR-19)
)
AGENT_RUNTIME = Wire(
    content_type="text/event-stream",
    event=_server_sent,
    exception=lambda name: _server_sent("error", {"message": name}),
    guardrail=("error", {"retryable": False, "message": "blocked by a guardrail"}),
)
