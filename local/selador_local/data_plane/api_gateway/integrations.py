"""Calls a Lambda proxy integration and reads its answer."""

import asyncio
import enum
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from selador_local.data_plane.api_gateway.events import Event
from selador_local.data_plane.api_gateway.invoke_permission import MayInvoke
from selador_local.data_plane.deployment import Integration, Unrunnable
from selador_local.data_plane.lambda_service.invocation import Invoke, InvokeResult, TooManyRequestsError
from selador_local.errors import SeladorLocalError

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProxyResponse:
    """The function's response; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


class Failure(enum.Enum):
    """Why there is no response."""

    RAISED = enum.auto()
    FORBIDDEN = enum.auto()
    MALFORMED = enum.auto()
    NOT_CALLED = enum.auto()
    TIMED_OUT = enum.auto()
    THROTTLED = enum.auto()


class Integrations:
    """Invokes functions for the routes. A function that outlasts the integration's timeout goes on running (WS-16)."""

    def __init__(self, invoke: Invoke, may_invoke: MayInvoke) -> None:
        self._invoke = invoke
        self._may_invoke = may_invoke
        self._running: set[asyncio.Task[InvokeResult]] = set()

    async def call(
        self, integration: Integration | Unrunnable, event: Event, route_arn: str
    ) -> ProxyResponse | Failure:
        if isinstance(integration, Unrunnable):
            return Failure.RAISED
        if not self._may_invoke(integration.function_arn, route_arn):
            _logger.warning(
                "the policy of %s doesn't let API Gateway invoke it for %s", integration.function_arn, route_arn
            )
            return Failure.FORBIDDEN
        task = asyncio.ensure_future(self._invoke(integration.function_arn, json.dumps(event).encode()))
        self._running.add(task)
        task.add_done_callback(self._forget)
        done, _ = await asyncio.wait({task}, timeout=integration.timeout_ms / 1000)
        if not done:
            return Failure.TIMED_OUT
        try:
            result = task.result()
        except TooManyRequestsError:
            return Failure.THROTTLED
        except SeladorLocalError:
            _logger.exception("%s can't be invoked", integration.function_arn)
            return Failure.NOT_CALLED
        return Failure.RAISED if result.function_error is not None else proxy_response(result.payload)

    async def close(self) -> None:
        """Cancel the invocations under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _forget(self, task: "asyncio.Task[InvokeResult]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # nobody waits for it after a timeout


def proxy_response(payload: bytes) -> ProxyResponse | Failure:
    """Read a function's response; anything but an object with a `statusCode` is malformed (WS-14)."""
    try:
        answer = json.loads(payload)
        status = int(answer["statusCode"])
    except (ValueError, TypeError, KeyError):
        return Failure.MALFORMED
    headers = answer.get("headers") or {}
    body = answer.get("body")
    if not isinstance(headers, dict) or not isinstance(body, str | None):
        return Failure.MALFORMED
    return ProxyResponse(status, {str(name).lower(): str(value) for name, value in headers.items()}, body or "")
