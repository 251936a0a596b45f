"""`$connect`: which subprotocol the connection speaks."""

from collections.abc import Mapping
from typing import Any

from selador_shared.protocol import SUBPROTOCOL
from selador_shared.subprotocols import offered


def answer_connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proxy response to a `$connect` event.

    A browser fails the connection if a subprotocol was offered and none is echoed; every client fails it if the one
    echoed was not offered (WS-75). So `selador.v1` is echoed if it was offered, and the header is left out otherwise. A
    token that was offered beside it is never echoed.
    """
    response: dict[str, Any] = {"statusCode": 200}
    if SUBPROTOCOL in offered(event):
        response["headers"] = {"Sec-WebSocket-Protocol": SUBPROTOCOL}
    return response
