"""Route selection: an expression gives a text (WS-01, WS-02) that is a route's key (WS-03), else `$default` (WS-04)."""

import pytest

from selador_local.data_plane.api_gateway.routes import select_route

ACTION = "$request.body.action"
ROUTES = {"$connect", "$disconnect", "$default", "invoke", "ping", "[a, b]", "1", "true", "v1/invoke", "v1/"}


@pytest.mark.parametrize(
    ("expression", "body", "route"),
    [
        (ACTION, '{"action":"invoke"}', "invoke"),
        ("${request.body.action}", '{"action":"invoke"}', "invoke"),
        ("$request.body.a.b", '{"a":{"b":"ping"}}', "ping"),
        ("$request.body.a[1]", '{"a":["x","ping"]}', "ping"),
        (ACTION, '{"action":["a","b"]}', "[a, b]"),
        (ACTION, '{"action":1}', "1"),
        (ACTION, '{"action":true}', "true"),
        ("v1/${request.body.action}", '{"action":"invoke"}', "v1/invoke"),
        ("v1/${request.body.action}", "{}", "v1/"),
    ],
)
def test_expression_names_a_route(expression: str, body: str, route: str) -> None:
    assert select_route(expression, body, ROUTES) == route


@pytest.mark.parametrize(
    "body",
    [
        '{"action":"INVOKE"}',
        '{"action":"invoke "}',
        '{"action":"unknown"}',
        '{"action":null}',
        "{}",
        "[]",
        '"invoke"',
        "invoke",
        "",
        "{",
    ],
)
def test_what_names_no_route_goes_to_default_or_nowhere(body: str) -> None:
    assert select_route(ACTION, body, ROUTES) == "$default"
    assert select_route(ACTION, body, ROUTES - {"$default"}) is None


@pytest.mark.parametrize("reserved", ["$connect", "$disconnect"])
def test_a_message_cannot_name_a_reserved_route(reserved: str) -> None:
    assert select_route(ACTION, f'{{"action":"{reserved}"}}', ROUTES) == "$default"
