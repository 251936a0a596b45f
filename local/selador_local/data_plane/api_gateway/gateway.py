"""A connection's life at API Gateway: `$connect`, messages, `$disconnect`. It also routes plain HTTP."""

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from selador_local.clock import Clock
from selador_local.control_plane_client.iam import Authenticator, Authorizer
from selador_local.data_plane.api_gateway import events, refusals
from selador_local.data_plane.api_gateway.connect_authorization import ConnectAuthorization, HandshakeRefusedError
from selador_local.data_plane.api_gateway.connections_api import Connection, ConnectionsApi, error, target_of
from selador_local.data_plane.api_gateway.events import Caller
from selador_local.data_plane.api_gateway.integrations import Failure, Integrations, ProxyResponse
from selador_local.data_plane.api_gateway.limits import HEAD_BYTES, MESSAGE_BYTES, StageThrottles, head_size
from selador_local.data_plane.api_gateway.refusals import Refusal
from selador_local.data_plane.api_gateway.response_order import MayBeOvertaken, overtaken
from selador_local.data_plane.api_gateway.routes import CONNECT, DISCONNECT, select_route
from selador_local.data_plane.api_gateway.websocket import (
    Handshake,
    WebSocket,
    WebSocketClosedError,
    WriteBufferFullError,
)
from selador_local.data_plane.deployment import Route, Stage
from selador_local.data_plane.lambda_service.invocation import Invoke
from selador_local.http import Request, Response, Upgrade

_logger = logging.getLogger(__name__)

# The handshake's status: 502 after an exception (WS-21), 504 after a timeout (WS-22). AWS's answer to the others is not
# known; they are treated as exceptions.
_CONNECT_FAILURES = {
    Failure.RAISED: refusals.INTEGRATION_FAILED,
    Failure.MALFORMED: refusals.INTEGRATION_FAILED,
    Failure.THROTTLED: refusals.INTEGRATION_FAILED,
    Failure.TIMED_OUT: refusals.INTEGRATION_TIMED_OUT,
}
_DISCONNECT_SECONDS = 2  # for `$disconnect` when everything stops; it is best effort (WS-49)


