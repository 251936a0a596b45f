"""Signature Version 4, seen from the server: who signed a request, and is the signature right?

The control plane itself accepts no presigned URLs; the data plane asks about those of WebSocket clients. Signatures
have the machine's time, whatever the stack's clock shows.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_AGE = timedelta(minutes=5)  # most that a signature's time may differ from the server's (AUTH-18)
_AGE_FOR_S3 = timedelta(minutes=15)
_TIME = "%Y%m%dT%H%M%SZ"
_MISMATCH = {Protocol.JSON: "InvalidSignatureException", Protocol.REST_JSON: "InvalidSignatureException"}
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class HttpRequest:
    """A request as it was sent. `url` is absolute, its path percent-encoded; header names are lower-case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Signature:
    """The parts of an Authorization header or of a presigned query, whose `valid_for` is its own."""

    access_key_id: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    valid_for: timedelta | None = None


def parse(request: HttpRequest) -> Signature:
    """Return the request's signature. Raises CallRefusedError if it has none, or one that can't be read."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise CallRefusedError("MissingAuthenticationToken", "the request is not signed with Signature Version 4")
    return Signature(
        access_key_id=found["key"],
        region=found["region"],
        service=found["service"],
        signed_headers=tuple(found["headers"].split(";")),
        value=found["signature"],
    )


def parse_anywhere(request: HttpRequest) -> tuple[HttpRequest, Signature]:
    """Return the request as it was before it was signed, and the signature in its header or query.

    Raises CallRefusedError if it has neither.
    """
    if "authorization" in request.headers:
        return request, parse(request)
    parts = urlsplit(request.url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = dict(pairs)
    try:
        key, _, region, service, _ = query["X-Amz-Credential"].split("/")
        signature = Signature(
            access_key_id=key,
            region=region,
            service=service,
            signed_headers=tuple(query["X-Amz-SignedHeaders"].split(";")),
            value=query["X-Amz-Signature"],
            valid_for=timedelta(seconds=int(query["X-Amz-Expires"])),
        )
        date = query["X-Amz-Date"]
    except (KeyError, ValueError):
        raise CallRefusedError(
            "MissingAuthenticationToken", "the request is not signed with Signature Version 4"
        ) from None
    kept = "&".join(part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature="))
    headers = {**request.headers, "x-amz-date": date}
    if "X-Amz-Security-Token" in query:
        headers["x-amz-security-token"] = query["X-Amz-Security-Token"]
    return HttpRequest(request.method, parts._replace(query=kept).geturl(), headers, request.body), signature


def require_scope(signature: Signature, *, service: str, region: str) -> None:
    """Raise CallRefusedError if the signature is for another service or region (AUTH-17)."""
    faults = []
    if signature.region != region:
        faults.append(f"Credential should be scoped to a valid region, not '{signature.region}'.")
    if signature.service != service:
        faults.append(f"Credential should be scoped to correct service: '{service}'.")
    if faults:
        raise CallRefusedError("SignatureDoesNotMatch", " ".join(faults), codes=_MISMATCH)


def verify(request: HttpRequest, signature: Signature, credentials: Credentials, now: datetime) -> None:
    """Raise CallRefusedError unless these credentials made this signature over this request, and did so just now."""
    _check_age(request.headers.get("x-amz-date", ""), signature, now)
    headers = {name: value for name, value in request.headers.items() if name in signature.signed_headers}
    signed = AWSRequest(method=request.method, url=request.url, headers=headers, data=request.body)
    signed.context["timestamp"] = request.headers.get("x-amz-date", "")
    kind = S3SigV4Auth if signature.service == "s3" else SigV4Auth  # S3 signs the path as it is
    auth = kind(credentials, signature.service, signature.region)
    expected = auth.signature(auth.string_to_sign(signed, auth.canonical_request(signed)), signed)
    if not hmac.compare_digest(expected, signature.value):
        raise CallRefusedError(
            "SignatureDoesNotMatch",
            "the signature does not match the request; check the secret access key",
            codes=_MISMATCH,
        )
    claimed = headers.get("x-amz-content-sha256", "")
    if _SHA256.fullmatch(claimed) and claimed != hashlib.sha256(request.body).hexdigest():
        raise CallRefusedError("XAmzContentSHA256Mismatch", "the body is not the signed one", status=400)


def _check_age(stamp: str, signature: Signature, now: datetime) -> None:
    """Raise CallRefusedError for a signature of another time, in AWS's words (AUTH-18)."""
    try:
        signed_at = datetime.strptime(stamp, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise CallRefusedError(
            "IncompleteSignature", f"the header X-Amz-Date is {stamp!r}; it must be a time such as 20260102T030405Z"
        ) from None
    if signature.service == "s3":
        if abs(now - signed_at) > _AGE_FOR_S3:
            message = "The difference between the request time and the current time is too large."
            raise CallRefusedError("RequestTimeTooSkewed", message)
        return
    valid_for = signature.valid_for or _AGE
    oldest, newest = now - valid_for, now + _AGE
    if signed_at < oldest:
        minutes = f"{valid_for.total_seconds() / 60:g} min."
        message = f"Signature expired: {stamp} is now earlier than {oldest:{_TIME}} ({now:{_TIME}} - {minutes})"
        raise CallRefusedError("SignatureDoesNotMatch", message, codes=_MISMATCH)
    if signed_at > newest:
        message = f"Signature not yet current: {stamp} is still later than {newest:{_TIME}} ({now:{_TIME}} + 5 min.)"
        raise CallRefusedError("SignatureDoesNotMatch", message, codes=_MISMATCH)
