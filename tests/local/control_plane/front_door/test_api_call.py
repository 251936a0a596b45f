"""Which operation a request asks for, in each of AWS's protocols."""

from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from selador_local.control_plane.front_door.api_call import ApiCall, parse, protocol_of
from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol
from selador_local.control_plane.front_door.signature import HttpRequest

ENDPOINT = "http://127.0.0.1:1"


def request(method: str = "POST", path: str = "/", body: bytes = b"", **headers: str) -> HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method, f"{ENDPOINT}{path}", named, body)


def parsed(call: HttpRequest, service: str) -> ApiCall:
    environ: dict[str, Any] = EnvironBuilder(
        path=call.url.removeprefix("http://127.0.0.1:1"), method=call.method
    ).get_environ()
    return parse(call, service, environ)


def test_json_names_the_operation_in_a_header() -> None:
    call = request(body=b'{"QueueName": "q"}', x_amz_target="AmazonSQS.CreateQueue")

    assert protocol_of(call, "sqs") is Protocol.JSON
    assert parsed(call, "sqs") == ApiCall("sqs", "CreateQueue", {"QueueName": "q"}, "POST", "/")


def test_query_names_the_operation_in_the_form() -> None:
    call = request(body=b"Action=CreateRole&RoleName=main&Path=%2Fselador%2F")

    assert protocol_of(call, "iam") is Protocol.QUERY
    found = parsed(call, "iam")
    assert (found.operation, found.parameters["RoleName"], found.parameters["Path"]) == (
        "CreateRole",
        "main",
        "/selador/",
    )


@pytest.mark.parametrize(
    ("method", "path", "service", "operation", "parameters"),
    [
        ("GET", "/2015-03-31/functions/main%3Alive", "lambda", "GetFunction", {"FunctionName": "main:live"}),
        ("GET", "/v2/apis/a1/stages/local", "apigateway", "GetStage", {"apiId": "a1", "stageName": "local"}),
        ("PUT", "/bucket/some/key", "s3", "PutObject", {"Bucket": "bucket", "Key": "some/key"}),
    ],
)
def test_rest_names_the_operation_by_method_and_path(
    method: str, path: str, service: str, operation: str, parameters: dict[str, str]
) -> None:
    found = parsed(request(method, path), service)

    assert found.operation == operation
    assert parameters.items() <= found.parameters.items()


@pytest.mark.parametrize(
    ("call", "service", "message"),
    [
        (
            request(),
            "dynamodb",
            "the local control plane does not support the service dynamodb; it serves apigateway, ",
        ),
        (request("GET", "/nowhere"), "lambda", "the local control plane does not support GET /nowhere of lambda"),
        (request(body=b"[]", x_amz_target="AmazonSQS.CreateQueue"), "sqs", "the body is not a JSON object"),
        (request(body=b"{", x_amz_target="AmazonSQS.CreateQueue"), "sqs", "the body is not a JSON object"),
    ],
    ids=["another service", "no such path", "a list", "no JSON"],
)
def test_what_this_server_does_not_have_is_refused_by_name(call: HttpRequest, service: str, message: str) -> None:
    with pytest.raises(CallRefusedError, match=message) as refused:
        parsed(call, service)

    assert refused.value.status == 400
