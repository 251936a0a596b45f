"""`$connect`: its response echoes the subprotocol (WS-74) if the client offered it, and only then (WS-75)."""

from collections.abc import Callable
from typing import Any

import pytest

from selador_websocket_handler.connect import answer_connect


@pytest.mark.parametrize(
    ("offered", "echoed"),
    [
        pytest.param({"Sec-WebSocket-Protocol": "selador.v1"}, True, id="alone"),
        pytest.param({"Sec-WebSocket-Protocol": "bearer.abc , selador.v1"}, True, id="in a list"),
        pytest.param({"sec-websocket-protocol": "selador.v1"}, True, id="header in lower case"),
        pytest.param({"Sec-WebSocket-Protocol": "selador.v2"}, False, id="another version"),
        pytest.param({}, False, id="none"),
    ],
)
def test_the_subprotocol_is_echoed_where_it_was_offered(
    aws_event: Callable[[str], dict[str, Any]], offered: dict[str, str], *, echoed: bool
) -> None:
    event = aws_event("connect")
    del event["headers"]["Sec-WebSocket-Protocol"]
    event["headers"] |= offered

    response = answer_connect(event)

    assert response["statusCode"] == 200
    assert response.get("headers") == ({"Sec-WebSocket-Protocol": "selador.v1"} if echoed else None)
