"""`$connect`: which subprotocol the connection speaks."""

from collections.abc import Mapping
from typing import Any

from selador_shared.protocol import SUBPROTOCOL


def answer_connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proxy response to a `$connect` event.

    A browser fails a connection whose offered subprotocol isn't echoed, and every client one that was not offered
    (WS-75), so `selador.v1` is echoed where it is among those offered and the header left out otherwise.
    """
    response: dict[str, Any] = {"statusCode": 200}
    if SUBPROTOCOL in _offered(event.get("headers") or {}):
        response["headers"] = {"Sec-WebSocket-Protocol": SUBPROTOCOL}
    return response


def _offered(headers: Mapping[str, str]) -> list[str]:
    # API Gateway passes header names as the client wrote them (WS-36), and the list as one string (WS-76).
    values = [value for name, value in headers.items() if name.lower() == "sec-websocket-protocol"]
    return [protocol.strip() for value in values for protocol in value.split(",")]
