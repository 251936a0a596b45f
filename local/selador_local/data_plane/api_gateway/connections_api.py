"""The @connections API: post to a client (CB-01), ask about it (CB-02), close its connection (CB-03)."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from selador_local.control_plane_client.iam import Authorizer, access_key_id
from selador_local.data_plane.api_gateway.events import Caller, is_id
from selador_local.data_plane.api_gateway.limits import MESSAGE_BYTES
from selador_local.data_plane.api_gateway.post_faults import PostFaults
from selador_local.data_plane.api_gateway.refusals import FORBIDDEN, MISSING_TOKEN, Refusal
from selador_local.data_plane.api_gateway.websocket import WebSocket, WebSocketClosedError, WriteBufferFullError
from selador_local.data_plane.fault_targets import request_id
from selador_local.http import Request, Response, json_response


@dataclass(frozen=True)
class Connection:
    """A client that is connected: `$connect` has succeeded and the socket is open.

    A post sets the events in `held`, on which route responses wait that it shall overtake.
    """

    caller: Caller
    socket: WebSocket
    held: set[asyncio.Event] = field(default_factory=set)


@dataclass(frozen=True)
class ConnectionsTarget:
    """The connection that an @connections request names."""

    api_id: str
    stage: str
    connection_id: str


def target_of(path: str) -> ConnectionsTarget | None:
    """Return the connection in `/{api-id}/{stage}/@connections/{id}`, percent-encoded or not; None for other paths."""
    parts = [unquote(part) for part in urlsplit(path).path.split("/")]
    if len(parts) != 5 or parts[3] != "@connections":
        return None
    return ConnectionsTarget(parts[1], parts[2], parts[4])


class ConnectionsApi:
    """Answers @connections requests. `connections` may change meanwhile; `arn_prefix` ends before the API's id.

    `posted` is told to whom each message went.
    """

    def __init__(
        self,
        connections: Mapping[str, Connection],
        authorizer: Authorizer,
        arn_prefix: str,
        posted: Callable[[Caller], None],
    ) -> None:
        self._posted = posted
        self._connections = connections
        self._authorizer = authorizer
        self._arn_prefix = arn_prefix
        self.faults = PostFaults()
        """The failures that wait for posts."""

    async def handle(self, request: Request, target: ConnectionsTarget) -> Response:
        key = access_key_id(request.headers.get("authorization"))
        if key is None:
            return error(MISSING_TOKEN)
        path = f"{target.api_id}/{target.stage}/{request.method}/@connections/{target.connection_id}"
        # The permission is for a method on connections of a stage (CB-13).
        if not await self._authorizer(key, "execute-api:ManageConnections", f"{self._arn_prefix}{path}"):
            return error(FORBIDDEN)
        if not is_id(target.connection_id):
            # 410 is for ids that could have been one (CB-07).
            return error(Refusal(400, "BadRequestException", f"Invalid connectionId: {target.connection_id}"))
        if request.method == "POST" and len(request.body) > MESSAGE_BYTES:
            return error(Refusal(413, "PayloadTooLargeException", "Message too long"))
        connection = self._connections.get(target.connection_id)
        if connection is None or (connection.caller.api_id, connection.caller.stage) != (target.api_id, target.stage):
            return _gone()
        response = self._fault(request) or _act(request, connection)
        if request.method == "POST" and response.status == 200:
            self._posted(connection.caller)
        return response

    def _fault(self, request: Request) -> Response | None:
        fault = self.faults.take(request_id(request.body)) if self.faults and request.method == "POST" else None
        return error(Refusal(fault.status, fault.error_type, "failed on demand")) if fault else None


def error(refusal: Refusal) -> Response:
    """Return an error as botocore reads it: the type travels in a header (CB-05)."""
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": refusal.error_type}
    return Response(refusal.status, headers, refusal.body)


def _gone() -> Response:
    return Response(410, {"x-amzn-ErrorType": "GoneException"})  # without a body (CB-06)


def _act(request: Request, connection: Connection) -> Response:
    match request.method:
        case "POST":
            try:
                connection.socket.send(request.body)
                for response in connection.held:
                    response.set()
            except WebSocketClosedError:
                return _gone()
            except WriteBufferFullError:
                return error(Refusal(429, "LimitExceededException", "The client's receive buffer is full"))
            return Response(200)
        case "GET":
            return json_response(200, _description(connection))
        case "DELETE":
            connection.socket.close(1000, "")  # what a client of AWS sees is not known (WS-52)
            return Response(204)
    return error(MISSING_TOKEN)


def _description(connection: Connection) -> dict[str, object]:
    caller = connection.caller
    return {
        "connectedAt": _iso(caller.connected_at_ms / 1000),
        "lastActiveAt": _iso(connection.socket.last_active_at),
        "identity": {"sourceIp": caller.source_ip, "userAgent": caller.user_agent},
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
