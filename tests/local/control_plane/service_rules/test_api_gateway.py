"""API Gateway's rules, as values: what lies on a limit is allowed, what lies beyond it is refused in AWS's words."""

from collections.abc import Mapping
from typing import Any

import pytest

from selador_local.control_plane.service_rules import api_gateway
from selador_local.control_plane.service_rules.api_gateway import Kind

API, HTTP_API = "ws", "http"


class Apis:
    """A WebSocket and an HTTP API, each with two authorizers and the routes `$connect` and `invoke`."""

    def __init__(self, count: int = 0) -> None:
        self._count = count

    def api_protocol(self, api_id: str) -> str | None:
        return {API: "WEBSOCKET", HTTP_API: "HTTP"}.get(api_id)

    def count_of(self, kind: Kind, api_id: str) -> int:
        return self._count

    def authorizer(self, api_id: str, authorizer_id: str) -> Mapping[str, Any] | None:
        return {"lambda": {"AuthorizerType": "REQUEST"}, "tokens": {"AuthorizerType": "JWT"}}.get(authorizer_id)

    def route(self, api_id: str, route_id: str) -> Mapping[str, Any] | None:
        return {"c": {"RouteKey": "$connect"}, "i": {"RouteKey": "invoke"}}.get(route_id)

    def route_keys(self, api_id: str) -> set[str]:
        return {"$connect", "invoke"}


def refused(operation: str, state: Apis | None = None, **request: Any) -> list[tuple[str, int, str]]:
    rule = getattr(api_gateway, operation)
    found = rule({"ApiId": API, **request}, state or Apis())
    return [(refusal.code, refusal.status, refusal.message) for refusal in found]