class ApiGateway:
    """All WebSocket APIs, at `/{api-id}/{stage}` of one server, which calls `upgrade` and `handle`."""

    def __init__(
        self,
        *,
        region: str,
        account_id: str,
        invoke: Invoke,
        authenticate: Authenticator,
        authorizer: Authorizer,
        clock: Clock,
        may_be_overtaken: MayBeOvertaken,
    ) -> None:
        self._may_be_overtaken = may_be_overtaken
        self._region = region
        self._integrations = Integrations(invoke)
        self._clock = clock
        self._stages: Mapping[tuple[str, str], Stage] = {}
        self._throttles: dict[tuple[str, str], StageThrottles] = {}
        self._connections: dict[str, Connection] = {}
        arn_prefix = f"arn:aws:execute-api:{region}:{account_id}:"
        self.connections_api = ConnectionsApi(self._connections, authorizer, arn_prefix)
        self._authorization = ConnectAuthorization(
            invoke=invoke, authenticate=authenticate, authorize=authorizer, arn_prefix=arn_prefix
        )
        self._lives: set[asyncio.Task[None]] = set()
        self._messages: set[asyncio.Task[None]] = set()

    def deploy(self, stages: Mapping[tuple[str, str], Stage]) -> None:
        """Serve these stages from now on. Open connections stay open and use the new routes."""
        self._stages = stages
        self._throttles = {key: StageThrottles(stage, self._clock.time) for key, stage in stages.items()}

    def connection_ids(self) -> set[str]:
        """Return the ids of the connections that are open."""
        return set(self._connections)

    async def handle(self, request: Request) -> Response:
        target = target_of(request.target)
        if target is not None and (target.api_id, target.stage) in self._stages:
            return await self.connections_api.handle(request, target)
        if target is None and _stage_key(request.target) in self._stages:
            return Response(426, {"Upgrade": "websocket"})  # a plain GET of a stage (WS-28)
        return error(refusals.FORBIDDEN)  # AWS answers 403, not 404 (CB-14)

    async def upgrade(self, upgrade: Upgrade) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lives.add(task)
        try:
            await self._serve(upgrade)
        finally:
            self._lives.discard(task)

    async def close(self) -> None:
        """Close every connection with 1001, give `$disconnect` two seconds, then cancel the rest."""
        for connection in self._connections.values():
            connection.socket.close(1001, "Going away")
        if self._lives:
            await asyncio.wait(self._lives, timeout=_DISCONNECT_SECONDS)
        for task in self._lives | self._messages:
            task.cancel()
        await asyncio.gather(*self._lives, *self._messages, return_exceptions=True)
        await self._integrations.close()

    async def _serve(self, upgrade: Upgrade) -> None:
        handshake = Handshake(upgrade)
        key = _stage_key(upgrade.target)
        stage = self._stages.get(key)
        if head_size(upgrade.target, upgrade.headers) > HEAD_BYTES:
            await handshake.refuse(refusals.HEADERS_TOO_LARGE)
        elif stage is None:
            await handshake.refuse(refusals.FORBIDDEN)
        elif not handshake.is_valid:
            await handshake.refuse_invalid()
        elif not self._throttles[key].take(CONNECT):
            await handshake.refuse(refusals.TOO_MANY_REQUESTS)  # the throttle counts connections too (WS-27)
        else:
            caller = self._caller(stage, upgrade)
            route = stage.routes.get(CONNECT)
            if route is not None:
                try:
                    caller = await self._authorization.admit(route, caller, upgrade, self._now_ms())
                except HandshakeRefusedError as refused:
                    await handshake.refuse(refused.refusal)
                    return
            refusal, subprotocol = await self._connect(route, caller, upgrade)
            if refusal is None:
                await self._converse(await handshake.accept(subprotocol, self._clock), caller)
            else:
                await handshake.refuse(refusal)

    def _caller(self, stage: Stage, upgrade: Upgrade) -> Caller:
        return Caller(
            connection_id=events.new_id(),
            connected_at_ms=self._now_ms(),
            api_id=stage.api_id,
            stage=stage.name,
            domain_name=f"{stage.api_id}.execute-api.{self._region}.amazonaws.com",
            source_ip=upgrade.writer.get_extra_info("peername")[0],
            user_agent=next((value for name, value in upgrade.headers if name.lower() == "user-agent"), None),
        )

    async def _connect(
        self, route: Route | None, caller: Caller, upgrade: Upgrade
    ) -> tuple[Refusal | None, str | None]:
        """Return the refusal of the handshake, None if the client may connect, and the subprotocol."""
        if route is None or route.integration is None:
            return None, None  # the route and its integration are optional (WS-23)
        event = events.connect(
            caller, upgrade.target, upgrade.headers, request_id=events.new_id(), now_ms=self._now_ms()
        )
        answer = await self._integrations.call(route.integration, event)
        if isinstance(answer, Failure):
            return _CONNECT_FAILURES[answer], None
        if not answer.succeeded:
            return refusals.of_the_function(answer.status), None  # the client sees the function's own status (WS-20)
        return None, answer.headers.get("sec-websocket-protocol")  # the function chooses it (WS-74)

    async def _converse(self, socket: WebSocket, caller: Caller) -> None:
        connection = self._connections[caller.connection_id] = Connection(caller, socket)
        expiry = asyncio.create_task(socket.expire())
        try:
            async for text in socket.messages():
                # A message does not wait for the one before it.
                task = asyncio.create_task(self._message(connection, text))
                self._messages.add(task)
                task.add_done_callback(self._messages.discard)
        finally:
            expiry.cancel()
            del self._connections[caller.connection_id]
        await self._disconnect(caller, *socket.closed_by())

    async def _message(self, connection: Connection, text: str) -> None:
        caller = connection.caller
        request_id = events.new_id()
        key = (caller.api_id, caller.stage)
        stage = self._stages.get(key)
        route = _route(stage, text)
        if stage is not None and not self._throttles[key].take(route.key if route is not None else None):
            # How AWS words this is not known (WS-18).
            reply: str | None = _error_frame("Too Many Requests", caller, request_id)
        elif route is None:
            reply = _error_frame("Forbidden", caller, request_id)  # no route, nor a `$default` (WS-06)
        elif route.integration is None:
            reply = _error_frame("Internal server error", caller, request_id)
        else:
            event = events.message(caller, route.key, text, request_id=request_id, now_ms=self._now_ms())
            answer = await self._integrations.call(route.integration, event)
            reply = _reply(route, answer, caller, request_id)
        if reply:
            if self._may_be_overtaken():
                await overtaken(connection)
            try:
                connection.socket.send(reply.encode())
            except WebSocketClosedError:
                pass
            except WriteBufferFullError:
                _logger.warning("a route response was dropped: connection %s reads too slowly", caller.connection_id)

    async def _disconnect(self, caller: Caller, code: int, reason: str) -> None:
        stage = self._stages.get((caller.api_id, caller.stage))
        route = stage.routes.get(DISCONNECT) if stage is not None else None
        if route is not None and route.integration is not None:
            event = events.disconnect(caller, code, reason, request_id=events.new_id(), now_ms=self._now_ms())
            await self._integrations.call(route.integration, event)

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)


def _stage_key(target: str) -> tuple[str, str]:
    """Return API id and stage of `/{api-id}/{stage}`, with or without a final slash; else those of no stage."""
    parts = urlsplit(target).path.rstrip("/").split("/")
    return (parts[1], parts[2]) if len(parts) == 3 else ("", "")


def _route(stage: Stage | None, text: str) -> Route | None:
    if stage is None:
        return None
    key = select_route(stage.route_selection_expression, text, stage.routes)
    return stage.routes[key] if key is not None else None


def _reply(route: Route, answer: ProxyResponse | Failure, caller: Caller, request_id: str) -> str | None:
    """Return the frame that answers a message, if one does.

    An exception is answered with API Gateway's own error (WS-10). So are the failures whose answer on AWS is not known
    (WS-13, WS-14, WS-16, WS-17, WS-83). On a two-way route the frame is the body (WS-12), if it isn't empty (WS-15); a
    one-way route sends none (WS-11).
    """
    if isinstance(answer, Failure):
        return _error_frame("Internal server error", caller, request_id)
    if not route.responds:
        return None
    fits = len(answer.body.encode()) <= MESSAGE_BYTES
    return answer.body if answer.succeeded and fits else _error_frame("Internal server error", caller, request_id)


def _error_frame(message: str, caller: Caller, request_id: str) -> str:
    # With the spaces as AWS sends them (WS-06).
    return f'{{"message": "{message}", "connectionId":"{caller.connection_id}", "requestId":"{request_id}"}}'
