"""What API Gateway refuses in WebSocket and HTTP APIs, in its words (VAL-04). Pure."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.service_rules.refusals import Refusals, Request
from selador_local.control_plane.service_rules.refusals import bad_request as refuse

type Kind = Literal["Authorizers", "Integrations", "Routes", "Stages"]

_LEAST_TIMEOUT_MS = 50
_TIMEOUT_MS = {"HTTP": 30_000, "WEBSOCKET": 29_000}  # the most that API Gateway waits (WS-09)
_MOST_TTL_SECONDS = 3_600
# How many of them an API has, unless AWS raised the quota (WS-64, VAL-03).
_MOST: Mapping[Kind, int] = {"Authorizers": 10, "Integrations": 300, "Routes": 300, "Stages": 10}
_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}|\$default")  # hyphens are allowed in it (WS-73)
_IDENTITY_SOURCE = re.compile(r"route\.request\.(header|querystring)\.\S+|(context|stageVariables)\.\S+")
_TARGET = re.compile("integrations/[^/]+")
_LOGGED_IDS = ("$context.requestId", "$context.extendedRequestId")


class ApiGatewayState(Protocol):
    """What the rules ask about APIs that exist."""

    def api_protocol(self, api_id: str) -> str | None:
        """Return `WEBSOCKET` or `HTTP`, None if there is no such API."""

    def count_of(self, kind: Kind, api_id: str) -> int:
        """Return how many of them the API has."""

    def authorizer(self, api_id: str, authorizer_id: str) -> Mapping[str, Any] | None:
        """Return an authorizer's members."""

    def route(self, api_id: str, route_id: str) -> Mapping[str, Any] | None:
        """Return a route's members."""

    def route_keys(self, api_id: str) -> set[str]:
        """Return the keys of the API's routes."""


def create_integration(request: Request, state: ApiGatewayState) -> Refusals:
    yield from _quota("Integrations", request, state)
    yield from update_integration(request, state)


def update_integration(request: Request, state: ApiGatewayState) -> Refusals:
    protocol = state.api_protocol(request["ApiId"])
    timeout, version = request.get("TimeoutInMillis"), request.get("PayloadFormatVersion")
    if protocol is None:
        return
    if timeout is not None and not _LEAST_TIMEOUT_MS <= timeout <= _TIMEOUT_MS[protocol]:
        yield _bad(f"Timeout should be between {_LEAST_TIMEOUT_MS} ms and {_TIMEOUT_MS[protocol]} ms")
    if protocol == "WEBSOCKET" and version not in {None, "1.0"}:
        yield _bad(f"Unsupported PayloadFormatVersion: {version}")


def create_authorizer(request: Request, state: ApiGatewayState) -> Refusals:
    yield from _quota("Authorizers", request, state)
    yield from update_authorizer(request, state)


def update_authorizer(request: Request, state: ApiGatewayState) -> Refusals:
    protocol = state.api_protocol(request["ApiId"])
    ttl = request.get("AuthorizerResultTtlInSeconds")
    if protocol == "WEBSOCKET":
        yield from _websocket_authorizer(request)
    elif ttl is not None and not 0 <= ttl <= _MOST_TTL_SECONDS:
        yield _bad(
            f"Authorizer result TTL outside allowable range. TTL must be between 0 and {_MOST_TTL_SECONDS} seconds."
        )


def _websocket_authorizer(request: Request) -> Refusals:
    """Refuse what only HTTP APIs' authorizers have (AUTH-06)."""
    if request.get("AuthorizerType", "REQUEST") != "REQUEST":
        yield _bad("Invalid authorizer type. Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis.")
    for member in (
        "AuthorizerPayloadFormatVersion",
        "AuthorizerResultTtlInSeconds",
        "EnableSimpleResponses",
        "JwtConfiguration",
    ):
        if member in request:
            yield _bad(f"{member} cannot be set for WEBSOCKET protocol Apis.")
    for source in request.get("IdentitySource", ()):
        if _IDENTITY_SOURCE.fullmatch(source) is None:
            yield _bad(f"Invalid request identity source expression: {source}")


def create_route(request: Request, state: ApiGatewayState) -> Refusals:
    yield from _quota("Routes", request, state)
    yield from _route(request, request, state)


def update_route(request: Request, state: ApiGatewayState) -> Refusals:
    present = state.route(request["ApiId"], request["RouteId"])
    if present is not None:
        yield from _route(request, {**present, **request}, state)


def _route(request: Request, route: Mapping[str, Any], state: ApiGatewayState) -> Refusals:
    """`route` is as it would be after the request."""
    kind = route.get("AuthorizationType", "NONE")
    if state.api_protocol(request["ApiId"]) == "WEBSOCKET" and kind != "NONE" and route.get("RouteKey") != "$connect":
        yield _bad("Currently, authorization is restricted to the $connect route only")
    if kind in {"CUSTOM", "JWT"}:
        authorizer = state.authorizer(request["ApiId"], route.get("AuthorizerId") or "")
        if authorizer is None or (kind == "JWT") != (authorizer.get("AuthorizerType") == "JWT"):
            yield _bad(f"Setting the authorization type to {kind} requires a valid {kind} authorizer.")
    if route.get("AuthorizationScopes") and kind != "JWT":
        yield _bad("Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type")
    if route.get("Target") and _TARGET.fullmatch(route["Target"]) is None:
        yield _bad("Unexpected or malformed target in route. Correct format should be integrations/<integration_id>.")


def create_route_response(request: Request, _state: ApiGatewayState) -> Refusals:
    if request.get("RouteResponseKey", "$default") != "$default":
        yield _bad("Currently, only $default is supported as a RouteResponseKey.")


def create_stage(request: Request, state: ApiGatewayState) -> Refusals:
    if _STAGE_NAME.fullmatch(request.get("StageName", "")) is None:
        yield _bad("Stage name only allows a-zA-Z0-9_-")
    yield from _quota("Stages", request, state)
    yield from update_stage(request, state)


def update_stage(request: Request, state: ApiGatewayState) -> Refusals:
    log_format = request.get("AccessLogSettings", {}).get("Format")
    if log_format and not any(name in log_format for name in _LOGGED_IDS):
        yield _bad(f"Access Log format must include either {' or '.join(_LOGGED_IDS)}")
    for key in request.get("RouteSettings", {}):
        if key not in state.route_keys(request["ApiId"]):
            message = f"Unable to find Route by key {key} within the provided RouteSettings"
            yield CallRefusedError("NotFoundException", message, status=404)


def _quota(kind: Kind, request: Request, state: ApiGatewayState) -> Refusals:
    if state.count_of(kind, request["ApiId"]) >= _MOST[kind]:
        message = (
            f"Maximum number of {kind} for this API has been reached. Please contact AWS if you need additional {kind}."
        )
        yield CallRefusedError("TooManyRequestsException", message, status=429)


def _bad(message: str) -> CallRefusedError:
    return refuse("BadRequestException", message)
