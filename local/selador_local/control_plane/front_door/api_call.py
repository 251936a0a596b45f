"""The operation that a request asks for, and its input, read by the service's own model."""

import gzip
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import MethodNotAllowed, NotFound

from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol, unsupported
from selador_local.control_plane.front_door.signature import HttpRequest

# What the project's Terraform and the data plane use, by the service name in the signature. Everything else is refused
# at once: an answer that merely looks right would hide a gap. `execute-api` and `bedrock` are the data plane's: moto
# answers every post to a connection with 200 and delivers nothing (CB-19).
SERVICES = frozenset({"apigateway", "iam", "kms", "lambda", "logs", "monitoring", "s3", "sns", "sqs", "sts"})
_REST = {"lambda": Protocol.REST_JSON, "apigateway": Protocol.REST_JSON, "s3": Protocol.REST_XML}


@dataclass(frozen=True)
class ApiCall:
    """An operation with its input, whose members have the model's names whatever the protocol.

    `service` is the name in the signature, `model` the one of botocore's model.
    """

    service: str
    model: str
    operation: str
    parameters: Mapping[str, Any]
    method: str
    path: str = ""


def protocol_of(request: HttpRequest, service: str) -> Protocol:
    """Return the protocol of this client. It is known before the operation, so that the client can read any refusal."""
    if "x-amz-target" in request.headers:
        return Protocol.JSON
    return _REST.get(service, Protocol.QUERY)


def parse(request: HttpRequest, service: str, environ: dict[str, Any]) -> ApiCall:
    """Read the call. Raises CallRefusedError for a service or an operation that this server doesn't have."""
    if service not in SERVICES:
        raise unsupported(f"the service {service}; it serves {', '.join(sorted(SERVICES))}")
    protocol = protocol_of(request, service)
    model = _model(service, urlsplit(request.url).path)
    body = _uncompressed(request, protocol)
    # A request of its own: what is read from moto's would be missing there.
    wsgi_request = Request({**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    try:
        operation, path_parameters = get_service_router(model).match(wsgi_request)
    except (NotFound, MethodNotAllowed, NotImplementedError):
        raise unsupported(f"{_wish(request, protocol, wsgi_request)} of {model}") from None
    if protocol is Protocol.JSON or (protocol is Protocol.REST_JSON and _has_json_body(operation)):
        _require_json_object(body)
    parser = PROTOCOL_PARSERS[protocol.value](operation, timestamp_parser=str)
    try:
        parameters = parser.parse(
            {
                "method": request.method,
                "values": wsgi_request.values,
                "headers": wsgi_request.headers,
                "body": wsgi_request.data,
                "url_path": wsgi_request.path,
                "url_params": path_parameters,
            }
        )
    except (AttributeError, RequestParserError, TypeError, ValueError) as error:
        raise _unreadable(str(error)) from None
    return ApiCall(service, model, operation.name, parameters, request.method, urlsplit(request.url).path)


def _model(service: str, path: str) -> str:
    match service:
        case "apigateway":
            return "apigatewayv2" if path.startswith("/v2/") else "apigateway"
        case "monitoring":
            return "cloudwatch"
    return service


def _uncompressed(request: HttpRequest, protocol: Protocol) -> bytes:
    """Return the body. AWS's SDKs compress metric data above 10 KB; what S3 is given is compressed for its reader."""
    if protocol not in {Protocol.JSON, Protocol.QUERY} or request.headers.get("content-encoding") != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(f"the body can't be decompressed: {error}") from None


def _wish(request: HttpRequest, protocol: Protocol, wsgi_request: Request) -> str:
    """Return what the client asked for, in its own words."""
    match protocol:
        case Protocol.JSON:
            return request.headers["x-amz-target"]
        case Protocol.QUERY:
            return f"the action {wsgi_request.values.get('Action', '')!r}"
    return f"{request.method} {urlsplit(request.url).path}"


def _has_json_body(operation: Any) -> bool:
    return operation.input_shape is not None and "payload" not in operation.input_shape.serialization


def _require_json_object(body: bytes) -> None:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _unreadable("the body is not a JSON object")


def _unreadable(why: str) -> CallRefusedError:
    return CallRefusedError(
        "SerializationException",
        why,
        status=400,
        codes={Protocol.QUERY: "MalformedInput", Protocol.REST_XML: "MalformedXML"},
    )
