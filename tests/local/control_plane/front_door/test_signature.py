"""Signature Version 4, as botocore makes it and the server reads it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol
from selador_local.control_plane.front_door.signature import HttpRequest, parse, parse_anywhere, verify

KEYS = Credentials("AKIAEXAMPLE", "secret")


def signed(service: str, url: str, body: bytes = b"{}", method: str = "POST") -> HttpRequest:
    """A request that is signed now."""
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

    verify(request, parse(request), KEYS, datetime.now(UTC))


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
        verify(request, parse(request), KEYS, datetime.now(UTC))


def test_another_secret_is_refused() -> None:
    request = signed("sqs", "http://127.0.0.1:4566/")

    with pytest.raises(CallRefusedError, match="secret access key"):
        verify(request, parse(request), Credentials("AKIAEXAMPLE", "another"), datetime.now(UTC))


@pytest.mark.parametrize("authorization", ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=a/b/c"])
def test_what_is_no_signature_is_refused(authorization: str) -> None:
    request = HttpRequest("GET", "http://127.0.0.1/", {"authorization": authorization}, b"")

    with pytest.raises(CallRefusedError, match="not signed"):
        parse(request)


def test_the_claims_are_read() -> None:
    claims = parse(signed("sqs", "http://127.0.0.1:4566/"))

    assert (claims.access_key_id, claims.region, claims.service) == ("AKIAEXAMPLE", "us-east-1", "sqs")
    assert "host" in claims.signed_headers


@pytest.mark.parametrize(
    ("service", "minutes", "code", "words"),
    [
        ("sqs", 6, "InvalidSignatureException", "Signature expired: "),
        ("sqs", -6, "InvalidSignatureException", "Signature not yet current: "),
        ("s3", 16, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large"),
        (
            "s3",
            -16,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large",
        ),
    ],
)
def test_a_signature_of_another_time_is_refused_as_aws_refuses_it(
    service: str, minutes: int, code: str, words: str
) -> None:
    request = signed(service, "http://127.0.0.1:4566/")
    later = datetime.now(UTC) + timedelta(minutes=minutes)

    with pytest.raises(CallRefusedError, match=words) as refused:
        verify(request, parse(request), KEYS, later)

    assert refused.value.status == 403
    assert refused.value.codes.get(Protocol.JSON, refused.value.code) == code


@pytest.mark.parametrize(("service", "minutes"), [("sqs", 4), ("sqs", -4), ("s3", 14), ("s3", -14)])
def test_a_clock_may_be_a_little_wrong(service: str, minutes: int) -> None:
    request = signed(service, "http://127.0.0.1:4566/")

    verify(request, parse(request), KEYS, datetime.now(UTC) + timedelta(minutes=minutes))


def test_a_presigned_request_is_good_for_as_long_as_it_says() -> None:
    request = AWSRequest("GET", "http://127.0.0.1:4566/abc/dev", headers={"Host": "127.0.0.1:4566"})
    SigV4QueryAuth(KEYS, "execute-api", "us-east-1", expires=3_600).add_auth(request)
    unsigned, claims = parse_anywhere(HttpRequest("GET", str(request.url), {"host": "127.0.0.1:4566"}, b""))
    signed_at = datetime.now(UTC)

    verify(unsigned, claims, KEYS, signed_at + timedelta(minutes=59))

    with pytest.raises(CallRefusedError, match=r"Signature expired: .* - 60 min\.\)$"):
        verify(unsigned, claims, KEYS, signed_at + timedelta(minutes=61))


def test_a_request_without_its_time_is_refused() -> None:
    request = signed("sqs", "http://127.0.0.1:4566/")
    without = replace(request, headers={**request.headers, "x-amz-date": ""})

    with pytest.raises(CallRefusedError, match="the header X-Amz-Date is ''"):
        verify(without, parse(without), KEYS, datetime.now(UTC))
