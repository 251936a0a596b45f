"""The stand-in for the endpoints `bedrock-agent-runtime`, `bedrock-runtime` and `bedrock-agentcore`, on 127.0.0.1."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from selador_local import http
from selador_local.bedrock import wire
from selador_local.bedrock.agent_runtime import stream_runtime_answer
from selador_local.bedrock.answer import Event, reference, stream_agentic_answer, stream_answer
from selador_local.bedrock.faults import Fault, FaultKind, Faults, InvalidFaultError, disturb, parse_fault
from selador_local.bedrock.library import Library
from selador_local.bedrock.model import converse
from selador_local.bedrock.questions import NO_TOPIC, Found, Topic, find, read_question
from selador_local.bedrock.requests import (
    ApiError,
    RetrieveAndGenerateRequest,
    invalid,
    parse_agentic_retrieve,
    parse_converse,
    parse_invoke_agent_runtime,
    parse_retrieve,
    parse_retrieve_and_generate,
)
from selador_local.bedrock.retrieval import Passage, SearchTimeoutError, content_words, open_index, search
from selador_local.bedrock.wire import Wire
from selador_local.control_plane_client.iam import Authorizer, access_key_id
from selador_local.http import Request, Response

MANAGED_KNOWLEDGE_BASE_ID = "MANAGEDKB1"
"""The one knowledge base that is a managed one."""

_SESSION_HEADER = "x-amzn-bedrock-knowledge-base-session-id"  # sent before any event (BR-07)
_RUNTIME_SESSION_HEADER = "x-amzn-bedrock-agentcore-runtime-session-id"
_RETRIEVE_PATH = re.compile(r"/knowledgebases/([^/]+)/retrieve")
_CONVERSE_PATH = re.compile(r"/model/([^/]+)/converse-stream")
_RUNTIME_PATH = re.compile(r"/runtimes/([^/]+)/invocations")
_RESULTS = 5

_REFUSING_FAULTS = {
    FaultKind.THROTTLE: (429, "ThrottlingException"),
    FaultKind.QUOTA: (400, "ServiceQuotaExceededException"),
    FaultKind.ACCESS_DENIED: (403, "AccessDeniedException"),
    FaultKind.NOT_FOUND: (404, "ResourceNotFoundException"),
    FaultKind.NOT_READY: (429, "ModelNotReadyException"),
    FaultKind.INTERNAL: (500, "InternalServerException"),
    FaultKind.UNAVAILABLE: (503, "ServiceUnavailableException"),
    FaultKind.INVALID: (400, "ValidationException"),
}


@dataclass
class Call:
    """A call of an operation, with what was asked.

    `outcome`: `under_way`; then `completed`, `client_closed` (the client left first), a fault's kind, or the name of
    the exception it was refused with.
    """

    operation: str
    text: str = ""
    session_id: str | None = None
    outcome: str = "under_way"


Answer = Callable[[Call, Request, str], Awaitable[Response]]
"""An operation: fills the call, answers the request; the text is what its path names, if anything."""


class BedrockStandIn:
    """Answers from a library. Searches go one at a time, beside the event loop.

    `authorize`, if given, decides every call; `knowledge_base_id` is the one that exists (None: any);
    `token_delay_seconds` passes before each event. `calls` and `faults` are open to tests, as `/_control/…` is.
    The newest `kept` calls and sessions are remembered.
    """

    def __init__(
        self,
        library: Library,
        authorize: Authorizer | None = None,
        token_delay_seconds: float = 0.02,
        *,
        knowledge_base_id: str | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        kept: int = 1_000,
    ) -> None:
        self.calls: list[Call] = []
        self._kept = kept
        self.faults = Faults()
        self._library = library
        self._index: sqlite3.Connection | None = None
        self._searches = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search")
        self._authorize = authorize
        self.token_delay_seconds = token_delay_seconds
        self._knowledge_base_id = knowledge_base_id
        self._region = region
        self._account = account
        self._topics: dict[str, Topic] = {}  # by session
        self._server: http.Server | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1 and `port` (0: any free one). Raises OSError if it is taken.

        `stop` closes what is open by then, if this fails or is cancelled.
        """
        await asyncio.get_running_loop().run_in_executor(self._searches, self._open_index)
        self._server = await http.serve(self._handle, port=port)

    async def stop(self) -> None:
        """Stop listening and end the streams under way."""
        if self._server is not None:
            await self._server.close()
        await asyncio.to_thread(self._searches.shutdown)  # one under way goes on, though nobody waits for it
        if self._index is not None:
            self._index.close()

    @property
    def endpoint(self) -> str:
        """The endpoint URL for AWS clients, once started."""
        assert self._server is not None, "start() comes first"
        return f"http://{http.HOST}:{self._server.port}"

    async def _handle(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except ApiError as error:
            refusal = _json(error.status, {"message": error.message})
            return Response(refusal.status, {**refusal.headers, "x-amzn-ErrorType": error.code}, refusal.body)

    async def _answer(self, request: Request) -> Response:
        path = urlsplit(request.target).path
        if path.startswith("/_control/"):
            return self._control(request.method, path, request.body)
        if request.method == "POST":
            if path == "/agenticRetrieveStream":
                return await self._call("AgenticRetrieveStream", self._agentic_retrieve, request, "")
            if path == "/retrieveAndGenerateStream":
                return await self._call("RetrieveAndGenerateStream", self._retrieve_and_generate, request, "")
            if found := _CONVERSE_PATH.fullmatch(path):
                return await self._call("ConverseStream", self._converse, request, unquote(found[1]))
            if found := _RUNTIME_PATH.fullmatch(path):
                return await self._call("InvokeAgentRuntime", self._invoke_agent_runtime, request, unquote(found[1]))
            if found := _RETRIEVE_PATH.fullmatch(path):
                return await self._call("Retrieve", self._retrieve, request, unquote(found[1]))
        raise _unknown_operation(request.method, path)

    def _control(self, method: str, path: str, body: bytes) -> Response:
        match method, path:
            case "GET", "/_control/calls":
                return _json(
                    200,
                    [
                        {"operation": call.operation, "sessionId": call.session_id, "outcome": call.outcome}
                        for call in self.calls
                    ],
                )
            case "POST", "/_control/faults":
                try:
                    self.faults.add(*parse_fault(body))
                except InvalidFaultError as error:
                    raise invalid(str(error)) from None
                return Response(204)
            case "POST", "/_control/idle-connections":
                assert self._server is not None, "start() comes first"
                self._server.lose_idle_connections()
                return Response(204)
            case "DELETE", "/_control/faults":
                self.faults.clear()
                return Response(204)
        raise _unknown_operation(method, path)

    async def _call(self, operation: str, answer: Answer, request: Request, resource: str) -> Response:
        call = Call(operation)
        self.calls.append(call)
        del self.calls[: -self._kept]
        try:
            return await answer(call, request, resource)
        except ApiError as error:
            if call.outcome == "under_way":
                call.outcome = error.code
            raise
        except asyncio.CancelledError:
            call.outcome = "client_closed"
            raise

    async def _retrieve(self, call: Call, request: Request, knowledge_base: str) -> Response:
        asked = parse_retrieve(knowledge_base, request.body)
        await self._begin(call, asked.text)
        await self._require(request, "bedrock:Retrieve", self._knowledge_base_arn(asked.knowledge_base_id))
        self._require_existing(asked.knowledge_base_id)
        if asked.search is not None:
            _require_type(asked.knowledge_base_id, asked.search, managed=asked.search == "managedSearchConfiguration")
        passages = await self._search(content_words(asked.text), asked.number_of_results)
        call.outcome = "completed"
        return _json(
            200, {"retrievalResults": [{**reference(passage), "score": passage.score} for passage in passages]}
        )

    async def _retrieve_and_generate(self, call: Call, request: Request, _: str) -> Response:
        asked = parse_retrieve_and_generate(request.body)
        fault = await self._begin(call, asked.text)
        await self._require_all(request, asked)
        _require_type(asked.knowledge_base_id, "RetrieveAndGenerateStream", managed=False)
        call.session_id, before = self._continue_session(asked.session_id)
        found = await self._find(asked.text, asked.number_of_results, before)
        self._remember(call.session_id, found.topic)
        headers = {_SESSION_HEADER: call.session_id}
        return self._streamed(
            call, stream_answer(found.passages, found.not_said_of), fault, wire.KNOWLEDGE_BASE, headers
        )

    async def _agentic_retrieve(self, call: Call, request: Request, _: str) -> Response:
        asked = parse_agentic_retrieve(request.body)
        fault = await self._begin(call, asked.text)
        await self._require(request, "bedrock:AgenticRetrieveStream", "*")  # it has no resource type
        await self._require(request, "bedrock:Retrieve", self._knowledge_base_arn(asked.knowledge_base_id))
        await self._require(request, "bedrock:InvokeModelWithResponseStream", self._model_arn(asked.model_arn))
        self._require_existing(asked.knowledge_base_id)
        _require_type(asked.knowledge_base_id, "AgenticRetrieveStream", managed=True)
        found = await self._find(asked.text, asked.number_of_results)
        answer = stream_agentic_answer(found.passages, asked.knowledge_base_id, found.not_said_of)
        return self._streamed(call, answer, fault, wire.MANAGED_KNOWLEDGE_BASE, {})

    async def _converse(self, call: Call, request: Request, model_id: str) -> Response:
        asked = parse_converse(model_id, request.body)
        fault = await self._begin(call, asked.text)
        # The action has not the operation's name (BR-31).
        await self._require(request, "bedrock:InvokeModelWithResponseStream", self._model_arn(asked.model_id))
        return self._streamed(call, converse(asked.text, asked.max_tokens, asked.service_tier), fault, wire.MODEL, {})

    async def _invoke_agent_runtime(self, call: Call, request: Request, runtime_arn: str) -> Response:
        asked = parse_invoke_agent_runtime(runtime_arn, request.headers.get(_RUNTIME_SESSION_HEADER), request.body)
        fault = await self._begin(call, asked.text)
        await self._require(request, "bedrock-agentcore:InvokeAgentRuntime", asked.runtime_arn)
        call.session_id = asked.session_id
        found = await self._find(asked.text, _RESULTS)
        answer = stream_runtime_answer(found.passages, found.not_said_of)
        return self._streamed(call, answer, fault, wire.AGENT_RUNTIME, {_RUNTIME_SESSION_HEADER: asked.session_id})

    async def _begin(self, call: Call, text: str) -> Fault | None:
        """Note what is asked; return the fault of its stream. Raises ApiError if it fails before the stream."""
        call.text = text
        fault = self.faults.take(text)
        if fault is None:
            return None
        if fault.kind in _REFUSING_FAULTS:
            call.outcome = fault.kind
            status, code = _REFUSING_FAULTS[fault.kind]
            raise ApiError(status, code, fault.message)
        if fault.kind is FaultKind.HANG_UP:
            call.outcome = fault.kind
            raise ConnectionAbortedError("hung up on demand")
        if fault.kind is FaultKind.SILENCE:
            await asyncio.Event().wait()
        return fault

    def _streamed(
        self, call: Call, events: Iterable[Event], fault: Fault | None, form: Wire, headers: dict[str, str]
    ) -> Response:
        if fault is not None and fault.kind is FaultKind.SAYS:
            call.outcome = fault.kind
            return Response(200, {"Content-Type": fault.content_type, **headers, **_request_id()}, fault.body.encode())
        if fault is not None and fault.kind is FaultKind.WORDLESS:
            events, fault = form.wordless, None
        headers = {"Content-Type": form.content_type, **headers, **_request_id()}
        return Response(200, headers, self._stream(call, events, fault, form))

    async def _stream(
        self, call: Call, events: Iterable[Event], fault: Fault | None, form: Wire
    ) -> AsyncIterator[bytes]:
        outcome = "client_closed"  # however this ends, unless it comes to its own end below
        messages = self._paced(events, form)
        try:
            async for message in messages if fault is None else disturb(messages, fault, form):
                yield message
            outcome = "completed" if fault is None else fault.kind
        except ConnectionAbortedError:
            outcome = FaultKind.CUT
            raise
        finally:
            call.outcome = outcome

    async def _paced(self, events: Iterable[Event], form: Wire) -> AsyncIterator[bytes]:
        for event_type, members in events:
            await asyncio.sleep(self.token_delay_seconds)
            yield form.event(event_type, members)

    async def _find(self, text: str, limit: int, before: Topic = NO_TOPIC) -> Found:
        """Return the passages for a question. `before` is what its session was about."""
        return await self._in_searches(partial(find, self._opened_index, read_question(text), before, limit))

    async def _search(self, words: list[str], limit: int) -> list[Passage]:
        return await self._in_searches(partial(search, self._opened_index, words, limit=limit))

    def _open_index(self) -> None:
        self._index = open_index(self._library)

    async def _in_searches[T](self, task: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._searches, task)
        except SearchTimeoutError as error:
            raise ApiError(500, "InternalServerException", str(error)) from None

    @property
    def _opened_index(self) -> sqlite3.Connection:
        assert self._index is not None, "start() comes first"
        return self._index

    def _continue_session(self, session_id: str | None) -> tuple[str, Topic]:
        """Return the session's id, which the service makes (BR-07), and what it was about."""
        if session_id is None:
            return str(uuid4()), NO_TOPIC
        if session_id not in self._topics:
            raise invalid(f"session {session_id!r} does not exist; leave sessionId out to begin one")
        return session_id, self._topics[session_id]

    def _remember(self, session_id: str, topic: Topic) -> None:
        self._topics.pop(session_id, None)  # it becomes the newest
        self._topics[session_id] = topic
        if len(self._topics) > self._kept:
            del self._topics[next(iter(self._topics))]

    async def _require_all(self, request: Request, asked: RetrieveAndGenerateRequest) -> None:
        knowledge_base = self._knowledge_base_arn(asked.knowledge_base_id)
        # The stream has no action of its own (BR-29), and needs those of retrieval and of the model besides (BR-30).
        await self._require(request, "bedrock:RetrieveAndGenerate", knowledge_base)
        await self._require(request, "bedrock:Retrieve", knowledge_base)
        await self._require(request, "bedrock:InvokeModelWithResponseStream", self._model_arn(asked.model_arn))
        self._require_existing(asked.knowledge_base_id)

    async def _require(self, request: Request, action: str, resource: str) -> None:
        if self._authorize is None:
            return
        key = access_key_id(request.headers.get("authorization"))
        if key is None:
            raise ApiError(403, "MissingAuthenticationTokenException", "the request is not signed")
        if not await self._authorize(key, action, resource):
            raise ApiError(403, "AccessDeniedException", f"not authorized to perform: {action} on resource: {resource}")

    def _require_existing(self, knowledge_base_id: str) -> None:
        if self._knowledge_base_id not in {None, knowledge_base_id}:
            raise ApiError(404, "ResourceNotFoundException", f"knowledge base {knowledge_base_id!r} does not exist")

    def _knowledge_base_arn(self, knowledge_base_id: str) -> str:
        return f"arn:aws:bedrock:{self._region}:{self._account}:knowledge-base/{knowledge_base_id}"

    def _model_arn(self, model: str) -> str:
        # A bare model id is a foundation model's, whose ARN has no account (BR-33).
        return model if model.startswith("arn:") else f"arn:aws:bedrock:{self._region}::foundation-model/{model}"


def _require_type(knowledge_base_id: str, asked: str, *, managed: bool) -> None:
    if managed is not (knowledge_base_id == MANAGED_KNOWLEDGE_BASE_ID):
        raise invalid(f"{asked} is not supported for this type of knowledge base")


def _unknown_operation(method: str, path: str) -> ApiError:
    return ApiError(404, "UnknownOperationException", f"operation {method} {path} does not exist")


def _request_id() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid4())}


def _json(status: int, value: Any) -> Response:
    return http.json_response(status, value, _request_id())
