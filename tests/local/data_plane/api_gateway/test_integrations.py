"""What a function's answer means to API Gateway."""

import json
from typing import Any

import pytest

from selador_local.data_plane.api_gateway.integrations import Failure, ProxyResponse, proxy_response


def test_response_s_header_names_are_lower_case() -> None:
    answer = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "selador.v1"}, "body": "b"}

    assert proxy_response(json.dumps(answer).encode()) == ProxyResponse(
        200, {"sec-websocket-protocol": "selador.v1"}, "b"
    )


def test_body_and_headers_may_be_missing() -> None:
    assert proxy_response(b'{"statusCode":204}') == ProxyResponse(204, {}, "")


@pytest.mark.parametrize(
    "answer",
    [None, "ok", [], 200, {}, {"body": "b"}, {"statusCode": "abc"}, {"statusCode": 200, "body": {"a": 1}}],
)
def test_anything_else_is_malformed(answer: Any) -> None:
    assert proxy_response(json.dumps(answer).encode()) is Failure.MALFORMED


def test_what_is_not_json_is_malformed() -> None:
    assert proxy_response(b"") is Failure.MALFORMED
