"""The operation and the AWS service that a request asks for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

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
    """An operation and its parameters: those of the path for REST services, else those of the body."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    method: str
    path: str


def protocol_of(request: HttpRequest, service: str) -> Protocol:
    """Return the protocol of this client. It is known before the operation, so that the client can read any refusal."""
    if "x-amz-target" in request.headers:
        return Protocol.JSON
    return _REST.get(service, Protocol.QUERY)


def parse(request: HttpRequest, service: str, environ: dict[str, Any]) -> ApiCall:
    """Read the call. Raises CallRefusedError for a service or an operation that this server doesn't have."""
    if service not in SERVICES:
        raise unsupported(f"the service {service}; it serves {', '.join(sorted(SERVICES))}")
    path = urlsplit(request.url).path
    protocol = protocol_of(request, service)
    if protocol is Protocol.JSON:
        operation = request.headers["x-amz-target"].rpartition(".")[2]
        parameters = _json_object(request.body)
    elif protocol is Protocol.QUERY:
        form = parse_qs(request.body.decode(errors="replace"))
        parameters = {name: values[0] for name, values in form.items()}
        operation = parameters.get("Action", "")
    else:
        operation, parameters = _route(service, path, environ)
    return ApiCall(service, operation, parameters, request.method, path)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(body or b"{}")
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise CallRefusedError("SerializationException", "the body is not a JSON object", status=400)
    return parameters


def _route(service: str, path: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    model = service if service != "apigateway" else "apigatewayv2" if path.startswith("/v2/") else "apigateway"
    try:
        operation, parameters = get_service_router(model).match(Request(environ))
    except (NotFound, MethodNotAllowed, NotImplementedError):
        raise unsupported(f"{environ['REQUEST_METHOD']} {path} of {model}") from None
    return operation.name, {name: unquote(value) for name, value in parameters.items()}
