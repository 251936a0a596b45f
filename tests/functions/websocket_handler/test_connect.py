"""`$connect`: its response echoes the subprotocol (WS-74) if the client offered it, and only then (WS-75)."""

from collections.abc import Callable
from typing import Any

import pytest

from selador_websocket_handler.connect import answer_connect

from ..conftest import offering


@pytest.mark.parametrize(
    ("lines", "echoed"),
    [
        pytest.param([("Sec-WebSocket-Protocol", "selador.v1")], True, id="alone"),
        pytest.param([("Sec-WebSocket-Protocol", "bearer.abc , selador.v1")], True, id="in a list"),
        pytest.param([("sec-websocket-protocol", "selador.v1")], True, id="header in lower case"),
        pytest.param(
            [("Sec-WebSocket-Protocol", "selador.v1"), ("Sec-WebSocket-Protocol", "bearer.abc")], True, id="two lines"
        ),
        pytest.param(
            [("Sec-WebSocket-Protocol", "bearer.abc"), ("SEC-WEBSOCKET-PROTOCOL", "selador.v1")],
            True,
            id="two lines in two cases",
        ),
        pytest.param([("Sec-WebSocket-Protocol", "selador.v2")], False, id="another version"),
        pytest.param([("Sec-WebSocket-Protocol", "Selador.v1")], False, id="another case of the name"),
        pytest.param([], False, id="none"),
    ],
)
def test_the_subprotocol_is_echoed_where_it_was_offered(
    aws_event: Callable[[str], dict[str, Any]], lines: list[tuple[str, str]], *, echoed: bool
) -> None:
    event = offering(aws_event("connect"), *lines)

    response = answer_connect(event)

    assert response["statusCode"] == 200
    assert response.get("headers") == ({"Sec-WebSocket-Protocol": "selador.v1"} if echoed else None)


@pytest.mark.parametrize("view", ["headers", "multiValueHeaders"])
@pytest.mark.parametrize("value", [None, {"Sec-WebSocket-Protocol": None}], ids=["no headers", "no value"])
def test_a_view_of_the_headers_may_be_null(
    aws_event: Callable[[str], dict[str, Any]], view: str, value: dict[str, None] | None
) -> None:
    response = answer_connect(aws_event("connect") | {view: value})

    assert response == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "selador.v1"}}


def test_without_any_headers_nothing_is_echoed(aws_event: Callable[[str], dict[str, Any]]) -> None:
    event = aws_event("connect") | {"headers": None, "multiValueHeaders": {"Sec-WebSocket-Protocol": [None]}}

    assert answer_connect(event) == {"statusCode": 200}
