"""The events of a Lambda proxy integration: `$connect` (WS-34), messages (WS-37), `$disconnect` (WS-38).

All have one form of `requestContext` (WS-39); messages and disconnections have more members (WS-40).
"""

import base64
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Headers = Sequence[tuple[str, str]]
Event = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9_-]{15}=")
_NOT_FORWARDED = {"connection", "upgrade", "content-length"}  # kept from integrations (WS-35)
_DISCONNECT_HEADERS = ("x-api-key", "X-Forwarded-For", "x-restapi")  # sent empty (WS-38)


@dataclass(frozen=True)
class Caller:
    """The facts that every event of a connection repeats. `domain_name` is the API's name on AWS.

    `authorizer` is the context that a Lambda authorizer gave the client (WS-45), None if none was asked.
    """

    connection_id: str
    connected_at_ms: int
    api_id: str
    stage: str
    domain_name: str
    source_ip: str
    user_agent: str | None
    authorizer: Mapping[str, Any] | None = None


def new_id() -> str:
    """Return a new id of a connection, message or request: 15 URL-safe characters and one `=` (WS-44)."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def connect(caller: Caller, target: str, headers: Headers, *, request_id: str, now_ms: int) -> Event:
    """Return the event of `$connect`; `target` and `headers` are the client's own, as sent."""
    kept = [(name, value) for name, value in headers if name.lower() not in _NOT_FORWARDED]
    forwarded = [*kept, *_added_headers(caller, now_ms)]
    event: Event = {"headers": dict(forwarded), "multiValueHeaders": _multi(forwarded)}
    query = parse_qsl(urlsplit(target).query, keep_blank_values=True)
    if query:
        event |= {"queryStringParameters": dict(query), "multiValueQueryStringParameters": _multi(query)}
    context = _context(caller, "$connect", "CONNECT", request_id, now_ms)
    return event | {"requestContext": context, "isBase64Encoded": False}


def authorizer(
    caller: Caller, target: str, headers: Headers, *, method_arn: str, request_id: str, now_ms: int
) -> Event:
    """Return the event of a REQUEST authorizer (AUTH-02): unlike the integration, it sees every header (WS-35)."""
    sent = [*headers, *_added_headers(caller, now_ms)]
    query = parse_qsl(urlsplit(target).query, keep_blank_values=True)
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        "headers": dict(sent),
        "multiValueHeaders": _multi(sent),
        "queryStringParameters": dict(query),
        "multiValueQueryStringParameters": _multi(query),
        "stageVariables": {},  # an authorizer's event has them always (WS-47)
        "requestContext": _context(caller, "$connect", "CONNECT", request_id, now_ms),
    }


def _added_headers(caller: Caller, now_ms: int) -> list[tuple[str, str]]:
    """Return the headers that API Gateway adds to a client's own (WS-36)."""
    return [
        ("X-Amzn-Trace-Id", f"Root={trace_root(now_ms)}"),
        ("X-Forwarded-For", caller.source_ip),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]


def message(caller: Caller, route_key: str, body: str, *, request_id: str, now_ms: int) -> Event:
    context = _context(caller, route_key, "MESSAGE", request_id, now_ms) | {"messageId": new_id()}
    return {"requestContext": context, "body": body, "isBase64Encoded": False}  # no headers, no query (WS-37)


def disconnect(caller: Caller, code: int, reason: str, *, request_id: str, now_ms: int) -> Event:
    headers = [("Host", caller.domain_name), *((name, "") for name in _DISCONNECT_HEADERS)]
    context = _context(caller, "$disconnect", "DISCONNECT", request_id, now_ms)
    context |= {"disconnectStatusCode": code, "disconnectReason": reason}
    return {
        "headers": dict(headers),
        "multiValueHeaders": _multi(headers),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def request_time(now_ms: int) -> str:
    """Return a time as API Gateway writes it."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def trace_root(now_ms: int) -> str:
    """Return a new X-Ray trace id."""
    return f"1-{now_ms // 1000:08x}-{secrets.token_hex(12)}"


def _context(caller: Caller, route_key: str, event_type: str, request_id: str, now_ms: int) -> Event:
    identity = {"sourceIp": caller.source_ip}
    if caller.user_agent is not None:
        identity["userAgent"] = caller.user_agent  # left out if the client sent none (WS-43)
    context: Event = {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": request_time(now_ms),  # text, though the two other times are numbers (WS-41)
        "messageDirection": "IN",
        "stage": caller.stage,
        "connectedAt": caller.connected_at_ms,
        "requestTimeEpoch": now_ms,
        "identity": identity,
        "requestId": request_id,
        "domainName": caller.domain_name,
        "connectionId": caller.connection_id,
        "apiId": caller.api_id,
    }
    if caller.authorizer is not None:
        context["authorizer"] = dict(caller.authorizer)
    return context


def _multi(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values
