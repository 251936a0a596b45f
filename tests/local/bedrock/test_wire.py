"""How an answer's events look on the wire, by operation."""

from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from selador_local.bedrock.wire import AGENT_RUNTIME, KNOWLEDGE_BASE, MANAGED_KNOWLEDGE_BASE, MODEL, Wire


def headers_of(message: bytes) -> Any:
    buffer = EventStreamBuffer()
    buffer.add_data(message)
    (decoded,) = buffer
    return decoded.headers


@pytest.mark.parametrize(
    "form", [KNOWLEDGE_BASE, MANAGED_KNOWLEDGE_BASE, MODEL], ids=["knowledge base", "managed knowledge base", "model"]
)
def test_bedrock_streams_event_stream_messages(form: Wire) -> None:
    event = headers_of(form.event("output", {"text": "a"}))
    failure = headers_of(form.exception("throttlingException", "Too many requests."))

    assert form.content_type == "application/vnd.amazon.eventstream"
    assert (event[":message-type"], event[":event-type"]) == ("event", "output")
    assert (failure[":message-type"], failure[":exception-type"]) == ("exception", "throttlingException")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(AGENT_RUNTIME.event("text", {"text": "né"}), 'data: "né"\n\n', id="text"),
        pytest.param(
            AGENT_RUNTIME.event("citation", {"source": "s3://b/k"}),
            'data: {"type": "citation", "source": "s3://b/k"}\n\n',
            id="another event",
        ),
        pytest.param(
            AGENT_RUNTIME.exception("Throttling", "Too many."),
            'data: {"error": "Too many.", "error_type": "Throttling", "message": "An error occurred"}\n\n',
            id="a failure",
        ),
    ],
)
def test_an_agent_runtime_streams_server_sent_events(message: bytes, expected: str) -> None:
    assert AGENT_RUNTIME.content_type == "text/event-stream"
    assert message.decode() == expected
