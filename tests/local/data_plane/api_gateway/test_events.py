"""The proxy events' exact shapes.

Headers and query come with `$connect` only (WS-34, WS-37); `$disconnect` has its own few (WS-38). Times are numbers,
but for `requestTime` (WS-41); `connectedAt` is the same in all events of a connection (WS-42).
"""

from selador_local.data_plane.api_gateway import events
from selador_local.data_plane.api_gateway.events import Caller

CALLER = Caller(
    connection_id="PJqB0fHsqRcCHlw=",
    connected_at_ms=1_707_502_303_419,
    api_id="a1b2c3",
    stage="prod",
    domain_name="a1b2c3.execute-api.us-east-1.amazonaws.com",
    source_ip="127.0.0.1",
    user_agent=None,
)
CONTEXT = {
    "extendedRequestId": "request=",
    "requestId": "request=",
    "requestTime": "09/Feb/2024:18:11:43 +0000",
    "requestTimeEpoch": 1_707_502_303_420,
    "messageDirection": "IN",
    "stage": "prod",
    "connectedAt": 1_707_502_303_419,
    "identity": {"sourceIp": "127.0.0.1"},
    "domainName": "a1b2c3.execute-api.us-east-1.amazonaws.com",
    "connectionId": "PJqB0fHsqRcCHlw=",
    "apiId": "a1b2c3",
}
HEADERS = [
    ("Host", "127.0.0.1:8000"),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("content-length", "0"),
    ("Sec-WebSocket-Key", "k"),
    ("X-Many", "1"),
    ("X-Many", "2"),
]


def test_connect_event() -> None:
    event = events.connect(CALLER, "/a1b2c3/prod", HEADERS, request_id="request=", now_ms=1_707_502_303_420)

    trace = event["headers"].pop("X-Amzn-Trace-Id")
    assert event["multiValueHeaders"].pop("X-Amzn-Trace-Id") == [trace]
    assert trace.startswith("Root=1-65c66adf-")
    assert event == {
        "headers": {
            "Host": "127.0.0.1:8000",
            "Sec-WebSocket-Key": "k",
            "X-Many": "2",
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        },
        "multiValueHeaders": {
            "Host": ["127.0.0.1:8000"],
            "Sec-WebSocket-Key": ["k"],
            "X-Many": ["1", "2"],
            "X-Forwarded-For": ["127.0.0.1"],
            "X-Forwarded-Port": ["443"],
            "X-Forwarded-Proto": ["https"],
        },
        "requestContext": CONTEXT | {"routeKey": "$connect", "eventType": "CONNECT"},
        "isBase64Encoded": False,
    }


def test_connect_event_has_a_query_only_when_the_url_has_one() -> None:
    event = events.connect(CALLER, "/a1b2c3/prod?a=1&a=%C3%A9&b=", HEADERS, request_id="r", now_ms=0)

    assert event["queryStringParameters"] == {"a": "é", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "é"], "b": [""]}


def test_message_event_has_neither_headers_nor_query() -> None:
    event = events.message(CALLER, "invoke", "the body", request_id="request=", now_ms=1_707_502_303_420)

    assert events.is_id(event["requestContext"].pop("messageId"))
    assert event == {
        "requestContext": CONTEXT | {"routeKey": "invoke", "eventType": "MESSAGE"},
        "body": "the body",
        "isBase64Encoded": False,
    }


def test_disconnect_event() -> None:
    event = events.disconnect(CALLER, 1005, "why", request_id="request=", now_ms=1_707_502_303_420)

    headers = {"Host": CALLER.domain_name, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    assert event == {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": CONTEXT
        | {
            "routeKey": "$disconnect",
            "eventType": "DISCONNECT",
            "disconnectStatusCode": 1005,
            "disconnectReason": "why",
        },
        "isBase64Encoded": False,
    }


def test_user_agent_is_there_only_when_the_client_sent_one() -> None:
    caller = Caller(**{**CALLER.__dict__, "user_agent": "a browser"})

    event = events.message(caller, "invoke", "", request_id="r", now_ms=0)

    assert event["requestContext"]["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "a browser"}


def test_ids_look_like_aws_s() -> None:
    ids = {events.new_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(events.is_id(identifier) for identifier in ids)


def test_what_is_no_id_is_told_apart() -> None:
    assert not any(
        events.is_id(text) for text in ["", "PJqB0fHsqRcCHlw", "PJqB0fHsqRcCHlw==", "PJqB0fHsqRc/Hlw=", "x="]
    )
