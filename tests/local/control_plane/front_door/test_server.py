"""What the server does with what it can't do: never a 5xx, which clients retry for minutes without a word."""

import socket
import struct
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from ....conftest import STUCK_SECONDS


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("dynamodb", "list_tables", {}, "the service dynamodb"),
        ("lambda", "list_code_signing_configs", {}, "this path"),
        ("apigatewayv2", "export_api", {"ApiId": "x", "OutputType": "JSON", "Specification": "OAS30"}, "this path"),
        ("cloudwatch", "list_metric_streams", {}, "list_metric_streams"),
        (
            "iam",
            "simulate_custom_policy",
            {"PolicyInputList": ["{}"], "ActionNames": ["s3:GetObject"]},
            "simulate_custom_policy",
        ),
    ],
)
def test_an_operation_that_does_not_exist_here_is_refused_at_once(
    server: Any, service: str, operation: str, parameters: dict[str, Any], named: str
) -> None:
    with pytest.raises(ClientError, match=named) as refused:
        getattr(server.client(service), operation)(**parameters)

    assert refused.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_motos_own_failures_are_no_5xx_either(server: Any, name: str) -> None:
    logs = server.client("logs")
    logs.create_log_group(logGroupName=name)

    with pytest.raises(ClientError, match="moto failed with") as refused:
        logs.put_subscription_filter(logGroupName=name, filterName="f", filterPattern="", destinationArn="no ARN")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("path", ["/moto-api/reset-auth", "/moto-api/reset", "/moto-api/data.json", "/"])
def test_what_is_not_signed_is_refused(server: Any, path: str) -> None:
    """moto's own API would turn enforcement off for anybody, or forget everything."""
    request = urllib.request.Request(f"{server.endpoint}{path}", data=b"1000", method="POST")

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=STUCK_SECONDS)

    assert refused.value.code == 403
    refused.value.close()


def test_motos_own_api_is_refused_to_signed_requests_too(server: Any) -> None:
    s3 = server.client("s3")

    with pytest.raises(ClientError):
        s3.put_object(Bucket="moto-api", Key="reset", Body=b"")


def test_no_page_may_read_an_answer(server: Any) -> None:
    headers = server.client("sqs").list_queues()["ResponseMetadata"]["HTTPHeaders"]

    assert "access-control-allow-origin" not in headers


def test_an_answer_is_one_piece(server: Any) -> None:
    """A client may end a connection that has brought it the head alone."""
    address = urlsplit(server.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=STUCK_SECONDS) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
        tcp_info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)

    assert received.startswith(b"HTTP/1.1 403 ")
    assert b"\r\n\r\n{" in received
    (pieces_with_data,) = struct.unpack_from("I", tcp_info, 152)  # tcpi_data_segs_in of Linux's tcp_info
    assert pieces_with_data == 1


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(server: Any) -> None:
    address = urlsplit(server.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=STUCK_SECONDS) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        leave = connection.recv(65_536)
        connection.sendall(b"x")
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"HTTP/1.1 403 " in answer
