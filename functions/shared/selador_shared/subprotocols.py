"""What a client offers in `Sec-WebSocket-Protocol`: the protocol's version, and its token.

Browsers can't set headers, and URLs are logged. A token travels as `bearer.<jwt>`: a JWT has no character that a
subprotocol may not have (RFC 6455, section 4.1).
"""

from collections.abc import Mapping
from typing import Any

BEARER = "bearer."


_HEADER = "sec-websocket-protocol"


def offered(event: Mapping[str, Any]) -> list[str]:
    """Return the subprotocols offered in a `$connect` event, the integration's or the authorizer's, in their order.

    A client may spread them over several lines (RFC 6455, section 11.3.4). `headers` has one of these alone, and may be
    null, as may each of its values. API Gateway passes names on as the client wrote them (WS-36), and a line as one
    string (WS-76).
    """
    lines: list[str | None] = []
    for name, values in (event.get("multiValueHeaders") or {}).items():
        if name.lower() == _HEADER:
            lines += values or []
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == _HEADER and value not in lines:
            lines.append(value)
    return [protocol.strip() for line in lines if line for protocol in line.split(",")]
