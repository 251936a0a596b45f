"""The query agent on an Amazon Bedrock AgentCore runtime: InvokeAgentRuntime.

The runtime gets `{"prompt": "<the question>"}`. `docs/agents.md` says in which forms it may answer.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Generator, Iterator
from typing import Any

import structlog

from selador_main.agents.agent import AgentEvent, AgentFailedError, Caller, NotUnderstoodError, Session
from selador_main.agents.agent_core_answer import AnswerReader
from selador_main.agents.aws_calls import asking, interrupting
from selador_main.agents.server_sent_events import MAX_EVENT_BYTES, read_events
from selador_main.cancellation import Cancellation
from selador_shared.protocol import Query

log = structlog.get_logger()


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
        reader = AnswerReader()
        with asking("the agent", cancellation, query.text) as call:
            response = call.ask(self._client.invoke_agent_runtime, self._request(query.text, session_id, caller))
            raw = response["response"]._raw_stream  # private: StreamingBody's own read waits for whole buffers
            try:
                yield Session(session_id)
                with interrupting(raw, cancellation):
                    yield from call.heard(_answer(raw.stream(), response.get("contentType", ""), reader))
            finally:
                raw.close()
        if reader.unread:
            log.info("agent events passed over", shapes=reader.unread)

    def _request(self, text: str, session_id: str, caller: Caller) -> dict[str, Any]:
        request: dict[str, Any] = {
            "agentRuntimeArn": self._runtime_arn,
            "contentType": "application/json",
            "accept": "text/event-stream, application/json",
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


def _answer(chunks: Iterator[bytes], content_type: str, reader: AnswerReader) -> Iterator[AgentEvent]:
    """Yield what an answer of `content_type` says. Raises NotUnderstoodError for a type that is none of an answer's."""
    kind = content_type.partition(";")[0].strip().lower()
    match kind:
        case "text/event-stream":
            for event in read_events(chunks):
                yield from reader.event(event)
        case "application/json":
            yield from reader.body(_whole(chunks))
        case _:
            raise NotUnderstoodError(f"an answer of type {kind or 'none'}")
    yield from reader.end()


def _whole(chunks: Iterator[bytes]) -> str:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_EVENT_BYTES:
            raise AgentFailedError("unavailable", reason=f"an answer of more than {MAX_EVENT_BYTES:,} bytes")
    return body.decode("utf-8-sig", errors="replace")
