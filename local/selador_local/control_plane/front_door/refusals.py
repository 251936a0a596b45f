"""Refusals, in the form that each of AWS's protocols gives them."""

import json
from dataclasses import dataclass, field
from enum import Enum
from xml.sax.saxutils import escape

from selador_local.errors import SeladorLocalError


class Protocol(Enum):
    """How a client speaks, and therefore how it reads an error."""

    JSON = "json"  # X-Amz-Target: SQS, Logs, CloudWatch from boto3
    QUERY = "query"  # Action=…: IAM, STS, SNS, CloudWatch from Terraform
    REST_JSON = "rest-json"  # Lambda, API Gateway
    REST_XML = "rest-xml"  # S3


class CallRefusedError(SeladorLocalError):
    """A request that ends here with a 4xx: never a 5xx, which clients retry for minutes without a word.

    `codes` gives the error's code where it differs by protocol.
    """

    def __init__(self, code: str, message: str, *, status: int = 403, codes: dict[Protocol, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.codes = codes or {}


@dataclass(frozen=True)
class HttpResponse:
    """A complete HTTP answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refuse(refusal: CallRefusedError, protocol: Protocol) -> HttpResponse:
    """The refusal as an error of this protocol."""
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
    """For what neither moto nor this overlay does."""
    return CallRefusedError("UnsupportedOperation", f"the local control plane does not do {what}", status=400)
