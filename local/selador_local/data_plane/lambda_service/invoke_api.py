"""Lambda's Invoke (LAM-38), which the control plane hands over once it has authorized the caller."""

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from botocore.exceptions import BotoCoreError, ClientError

from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.invocation import TooManyRequestsError
from selador_local.data_plane.lambda_service.service import LambdaService
from selador_local.errors import SeladorLocalError
from selador_local.http import Request, Response, json_response

_logger = logging.getLogger(__name__)

PATH = "/_lambda/invocations"
_PAYLOAD_BYTES = {"Event": 1_048_576, "RequestResponse": 6_291_556}  # the most of each kind (LAM-39)


class InvokeApi:
    """Answers requests to PATH, whose bearer token is the administrator's `secret`.

    `read` reads a function from the control plane: no integration or mapping need name it.
    """

    def __init__(self, functions: LambdaService, secret: str, read: Callable[[str], Awaitable[Function]]) -> None:
        self._functions = functions
        self._bearer = f"Bearer {secret}".encode()
        self._read = read
        self._asynchronous: set[asyncio.Task[Response]] = set()

    async def handle(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), self._bearer):
            return _error(403, "AccessDeniedException", "the bearer token is not the administrator's secret access key")
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        most = _PAYLOAD_BYTES.get(kind, _PAYLOAD_BYTES["RequestResponse"])
        if len(request.body) > most:
            message = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
            return _error(413, "RequestTooLargeException", message)
        if not _is_json(request.body):
            return _error(400, "InvalidRequestContentException", "Could not parse request body into json")
        if kind == "DryRun":
            return Response(204)
        invocation = asyncio.create_task(self._invoke(request.headers["x-function-arn"], request.body or b"{}"))
        if kind != "Event":
            return await invocation
        self._asynchronous.add(invocation)
        invocation.add_done_callback(self._asynchronous.discard)
        return Response(202)

    async def stop(self) -> None:
        """Cancel the asynchronous invocations under way."""
        for invocation in self._asynchronous:
            invocation.cancel()
        await asyncio.gather(*self._asynchronous, return_exceptions=True)

    async def _invoke(self, function_arn: str, event: bytes) -> Response:
        try:
            function = await self._read(function_arn)
            await self._functions.add(function)
            result = await self._functions.invoke(function_arn, event)
        except TooManyRequestsError:
            return _error(429, "TooManyRequestsException", "Rate Exceeded.")
        except (BotoCoreError, ClientError, SeladorLocalError) as error:
            _logger.warning("%s can't be invoked: %s", function_arn, error)
            return _error(400, "LocalDataPlaneFailure", str(error))
        headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": function.version}
        if result.function_error is not None:
            headers["X-Amz-Function-Error"] = result.function_error
        return Response(200, headers, result.payload)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body or b"{}")
    except ValueError:
        return False
    return True


def _error(status: int, error_type: str, message: str) -> Response:
    return json_response(status, {"message": message}, {"x-amzn-ErrorType": error_type})
