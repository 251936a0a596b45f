"""A connection's life at API Gateway: `$connect`, messages, `$disconnect`. It also routes plain HTTP."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from selador_local.clock import Clock
from selador_local.control_plane_client.iam import Authenticator, Authorizer
from selador_local.data_plane.api_gateway import access_log, events, metrics, refusals
from selador_local.data_plane.api_gateway.connect_authorization import ConnectAuthorization, HandshakeRefusedError
from selador_local.data_plane.api_gateway.connections_api import Connection, ConnectionsApi, error, target_of
from selador_local.data_plane.api_gateway.events import Caller
from selador_local.data_plane.api_gateway.exchange import Exchange, IntegrationCall, integration_call
from selador_local.data_plane.api_gateway.integrations import Failure, Integrations, ProxyResponse
from selador_local.data_plane.api_gateway.invoke_permission import MayInvoke
from selador_local.data_plane.api_gateway.limits import HEAD_BYTES, MESSAGE_BYTES, StageThrottles, head_size
from selador_local.data_plane.api_gateway.response_order import MayBeOvertaken, overtaken
from selador_local.data_plane.api_gateway.routes import CONNECT, DISCONNECT, select_route
from selador_local.data_plane.api_gateway.websocket import (
    Handshake,
    WebSocket,
    WebSocketClosedError,
    WriteBufferFullError,
)
from selador_local.data_plane.cloudwatch.outbox import Line, LogStreamAddress, Outbox
from selador_local.data_plane.deployment import Integration, Route, Stage, Unrunnable
from selador_local.data_plane.lambda_service.invocation import Invoke
from selador_local.http import Request, Response, Upgrade

_logger = logging.getLogger(__name__)

# The handshake's status: 502 after an exception (WS-21), 504 after a timeout (WS-22). AWS's answer to the others is not
# known; a missing permission is a fault of the configuration, and the rest are treated as exceptions.
_CONNECT_FAILURES = {
    Failure.FORBIDDEN: refusals.INTEGRATION_FORBIDDEN,
    Failure.RAISED: refusals.INTEGRATION_FAILED,
    Failure.MALFORMED: refusals.INTEGRATION_FAILED,
    Failure.NOT_CALLED: refusals.INTEGRATION_FAILED,
    Failure.THROTTLED: refusals.INTEGRATION_FAILED,
    Failure.TIMED_OUT: refusals.INTEGRATION_TIMED_OUT,
}
_FAILED = "Internal server error"  # API Gateway's own error, for whatever went wrong behind it
_DISCONNECT_SECONDS = 2  # for `$disconnect` when everything stops; it is best effort (WS-49)


class ApiGateway:
    """All WebSocket APIs, at `/{api-id}/{stage}` of one server, which calls `upgrade` and `handle`."""

    def __init__(
        self,
        *,
        region: str,
        account_id: str,
        invoke: Invoke,
        may_invoke: MayInvoke,
        authenticate: Authenticator,
        authorizer: Authorizer,
        clock: Clock,
        may_be_overtaken: MayBeOvertaken,
        outbox: Outbox,
    ) -> None:
        self._may_be_overtaken = may_be_overtaken
        self._outbox = outbox
        self._region = region
        self._integrations = Integrations(invoke, may_invoke)
        self._clock = clock
        self._stages: Mapping[tuple[str, str], Stage] = {}
        self._throttles: dict[tuple[str, str], StageThrottles] = {}
        self._connections: dict[str, Connection] = {}
        self._arn_prefix = arn_prefix = f"arn:aws:execute-api:{region}:{account_id}:"
        self.connections_api = ConnectionsApi(self._connections, authorizer, arn_prefix, self._posted)
        self._authorization = ConnectAuthorization(
            invoke=invoke,
            may_invoke=may_invoke,
            authenticate=authenticate,
            authorize=authorizer,
            arn_prefix=arn_prefix,
        )
        self._lives: set[asyncio.Task[None]] = set()
        self._messages: set[asyncio.Task[None]] = set()

    def deploy(self, stages: Mapping[tuple[str, str], Stage]) -> None:
        """Serve these stages from now on. Open connections stay open and use the new routes."""
        self._stages = stages
        self._throttles = {key: StageThrottles(stage, self._clock.time) for key, stage in stages.items()}

    def connections(self) -> list[Connection]:
        """Return the connections that are open, the oldest first."""
        return list(self._connections.values())

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
        else:
            await self._open(handshake, stage, upgrade)

    async def _open(self, handshake: Handshake, stage: Stage, upgrade: Upgrade) -> None:
        """Ask who the client is, then `$connect`; refuse the handshake or serve the connection until its end."""
        request_id, at_ms = events.new_id(), self._now_ms()
        caller = self._caller(stage, upgrade, at_ms)
        route = stage.routes.get(CONNECT)
        refusal, subprotocol, call = None, None, None
        try:
            if not self._throttles[stage.api_id, stage.name].take(CONNECT):  # connections count, too (WS-27)
                raise HandshakeRefusedError(refusals.TOO_MANY_REQUESTS)
            if route is not None:
                caller = await self._authorization.admit(route, caller, upgrade, at_ms)
        except HandshakeRefusedError as refused:
            refusal = refused.refusal
        if refusal is None and route is not None and route.integration is not None:  # both are optional (WS-23)
            event = events.connect(caller, upgrade.target, upgrade.headers, request_id=request_id, now_ms=at_ms)
            answer, call = await self._call(caller, CONNECT, route.integration, event)
            if isinstance(answer, Failure):
                refusal = _CONNECT_FAILURES[answer]
            elif not answer.succeeded:
                refusal = refusals.of_the_function(answer.status)  # the client sees the function's own status (WS-20)
            else:
                subprotocol = answer.headers.get("sec-websocket-protocol")  # the function chooses it (WS-74)
        status, error = (200, None) if refusal is None else (refusal.status, refusal.message)
        self._tell(Exchange(caller, "CONNECT", CONNECT, request_id, at_ms, status, error=error, call=call))
        if refusal is None:
            await self._converse(await handshake.accept(subprotocol, self._clock), caller)
        else:
            await handshake.refuse(refusal)

    def _caller(self, stage: Stage, upgrade: Upgrade, connected_at_ms: int) -> Caller:
        return Caller(
            connection_id=events.new_id(),
            connected_at_ms=connected_at_ms,
            api_id=stage.api_id,
            stage=stage.name,
            domain_name=f"{stage.api_id}.execute-api.{self._region}.amazonaws.com",
            source_ip=upgrade.writer.get_extra_info("peername")[0],
            user_agent=next((value for name, value in upgrade.headers if name.lower() == "user-agent"), None),
        )

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
        request_id, at_ms = events.new_id(), self._now_ms()
        key = (caller.api_id, caller.stage)
        stage = self._stages.get(key)
        route = _route(stage, text)
        reply: str | None = None
        exchange = Exchange(caller, "MESSAGE", None if route is None else route.key, request_id, at_ms, status=200)
        if stage is not None and not self._throttles[key].take(route.key if route is not None else None):
            # How AWS words this is not known (WS-18).
            exchange = replace(exchange, status=429, error="Too Many Requests")
        elif route is None:
            exchange = replace(exchange, status=403, error="Forbidden")  # no route, nor a `$default` (WS-06)
        elif route.integration is None:
            exchange = replace(exchange, status=500, error=_FAILED)
        else:
            event = events.message(caller, route.key, text, request_id=request_id, now_ms=at_ms)
            answer, call = await self._call(caller, route.key, route.integration, event)
            status, error, reply = _outcome(route, answer)
            message_id = event["requestContext"]["messageId"]
            exchange = replace(exchange, message_id=message_id, call=call, status=status, error=error)
        if exchange.error is not None:
            reply = _error_frame(exchange.error, caller, request_id)
        if reply:
            if self._may_be_overtaken():
                await overtaken(connection)
            try:
                connection.socket.send(reply.encode())
            except WebSocketClosedError:
                pass
            except WriteBufferFullError:
                _logger.warning("a route response was dropped: connection %s reads too slowly", caller.connection_id)
        self._tell(replace(exchange, answered=bool(reply)))

    async def _disconnect(self, caller: Caller, code: int, reason: str) -> None:
        stage = self._stages.get((caller.api_id, caller.stage))
        route = stage.routes.get(DISCONNECT) if stage is not None else None
        request_id, at_ms = events.new_id(), self._now_ms()
        status, call = 200, None
        if route is not None and route.integration is not None:
            event = events.disconnect(caller, code, reason, request_id=request_id, now_ms=at_ms)
            answer, call = await self._call(caller, DISCONNECT, route.integration, event)
            status = 500 if isinstance(answer, Failure) else answer.status
        self._tell(Exchange(caller, "DISCONNECT", DISCONNECT, request_id, at_ms, status, call=call))

    async def _call(
        self, caller: Caller, route_key: str, integration: Integration | Unrunnable, event: events.Event
    ) -> tuple[ProxyResponse | Failure, IntegrationCall]:
        began = time.monotonic()
        route_arn = f"{self._arn_prefix}{caller.api_id}/{caller.stage}/{route_key}"
        answer = await self._integrations.call(integration, event, route_arn)
        return answer, integration_call(answer, round((time.monotonic() - began) * 1000))

    def _tell(self, exchange: Exchange) -> None:
        """Tell CloudWatch of an exchange, by metrics and by the stage's access log."""
        stage = self._stages.get((exchange.caller.api_id, exchange.caller.stage))
        if stage is None:
            return  # it was deleted meanwhile
        self._outbox.put(metrics.of_exchange(exchange, detailed=stage.detailed_metrics))
        if stage.access_log is not None:
            address = LogStreamAddress(stage.access_log.group, access_log.stream(stage.api_id, stage.name), None)
            line = access_log.line(stage.access_log.format, exchange)
            self._outbox.log(Line(address, self._clock.time(), line))

    def _posted(self, caller: Caller) -> None:
        self._outbox.put(metrics.of_post(caller, self._clock.time()))

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


def _outcome(route: Route, answer: ProxyResponse | Failure) -> tuple[int, str | None, str | None]:
    """Return the status of a message's exchange, API Gateway's own error if it has one, and the function's frame.

    An exception is answered with API Gateway's own error (WS-10). So are the failures whose answer on AWS is not known
    (WS-13, WS-14, WS-16, WS-17, WS-83). On a two-way route the frame is the body (WS-12), if it isn't empty (WS-15); a
    one-way route sends none (WS-11).
    """
    if isinstance(answer, Failure):
        return 500, _FAILED, None
    if not route.responds:
        return answer.status, None, None
    fits = len(answer.body.encode()) <= MESSAGE_BYTES
    return (answer.status, None, answer.body) if answer.succeeded and fits else (answer.status, _FAILED, None)


def _error_frame(message: str, caller: Caller, request_id: str) -> str:
    # With the spaces as AWS sends them (WS-06).
    return f'{{"message": "{message}", "connectionId":"{caller.connection_id}", "requestId":"{request_id}"}}'
