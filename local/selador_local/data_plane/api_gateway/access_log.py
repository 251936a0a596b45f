"""The lines of an API's access log, in the format of its stage. Pure."""

import re
from collections.abc import Mapping
from hashlib import md5

from selador_local.data_plane.api_gateway.events import request_time
from selador_local.data_plane.api_gateway.exchange import Exchange

_VARIABLE = re.compile(r"\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)")
_ABSENT = "-"  # what API Gateway writes for a variable without a value


def line(log_format: str, exchange: Exchange) -> str:
    """Return the line of an exchange: the format with its variables replaced."""
    values = _context(exchange)
    return _VARIABLE.sub(lambda variable: values.get(variable[1], _ABSENT), log_format)


def stream(api_id: str, stage: str) -> str:
    """Return the name of a stage's log stream: 32 hexadecimal digits, as AWS's are."""
    return md5(f"{api_id}/{stage}".encode(), usedforsecurity=False).hexdigest()


def _context(exchange: Exchange) -> Mapping[str, str]:
    """Return the variables that have a value, by their names after `$context.`."""
    caller, call = exchange.caller, exchange.call
    known = {
        "apiId": caller.api_id,
        "connectedAt": caller.connected_at_ms,
        "connectionId": caller.connection_id,
        "domainName": caller.domain_name,
        "error.message": exchange.error,
        "error.messageString": None if exchange.error is None else f'"{exchange.error}"',
        "eventType": exchange.event_type,
        "extendedRequestId": exchange.request_id,
        "identity.sourceIp": caller.source_ip,
        "identity.userAgent": caller.user_agent,
        "messageId": exchange.message_id,
        "requestId": exchange.request_id,
        "requestTime": request_time(exchange.at_ms),
        "requestTimeEpoch": exchange.at_ms,
        "routeKey": exchange.route_key,
        "stage": caller.stage,
        "status": exchange.status,
    }
    if call is not None:
        known |= {
            "integration.error": call.error,
            "integration.latency": call.latency_ms,
            "integration.status": call.status,
            "integrationErrorMessage": call.error,
            "integrationLatency": call.latency_ms,
            "integrationStatus": call.status,
        }
    known |= {f"authorizer.{name}": value for name, value in (caller.authorizer or {}).items()}
    return {name: str(value) for name, value in known.items() if value is not None}
