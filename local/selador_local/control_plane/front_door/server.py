"""The HTTP server: it authenticates and authorizes each request, and only then gives it to moto."""

import io
import logging
import socket
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wsgi import get_input_stream

from selador_local.control_plane.front_door import api_call, signature, validation
from selador_local.control_plane.front_door.actions_and_resources import AccountRegion
from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.front_door.changes import Changes
from selador_local.control_plane.front_door.iam import Iam
from selador_local.control_plane.front_door.internal_api import PREFIX, InternalApi
from selador_local.control_plane.front_door.permissions import permissions_of
from selador_local.control_plane.front_door.present_state import PresentState
from selador_local.control_plane.front_door.refusals import (
    CallRefusedError,
    HttpResponse,
    Protocol,
    refuse,
    unsupported,
)
from selador_local.control_plane.front_door.signature import HttpRequest
from selador_local.control_plane.service_rules import table

HOST = "127.0.0.1"
_logger = logging.getLogger(__name__)

type StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class FrontDoor:
    """The WSGI application in front of moto."""

    def __init__(self, iam: Iam, internal_api: InternalApi, changes: Changes, account_id: str, region: str) -> None:
        self._iam = iam
        self._changes = changes
        self._state = PresentState(iam, account_id, region)
        self._internal_api = internal_api
        self._place = AccountRegion(region, account_id)
        self._moto = DomainDispatcherApplication(_create_service)
        # It lists moto's folder on the disk each time, while all other requests wait: a quarter of a call's time.
        self._moto.get_backend_for_host = lru_cache(self._moto.get_backend_for_host)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. No failure becomes a 5xx, which clients would retry in silence."""
        request = _read(environ)
        protocol = Protocol.REST_JSON
        try:
            if urlsplit(request.url).path.startswith(PREFIX):
                return _send(self._internal_api.answer(request), start_response)
            signed = signature.parse(request)
            protocol = api_call.protocol_of(request, signed.service)
            call = self._admit(request, signed, environ)
            answer: Iterable[bytes] = self._moto(environ, start_response)
            self._changes.note(call)
        except CallRefusedError as refused:
            refusal = refused
        except NotImplementedError as error:
            refusal = unsupported(str(error))
        except Exception as error:
            _logger.error("moto failed: %s", traceback.format_exc())
            refusal = CallRefusedError("LocalControlPlaneFailure", f"moto failed with {error!r}", status=400)
        else:
            return answer
        _logger.warning("%s %s: %s", request.method, urlsplit(request.url).path, refusal.message)
        return _send(refuse(refusal, protocol), start_response)

    def _admit(self, request: HttpRequest, signed: signature.Signature, environ: dict[str, Any]) -> ApiCall:
        caller = self._iam.find(signed.access_key_id, request.headers.get("x-amz-security-token"))
        signature.verify(request, signed, caller.credentials, datetime.now(UTC))
        call = api_call.parse(request, signed.service, environ)
        for permission in permissions_of(call, self._place, self._state):
            self._iam.authorize(caller, permission, secure=_is_secure(request))
        table.check(call, self._state)  # first: its words are the service's own, where the model has only a number
        validation.check(call)
        return call


def listen(port: int) -> socket.socket:
    """Return a listening socket on 127.0.0.1; port 0 takes any free one. Raises OSError if the port is taken."""
    return socket.create_server((HOST, port))


def make(listener: socket.socket, application: FrontDoor, *, verbose: bool) -> BaseWSGIServer:
    """Return a server for a listening socket; `verbose` logs each request on stderr."""
    host, port = listener.getsockname()
    handler = _RequestHandler if verbose else _QuietRequestHandler
    return make_server(host, port, application, threaded=True, request_handler=handler, fd=listener.fileno())


class _RequestHandler(MotoRequestHandler):  # type: ignore[misc] # moto is untyped
    # An answer is one piece if it fits. On a busy machine, Terraform's provider ends a connection now and then that has
    # brought it an answer's head alone; it then asks again for what has been done, and gets a 404 or 409.
    wbufsize = 2**16
    disable_nagle_algorithm = True  # the pieces of a longer one don't wait for each other

    def handle_expect_100(self) -> bool:
        goes_on: bool = super().handle_expect_100()
        self.wfile.flush()
        return goes_on


class _QuietRequestHandler(_RequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _create_service(service: str) -> Any:
    """Return moto's Flask application for one service, in debug mode: its failures come through as exceptions."""
    application = create_backend_app(service)
    for error in (NotFound, MethodNotAllowed):
        application.register_error_handler(error, _no_such_path)
    return application


def _no_such_path(_error: Exception) -> Any:
    # A 404 page would tell Terraform that a resource is gone.
    raise NotImplementedError("this path")


def _read(environ: dict[str, Any]) -> HttpRequest:
    body = get_input_stream(environ).read()
    environ["wsgi.input"] = io.BytesIO(body)  # for moto to read again
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    headers = {
        names.get(name) or name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name in names or name.startswith("HTTP_")
    }
    target = environ["RAW_URI"]
    url = target if target.startswith("http://") else f"http://{headers.get('host', HOST)}{target}"
    return HttpRequest(environ["REQUEST_METHOD"], url, headers, body)


def _is_secure(request: HttpRequest) -> bool:
    """Return whether the client used TLS, as what ends TLS in front of a server says; by itself it never does here."""
    return request.headers.get("x-forwarded-proto", "https") == "https"


def _send(response: HttpResponse, start_response: StartResponse) -> list[bytes]:
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    return [response.body]
