"""Signature Version 4, as botocore makes it and the server reads it."""

from dataclasses import replace

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.front_door.signature import HttpRequest, parse, verify

KEYS = Credentials("AKIAEXAMPLE", "secret")


def signed(service: str, url: str, body: bytes = b"{}", method: str = "POST") -> HttpRequest:
    request = AWSRequest(method=method, url=url, data=body, headers={"Host": "127.0.0.1:4566"})
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    kind(KEYS, service, "us-east-1").add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return HttpRequest(method, url, headers, body)


@pytest.mark.parametrize("service", ["sqs", "s3", "lambda"])
@pytest.mark.parametrize(
    "path", ["/", "/a%20b/c%3Ad", "/v2/tags/arn%3Aaws%3Aapigateway", "/b?list-type=2&prefix=env%3A%2F"]
)
def test_a_request_that_nobody_touched_passes(service: str, path: str) -> None:
    request = signed(service, f"http://127.0.0.1:4566{path}")

    verify(request, parse(request), KEYS)


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"[]"},
        {"method": "PUT"},
        {"url": "http://127.0.0.1:4566/other"},
        {"url": "http://127.0.0.1:4566/?a=b"},
    ],
    ids=["body", "method", "path", "query"],
)
@pytest.mark.parametrize("service", ["sqs", "s3"])
def test_a_changed_request_is_refused(service: str, change: dict[str, str]) -> None:
    request = replace(signed(service, "http://127.0.0.1:4566/"), **change)  # type: ignore[arg-type] # one field each

    with pytest.raises(CallRefusedError):
        verify(request, parse(request), KEYS)


def test_another_secret_is_refused() -> None:
    request = signed("sqs", "http://127.0.0.1:4566/")

    with pytest.raises(CallRefusedError, match="secret access key"):
        verify(request, parse(request), Credentials("AKIAEXAMPLE", "another"))


@pytest.mark.parametrize("authorization", ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=a/b/c"])
def test_what_is_no_signature_is_refused(authorization: str) -> None:
    request = HttpRequest("GET", "http://127.0.0.1/", {"authorization": authorization}, b"")

    with pytest.raises(CallRefusedError, match="not signed"):
        parse(request)


def test_the_claims_are_read() -> None:
    claims = parse(signed("sqs", "http://127.0.0.1:4566/"))

    assert (claims.access_key_id, claims.region, claims.service) == ("AKIAEXAMPLE", "us-east-1", "sqs")
    assert "host" in claims.signed_headers
