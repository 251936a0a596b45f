"""Connections over TLS 1.3, as AWS's are: opened ahead, kept, and interrupted."""

import socket
import threading
from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from selador_main.cancellation import Cancellation, Reason
from selador_main.sockets import interrupted_by
from selador_main.transport import Transport

from .conftest import SecureServer


def post(transport: Transport, url: str) -> bytes:
    return transport.send("POST", url, {}, b"!", read_seconds=5).read()


def test_a_connection_opened_ahead_serves_every_later_request(server: SecureServer, certificate: Path) -> None:
    transport = Transport(str(certificate))

    transport.connect(server.url)
    opened = server.opened.acquire(timeout=5)
    threading.Event().wait(0.1)  # the session tickets come
    answers = [post(transport, f"{server.url}/x") for _ in range(3)]

    assert opened
    assert answers == [b"hi"] * 3
    assert len(server.connections) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(server: SecureServer, certificate: Path) -> None:
    transport = Transport(str(certificate))
    transport.connect(server.url)
    assert server.opened.acquire(timeout=5)

    server.connections[0].shutdown(socket.SHUT_RDWR)
    threading.Event().wait(0.1)

    assert post(transport, f"{server.url}/x") == b"hi"
    assert len(server.connections) == 2


def test_a_cancellation_ends_the_wait_for_an_answers_head(server: SecureServer, certificate: Path) -> None:
    cancellation = Cancellation()

    def cancel() -> None:
        server.asked.wait(5)
        cancellation.cancel(Reason.CLIENT_GONE)

    threading.Thread(target=cancel).start()

    with pytest.raises(HTTPError), interrupted_by(cancellation):
        Transport(str(certificate)).send("POST", f"{server.url}/silence", {}, b"!", read_seconds=600)


def test_a_server_that_nobody_vouches_for_is_refused(server: SecureServer) -> None:
    with pytest.raises(HTTPError):
        post(Transport(), f"{server.url}/x")


def test_the_bundle_is_read_once(server: SecureServer, certificate: Path, tmp_path: Path) -> None:
    """It has 140 certificates, and a new connection is opened after each second of idle time."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(certificate.read_bytes())
    transport = Transport(str(bundle))
    post(transport, f"{server.url}/x")
    bundle.unlink()

    server.connections[0].shutdown(socket.SHUT_RDWR)
    threading.Event().wait(0.1)

    assert post(transport, f"{server.url}/x") == b"hi"
    assert len(server.connections) == 2


def test_a_bundle_that_is_not_there_is_told_as_any_failure_of_tls(server: SecureServer, tmp_path: Path) -> None:
    with pytest.raises(HTTPError):
        post(Transport(str(tmp_path / "bundle.pem")), f"{server.url}/x")
