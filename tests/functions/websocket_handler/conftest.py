"""What a client offers, as API Gateway shows it to both functions."""

from typing import Any


def offering(event: dict[str, Any], *lines: tuple[str, str]) -> dict[str, Any]:
    """Return a `$connect` event whose client sent these header lines for its subprotocols, and no other.

    `headers` has the last line of a name, `multiValueHeaders` all of them, each name as the client wrote it.
    """
    return event | {
        "headers": _others(event["headers"]) | dict(lines),
        "multiValueHeaders": _others(event["multiValueHeaders"])
        | {name: [value for other, value in lines if other == name] for name, _ in lines},
    }


def _others(headers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if name.lower() != "sec-websocket-protocol"}
