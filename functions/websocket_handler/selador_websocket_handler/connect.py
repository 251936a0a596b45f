"""`$connect`: which subprotocol the connection speaks."""

from collections.abc import Mapping
from typing import Any

from selador_shared.protocol import SUBPROTOCOL
from selador_websocket_handler.subprotocols import offered


def answer_connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proxy response to a `$connect` event.

    A browser fails a connection whose offered subprotocol isn't echoed, and every client one that was not offered
    (WS-75), so `selador.v1` is echoed where it is among those offered and the header left out otherwise. A token that
    was offered beside it is never echoed.
    """
    response: dict[str, Any] = {"statusCode": 200}
    if SUBPROTOCOL in offered(event):
        response["headers"] = {"Sec-WebSocket-Protocol": SUBPROTOCOL}
    return response
