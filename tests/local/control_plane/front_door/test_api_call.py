"""Which operation a request asks for, in each of AWS's protocols."""

import gzip
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from selador_local.control_plane.front_door.api_call import ApiCall, parse, protocol_of
from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol
from selador_local.control_plane.front_door.signature import HttpRequest

ENDPOINT = "http://127.0.0.1:1"
JSON, FORM = "application/x-amz-json-1.0", "application/x-www-form-urlencoded"


def request(method: str = "POST", path: str = "/", body: bytes = b"", **headers: str) -> HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method, f"{ENDPOINT}{path}", named, body)


def parsed(call: HttpRequest, service: str) -> ApiCall:
    target = call.url.removeprefix(ENDPOINT)
    builder = EnvironBuilder(path=target, method=call.method, headers=dict(call.headers), data=call.body)
    environ: dict[str, Any] = {**builder.get_environ(), "RAW_URI": target}
    return parse(call, service, environ)


def test_json_names_the_operation_in_a_header() -> None:
    call = request(body=b'{"QueueName": "q"}', x_amz_target="AmazonSQS.CreateQueue", content_type=JSON)

    assert protocol_of(call, "sqs") is Protocol.JSON
    assert parsed(call, "sqs") == ApiCall("sqs", "sqs", "CreateQueue", {"QueueName": "q"}, "POST", "/")


def test_query_names_the_operation_in_the_form() -> None:
    body = b"Action=CreateRole&RoleName=main&Path=%2Fselador%2F&MaxSessionDuration=3600&Tags.member.1.Key=a"
    call = request(body=body, content_type=FORM)

    found = parsed(call, "iam")

    assert protocol_of(call, "iam") is Protocol.QUERY
    assert found.operation == "CreateRole"
    assert found.parameters == {
        "RoleName": "main",
        "Path": "/selador/",
        "MaxSessionDuration": 3600,
        "Tags": [{"Key": "a"}],
    }


@pytest.mark.parametrize(
    ("method", "path", "service", "operation", "parameters"),
    [
        ("GET", "/2015-03-31/functions/main%3Alive", "lambda", "GetFunction", {"FunctionName": "main:live"}),
        ("GET", "/v2/apis/a1/stages/local", "apigateway", "GetStage", {"ApiId": "a1", "StageName": "local"}),
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
        (
            request(x_amz_target="AmazonSQS.Fold", content_type=JSON),
            "sqs",
            "the local control plane does not support AmazonSQS.Fold of sqs",
        ),
        (
            request(body=b"Action=Fold", content_type=FORM),
            "iam",
            "the local control plane does not support the action 'Fold' of iam",
        ),
        (
            request(body=b"[]", x_amz_target="AmazonSQS.CreateQueue", content_type=JSON),
            "sqs",
            "the body is not a JSON object",
        ),
        (
            request(body=b"{", x_amz_target="AmazonSQS.CreateQueue", content_type=JSON),
            "sqs",
            "the body is not a JSON object",
        ),
        (request("POST", "/2015-03-31/functions", body=b"["), "lambda", "the body is not a JSON object"),
        (
            request(body=b"Action=CreateRole&MaxSessionDuration=long", content_type=FORM),
            "iam",
            "invalid literal for int",
        ),
    ],
    ids=[
        "another service",
        "no such path",
        "no such target",
        "no such action",
        "a list",
        "no JSON",
        "no JSON at a path",
        "no number",
    ],
)
def test_what_this_server_does_not_have_is_refused_by_name(call: HttpRequest, service: str, message: str) -> None:
    with pytest.raises(CallRefusedError, match=message) as refused:
        parsed(call, service)

    assert refused.value.status == 400


def test_metric_data_may_be_compressed() -> None:
    body = gzip.compress(b'{"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5}]}')
    target = "GraniteServiceVersion20100801.PutMetricData"
    call = request(body=body, x_amz_target=target, content_type=JSON, content_encoding="gzip")

    found = parsed(call, "monitoring")

    assert (found.operation, found.parameters["MetricData"]) == ("PutMetricData", [{"MetricName": "m", "Value": 1.5}])
    with pytest.raises(CallRefusedError, match="the body can't be decompressed"):
        parsed(request(body=b"x", x_amz_target=target, content_type=JSON, content_encoding="gzip"), "monitoring")


def test_reading_a_call_leaves_moto_the_whole_request() -> None:
    call = request("POST", "/2015-03-31/functions", body=b'{"FunctionName": "main"}')
    environ = EnvironBuilder(path="/2015-03-31/functions", method="POST", data=call.body).get_environ()

    found = parse(call, "lambda", environ)

    assert found.parameters == {"FunctionName": "main"}
    assert environ["wsgi.input"].read() == call.body
