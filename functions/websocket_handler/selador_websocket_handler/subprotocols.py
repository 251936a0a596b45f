"""What a client offers in `Sec-WebSocket-Protocol`: the protocol's version, and its token.

Browsers can't set headers, and URLs are logged. A token travels as `bearer.<jwt>`: a JWT has no character that a
subprotocol may not have (RFC 6455, section 4.1).
"""

from collections.abc import Mapping
from typing import Any

BEARER = "bearer."


def offered(event: Mapping[str, Any]) -> list[str]:
    """Return the subprotocols offered in a `$connect` event, the integration's or the authorizer's, in their order."""
    # API Gateway passes header names on as the client wrote them (WS-36), and the list as one string (WS-76).
    headers = event.get("headers") or {}
    values = [value for name, value in headers.items() if name.lower() == "sec-websocket-protocol"]
    return [protocol.strip() for value in values for protocol in value.split(",")]
