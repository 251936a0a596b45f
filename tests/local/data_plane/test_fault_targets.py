"""The ids of requests in what the functions receive and post."""

import json

import pytest

from selador_local.data_plane.fault_targets import request_id, request_ids


def event_of(*bodies: str) -> bytes:
    return json.dumps({"Records": [{"messageId": "m", "body": body} for body in bodies]}).encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"type": "delta", "requestId": "killed", "text": "killed-thrice"}', "killed", id="a frame"),
        pytest.param(b'{"version": 1, "requestId": "r-1"}', "r-1", id="an envelope"),
        pytest.param('{"type": "pong"}', None, id="a frame of no request"),
        pytest.param('{"requestId": 7}', None, id="a number"),
        pytest.param('["requestId"]', None, id="no object"),
        pytest.param("requestId", None, id="no JSON"),
        pytest.param(b"\xff", None, id="no text"),
    ],
)
def test_a_frame_or_an_envelope_names_its_request(text: str | bytes, expected: str | None) -> None:
    assert request_id(text) == expected


def test_a_batch_is_about_the_requests_of_its_records() -> None:
    event = event_of('{"requestId": "killed"}', "unreadable", '{"requestId": "killed-thrice"}')

    assert request_ids(event) == {"killed", "killed-thrice"}


def test_a_websocket_message_is_about_the_request_that_its_client_names() -> None:
    """API Gateway's own request id, which every event has, is another thing."""
    event = {"requestContext": {"requestId": "S3Y8ZEp0joEFVeg="}, "body": '{"action": "invoke", "requestId": "r-1"}'}

    assert request_ids(json.dumps(event).encode()) == {"r-1"}


@pytest.mark.parametrize("event", [b"{}", b"7", b'{"body": null}', b'{"Records": []}', b"no JSON"])
def test_an_event_without_a_request_is_about_none(event: bytes) -> None:
    assert request_ids(event) == set()
