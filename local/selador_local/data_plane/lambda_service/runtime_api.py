"""Lambda's Runtime API for one execution environment.

A runtime asks for the next event (LAM-01) and posts a response (LAM-04) or an error (LAM-05); or that it can't begin
(LAM-06).
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from selador_local.data_plane.lambda_service.invocation import InvokeResult, failure
from selador_local.http import Request, Response

_PREFIX = "/2018-06-01/runtime"
_MAX_PAYLOAD_BYTES = 6 * 2**20  # each way (LAM-39)
_ACCEPTED = Response(202, {"Content-Type": "application/json"}, b'{"status":"OK"}')


@dataclass(frozen=True)
class Invocation:
    """One call of a function. `deadline_ms` is in epoch milliseconds."""

    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int
    event: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        return {
            # With another type the handler gets bytes (LAM-03), and without one awslambdaric waits for ever.
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }


class RuntimeApi:
    """The Runtime API's conversation with one runtime; `handle` answers its HTTP requests.

    `initialised` is done with None when the runtime first asks for work, or with the error if its init fails. `on_idle`
    is called each time that it asks and there is none.
    """

    def __init__(self, on_idle: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._on_idle = on_idle
        self.initialised: asyncio.Future[InvokeResult | None] = loop.create_future()
        self._invocation: asyncio.Future[Invocation] = loop.create_future()
        self._current: tuple[str, asyncio.Future[InvokeResult]] | None = None

    def give(self, invocation: Invocation) -> "asyncio.Future[InvokeResult]":
        """Hand an invocation to the runtime; return a future of its result."""
        result: asyncio.Future[InvokeResult] = asyncio.get_running_loop().create_future()
        self._current = (invocation.request_id, result)
        self._invocation.set_result(invocation)
        return result

    async def handle(self, request: Request) -> Response:
        match request.method, request.target.removeprefix(_PREFIX).split("/"):
            case "GET", ["", "invocation", "next"]:
                response = await self._next()
            case "POST", ["", "invocation", request_id, "response"]:
                response = self._response(request_id, request.body)
            case "POST", ["", "invocation", request_id, "error"]:
                response = self._finish(request_id, InvokeResult(request.body, "Unhandled"))
            case "POST", ["", "init", "error"]:
                response = self._init_error(request.body)
            case _:
                response = _refused(404, "NotFound")
        return response

    async def _next(self) -> Response:
        if not self.initialised.done():
            self.initialised.set_result(None)
        if not self._invocation.done():
            self._on_idle()
        invocation = await asyncio.shield(self._invocation)  # without a time limit (LAM-01)
        self._invocation = asyncio.get_running_loop().create_future()
        return Response(200, invocation.headers, invocation.event)

    def _response(self, request_id: str, body: bytes) -> Response:
        if len(body) > _MAX_PAYLOAD_BYTES:  # what AWS answers is not sure (LAM-04)
            message = f"Response payload size exceeded maximum allowed payload size ({_MAX_PAYLOAD_BYTES} bytes)."
            self._finish(request_id, failure("Function.ResponseSizeTooLarge", message))
            return _refused(413, "RequestEntityTooLarge")
        return self._finish(request_id, InvokeResult(body))

    def _init_error(self, body: bytes) -> Response:
        if self.initialised.done():
            return _refused(403, "InvalidStateTransition")
        self.initialised.set_result(InvokeResult(body, "Unhandled"))
        return _ACCEPTED

    def _finish(self, request_id: str, result: InvokeResult) -> Response:
        if self._current is None or self._current[0] != request_id or self._current[1].done():
            return _refused(400, "InvalidRequestID")
        self._current[1].set_result(result)
        return _ACCEPTED


def _refused(status: int, error_type: str) -> Response:
    body = json.dumps({"errorType": error_type, "errorMessage": error_type}).encode()
    return Response(status, {"Content-Type": "application/json"}, body)
