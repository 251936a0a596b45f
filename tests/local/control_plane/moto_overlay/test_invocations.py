"""Invocations on their way to the data plane, for which an HTTP server stands in."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from selador_local.control_plane.moto_overlay.invocations import PATH, DataPlaneInvocations

ARN = "arn:aws:lambda:us-east-1:123456789012:function:main:live"


class FakeDataPlane(BaseHTTPRequestHandler):
    """Answers as a function that failed, and says what it was asked."""

    def do_POST(self) -> None:
        names = ("Authorization", "X-Amz-Invocation-Type", "X-Function-Arn")
        asked = "|".join([self.path, *(self.headers[name] for name in names)]).encode()
        body = asked + b"|" + self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("X-Amz-Function-Error", "Unhandled")
        self.send_header("X-Own", "not for the caller")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), FakeDataPlane) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_data_planes_answer_is_the_callers(port: int) -> None:
    status, headers, body = DataPlaneInvocations(port, "the secret").invoke(ARN, "RequestResponse", b'{"a": 1}')

    assert (status, headers) == (200, {"X-Amz-Function-Error": "Unhandled", "status": 200})
    assert body.decode() == f'{PATH}|Bearer the secret|RequestResponse|{ARN}|{{"a": 1}}'
