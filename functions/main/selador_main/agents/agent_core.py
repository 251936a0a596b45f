"""The query agent on an Amazon Bedrock AgentCore runtime: InvokeAgentRuntime.

The runtime gets `{"prompt": "<the question>"}` and answers with server-sent events (`text/event-stream`), whose data is
JSON: a string is the next piece of text, an object says by its `type` what it is. Others are passed over.

| object | members |
|---|---|
| `delta` | `text` |
| `citation` | `text`, the passage; `source`, optional; `span`, optional: `{"start", "end"}` in the answer |
| `completed` | optional: `stopReason`, `usage` `{"inputTokens", "outputTokens"}`, `truncated` |
| `error` | `retryable` (true unless said); `message`, told to the client where it is false |

The answer is whole when the response ends after an event; it needs no `completed`.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Generator, Iterator
from typing import Any

from selador_main.agents.agent import (
    MAX_PASSAGE_CHARACTERS,
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    Ended,
    RequestRefusedError,
    Session,
    Text,
)
from selador_main.agents.bedrock import asking, interrupting, not_silent
from selador_main.cancellation import Cancellation
from selador_shared.protocol import Query

MAX_EVENT_BYTES = 1_000_000
"""What one server-sent event may hold; more is no text that was streamed."""


class AgentCoreAgent:
    """Asks one runtime, by its ARN. `client` is a botocore client of `bedrock-agentcore` that does not retry."""

    text_limit = 20_000
    """AgentCore takes 100 MB; this is what fits into one message of a client's, however its characters are encoded."""

    def __init__(
        self, client: Any, runtime_arn: str, new_session_id: Callable[[], str] = lambda: uuid.uuid4().hex
    ) -> None:
        self._client = client
        self._runtime_arn = runtime_arn
        self._new_session_id = new_session_id

    def answer(self, query: Query, caller: Caller, cancellation: Cancellation) -> Generator[AgentEvent]:
        """Yield the session first, then what the runtime streams. See `Agent`."""
        session_id = query.session_id or self._new_session_id()
        with asking("the agent", cancellation, query.text) as call:
            response = call.ask(self._client.invoke_agent_runtime, self._request(query.text, session_id, caller))
            raw = response["response"]._raw_stream  # private: StreamingBody's own read waits for whole buffers
            try:
                content_type = response.get("contentType", "").partition(";")[0].strip()
                if content_type != "text/event-stream":
                    raise AgentFailedError("internal", reason=f"the runtime answered with {content_type or 'no type'}")
                yield Session(session_id)
                with interrupting(raw, cancellation):
                    yield from call.heard(_answer(raw.stream()))
            finally:
                raw.close()

    def _request(self, text: str, session_id: str, caller: Caller) -> dict[str, Any]:
        request: dict[str, Any] = {
            "agentRuntimeArn": self._runtime_arn,
            "contentType": "application/json",
            "accept": "text/event-stream",
            "runtimeSessionId": _runtime_session_id(session_id, caller.principal_id),
            "payload": json.dumps({"prompt": text}).encode(),
        }
        if caller.principal_id is not None:
            request["runtimeUserId"] = caller.principal_id
        if caller.trace_header is not None:
            request["traceId"] = caller.trace_header
        return request


def _runtime_session_id(session_id: str, principal_id: str | None) -> str:
    """Return the session's id at AgentCore, which wants 33 to 256 characters.

    It depends on the principal too: whoever names a session that is another's begins one of his own.
    """
    return hashlib.sha256(json.dumps([principal_id, session_id]).encode()).hexdigest()


def _answer(chunks: Iterator[bytes]) -> Iterator[AgentEvent]:
    return not_silent(_events(chunks))


def _events(chunks: Iterator[bytes]) -> Iterator[AgentEvent]:
    for data in events_data(chunks):
        try:
            value = json.loads(data)
        except ValueError:
            raise AgentFailedError("unavailable", reason="an event whose data is not JSON") from None
        yield from _agent_events(value)


def events_data(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield the data of each server-sent event; raise AgentFailedError where the stream ends inside one.

    Lines end in LF, CRLF or CR, several `data` lines are joined by LF; comments and other fields say nothing here.
    """
    data: list[str] = []
    for line in _lines(chunks):
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                data.append(value.removeprefix(" "))
        elif data:
            yield "\n".join(data)
            data = []
    if data:
        raise AgentFailedError("unavailable", reason="the stream ended inside an event")


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        rest += chunk
        if len(rest) > MAX_EVENT_BYTES:
            raise AgentFailedError("unavailable", reason=f"a line of more than {MAX_EVENT_BYTES:,} bytes")
        held = rest.endswith(b"\r")  # it may be half of a CRLF
        lines = rest.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop() + (b"\r" if held else b"")
        for line in lines:
            yield line.decode(errors="replace")
    if rest.endswith(b"\r"):
        yield rest.removesuffix(b"\r").decode(errors="replace")
    elif rest:
        raise AgentFailedError("unavailable", reason="the stream ended inside a line")


def _agent_events(value: Any) -> Iterator[AgentEvent]:
    match value:
        case str():
            if value:
                yield Text(value)
        case {"type": "delta", "text": str(text)}:
            if text:
                yield Text(text)
        case {"type": "citation", "text": str(text)}:
            span = value.get("span") or {}
            yield CitedSource(text[:MAX_PASSAGE_CHARACTERS], value.get("source"), span.get("start"), span.get("end"))
        case {"type": "completed"}:
            usage = value.get("usage") or {}
            yield Ended(
                value.get("stopReason"),
                usage.get("inputTokens"),
                usage.get("outputTokens"),
                truncated=value.get("truncated") is True,
            )
        case {"type": "error", "retryable": False}:
            raise RequestRefusedError("invalid_request", str(value.get("message", "the agent refused the question")))
        case {"type": "error"}:
            raise AgentFailedError("unavailable", reason="the agent said that it failed")