CONNECT = {"RouteKey": "$connect"}
ONLY_CONNECT = "Currently, authorization is restricted to the $connect route only"
NO_SCOPES = "Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type"


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("create_integration", {}),
        ("create_integration", {"TimeoutInMillis": 50}),
        ("create_integration", {"TimeoutInMillis": 29_000}),
        ("create_integration", {"ApiId": HTTP_API, "TimeoutInMillis": 30_000}),
        ("create_integration", {"PayloadFormatVersion": "1.0"}),
        ("create_integration", {"ApiId": HTTP_API, "PayloadFormatVersion": "2.0"}),
        ("create_integration", {"ApiId": "unknown", "TimeoutInMillis": 1}),
        ("create_authorizer", {"AuthorizerType": "REQUEST", "IdentitySource": ["route.request.header.Auth"]}),
        ("create_authorizer", {"AuthorizerType": "REQUEST", "IdentitySource": ["context.identity.sourceIp"]}),
        ("create_authorizer", {"ApiId": HTTP_API, "AuthorizerType": "JWT", "JwtConfiguration": {}}),
        ("create_authorizer", {"ApiId": HTTP_API, "AuthorizerType": "REQUEST", "AuthorizerResultTtlInSeconds": 3_600}),
        ("create_route", {"RouteKey": "invoke"}),
        ("create_route", {"RouteKey": "invoke", "Target": "integrations/i1"}),
        ("create_route", {**CONNECT, "AuthorizationType": "AWS_IAM"}),
        ("create_route", {**CONNECT, "AuthorizationType": "CUSTOM", "AuthorizerId": "lambda"}),
        (
            "create_route",
            {"ApiId": HTTP_API, "RouteKey": "GET /", "AuthorizationType": "JWT", "AuthorizerId": "tokens"},
        ),
        ("update_route", {"RouteId": "c", "AuthorizationType": "AWS_IAM"}),
        ("update_route", {"RouteId": "unknown", "AuthorizationType": "AWS_IAM"}),
        ("create_route_response", {"RouteResponseKey": "$default"}),
        ("create_stage", {"StageName": "s"}),
        ("create_stage", {"StageName": "s" * 128}),
        ("create_stage", {"StageName": "my-stage_1"}),
        ("create_stage", {"StageName": "s", "AccessLogSettings": {"Format": "$context.extendedRequestId"}}),
        ("update_stage", {"RouteSettings": {"invoke": {}}}),
    ],
)
def test_what_api_gateway_takes_is_taken(operation: str, members: dict[str, Any]) -> None:
    assert refused(operation, **members) == []


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        ("create_integration", {"TimeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        ("create_integration", {"TimeoutInMillis": 29_001}, "Timeout should be between 50 ms and 29000 ms"),
        ("update_integration", {"TimeoutInMillis": 29_001}, "Timeout should be between 50 ms and 29000 ms"),
        (
            "create_integration",
            {"ApiId": HTTP_API, "TimeoutInMillis": 30_001},
            "Timeout should be between 50 ms and 30000 ms",
        ),
        ("create_integration", {"PayloadFormatVersion": "2.0"}, "Unsupported PayloadFormatVersion: 2.0"),
        (
            "create_authorizer",
            {"AuthorizerType": "JWT"},
            "Invalid authorizer type. Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis.",
        ),
        (
            "create_authorizer",
            {"AuthorizerType": "REQUEST", "AuthorizerResultTtlInSeconds": 0},
            "AuthorizerResultTtlInSeconds cannot be set for WEBSOCKET protocol Apis.",
        ),
        (
            "update_authorizer",
            {"AuthorizerPayloadFormatVersion": "2.0"},
            "AuthorizerPayloadFormatVersion cannot be set for WEBSOCKET protocol Apis.",
        ),
        (
            "create_authorizer",
            {"AuthorizerType": "REQUEST", "EnableSimpleResponses": False},
            "EnableSimpleResponses cannot be set for WEBSOCKET protocol Apis.",
        ),
        (
            "create_authorizer",
            {"AuthorizerType": "REQUEST", "IdentitySource": ["$request.header.Auth"]},
            "Invalid request identity source expression: $request.header.Auth",
        ),
        (
            "create_authorizer",
            {"ApiId": HTTP_API, "AuthorizerType": "REQUEST", "AuthorizerResultTtlInSeconds": 3_601},
            "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds.",
        ),
        ("create_route", {"RouteKey": "invoke", "AuthorizationType": "AWS_IAM"}, ONLY_CONNECT),
        ("update_route", {"RouteId": "i", "AuthorizationType": "AWS_IAM"}, ONLY_CONNECT),
        (
            "create_route",
            {**CONNECT, "AuthorizationType": "JWT", "AuthorizerId": "lambda"},
            "Setting the authorization type to JWT requires a valid JWT authorizer.",
        ),
        (
            "create_route",
            {**CONNECT, "AuthorizationType": "CUSTOM"},
            "Setting the authorization type to CUSTOM requires a valid CUSTOM authorizer.",
        ),
        ("create_route", {**CONNECT, "AuthorizationScopes": ["read"]}, NO_SCOPES),
        (
            "create_route",
            {"RouteKey": "invoke", "Target": "i1"},
            "Unexpected or malformed target in route. Correct format should be integrations/<integration_id>.",
        ),
        (
            "create_route_response",
            {"RouteResponseKey": "ok"},
            "Currently, only $default is supported as a RouteResponseKey.",
        ),
        ("create_stage", {"StageName": "my stage"}, "Stage name only allows a-zA-Z0-9_-"),
        ("create_stage", {"StageName": "s" * 129}, "Stage name only allows a-zA-Z0-9_-"),
        (
            "create_stage",
            {"StageName": "s", "AccessLogSettings": {"Format": "$context.status"}},
            "Access Log format must include either $context.requestId or $context.extendedRequestId",
        ),
    ],
)
def test_what_api_gateway_refuses_is_refused(operation: str, members: dict[str, Any], message: str) -> None:
    assert refused(operation, **members) == [("BadRequestException", 400, message)]


def test_settings_of_a_route_that_does_not_exist_are_not_found() -> None:
    assert refused("update_stage", RouteSettings={"pay": {}}) == [
        ("NotFoundException", 404, "Unable to find Route by key pay within the provided RouteSettings")
    ]


@pytest.mark.parametrize(
    ("operation", "members", "kind", "most"),
    [
        ("create_authorizer", {"AuthorizerType": "REQUEST"}, "Authorizers", 10),
        ("create_integration", {}, "Integrations", 300),
        ("create_route", {"RouteKey": "invoke"}, "Routes", 300),
        ("create_stage", {"StageName": "s"}, "Stages", 10),
    ],
)
def test_the_last_of_a_quota_is_allowed_and_the_next_is_not(
    operation: str, members: dict[str, Any], kind: str, most: int
) -> None:
    assert refused(operation, Apis(count=most - 1), **members) == []
    assert refused(operation, Apis(count=most), **members) == [
        (
            "TooManyRequestsException",
            429,
            (
                f"Maximum number of {kind} for this API has been reached. "
                f"Please contact AWS if you need additional {kind}."
            ),
        )
    ]
