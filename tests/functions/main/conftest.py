"""What tests of the main function share: records as the mapping hands them over, a scripted `@connections`, TLS."""

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from selador_local.bedrock.library import read_library
from selador_local.bedrock.server import BedrockStandIn
from selador_main import post_channel, transport
from selador_main.delivery import Delivery, Receive
from selador_main.waiting import RealWaiting
from selador_shared import idle_connections
from selador_shared.envelope import Envelope
from selador_shared.protocol import Query

from ...conftest import STUCK_SECONDS, event_loop
from ..listener import Listener

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"
RECEIVED_AT_MS = 1_707_502_309_017


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no connection be too old, and none take too long to be opened, because the machine is busy."""
    for module in (idle_connections, post_channel):
        monkeypatch.setattr(module, "IDLE_SECONDS", STUCK_SECONDS)
    monkeypatch.setattr(transport, "CONNECT_SECONDS", STUCK_SECONDS)


@pytest.fixture
def envelope() -> Envelope:
    return Envelope(
        request_id="r-1",
        connection_id="S3Y7fd1cDoECJKQ=",
        received_at=RECEIVED_AT_MS,
        request=Query.model_validate({"action": "invoke", "text": "Which flats allow pets?"}),
    )


@pytest.fixture
def delivery(envelope: Envelope) -> Callable[[int], Delivery]:
    """Make the delivery of that envelope which is receive number `receive_count`."""
    return lambda receive_count: Delivery(envelope, Receive(receive_count, sent_at=RECEIVED_AT_MS + 100))


class Moved(RealWaiting):
    """Real threads and waits; a clock and a time of day that the test moves on."""

    def __init__(self, epoch_ms: int = RECEIVED_AT_MS) -> None:
        self._epoch_ms = epoch_ms
        self.moved_seconds = 0.0

    def now(self) -> float:
        return super().now() + self.moved_seconds

    def epoch_ms(self) -> int:
        return self._epoch_ms + int(self.moved_seconds * 1000)


class ConnectionsApi:
    """`POST @connections/{id}` on 127.0.0.1, answered by a script.

    `answers` holds the next answers as (status, x-amzn-ErrorType); 200 once it is empty. `frames` are those taken.
    """

    def __init__(self) -> None:
        self.answers: deque[tuple[int, str]] = deque()
        self.posts: list[bytes] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.peers: list[Any] = []
        self.connections = 0
        self.connected = threading.Event()
        self.frames: list[dict[str, Any]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.url = ""

    def answer(self, path: str, headers: dict[str, str], peer: Any, body: bytes) -> tuple[int, str]:
        self.hold.wait(STUCK_SECONDS)
        self.headers.append(headers)
        self.peers.append(peer)
        self.posts.append(body)
        self.paths.append(path)
        status, error_type = self.answers.popleft() if self.answers else (200, "")
        if status == 200:
            self.frames.append(json.loads(body))
        return status, error_type


@pytest.fixture
def connections_api() -> Iterator[ConnectionsApi]:
    api = ConnectionsApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            api.connections += 1
            api.connected.set()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, error_type = api.answer(self.path, dict(self.headers.items()), self.client_address, body)
            self.send_response(status)
            if error_type:
                self.send_header("x-amzn-ErrorType", error_type)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}/dev"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.daemon_threads = True  # clients keep their connections open
        server.block_on_close = False
        yield api
        api.hold.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
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
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.opened = threading.Semaphore(0)
        self.connections: list[socket.socket] = []
        self.asked = threading.Event()
        self._listener = Listener(self._serve, context)
        self.url = f"https://127.0.0.1:{self._listener.port}"

    def close(self) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        self.connections.append(connection)
        self.opened.release()
        received = b""
        while data := connection.recv(65_536):
            received += data
            self.asked.set()
            if received.endswith(b"\r\n\r\n!") and b"/silence" not in received:
                received = b""
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")


@pytest.fixture
def server(certificate: Path) -> Iterator[SecureServer]:
    server = SecureServer(certificate)
    yield server
    server.close()


class Answers:
    """Gives each request the next of some answers, byte by byte as they are; the last one is said again and again.

    A request ends in "!", which is its body. A connection ends where no whole answer could.
    """

    def __init__(self, *answers: bytes, after_seconds: float = 0) -> None:
        self._answers = list(answers)
        self._after_seconds = after_seconds
        self.requests: list[bytes] = []
        self.connections: list[socket.socket] = []
        self._listener = Listener(self._serve)
        self.url = f"http://127.0.0.1:{self._listener.port}/dev"

    def close(self) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        self.connections.append(connection)
        received = b""
        while data := connection.recv(65_536):
            received += data
            if received.endswith(b"\r\n\r\n!"):
                self.requests.append(received)
                received = b""
                answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
                threading.Event().wait(self._after_seconds)
                connection.sendall(answer)
                if not answer.endswith(b"\r\n\r\n") or b"close" in answer:
                    return


@pytest.fixture
def answering() -> Iterator[Callable[..., Answers]]:
    made: list[Answers] = []

    def make(*answers: bytes, after_seconds: float = 0) -> Answers:
        made.append(Answers(*answers, after_seconds=after_seconds))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def bedrock() -> Iterator[BedrockStandIn]:
    """Bedrock's stand-in."""
    stand_in = BedrockStandIn(read_library(DOCUMENTS), token_delay_seconds=0.001)
    with event_loop() as loop:
        asyncio.run_coroutine_threadsafe(stand_in.start(), loop).result()
        yield stand_in
        asyncio.run_coroutine_threadsafe(stand_in.stop(), loop).result()
