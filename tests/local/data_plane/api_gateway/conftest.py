"""An API Gateway on a real socket, with a fake where Lambda would be and a clock that the test moves."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from selador_local.control_plane_client.iam import SignatureFault
from selador_local.data_plane.api_gateway.gateway import ApiGateway
from selador_local.data_plane.deployment import (
    AccessLog,
    Integration,
    RequestAuthorizer,
    Route,
    Stage,
    Throttle,
    Unrunnable,
)
from selador_local.data_plane.lambda_service.invocation import InvokeResult, TooManyRequestsError
from selador_local.http import serve

from ....conftest import STUCK_SECONDS
from ..conftest import KeptOutbox

API, STAGE = "a1b2c3", "local"
ALL = ("$connect", "$disconnect", "$default", "invoke", "ping", "one-way")
TWO_WAY = ("$default", "invoke", "ping")


class FakeFunction:
    """Stands where Lambda would be: keeps the events, answers each route as it is told (200 otherwise)."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.raises: set[str] = set()
        self.throttled: set[str] = set()
        self.blocked: dict[str, asyncio.Event] = {}
        self.called = asyncio.Event()

    async def __call__(self, function_arn: str, event: bytes) -> InvokeResult:
        parsed = json.loads(event)
        self.events.append(parsed)
        self.called.set()
        route = "authorizer" if parsed.get("type") == "REQUEST" else parsed["requestContext"]["routeKey"]
        if route in self.blocked:
            await self.blocked[route].wait()
        if route in self.throttled:
            raise TooManyRequestsError
        if route in self.raises:
            return InvokeResult(b'{"errorMessage":"no"}', "Unhandled")
        if isinstance(answer := self.answers.get(route), InvokeResult):
            return answer
        return InvokeResult(json.dumps(self.answers.get(route, {"statusCode": 200})).encode())

    def events_of(self, route: str) -> list[dict[str, Any]]:
        events = [event for event in self.events if event["requestContext"]["routeKey"] == route]
        return [event for event in events if event.get("type") != "REQUEST"]

    @property
    def authorizer_events(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("type") == "REQUEST"]

    async def event_of(self, route: str) -> dict[str, Any]:
        """The route's first event, as soon as it is there."""
        while not self.events_of(route):
            self.called.clear()
            await asyncio.wait_for(self.called.wait(), STUCK_SECONDS)
        return self.events_of(route)[0]


class MovableClock:
    """Time stands still until `move`."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def time(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.Event()
        self._sleepers.append((self._now + seconds, wake))
        await wake.wait()

    def move(self, seconds: float) -> None:
        self._now += seconds
        for until, wake in self._sleepers:
            if until <= self._now:
                wake.set()


@dataclass
class Harness:
    """A running API; `keys_allowed` may use @connections, and connect if that has to be signed.

    Who signs is told by the header `Signed-By`: signatures themselves are the control plane's.
    """

    gateway: ApiGateway
    function: FakeFunction
    clock: MovableClock
    outbox: KeptOutbox
    port: int
    keys_allowed: set[str] = field(default_factory=lambda: {"AKIDALLOWED"})
    sources_refused: set[str] = field(default_factory=set)
    """What the function's policy doesn't name: routes and authorizers, by the end of their ARN."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    overtaking: bool = False
    held: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self) -> bool:
        """Whether a route's response waits to be overtaken by a post."""
        self.held.set()
        return self.overtaking

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/{API}/{STAGE}"


Running = Callable[..., contextlib.AbstractAsyncContextManager[Harness]]


def stage(
    *keys: str,
    throttle: Throttle | None = None,
    route_throttles: Mapping[str, Throttle] | None = None,
    without_integration: tuple[str, ...] = (),
    timeout_ms: int = 29_000,
    authorization: RequestAuthorizer | Literal["AWS_IAM"] | Unrunnable | None = None,
    access_log: AccessLog | None = None,
    detailed_metrics: bool = False,
) -> Stage:
    integration = Integration("arn:aws:lambda:us-east-1:123456789012:function:ws:live", timeout_ms)
    routes = {
        key: Route(
            key,
            None if key in without_integration else integration,
            key in TWO_WAY,
            authorization if key == "$connect" else None,
        )
        for key in keys
    }
    return Stage(
        API,
        STAGE,
        "d1",
        "$request.body.action",
        routes,
        throttle,
        route_throttles or {},
        access_log,
        detailed_metrics,
    )


@pytest.fixture
def running() -> Running:
    """`async with running("$connect", "invoke", …) as api`: an API with these routes."""

    @contextlib.asynccontextmanager
    async def run(*keys: str, **settings: Any) -> AsyncIterator[Harness]:
        harness: Harness

        async def authorizer(access_key_id: str, action: str, resource_arn: str) -> bool:
            harness.asked.append((access_key_id, action, resource_arn))
            return access_key_id in harness.keys_allowed

        async def authenticate(method: str, target: str, headers: Iterable[tuple[str, str]]) -> str | SignatureFault:
            unsigned = SignatureFault("MissingAuthenticationToken", "the request is not signed")
            return next((value for name, value in headers if name.lower() == "signed-by"), unsigned)

        def hold() -> bool:
            return harness.hold()

        def may_invoke(function_arn: str, source_arn: str) -> bool:
            return not any(source_arn.endswith(f"{API}/{refused}") for refused in harness.sources_refused)

        function, clock, outbox = FakeFunction(), MovableClock(), KeptOutbox()
        gateway = ApiGateway(
            region="us-east-1",
            account_id="123456789012",
            invoke=function,
            may_invoke=may_invoke,
            authenticate=authenticate,
            authorizer=authorizer,
            clock=clock,
            may_be_overtaken=hold,
            outbox=outbox,
        )
        gateway.deploy({(API, STAGE): stage(*keys, **settings)})
        server = await serve(gateway.handle, upgrade=gateway.upgrade)
        harness = Harness(gateway, function, clock, outbox, server.port)
        try:
            yield harness
        finally:
            await gateway.close()
            await server.close()

    return run


async def closing(client: ClientConnection) -> tuple[int, str]:
    """The code and reason with which the server closes the connection."""
    with pytest.raises(ConnectionClosed) as caught:
        await asyncio.wait_for(client.recv(), STUCK_SECONDS)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


def scenario(coroutine: Awaitable[Any]) -> None:
    async def within_time() -> None:
        await asyncio.wait_for(coroutine, STUCK_SECONDS)

    asyncio.run(within_time())
