"""Refusals, in the form that each of AWS's protocols gives them."""

import json
from dataclasses import dataclass, field
from enum import Enum
from xml.sax.saxutils import escape

from selador_local.errors import SeladorLocalError


class Protocol(Enum):
    """How a client writes its requests, and how it reads an error."""

    JSON = "json"  # X-Amz-Target: SQS, Logs, CloudWatch from boto3
    QUERY = "query"  # Action=…: IAM, STS, SNS, CloudWatch from Terraform
    REST_JSON = "rest-json"  # Lambda, API Gateway
    REST_XML = "rest-xml"  # S3


class CallRefusedError(SeladorLocalError):
    """A call is refused with a 4xx. It is never a 5xx, which clients retry for minutes in silence.

    `codes` gives the error's code for protocols in which it differs.
    """

    def __init__(self, code: str, message: str, *, status: int = 403, codes: dict[Protocol, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.codes = codes or {}


@dataclass(frozen=True)
class HttpResponse:
    """A complete HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refuse(refusal: CallRefusedError, protocol: Protocol) -> HttpResponse:
    """Return the refusal as an error of this protocol."""
    code = refusal.codes.get(protocol, refusal.code)
    if protocol in (Protocol.JSON, Protocol.REST_JSON):
        body = json.dumps({"__type": code, "message": refusal.message})
        return HttpResponse(
            refusal.status, body.encode(), {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        )
    error = f"<Code>{escape(code)}</Code><Message>{escape(refusal.message)}</Message>"
    if protocol is Protocol.QUERY:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
    else:
        body = f"<Error>{error}</Error>"
    return HttpResponse(refusal.status, body.encode(), {"Content-Type": "application/xml"})


def unsupported(what: str) -> CallRefusedError:
    """Return the refusal of something that neither moto nor the overlay does."""
    return CallRefusedError("UnsupportedOperation", f"the local control plane does not support {what}", status=400)
