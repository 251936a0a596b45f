"""Connections over TLS 1.3, as AWS's are: opened ahead, kept, and interrupted."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.exceptions import HTTPError

from selador_main.cancellation import Cancellation, Reason
from selador_main.transport import Transport, interrupted_by


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class SecureServer:
    """Answers requests of one byte; `/silence` never."""

    def __init__(self, certificate: Path) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self.opened = threading.Semaphore(0)
        self.connections: list[ssl.SSLSocket] = []
        self.asked = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        try:
            connection = self._context.wrap_socket(accepted, server_side=True)
            self.connections.append(connection)
            self.opened.release()
            received = b""
            while data := connection.recv(65_536):
                received += data
                self.asked.set()
                if received.endswith(b"\r\n\r\n!") and b"/silence" not in received:
                    received = b""
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        except (OSError, ValueError):
            accepted.close()


@pytest.fixture
def server(certificate: Path) -> Iterator[SecureServer]:
    server = SecureServer(certificate)
    yield server
    server.close()


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
